"""The ways in which programs get tokens, by what they send to /oauth/token."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from fieldstone.metadata.values import Json
from fieldstone.platform.identity.oauth.apps import App, Credentials, authenticate, find_app
from fieldstone.platform.identity.oauth.asked_scopes import narrow_scopes, read_scopes, still_given
from fieldstone.platform.identity.oauth.errors import (
    OAuthRefusal,
    invalid_client,
    invalid_grant,
    invalid_request,
)
from fieldstone.platform.identity.oauth.grants import (
    BY_CODE,
    Redeemed,
    allowed_scopes,
    granted,
    issue,
    open_grant,
    redeem_code,
    redeem_refresh,
)
from fieldstone.platform.identity.oauth.jwt_bearer import (
    issuer_in,
    read_assertion,
    see_once,
)
from fieldstone.platform.identity.oauth.statements import FIND_GRANT
from fieldstone.platform.identity.statements import MEMBER_BY_EMAIL
from fieldstone.runtime.tenants import Tenant
from fieldstone.runtime.transactions import Database, Transaction, Viewer

JWT_BEARER: Final = "urn:ietf:params:oauth:grant-type:jwt-bearer"
_NOBODY: Final = Viewer(None, "")


@dataclass(frozen=True, slots=True)
class Asked:
    """A request for tokens. audiences: the names of this server, for one of which is signed."""

    form: Mapping[str, str]
    said: Credentials
    audiences: tuple[str, ...]


async def grant_tokens(database: Database, tenant: Tenant, asked: Asked) -> dict[str, Json]:
    """Give the tokens that a program asks for. Raises OAuthRefusal."""
    way = WAYS.get(asked.form.get("grant_type", ""))
    if way is None:
        raise OAuthRefusal("unsupported_grant_type", "There is no such way to get a token.")
    async with database.write_apart(tenant, _NOBODY) as tx:
        answer, refusal = await way(tx, asked)
    # Told only now, when what was ended is ended for good.
    granted(Redeemed(refusal=refusal))
    return answer


Way = Callable[[Transaction, Asked], Awaitable[tuple[dict[str, Json], str]]]


async def _by_code(tx: Transaction, asked: Asked) -> tuple[dict[str, Json], str]:
    app = await _app(tx, asked, BY_CODE)
    redeemed = await redeem_code(tx, app, asked.form)
    if redeemed.refusal:
        return {}, redeemed.refusal
    scopes = narrow_scopes(still_given(app, redeemed.grant["scopes"]), "")
    return await issue(tx, app, redeemed.grant, scopes, refresh=app.body.refresh), ""


async def _by_refresh(tx: Transaction, asked: Asked) -> tuple[dict[str, Json], str]:
    app = await _app(tx, asked, BY_CODE)
    redeemed = await redeem_refresh(tx, app, asked.form.get("refresh_token", ""))
    if redeemed.refusal:
        return {}, redeemed.refusal
    left = still_given(app, redeemed.grant["scopes"])
    scopes = narrow_scopes(left, asked.form.get("scope", ""))
    return await issue(tx, app, redeemed.grant, scopes, refresh=app.body.refresh), ""


async def _by_itself(tx: Transaction, asked: Asked) -> tuple[dict[str, Json], str]:
    """Let a program act as its service user (RFC 6749, section 4.4)."""
    app = await _app(tx, asked, "client_credentials")
    member = await _service_user(tx, app)
    if member is None:
        raise OAuthRefusal("unauthorized_client", "The service user of this client is not there.")
    scopes = read_scopes(app, asked.form.get("scope", ""))
    return await _issued(tx, app, member, "client_credentials", scopes), ""


async def _by_assertion(tx: Transaction, asked: Asked) -> tuple[dict[str, Json], str]:
    text = asked.form.get("assertion", "")
    app = find_app(tx.catalog, issuer_in(text))
    if app is None or asked.said.client_id not in ("", app.name):
        raise invalid_client()
    _check_way(app, "jwt_bearer")
    assertion = read_assertion(text, app.body, asked.audiences, tx.now)
    member, allowed = await _subject(tx, app, assertion.subject)
    if assertion.issuer != app.name or member is None:
        raise invalid_grant("This person has not allowed the client to act as them.")
    scopes = narrow_scopes(still_given(app, allowed), asked.form.get("scope", ""))
    if not await see_once(tx, assertion.digest, assertion.expires_at):
        raise invalid_grant("This assertion was sent before.")
    return await _issued(tx, app, member, "jwt_bearer", scopes), ""


WAYS: Final[Mapping[str, Way]] = {
    "authorization_code": _by_code,
    "refresh_token": _by_refresh,
    "client_credentials": _by_itself,
    JWT_BEARER: _by_assertion,
}


async def _app(tx: Transaction, asked: Asked, way: str) -> App:
    app = await authenticate(tx, asked.said)
    _check_way(app, way)
    return app


def _check_way(app: App, way: str) -> None:
    if way not in app.body.grants:
        raise OAuthRefusal("unauthorized_client", "This client gets no tokens that way.")


async def _issued(
    tx: Transaction, app: App, member: Any, form: str, scopes: tuple[str, ...]
) -> dict[str, Json]:
    """Make an access token without a refresh token: the program can ask again at any time."""
    number = await open_grant(tx, app, member["user_id"], form, scopes)
    grant = await tx.row(FIND_GRANT, tenant=tx.tenant.id, grant_id=number, now=tx.now)
    return await issue(tx, app, grant, scopes, refresh=False)


async def _service_user(tx: Transaction, app: App) -> Any:
    email = (app.body.service_user or "").strip().lower()
    member = await tx.row(MEMBER_BY_EMAIL, tenant=tx.tenant.id, email=email)
    fits = member is not None and member["is_service"] and member["ended_at"] is None
    return member if fits else None


async def _subject(tx: Transaction, app: App, subject: str) -> tuple[Any, tuple[str, ...]]:
    """Give whom a program may act as, and how far: its service user, or who allowed it so much."""
    service = await _service_user(tx, app)
    if service is not None and service["email"] == subject:
        return service, app.body.scopes
    member = await tx.row(MEMBER_BY_EMAIL, tenant=tx.tenant.id, email=subject)
    if member is None or member["ended_at"] is not None:
        return None, ()
    allowed = await allowed_scopes(tx, app, member["user_id"])
    return (member if allowed else None), allowed


def needed(form: Mapping[str, str], name: str) -> str:
    """Give a part of a form that must be there. Raises OAuthRefusal."""
    if not form.get(name):
        raise invalid_request(f"{name} is missing.")
    return form[name]
