"""What somebody allowed a program: grants, and the tokens that come of them.

A refresh token works once. One that is sent a second time was stolen or copied, so that the whole
family ends (RFC 9700, section 4.14.2).
"""

from __future__ import annotations

import secrets as python_secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from fieldstone.metadata.api_scopes import in_order
from fieldstone.metadata.values import Json
from fieldstone.platform.identity import secrets
from fieldstone.platform.identity.oauth.apps import App
from fieldstone.platform.identity.oauth.errors import UnknownGrant, invalid_grant
from fieldstone.platform.identity.oauth.statements import (
    ADD_ACCESS,
    ADD_CODE,
    ADD_GRANT,
    ADD_REFRESH,
    DROP_OLD_ACCESS,
    DROP_OLD_REFRESH,
    END_GRANTS,
    FIND_GRANT,
    GRANT_IDS,
    MY_GRANTS,
    MY_GRANTS_OF_APP,
    OLD_GRANTS,
    TAKE_CODE,
    TAKE_REFRESH,
    USE_CODE,
    USE_GRANT,
    USE_REFRESH,
)
from fieldstone.platform.identity.providers.round_trip import challenge_of
from fieldstone.runtime.audit.events import Event, note_event
from fieldstone.runtime.transactions import Transaction

CODE_LASTS: Final = timedelta(minutes=1)
MOST_GRANTS: Final = 500
_REMEMBERED: Final = 50
BY_CODE: Final = "authorization_code"


@dataclass(frozen=True, slots=True)
class Redeemed:
    """What a code or a refresh token stands for; refused if it stands for nothing any more.

    refusal: told once the transaction is committed, for what was ended with it stays ended.
    """

    grant: Any = None
    refusal: str = ""


async def open_grant(
    tx: Transaction, app: App, user_id: int, form: str, scopes: tuple[str, ...]
) -> int:
    """Note what a program was allowed, and clear away what has expired; the number of the grant."""
    mine = {"tenant": tx.tenant.id, "user_id": user_id, "app": app.name}
    old = await tx.rows(OLD_GRANTS, **mine, now=tx.now, most=MOST_GRANTS)
    await end_grants(tx, [row["id"] for row in old])
    number = tx.minter.mint()
    lasts = CODE_LASTS if form == BY_CODE else timedelta(minutes=app.body.access_minutes)
    await tx.run(
        ADD_GRANT,
        **mine,
        id=number,
        form=form,
        scopes=list(scopes),
        created_at=tx.now,
        expires_at=tx.now + lasts,
    )
    said: dict[str, Any] = {"app": app.name, "form": form, "scopes": list(scopes)}
    await note_event(tx, user_id, Event.APP_LET_IN, **said)
    return number


async def make_code(tx: Transaction, grant: int, redirect_uri: str, challenge: str) -> str:
    """Make the code that a program trades for tokens within a minute."""
    secret = secrets.make_secret(secrets.CODE)
    await tx.run(
        ADD_CODE,
        tenant=tx.tenant.id,
        token_hash=secret.digest,
        grant_id=grant,
        redirect_uri=redirect_uri,
        challenge=challenge,
        expires_at=tx.now + CODE_LASTS,
    )
    return secret.text


async def redeem_code(tx: Transaction, app: App, form: Mapping[str, str]) -> Redeemed:
    """Take a code, which works once; a second time ends all that came of the first."""
    this = {
        "tenant": tx.tenant.id,
        "token_hash": secrets.digest_of(form.get("code", ""), secrets.CODE),
    }
    code = await tx.row(TAKE_CODE, **this) if this["token_hash"] else None
    if code is None:
        return Redeemed(refusal="This code is not known.")
    grant = await tx.row(FIND_GRANT, tenant=tx.tenant.id, grant_id=code["grant_id"], now=tx.now)
    if code["used_at"] is not None:
        await end_grants(tx, [code["grant_id"]])
        return Redeemed(refusal="This code was used before; all that came of it has ended.")
    await tx.run(USE_CODE, **this, now=tx.now)
    proof = challenge_of(form.get("code_verifier", "")).encode()
    fits = (
        code["expires_at"] > tx.now
        and _belongs(grant, app)
        and code["redirect_uri"] == form.get("redirect_uri")
        and python_secrets.compare_digest(proof, code["challenge"].encode())
    )
    return Redeemed(grant) if fits else Redeemed(refusal="This code does not hold.")


async def redeem_refresh(tx: Transaction, app: App, text: str) -> Redeemed:
    """Take a refresh token, which works once; a second time ends its whole family."""
    digest = secrets.digest_of(text, secrets.REFRESH)
    this = {"tenant": tx.tenant.id, "token_hash": digest}
    token = await tx.row(TAKE_REFRESH, **this) if digest else None
    if token is None:
        return Redeemed(refusal="This refresh token is not known.")
    grant = await tx.row(FIND_GRANT, tenant=tx.tenant.id, grant_id=token["grant_id"], now=tx.now)
    if not _belongs(grant, app) or token["expires_at"] <= tx.now:
        return Redeemed(refusal="This refresh token does not hold.")
    if token["used_at"] is not None:
        await end_grants(tx, [token["grant_id"]])
        return Redeemed(refusal="This refresh token was used before; its whole family has ended.")
    await tx.run(USE_REFRESH, **this, now=tx.now)
    return Redeemed(grant)


