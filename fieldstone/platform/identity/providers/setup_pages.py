"""/admin/identity-providers: how people sign in with accounts that they have elsewhere."""

from __future__ import annotations

from typing import Any, Final

from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from fieldstone.errors import FieldstoneError, Forbidden, Problem
from fieldstone.metadata.catalog import Catalog
from fieldstone.metadata.changes import Proposal
from fieldstone.metadata.component import Component
from fieldstone.metadata.values import JsonObject, fold
from fieldstone.platform.identity.door_forms import text_of
from fieldstone.platform.identity.providers.client_secrets import (
    check_administrator,
    drop_secret,
    find_provider,
    keep_secret,
    kept_secrets,
)
from fieldstone.platform.identity.providers.errors import UnknownProvider
from fieldstone.platform.identity.providers.offering import return_address
from fieldstone.platform.identity.providers.parts import parts_of
from fieldstone.platform.identity.providers.saml import entity_id, read_metadata, sign_out_address
from fieldstone.platform.identity.providers.saml_keys import (
    drop_pair,
    find_keys,
    keep_new_pair,
    sign_with,
)
from fieldstone.platform.identity.setup_forms import (
    Line,
    body_from,
    find_component,
    name_for,
    propose,
    shown_lines,
)
from fieldstone.platform.server_address import server_of
from fieldstone.runtime.asking import database_of, tenant_of, viewer_of
from fieldstone.runtime.permissions import sets_in
from fieldstone.runtime.transactions import Transaction
from fieldstone.ui_generator.flash import Flash, put_flash
from fieldstone.ui_generator.pages.edit import read_form
from fieldstone.ui_generator.pages.objects import SETUP
from fieldstone.ui_generator.shell import Crumb, Place, page

ADDRESS: Final = "/admin/identity-providers"
_KIND: Final = "identity_provider"
_TITLE: Final = "Identity providers"
_CRUMB: Final = Crumb(_TITLE, ADDRESS)
_PROTOCOLS: Final = {"openid_connect": "OpenID Connect", "saml": "SAML"}
_NOTHING_TYPED: Final = dict.fromkeys(
    ("label", "protocol", "issuer", "client_id", "address", "metadata"), ""
)
_OPENID: Final = (
    Line("issuer", "Issuer", hint="As the provider writes it, such as https://login.example.com."),
    Line("client_id", "Client id", hint="What the provider calls this program."),
    Line("scopes", "Asks for", "list", "Scopes, parted by blanks; openid is among them."),
)
_SAML: Final = (
    Line("issuer", "Entity id of the provider", hint="As its metadata says."),
    Line("sign_in_address", "Where people sign in", hint="Its address for HTTP-Redirect."),
    Line("certificates", "Certificates", "blocks", "What it signs with; an empty line parts two."),
    Line("client_id", "Our entity id", hint="Empty for the address of our metadata."),
    Line(
        "sign_out_address",
        "Where people sign out",
        hint="Its single logout service; empty to sign out here alone. Needs a key pair.",
    ),
    Line(
        "sign_out_answer_address",
        "Where signing out is answered",
        hint="Empty for the same address.",
    ),
    Line("signs_requests", "We sign what we ask", "flag"),
    Line("wants_encrypted", "Assertions have to be encrypted for us", "flag"),
    Line("takes_cbc", "They may be encrypted by AES-CBC, which hides no changes", "flag"),
)
_WHO: Final = (
    Line("domains", "Domains", "list", "Only addresses of these come in; empty for all."),
    Line("email_claim", "Address is called", hint="By the provider."),
    Line("name_claim", "Name is called", hint="By the provider."),
    Line("description", "Description"),
)
_HOW: Final = (
    Line("create_members", "Whoever comes in and is no member becomes one", "flag"),
    Line("trusts_addresses", "Nobody can choose their address at the provider", "flag"),
    Line("counts_as_two", "It asks for a second factor itself", "flag"),
    Line("active", "People sign in with it", "flag"),
)


