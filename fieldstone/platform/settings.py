"""How an installation runs: read once from options and variables, then handed down."""

from __future__ import annotations

import os
import re
import secrets
import tempfile
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, fields
from enum import StrEnum
from pathlib import Path
from typing import Any, TypeVar

from fieldstone.errors import InvalidInput, Problem, Several

T = TypeVar("T")
LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1", "[::1]"})
"""Names by which a machine means itself."""

_SECRET_BYTES = 32
_KEY_FILE = "secret.key"
_LABEL = "[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?"
_DOMAIN = re.compile(rf"{_LABEL}(\.{_LABEL}){{0,8}}")
_TRUE = frozenset({"1", "true", "yes", "on"})
_FALSE = frozenset({"0", "false", "no", "off"})


class BadSetting(InvalidInput):
    """A setting with a value that it cannot take."""

    code = "settings.bad_value"


class Environment(StrEnum):
    """What the installation is for; production takes nobody's word for who they are."""

    DEVELOPMENT = "development"
    PRODUCTION = "production"


def _natural(text: str) -> int:
    if not text.isascii() or not text.isdigit() or int(text) == 0:
        raise ValueError("a whole number above 0")
    return int(text)


def _port(text: str) -> int:
    if not text.isascii() or not text.isdigit() or int(text) > 65535:
        raise ValueError("a port, 0 to 65535")
    return int(text)


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0.0
    if not 0 < seconds < 86_400:
        raise ValueError("a number of seconds above 0 and below 86400")
    return seconds


def _flag(text: str) -> bool:
    if text.lower() in _TRUE | _FALSE:
        return text.lower() in _TRUE
    raise ValueError("yes or no")


def _environment(text: str) -> Environment:
    try:
        return Environment(text.lower())
    except ValueError:
        raise ValueError(" or ".join(Environment)) from None


def _directory(text: str) -> Path:
    return Path(text).expanduser().absolute()


def _domain(text: str) -> str:
    name = text.lower().strip(".")
    if not _DOMAIN.fullmatch(name):
        raise ValueError("a domain such as crm.example")
    return name


def _database(text: str) -> str:
    if not text.startswith(("postgresql://", "postgres://")):
        raise ValueError("an address such as postgresql://user:password@host/database")
    return text


def _redis(text: str) -> str:
    if not text.startswith(("redis://", "rediss://", "unix://")):
        raise ValueError("an address such as redis://host:6379/0")
    return text


def default_data_directory() -> Path:
    """Give where data lie by the platform's convention: /var/lib for root, else the state home."""
    if os.geteuid() == 0:
        return Path("/var/lib/fieldstone")
    home = os.environ.get("XDG_STATE_HOME") or "~/.local/state"
    return Path(home).expanduser() / "fieldstone"


def _setting(
    variable: str,
    read: Callable[[str], Any],
    default: Callable[[], T],
    meaning: str,
    *,
    shown: str | None = None,
    secret: bool = False,
) -> T:
    """Declare a setting. shown: its default in words, where the value depends on the machine."""
    facts = {"variable": variable, "read": read, "meaning": meaning, "shown": shown}
    declared: T = field(default_factory=default, repr=not secret, metadata=facts)
    return declared


