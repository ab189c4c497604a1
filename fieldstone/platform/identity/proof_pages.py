"""Pages: showing once more that it is you, and tokens, which want that."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from fieldstone.api.requests import json_response
from fieldstone.errors import FieldstoneError
from fieldstone.ids import BadId, parse_id
from fieldstone.metadata.api_scopes import in_order
from fieldstone.platform.errors import status_of
from fieldstone.platform.identity import account, second_step
from fieldstone.platform.identity.account_pages import ACCOUNT, PROOF
from fieldstone.platform.identity.door_forms import text_of, way_back
from fieldstone.platform.identity.endpoints import door_of, own_session
from fieldstone.platform.identity.passkeys import has_passkeys, site_of_request
from fieldstone.platform.identity.providers.offering import proving_providers
from fieldstone.platform.identity.second_step_pages import read_credential
from fieldstone.platform.identity.tokens import TokenWish, make_token, revoke_token
from fieldstone.runtime.asking import database_of, tenant_of
from fieldstone.ui_generator.flash import Flash, put_flash
from fieldstone.ui_generator.pages.edit import read_form
from fieldstone.ui_generator.shell import Crumb, Place, page

_LONGEST_NAME: Final = 120
_LONGEST_DAYS: Final = 3650
_PLACE: Final = Place(
    "Is it still you?", "account", (Crumb("Your account", ACCOUNT), Crumb("Is it still you?"))
)
_TOKEN_PLACE: Final = Place(
    "New token", "account", (Crumb("Your account", ACCOUNT), Crumb("New token"))
)


async def show_proof(request: Request) -> Response:
    """GET /admin/account/proof: a password, a code or a passkey."""
    back = way_back(request.query_params.get("next") or ACCOUNT)
    return await proof_page(request, back)


async def do_proof(request: Request) -> Response:
    """POST /admin/account/proof: for ten minutes it counts as just proved."""
    viewer, session = own_session(request)
    form = await read_form(request)
    door, back = door_of(request), way_back(text_of(form, "next"))
    signed, code = text_of(form, "credential"), text_of(form, "code")
    try:
        if signed:
            site, token = site_of_request(request), text_of(form, "token")
            credential = read_credential(signed)
            await second_step.prove_by_passkey(door, site, (viewer, session), token, credential)
        elif code:
            await second_step.prove_by_code(door, viewer, session, code)
        else:
            password = text_of(form, "password")
            await second_step.prove_by_password(door, viewer, session, password)
    except FieldstoneError as error:
        return await proof_page(request, back, error)
    return RedirectResponse(back, 303)


async def ask_proof_key(request: Request) -> Response:
    """POST /admin/account/proof/options: what the browser needs to ask for a passkey."""
    viewer, _ = own_session(request)
    await read_form(request)
    begun, options = await second_step.ask_proof(door_of(request), site_of_request(request), viewer)
    return json_response({"token": begun.token, "options": options})


async def change_tokens(request: Request) -> Response:
    """POST /admin/account/tokens: make one, which is shown this once, or take one back."""
    viewer, session = own_session(request)
    form = await read_form(request)
    name, days = text_of(form, "name").strip(), text_of(form, "days")
    async with database_of(request).write_apart(tenant_of(request), viewer) as tx:
        if text_of(form, "do") == "revoke":
            number = _number(text_of(form, "id"))
            if number is not None:
                await revoke_token(tx, number)
            return _back("The token is taken back.")
        if await account.proved_until(tx, session) is None:
            return RedirectResponse(PROOF, 303)
        if not 0 < len(name) <= _LONGEST_NAME:
            return _back(f"A token has a name of up to {_LONGEST_NAME} characters.")
        lasts = int(days) if days.isascii() and days.isdigit() and len(days) < 5 else 0
        expires_at = tx.now + timedelta(days=min(lasts, _LONGEST_DAYS)) if lasts else None
        chosen = text_of(form, "scope")
        scopes = in_order([chosen]) if chosen else None
        if scopes == ():
            return _back("There is no such scope.")
        _, text = await make_token(tx, TokenWish(name, expires_at, scopes))
        return page(request, tx, _TOKEN_PLACE, "account_token.html", token=text, name=name)


async def proof_page(request: Request, back: str, error: FieldstoneError | None = None) -> Response:
    """Answer with the ways in which somebody who is in shows that it is still they."""
    viewer, _ = own_session(request)
    async with database_of(request).read(tenant_of(request), viewer) as tx:
        member, had, _ = await account.standing_of(tx)
        values = {
            "email": member["email"],
            "has_password": member["password_hash"] is not None,
            "has_codes": had.authenticator_at is not None or had.codes_left > 0,
            "passkeys": bool(had.passkeys) and has_passkeys(request),
            "providers": await proving_providers(tx, back),
            "next": back,
            "problems": () if error is None else error.problems,
        }
        status = 200 if error is None else status_of(error)
        return page(request, tx, _PLACE, "account_proof.html", status, **values)


def _back(done: str) -> Response:
    response = RedirectResponse(ACCOUNT, 303)
    put_flash(response, Flash(done))
    return response


def _number(text: str) -> int | None:
    try:
        return parse_id(text)[1]
    except BadId:
        return None


ROUTES: Final[tuple[BaseRoute, ...]] = (
    Route(PROOF, show_proof),
    Route(PROOF, do_proof, methods=["POST"]),
    Route(f"{PROOF}/options", ask_proof_key, methods=["POST"]),
    Route(f"{ACCOUNT}/tokens", change_tokens, methods=["POST"]),
)
