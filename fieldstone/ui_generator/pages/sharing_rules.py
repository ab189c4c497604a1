"""/admin/sharing/rules: the form of a sharing rule, which tells what it changes before it does."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from fieldstone.errors import FieldstoneError, Forbidden, InvalidInput, NotFound, Problem
from fieldstone.metadata.changes import Proposal
from fieldstone.metadata.component import Component
from fieldstone.metadata.kinds.registry import SHARING_RULE
from fieldstone.metadata.kinds.sharing_rule import PartyBody, team_number
from fieldstone.metadata.names import component_name
from fieldstone.metadata.values import Json, fold, read_json, write_json
from fieldstone.runtime.access.teams import names_of_teams, team_named
from fieldstone.runtime.access_preview import ChangeOfAccess, Preview, preview_access
from fieldstone.runtime.asking import database_of, tenant_of, viewer_of
from fieldstone.runtime.metadata_changes import change_metadata, load_components
from fieldstone.runtime.permissions import check_permissions
from fieldstone.runtime.transactions import Transaction
from fieldstone.ui_generator.flash import Flash, put_flash
from fieldstone.ui_generator.pages.edit import read_form
from fieldstone.ui_generator.pages.objects import SETUP, setup_cause
from fieldstone.ui_generator.pages.sharing import ADDRESS, CRUMB
from fieldstone.ui_generator.previewing import listed_parties, party_in, team_names, text_of
from fieldstone.ui_generator.shell import Crumb, Place, page

RULES: Final = f"{ADDRESS}/rules"
_LONGEST: Final = 10_000
_EMPTY: Final[Mapping[str, Any]] = {
    "label": "",
    "object": "",
    "where": "",
    "access": "read",
    "description": "",
    "active": True,
    "owners": {"listed": "", "team": ""},
    "whom": {"listed": "", "team": ""},
}


class UnknownRule(NotFound):
    """No sharing rule of this name."""

    code = "share.unknown_rule"


class TwoParties(InvalidInput):
    """A form that names a role and a team in one place."""

    code = "share.two_parties"


async def new_rule(request: Request) -> Response:
    """GET /admin/sharing/rules/new: an empty form."""
    async with database_of(request).read(tenant_of(request), viewer_of(request)) as tx:
        check_permissions(tx)
        return await _page(request, tx, None, _EMPTY)


async def create_rule(request: Request) -> Response:
    """POST /admin/sharing/rules/new: make a rule, or tell what it would change."""
    return await _save(request, None)


async def show_rule(request: Request) -> Response:
    """GET /admin/sharing/rules/{name}: the form of a rule."""
    async with database_of(request).read(tenant_of(request), viewer_of(request)) as tx:
        rule = await _find(request, tx)
        return await _page(request, tx, rule, await _typed_of(tx, rule))


async def save_rule(request: Request) -> Response:
    """POST /admin/sharing/rules/{name}: save or delete it, or tell what that would change."""
    async with database_of(request).read(tenant_of(request), viewer_of(request)) as tx:
        rule = await _find(request, tx)
    return await _save(request, rule)


async def _save(request: Request, rule: Component | None) -> Response:
    sent = await read_form(request)
    does = str(sent.get("do", ""))
    database, tenant, viewer = database_of(request), tenant_of(request), viewer_of(request)
    typed = _typed(sent, rule)
    try:
        async with database.read(tenant, viewer) as tx:
            check_permissions(tx)
            proposal = await _proposal(tx, rule, sent)
            if does.startswith("preview"):
                told = await preview_access(tx, ChangeOfAccess(proposal))
                return await _page(request, tx, rule, typed, told=told)
        async with database.change_metadata(tenant, viewer, setup_cause(request)) as tx:
            await change_metadata(tx, proposal)
    except Forbidden:
        raise
    except FieldstoneError as error:
        async with database.read(tenant, viewer) as tx:
            return await _page(request, tx, rule, typed, problems=error.problems)
    response = RedirectResponse(f"{ADDRESS}#rules", 303)
    what = "Deleted" if does == "delete" else "Saved"
    put_flash(response, Flash(f"{what} the rule {typed['label']}"))
    return response


async def _proposal(tx: Transaction, rule: Component | None, sent: FormData) -> Proposal:
    if rule is not None and str(sent.get("do", "")).endswith("delete"):
        return Proposal(removals=(rule.key,))
    body = await _body(tx, sent)
    if rule is not None:
        return Proposal(upserts=(Component(rule.kind, rule.name, body, rule.package),))
    name = component_name(str(body["label"]))
    return Proposal(creates=(Component(SHARING_RULE.name, name, body),))


async def _body(tx: Transaction, sent: FormData) -> dict[str, Json]:
    where = text_of(sent, "where", _LONGEST)
    return {
        "label": text_of(sent, "label"),
        "object": text_of(sent, "object"),
        "share_with": await _party(tx, sent, "whom"),
        "access": text_of(sent, "access") or "read",
        "owned_by": await _party(tx, sent, "owners") or None,
        "where": read_json(where) if where.startswith("{") else where or None,
        "active": "active" in sent,
        "description": text_of(sent, "description", 4000),
    }


async def _party(tx: Transaction, sent: FormData, prefix: str) -> dict[str, Json]:
    party = party_in(sent, prefix)
    if party.team and party.listed:
        raise TwoParties("A rule names a role or a team, not both.", hint="Empty one of them.")
    if party.team:
        return {"team": (await team_named(tx, party.team)).text}
    return party.said


async def _find(request: Request, tx: Transaction) -> Component:
    """Give the rule of the address. Raises Forbidden, UnknownRule."""
    check_permissions(tx)
    name = request.path_params["name"]
    for row in await load_components(tx):
        one = row.component
        if row.deleted_at is None and one.key == (SHARING_RULE.name, fold(name)):
            return one
    raise UnknownRule(f"There is no sharing rule {name[:80]}.")


def _typed(sent: FormData, rule: Component | None) -> dict[str, Any]:
    if rule is not None and str(sent.get("do", "")).endswith("delete"):
        return {"label": rule.body.get("label") or rule.name}
    owners, whom = party_in(sent, "owners"), party_in(sent, "whom")
    return {
        "label": text_of(sent, "label"),
        "object": text_of(sent, "object"),
        "where": text_of(sent, "where", _LONGEST),
        "access": text_of(sent, "access"),
        "description": text_of(sent, "description", 4000),
        "active": "active" in sent,
        "owners": {"listed": owners.listed, "team": owners.team},
        "whom": {"listed": whom.listed, "team": whom.team},
    }


async def _typed_of(tx: Transaction, rule: Component) -> dict[str, Any]:
    body = SHARING_RULE.read(rule)
    obj = tx.catalog.find_object(body.object)
    where = body.where if isinstance(body.where, str) else write_json(body.where)
    return {
        "label": body.label or rule.name,
        "object": body.object if obj is None else obj.name,
        "where": "" if body.where is None else where,
        "access": body.access,
        "description": body.description,
        "active": body.active,
        "owners": await _shown_party(tx, body.owned_by),
        "whom": await _shown_party(tx, body.share_with),
    }


async def _shown_party(tx: Transaction, body: PartyBody | None) -> dict[str, str]:
    found = {"listed": "", "team": ""}
    if body is None:
        return found
    if body.team is not None:
        number = team_number(body.team) or 0
        return {**found, "team": (await names_of_teams(tx, [number])).get(number, body.team)}
    for word, name in (("role", body.role), ("role_and_below", body.role_and_below)):
        role = next(
            (one for one in tx.catalog.roles if name and fold(one.name) == fold(name)), None
        )
        if role is not None:
            found["listed"] = f"{word}:{role.name}"
    return {**found, "listed": "everyone"} if body.everyone else found


async def _page(
    request: Request,
    tx: Transaction,
    rule: Component | None,
    typed: Mapping[str, Any],
    *,
    told: Preview | None = None,
    problems: tuple[Problem, ...] = (),
) -> Response:
    check_permissions(tx)
    objects = sorted(tx.catalog.objects, key=lambda obj: (fold(obj.label), obj.name))
    if rule is not None and "owners" not in typed:
        typed = await _typed_of(tx, rule)
    values: dict[str, Any] = {
        "address": f"{RULES}/{'new' if rule is None else rule.name}",
        "is_new": rule is None,
        "typed": typed,
        "objects": objects,
        "owners": list(listed_parties(tx, everyone=False)),
        "whom": list(listed_parties(tx, everyone=True)),
        "offered": await team_names(tx),
        "told": told,
        "problems": problems,
    }
    title = "New sharing rule" if rule is None else str(rule.body.get("label") or rule.name)
    place = Place(title, "setup", (SETUP, CRUMB, Crumb(title)))
    return page(request, tx, place, "sharing_rule.html", 422 if problems else 200, **values)