@dataclass(frozen=True, slots=True)
class Settings:
    """How one installation runs. Every value comes from an option, a variable or a default."""

    data: Path = _setting(
        "FIELDSTONE_DATA",
        _directory,
        default_data_directory,
        "Directory of the embedded servers, of files and of the secret key.",
        shown="`/var/lib/fieldstone` for root, else `~/.local/state/fieldstone`",
    )
    database_url: str | None = _setting(
        "FIELDSTONE_DATABASE_URL",
        _database,
        lambda: None,
        "PostgreSQL 15 or newer, as the owner of the database. Unset: the embedded one is started.",
        secret=True,
    )
    app_database_url: str | None = _setting(
        "FIELDSTONE_APP_DATABASE_URL",
        _database,
        lambda: None,
        "The same database as the login of requests and jobs. Unset: the owner makes that login.",
        secret=True,
    )
    redis_url: str | None = _setting(
        "FIELDSTONE_REDIS_URL",
        _redis,
        lambda: None,
        "Valkey or Redis 7 or newer. Unset: the embedded one is started.",
        secret=True,
    )
    environment: Environment = _setting(
        "FIELDSTONE_ENV",
        _environment,
        lambda: Environment.DEVELOPMENT,
        "`development` or `production`. In production no request is trusted for being local.",
    )
    host: str = _setting(
        "FIELDSTONE_HOST", str, lambda: "127.0.0.1", "Address that the server listens on."
    )
    port: int = _setting(
        "FIELDSTONE_PORT",
        _port,
        lambda: 8000,
        "Port that the server listens on; 0 takes a free one.",
    )
    domain: str | None = _setting(
        "FIELDSTONE_DOMAIN",
        _domain,
        lambda: None,
        "Parent domain of the tenants: with `crm.example`, `acme.crm.example` is that of acme.",
    )
    trusted_proxies: str | None = _setting(
        "FIELDSTONE_TRUSTED_PROXIES",
        str,
        lambda: None,
        "Addresses of proxies, parted by commas, that tell from where a request came and whether by"
        " TLS. Unset: none is believed.",
    )
    workers: int = _setting("FIELDSTONE_WORKERS", _natural, lambda: 1, "Number of web processes.")
    demo: bool = _setting(
        "FIELDSTONE_DEMO", _flag, lambda: False, "Whether sample data are added to a new database."
    )
    server_url: str | None = _setting(
        "FIELDSTONE_URL",
        str,
        lambda: None,
        "Where the other commands find the server.",
        shown="`http://127.0.0.1:8000`, by host and port",
    )
    token: str | None = _setting(
        "FIELDSTONE_TOKEN",
        str,
        lambda: None,
        "Access token of the other commands. Unset: they act as the machine's operator.",
        secret=True,
    )
    secret_key: str | None = _setting(
        "FIELDSTONE_SECRET_KEY",
        str,
        lambda: None,
        "Signs the notes of commands, and gives the password of the requests' login. Unset: made on"
        " first use and kept in the data directory.",
        secret=True,
    )
    encryption_keys: Path | None = _setting(
        "FIELDSTONE_ENCRYPTION_KEYS",
        Path,
        lambda: None,
        "File of the keys of encrypted fields. Unset: encryption.keys in the data directory, and"
        " before there is one a key that follows from the secret key.",
    )
    allow_private_addresses: bool = _setting(
        "FIELDSTONE_ALLOW_PRIVATE_ADDRESSES",
        _flag,
        lambda: False,
        "Whether the server sends requests to addresses within its network and without TLS, where"
        " people name such ones, as of an identity provider in the same house.",
    )
    body_limit_bytes: int = _setting(
        "FIELDSTONE_BODY_LIMIT_BYTES",
        _natural,
        lambda: 50_000_000,
        "Largest body of a request without a file; a larger one gets status 413.",
    )
    import_limit_bytes: int = _setting(
        "FIELDSTONE_IMPORT_LIMIT_BYTES",
        _natural,
        lambda: 500_000_000,
        "Largest file of an import, and of what any form may hold.",
    )
    restore_limit_bytes: int = _setting(
        "FIELDSTONE_RESTORE_LIMIT_BYTES",
        _natural,
        lambda: 20_000_000_000,
        "What an archive of a tenant may unpack to when it is restored.",
    )
    export_limit_bytes: int = _setting(
        "FIELDSTONE_EXPORT_LIMIT_BYTES",
        _natural,
        lambda: 2_000_000_000,
        "Largest file that an export in the background writes.",
    )
    promote_above: int = _setting(
        "FIELDSTONE_PROMOTE_ABOVE",
        _natural,
        lambda: 50_000,
        "Records beyond which an object gets a table of its own, in the background.",
    )
    keep_deleted_days: int = _setting(
        "FIELDSTONE_KEEP_DELETED_DAYS",
        _natural,
        lambda: 30,
        "Days for which deleted records, fields and objects can be restored.",
    )
    plan: str = _setting(
        "FIELDSTONE_PLAN",
        str,
        lambda: "unlimited",
        "Plan of new tenants where nothing else is said. `unlimited` limits nothing.",
    )
    keep_deleted_tenants_days: int = _setting(
        "FIELDSTONE_KEEP_DELETED_TENANTS_DAYS",
        _natural,
        lambda: 30,
        "Days for which a deleted tenant can be brought back, before it is purged.",
    )
    tenant_jobs: int = _setting(
        "FIELDSTONE_TENANT_JOBS",
        _natural,
        lambda: 3,
        "Jobs of one tenant that may be under way at a time, in all workers; each runs four.",
    )
    connections: int = _setting(
        "FIELDSTONE_CONNECTIONS",
        _natural,
        lambda: 10,
        "Connections to the database that each process may open.",
    )
    tenant_connections: int = _setting(
        "FIELDSTONE_TENANT_CONNECTIONS",
        _natural,
        lambda: 6,
        "Connections that one tenant may hold at a time in a web process.",
    )
    token_rate: int = _setting(
        "FIELDSTONE_TOKEN_RATE",
        _natural,
        lambda: 100,
        "Requests in a second of one session or token; ten times as many at once.",
    )
    tenant_rate: int = _setting(
        "FIELDSTONE_TENANT_RATE",
        _natural,
        lambda: 500,
        "Requests in a second of everybody in one tenant; ten times as many at once.",
    )
    address_rate: int = _setting(
        "FIELDSTONE_ADDRESS_RATE",
        _natural,
        lambda: 10,
        "Requests in a second from one address of those who did not sign in.",
    )
    request_timeout_s: float = _setting(
        "FIELDSTONE_REQUEST_TIMEOUT_S",
        _seconds,
        lambda: 60.0,
        "How long a request may go on without a part of its body or answer, before it is cut.",
    )
    connection_wait_s: float = _setting(
        "FIELDSTONE_CONNECTION_WAIT_S",
        _seconds,
        lambda: 5.0,
        "How long a request waits for a connection to the database when all are taken.",
    )
    statement_timeout_s: float = _setting(
        "FIELDSTONE_STATEMENT_TIMEOUT_S",
        _seconds,
        lambda: 15.0,
        "How long one statement of a request may run in the database.",
    )
    streams: int = _setting(
        "FIELDSTONE_STREAMS",
        _natural,
        lambda: 4,
        "Streamed answers and exports that a web process sends at a time, half for one tenant.",
    )
    stream_statement_timeout_s: float = _setting(
        "FIELDSTONE_STREAM_STATEMENT_TIMEOUT_S",
        _seconds,
        lambda: 120.0,
        "How long the database may work on one portion of a stream, such as to sort all rows.",
    )
    stream_timeout_s: float = _setting(
        "FIELDSTONE_STREAM_TIMEOUT_S",
        _seconds,
        lambda: 1800.0,
        "How long a streamed answer or an export may be read, from its first row to its last.",
    )

    @property
    def url(self) -> str:
        """Where the other commands find the server."""
        return (self.server_url or f"http://{_bracketed(self.host)}:{self.port}").rstrip("/")

    @property
    def login_url(self) -> str | None:
        """Where requests and jobs log in; as the owner only where no login of theirs is told."""
        return self.app_database_url or self.database_url

    @property
    def is_production(self) -> bool:
        """Whether the installation serves real customers."""
        return self.environment is Environment.PRODUCTION


