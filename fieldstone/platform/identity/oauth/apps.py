"""Connected apps: which program asks, and whether it is itself."""

from __future__ import annotations

import base64
import secrets as python_secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import unquote_plus, urlsplit

from fieldstone.errors import Forbidden
from fieldstone.metadata.catalog import Catalog
from fieldstone.metadata.kinds.connected_app import ConnectedAppBody
from fieldstone.metadata.values import fold
from fieldstone.platform.identity import secrets
from fieldstone.platform.identity.oauth.errors import UnknownApp, invalid_client, invalid_request
from fieldstone.platform.identity.oauth.statements import (
    DROP_APP_SECRET,
    END_GRANTS,
    FIND_APP_SECRET,
    GRANTS_OF_ANYBODY,
    KEEP_APP_SECRET,
)
from fieldstone.runtime.audit.events import Event, note_event
from fieldstone.runtime.transactions import Transaction

_BASIC: Final = "basic "
_LOCAL: Final = frozenset({"127.0.0.1", "[::1]"})
_BATCH: Final = 1_000


@dataclass(frozen=True, slots=True)
class App:
    """A connected app. name: its client id."""

    name: str
    body: ConnectedAppBody


@dataclass(frozen=True, slots=True)
class Credentials:
    """What a program says of itself. secret: None where it said none."""

    client_id: str
    secret: str | None


def find_app(catalog: Catalog, name: str) -> App | None:
    """Give an active app by its client id; None if there is none."""
    body = catalog.connected_apps.get(name)
    return App(name, body) if body is not None and body.active else None


def any_app(catalog: Catalog, name: str) -> App:
    """Give an app, active or not, whatever the case of its name. Raises UnknownApp."""
    for known, body in catalog.connected_apps.items():
        if fold(known) == fold(name):
            return App(known, body)
    raise UnknownApp(f"There is no connected app {name[:80]}.")


def read_credentials(header: str, form: Mapping[str, str]) -> Credentials:
    """Read who a program says it is (RFC 6749, section 2.3.1), in one way alone."""
    if header[: len(_BASIC)].lower() != _BASIC:
        return Credentials(form.get("client_id", ""), form.get("client_secret"))
    try:
        text = base64.b64decode(header[len(_BASIC) :].strip(), validate=True).decode()
    except ValueError:
        raise invalid_client() from None
    name, colon, secret = text.partition(":")
    if not colon or "client_secret" in form:
        raise invalid_request("Say who you are in one way.")
    said = Credentials(unquote_plus(name), unquote_plus(secret))
    if form.get("client_id", said.client_id) != said.client_id:
        raise invalid_request("Two clients are named.")
    return said


async def authenticate(tx: Transaction, said: Credentials) -> App:
    """Give the app that asks, if it is itself. Raises OAuthRefusal."""
    app = find_app(tx.catalog, said.client_id)
    if app is None:
        raise invalid_client()
    if app.body.public:
        if said.secret:
            raise invalid_client()
        return app
    kept = await tx.value(FIND_APP_SECRET, tenant=tx.tenant.id, app=app.name)
    digest = secrets.digest_of(said.secret or "", secrets.CLIENT)
    if kept is None or digest is None or not python_secrets.compare_digest(digest, bytes(kept)):
        raise invalid_client()
    return app


def returns_to(app: App, address: str) -> bool:
    """Tell whether an app may have people sent to an address: one of its own, letter by letter.

    Programs on this machine cannot know their port beforehand (RFC 8252, section 7.3).
    """
    if address in app.body.redirect_uris:
        return True
    known = {_without_port(own) for own in app.body.redirect_uris} - {None}
    return _without_port(address) in known


async def make_secret(tx: Transaction, name: str) -> str:
    """Give an app another secret, told this once; the one before ends. Raises UnknownApp."""
    app = _own(tx, name)
    if app.body.public:
        raise Forbidden("A public program keeps no secret.", hint="Make the app confidential.")
    secret = secrets.make_secret(secrets.CLIENT)
    values = {"tenant": tx.tenant.id, "app": app.name, "secret_hash": secret.digest}
    await tx.run(KEEP_APP_SECRET, **values, now=tx.now, created_by=tx.viewer.user_id)
    await note_event(tx, None, Event.CLIENT_SECRET_MADE, app=app.name)
    return secret.text


async def drop_secret(tx: Transaction, name: str) -> None:
    """Take an app's secret back. Raises UnknownApp."""
    app = _own(tx, name)
    if await tx.run(DROP_APP_SECRET, tenant=tx.tenant.id, app=app.name):
        await note_event(tx, None, Event.CLIENT_SECRET_DROPPED, app=app.name)


async def end_all_grants(tx: Transaction, name: str) -> None:
    """End all that anybody has allowed an app. Raises UnknownApp."""
    app = _own(tx, name)
    mine = {"tenant": tx.tenant.id}
    while ids := [
        row[0] for row in await tx.rows(GRANTS_OF_ANYBODY, **mine, app=app.name, most=_BATCH)
    ]:
        for statement in END_GRANTS:
            await tx.run(statement, **mine, ids=ids)
    await note_event(tx, None, Event.APPS_ENDED, app=app.name)


def check_administrator(tx: Transaction) -> None:
    """Refuse who is no administrator: an app acts in everybody's name. Raises Forbidden."""
    if tx.viewer.acting_id is not None or not tx.viewer.standing.is_administrator:
        raise Forbidden("Only an administrator may do this.")


def _own(tx: Transaction, name: str) -> App:
    check_administrator(tx)
    return any_app(tx.catalog, name)


def _without_port(address: str) -> str | None:
    """Give an address of this machine without its port; None for any other."""
    try:
        parts = urlsplit(address)
        host = parts.netloc.removesuffix(f":{parts.port}") if parts.port else parts.netloc
    except ValueError:
        return None
    if parts.scheme != "http" or host not in _LOCAL:
        return None
    return parts._replace(netloc=host).geturl()