async def show_providers(request: Request) -> Response:
    """GET /admin/identity-providers: the providers, and forms for another one."""
    return await _list_page(request)


async def create_provider(request: Request) -> Response:
    """POST /admin/identity-providers: declare a provider, with which nobody signs in yet."""
    sent = await read_form(request)
    label = text_of(sent, "label").strip()
    try:
        body = await _first_body(request, sent, label)
        made = Component(_KIND, name_for(label), body)
        await propose(request, Proposal(creates=(made,)))
    except Forbidden:
        raise
    except FieldstoneError as error:
        return await _list_page(request, error.problems, typed=dict(sent))
    return RedirectResponse(f"{ADDRESS}/{made.name}", 303)


async def show_provider(request: Request) -> Response:
    """GET /admin/identity-providers/{name}: how a provider is declared."""
    return await _page(request)


async def save_provider(request: Request) -> Response:
    """POST /admin/identity-providers/{name}: declare it anew, or remove it."""
    sent = await read_form(request)
    async with database_of(request).read(tenant_of(request), viewer_of(request)) as tx:
        old = await _declared(request, tx)
        lines = _lines(tx.catalog, old.body)
    removes = text_of(sent, "do") == "delete"
    label = text_of(sent, "label").strip() or str(old.body["label"])
    try:
        if removes:
            await propose(request, Proposal(removals=(old.key,)))
        else:
            body = {**old.body, "label": label, **body_from(lines, sent)}
            await propose(request, Proposal(upserts=(_with_body(old, body),)))
    except Forbidden:
        raise
    except FieldstoneError as error:
        return await _page(request, error.problems, sent=body_from(lines, sent))
    response = RedirectResponse(ADDRESS if removes else f"{ADDRESS}/{old.name}", 303)
    put_flash(response, Flash(f"{'Deleted' if removes else 'Saved'} {label}"))
    return response


async def change_secret(request: Request) -> Response:
    """POST /admin/identity-providers/{name}/secret: keep the client secret, or forget it."""
    sent = await read_form(request)
    name = request.path_params["name"]
    try:
        async with database_of(request).write_apart(tenant_of(request), viewer_of(request)) as tx:
            if text_of(sent, "do") == "drop":
                await drop_secret(tx, name)
            else:
                secret = text_of(sent, "secret").strip()
                await keep_secret(tx, parts_of(request).secrets, name, secret)
    except Forbidden:
        raise
    except FieldstoneError as error:
        return await _page(request, error.problems)
    return RedirectResponse(f"{ADDRESS}/{name}", 303)


async def change_keys(request: Request) -> Response:
    """POST /admin/identity-providers/{name}/keys: make a key pair, sign with one, or forget it."""
    sent = await read_form(request)
    name, key = request.path_params["name"], text_of(sent, "key")
    sealer = parts_of(request).secrets
    try:
        if text_of(sent, "do") == "make":
            await keep_new_pair(request, name)
        else:
            change = drop_pair if text_of(sent, "do") == "drop" else sign_with
            tenant, viewer = tenant_of(request), viewer_of(request)
            async with database_of(request).write_apart(tenant, viewer) as tx:
                await change(tx, sealer, name, key)
    except Forbidden:
        raise
    except FieldstoneError as error:
        return await _page(request, error.problems)
    return RedirectResponse(f"{ADDRESS}/{name}", 303)


async def _first_body(request: Request, sent: FormData, label: str) -> JsonObject:
    """Give what a new provider is declared as; inactive until somebody looked at the whole."""
    body: JsonObject = {"label": label, "active": False}
    if text_of(sent, "protocol") != "saml":
        typed = {name: text_of(sent, name).strip() for name in ("issuer", "client_id")}
        return {**body, **typed}
    async with database_of(request).read(tenant_of(request), viewer_of(request)) as tx:
        check_administrator(tx)
    text, address = text_of(sent, "metadata").strip(), text_of(sent, "address").strip()
    told = await read_metadata(parts_of(request).store.outgoing, text or None, address)
    return {**body, "protocol": "saml", **told}


