"""The application's own login to the database: a role that may do what requests need, and no more.

Whoever gets SQL of theirs run on one of its connections may leave the role it works in, but not
the login, which owns nothing and is a member of nothing that does. Roles belong to a whole server,
so each database has a login by its name. The password follows from the secret key: servers that
share the key share the login.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from base64 import b64encode
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import parse_qsl, quote, urlencode, urlsplit, urlunsplit

import asyncpg

from fieldstone.platform.database.pool import ROLE

LOGIN_FAILS: Final = (asyncpg.PostgresError, asyncpg.InterfaceError, OSError)
"""What a connection may fail with, whether by the network, the server or the password."""

_LONGEST_NAME_BYTES: Final = 63
_ROUNDS: Final = 4096
_LOCK_KEY: Final = 72_002
_LOCK: Final = "SELECT pg_advisory_xact_lock($1)"
_EXISTS: Final = "SELECT EXISTS (SELECT FROM pg_roles WHERE rolname = $1)"
_MAY_MAKE: Final = "SELECT rolsuper OR rolcreaterole FROM pg_roles WHERE rolname = current_user"
_CREATE: Final = (
    "SELECT format('CREATE ROLE %I LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION"
    " NOBYPASSRLS PASSWORD %L', $1::text, $2::text)"
)
_CHANGE: Final = "SELECT format('ALTER ROLE %I LOGIN PASSWORD %L', $1::text, $2::text)"
_IS_MEMBER: Final = "SELECT pg_has_role($1::name, $2::name, 'MEMBER')"
_ADMIT: Final = "SELECT format('GRANT %I TO %I', $1::text, $2::text)"
# Whatever a session could become counts, not only what it is.
_POWERS: Final = """
WITH mine AS (SELECT * FROM pg_roles WHERE pg_has_role(session_user, oid, 'MEMBER'))
SELECT bool_or(rolsuper) AS "be a superuser",
  bool_or(rolbypassrls) AS "pass by row-level security",
  bool_or(rolcreaterole) AS "make roles",
  bool_or(rolreplication) AS "replicate",
  bool_or(rolname IN ('pg_read_server_files', 'pg_write_server_files',
    'pg_execute_server_program')) AS "reach the server's files",
  bool_or(oid IN (SELECT relowner FROM pg_class WHERE relnamespace = 'public'::regnamespace))
    AS "be the owner of the tables"
FROM mine
"""


@dataclass(frozen=True, slots=True)
class Login:
    """Where requests and jobs log in. shortcoming: why that gives them more than they need."""

    url: str = field(repr=False)
    shortcoming: str | None = None


def login_name(database: str) -> str:
    """Give the name of the role by which the application logs in to a database."""
    name = f"{ROLE}_{database}"
    if len(name.encode()) <= _LONGEST_NAME_BYTES:
        return name
    return f"{ROLE}_{hashlib.sha256(database.encode()).hexdigest()[:32]}"


def login_url(owner_url: str, database: str, secret_key: str) -> str:
    """Give the address of a database for the application's login, from that of its owner."""
    parts = urlsplit(owner_url)
    host = parts.netloc.rpartition("@")[2]
    account = f"{quote(login_name(database), safe='')}:{_password(database, secret_key)}"
    asked = parse_qsl(parts.query, keep_blank_values=True)
    kept = [(name, text) for name, text in asked if name not in {"user", "password", "passfile"}]
    address = (
        parts.scheme,
        f"{account}@{host}",
        f"/{quote(database, safe='')}",
        urlencode(kept, quote_via=quote),
    )
    return urlunsplit((*address, ""))


async def ensure_login(owner_url: str, database: str, secret_key: str) -> Login:
    """Give the application's login to a migrated database, made or mended if it does not work.

    Where the owner may not make it, or the server does not let it in, it is the owner's own.
    """
    url = login_url(owner_url, database, secret_key)
    try:
        return await examined(url)
    except LOGIN_FAILS:
        pass  # it is not there yet, or has another password
    try:
        await _make(owner_url, login_name(database), _password(database, secret_key))
        return await examined(url)
    except LOGIN_FAILS as error:
        return _owners(owner_url, error)


async def find_login(owner_url: str, database: str, secret_key: str) -> Login:
    """Give the application's login as it is; the owner's where this key does not open it."""
    try:
        return await examined(login_url(owner_url, database, secret_key))
    except LOGIN_FAILS as error:
        return _owners(owner_url, error)


async def foresee_login(owner_url: str, database: str, secret_key: str) -> Login:
    """Give the login that the next start will find or make. Raises LOGIN_FAILS."""
    login = await find_login(owner_url, database, secret_key)
    if login.url != owner_url:
        return login
    connection: Any = await asyncpg.connect(owner_url)
    try:
        is_there = await connection.fetchval(_EXISTS, login_name(database))
        may_make = await connection.fetchval(_MAY_MAKE)
    finally:
        await connection.close()
    if is_there:
        reason = f"{login_name(database)} has the password of another FIELDSTONE_SECRET_KEY"
        return _owners(owner_url, f"{reason}, or is not let in")
    if may_make:
        return Login(login_url(owner_url, database, secret_key))
    return _owners(owner_url, "it may not make roles")


async def examined(url: str) -> Login:
    """Log in as the pool does, and tell what the login may do beyond its work.

    Raises LOGIN_FAILS.
    """
    connection: Any = await asyncpg.connect(url, server_settings={"role": ROLE})
    try:
        found = await connection.fetchrow(_POWERS)
    finally:
        await connection.close()
    powers = [power for power, is_held in found.items() if is_held]
    if powers:
        return Login(url, f"Requests log in as a role that may {', '.join(powers)}.")
    return Login(url)


def _owners(owner_url: str, reason: object) -> Login:
    first_line = str(reason).partition("\n")[0].rstrip(".")
    return Login(owner_url, f"Requests log in as the owner of the database: {first_line}.")


async def _make(owner_url: str, name: str, password: str) -> None:
    """Make the login, or give it its password again; processes that start at once take turns."""
    verifier = scram_verifier(password, secrets.token_bytes(16))
    connection: Any = await asyncpg.connect(owner_url)
    try:
        async with connection.transaction():
            await connection.execute(_LOCK, _LOCK_KEY)
            is_there = await connection.fetchval(_EXISTS, name)
            statement = _CHANGE if is_there else _CREATE
            await connection.execute(await connection.fetchval(statement, name, verifier))
            if not await connection.fetchval(_IS_MEMBER, name, ROLE):
                await connection.execute(await connection.fetchval(_ADMIT, ROLE, name))
    finally:
        await connection.close()


def _password(database: str, secret_key: str) -> str:
    return hmac.new(secret_key.encode(), f"login {database}".encode(), "sha256").hexdigest()


def scram_verifier(password: str, salt: bytes) -> str:
    """Give what PostgreSQL keeps of a password, so that the server's log never has it itself.

    Method: RFC 5802, written as in RFC 5803.
    """
    salted = hashlib.pbkdf2_hmac("sha256", password.encode(), salt, _ROUNDS)
    stored = hashlib.sha256(hmac.digest(salted, b"Client Key", "sha256")).digest()
    of_server = hmac.digest(salted, b"Server Key", "sha256")
    texts = (b64encode(part).decode() for part in (salt, stored, of_server))
    return "SCRAM-SHA-256${rounds}:{}${}:{}".format(*texts, rounds=_ROUNDS)