async def issue(
    tx: Transaction, app: App, grant: Any, scopes: tuple[str, ...], *, refresh: bool
) -> dict[str, Json]:
    """Make the tokens of a grant: the answer to a program (RFC 6749, section 5.1)."""
    this = {"tenant": tx.tenant.id, "grant_id": grant["id"]}
    await tx.run(DROP_OLD_ACCESS, **this, now=tx.now)
    await tx.run(DROP_OLD_REFRESH, **this, now=tx.now)
    lasts = timedelta(minutes=app.body.access_minutes)
    access = secrets.make_secret(secrets.ACCESS)
    await tx.run(
        ADD_ACCESS,
        **this,
        id=tx.minter.mint(),
        token_hash=access.digest,
        user_id=grant["user_id"],
        name=app.body.label,
        created_at=tx.now,
        expires_at=tx.now + lasts,
        scopes=list(scopes),
        app=app.name,
    )
    answer: dict[str, Json] = {
        "access_token": access.text,
        "token_type": "Bearer",
        "expires_in": int(lasts.total_seconds()),
        "scope": " ".join(scopes),
    }
    ends = tx.now + lasts
    if refresh:
        ends = max(ends, tx.now + timedelta(days=app.body.refresh_days))
        kept = secrets.make_secret(secrets.REFRESH)
        values = {"token_hash": kept.digest, "created_at": tx.now, "expires_at": ends}
        await tx.run(ADD_REFRESH, **this, **values)
        answer["refresh_token"] = kept.text
    await tx.run(USE_GRANT, **this, now=tx.now, expires_at=ends)
    return answer


async def remembers(tx: Transaction, app: App, user_id: int, scopes: tuple[str, ...]) -> bool:
    """Tell whether somebody has allowed an app as much before, and has not taken it back."""
    mine = {"tenant": tx.tenant.id, "user_id": user_id, "app": app.name, "now": tx.now}
    rows = await tx.rows(MY_GRANTS_OF_APP, **mine, most=_REMEMBERED)
    return any(set(scopes) <= set(row["scopes"]) for row in rows)


async def allowed_scopes(tx: Transaction, app: App, user_id: int) -> tuple[str, ...]:
    """Give all that somebody has allowed an app on its page and has not taken back."""
    mine = {"tenant": tx.tenant.id, "user_id": user_id, "app": app.name, "now": tx.now}
    rows = await tx.rows(MY_GRANTS_OF_APP, **mine, most=_REMEMBERED)
    return in_order(scope for row in rows for scope in row["scopes"])


async def list_my_apps(tx: Transaction) -> list[dict[str, Any]]:
    """Give the programs that the viewer has allowed something, each once, the latest first."""
    mine = {"tenant": tx.tenant.id, "user_id": tx.viewer.user_id, "now": tx.now}
    found: dict[str, dict[str, Any]] = {}
    for row in await tx.rows(MY_GRANTS, **mine, most=MOST_GRANTS):
        body = tx.catalog.connected_apps.get(row["app"])
        if body is None:
            continue
        one = found.setdefault(
            row["app"],
            {
                "app": row["app"],
                "label": body.label,
                "scopes": (),
                "since": row["created_at"],
                "used_at": row["used_at"],
            },
        )
        one["scopes"] = in_order((*one["scopes"], *row["scopes"]))
        one["since"] = min(one["since"], row["created_at"])
        one["used_at"] = max(one["used_at"], row["used_at"])
    return list(found.values())


async def end_my_app(tx: Transaction, name: str) -> None:
    """Take back all that the viewer has allowed a program. Raises UnknownGrant."""
    mine = {"tenant": tx.tenant.id, "user_id": tx.viewer.user_id, "app": name}
    rows = await tx.rows(GRANT_IDS, **mine, most=MOST_GRANTS)
    if not rows:
        raise UnknownGrant("You have allowed this program nothing.")
    await end_grants(tx, [row["id"] for row in rows])
    await note_event(tx, tx.viewer.user_id, Event.APP_TAKEN_BACK, app=name)


async def end_grants(tx: Transaction, numbers: list[int]) -> None:
    """End grants with all tokens that came of them."""
    for statement in END_GRANTS if numbers else ():
        await tx.run(statement, tenant=tx.tenant.id, ids=numbers)


def granted(redeemed: Redeemed) -> Any:
    """Give the grant that was redeemed. Raises OAuthRefusal."""
    if redeemed.refusal:
        raise invalid_grant(redeemed.refusal)
    return redeemed.grant


def _belongs(grant: Any, app: App) -> bool:
    """Tell whether a grant is this app's, and that of somebody who is still a member."""
    return grant is not None and grant["app"] == app.name and grant["ended_at"] is None