def _with_body(old: Component, body: JsonObject) -> Component:
    return Component(old.kind, old.name, body, old.package)


def _lines(catalog: Catalog, body: JsonObject) -> tuple[Line, ...]:
    sets = tuple((one.name, one.label) for one in sets_in(catalog))
    given = Line("permission_sets", "New members are given", "choices", choices=sets)
    return (*(_SAML if body.get("protocol") == "saml" else _OPENID), *_WHO, given, *_HOW)


async def _declared(request: Request, tx: Transaction) -> Component:
    check_administrator(tx)
    found = await find_component(tx, _KIND, request.path_params["name"])
    if found is None:
        raise UnknownProvider(f"There is no identity provider {request.path_params['name'][:80]}.")
    return found


async def _list_page(
    request: Request,
    problems: tuple[Problem, ...] = (),
    typed: dict[str, Any] | None = None,
) -> Response:
    async with database_of(request).read(tenant_of(request), viewer_of(request)) as tx:
        check_administrator(tx)
        values = {
            "providers": sorted(
                tx.catalog.identity_providers.items(), key=lambda one: fold(one[1].label)
            ),
            "protocols": _PROTOCOLS,
            "pattern": return_address(server_of(request), "NAME"),
            "problems": problems,
            "typed": {**_NOTHING_TYPED, **(typed or {})},
        }
        place = Place(_TITLE, "setup", (SETUP, Crumb(_TITLE)))
        status = 422 if problems else 200
        return page(request, tx, place, "identity_providers.html", status, **values)


async def _page(
    request: Request,
    problems: tuple[Problem, ...] = (),
    sent: JsonObject | None = None,
) -> Response:
    async with database_of(request).read(tenant_of(request), viewer_of(request)) as tx:
        declared = await _declared(request, tx)
        name, body = find_provider(tx.catalog, declared.name)
        full = {field: getattr(body, field) for field in body.__slots__}
        server = server_of(request)
        values = {
            "name": name,
            "body": body,
            "protocol": _PROTOCOLS[body.protocol],
            "lines": shown_lines(_lines(tx.catalog, declared.body), {**full, **(sent or {})}),
            "return_address": return_address(server, name),
            "entity_id": entity_id(server, name, body),
            "sign_out_address": sign_out_address(server, name),
            "keys": await _shown_keys(request, tx, name) if body.protocol == "saml" else [],
            "has_secret": fold(name) in await kept_secrets(tx),
            "problems": problems,
        }
        place = Place(body.label, "setup", (SETUP, _CRUMB, Crumb(body.label)))
        status = 422 if problems else 200
        return page(request, tx, place, "identity_provider.html", status, **values)


async def _shown_keys(request: Request, tx: Transaction, name: str) -> list[dict[str, Any]]:
    """Give our key pairs at a provider as the page shows them."""
    return [
        {
            "id": one.id,
            "until": f"{one.expires_at:%Y-%m-%d}",
            "fingerprint": one.fingerprint,
            "signs": one.signs,
        }
        for one in await find_keys(tx, parts_of(request).secrets, name)
    ]


ROUTES: Final[tuple[BaseRoute, ...]] = (
    Route(ADDRESS, show_providers),
    Route(ADDRESS, create_provider, methods=["POST"]),
    Route(f"{ADDRESS}/{{name}}", show_provider),
    Route(f"{ADDRESS}/{{name}}", save_provider, methods=["POST"]),
    Route(f"{ADDRESS}/{{name}}/secret", change_secret, methods=["POST"]),
    Route(f"{ADDRESS}/{{name}}/keys", change_keys, methods=["POST"]),
)