def load_settings(variables: Mapping[str, str], chosen: Mapping[str, object]) -> Settings:
    """Give the settings: what was chosen on the command line, then the variables, then defaults.

    chosen: values by the names of Settings; None and missing ones count as not chosen.
    Raises Several with every setting that cannot be used.
    """
    values: dict[str, Any] = {}
    problems: list[Problem] = []
    for declared in fields(Settings):
        variable, picked = declared.metadata["variable"], chosen.get(declared.name)
        text = str(picked) if picked is not None else variables.get(variable, "")
        if text:
            try:
                values[declared.name] = declared.metadata["read"](text)
            except ValueError as error:
                source = variable if picked is None else f"--{declared.name.replace('_', '-')}"
                problems.append(_problem(source, text, str(error)))
    if problems:
        raise Several(problems)
    return Settings(**values)


def load_secret_key(settings: Settings) -> str:
    """Give the key that signs, made on first use in the data directory for its owner alone.

    Processes that start at the same time get the same key: only the first one's file is kept.
    """
    path = settings.data / _KEY_FILE
    if not settings.secret_key and not path.exists():
        settings.data.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile("w", dir=settings.data, prefix=".secret-") as made:
            made.write(secrets.token_urlsafe(_SECRET_BYTES))
            made.flush()
            with suppress(FileExistsError):
                os.link(made.name, path)
    found = find_secret_key(settings)
    assert found is not None
    return found


def find_secret_key(settings: Settings) -> str | None:
    """Give the key that signs; None before the first start has made it."""
    if settings.secret_key:
        return settings.secret_key
    path = settings.data / _KEY_FILE
    return path.read_text() if path.exists() else None


def _problem(source: str, text: str, wanted: str) -> Problem:
    return Problem(BadSetting.code, f"{source} is {text!r}, but must be {wanted}.")


def _bracketed(host: str) -> str:
    """Write a host as addresses do: IPv6 in brackets, and "all addresses" as the local one."""
    if host in {"0.0.0.0", "::", ""}:  # noqa: S104 - it is read here, not listened on
        return "127.0.0.1"
    return f"[{host}]" if ":" in host else host
