"""/admin/sharing: how open each object's records are, and the rules that open some to some."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from fieldstone.errors import FieldstoneError, Forbidden, Problem
from fieldstone.metadata.catalog import ObjectDef
from fieldstone.metadata.kinds.registry import OBJECT, SHARING_RULE
from fieldstone.metadata.kinds.sharing_rule import PartyBody, SharingRuleBody, team_number
from fieldstone.metadata.sharing import Sharing
from fieldstone.metadata.values import fold
from fieldstone.runtime.access.proposals import read_said, resolve
from fieldstone.runtime.access.teams import names_of_teams
from fieldstone.runtime.access_preview import Preview
from fieldstone.runtime.asking import database_of, tenant_of, viewer_of
from fieldstone.runtime.metadata_changes import change_metadata, load_components
from fieldstone.runtime.permissions import check_permissions
from fieldstone.runtime.transactions import Transaction
from fieldstone.ui_generator.flash import Flash, put_flash
from fieldstone.ui_generator.pages.edit import read_form
from fieldstone.ui_generator.pages.objects import SETUP, setup_cause
from fieldstone.ui_generator.previewing import told_of
from fieldstone.ui_generator.shell import Crumb, Place, page

ADDRESS: Final = "/admin/sharing"
CRUMB: Final = Crumb("Sharing", ADDRESS)
WORDS: Final = {
    Sharing.READ_WRITE: "Everybody sees and changes them",
    Sharing.READ: "Everybody sees, few change them",
    Sharing.PRIVATE: "Private",
    Sharing.PARENT: "As what they are part of",
}


@dataclass(frozen=True, slots=True)
class RuleLine:
    """A sharing rule in words."""

    name: str
    label: str
    object: str
    which: str
    whom: str
    access: str
    active: bool


async def show_sharing(request: Request) -> Response:
    """GET /admin/sharing: the sharing of every object, and all rules."""
    async with database_of(request).read(tenant_of(request), viewer_of(request)) as tx:
        return await _page(request, tx)


async def save_sharing(request: Request) -> Response:
    """POST /admin/sharing: save how open objects are, or tell what that would change."""
    sent = await read_form(request)
    database, tenant, viewer = database_of(request), tenant_of(request), viewer_of(request)
    try:
        async with database.read(tenant, viewer) as tx:
            check_permissions(tx)
            changed = _changed(tx, sent)
            if not changed:
                return await _page(request, tx, sent, told=Preview(0, (), records=()))
            if sent.get("do") == "preview":
                told = await told_of(tx, {"components": changed})
                return await _page(request, tx, sent, told=told)
        await change_as_said(request, {"components": changed})
    except Forbidden:
        raise
    except FieldstoneError as error:
        async with database.read(tenant, viewer) as tx:
            return await _page(request, tx, sent, problems=error.problems)
    response = RedirectResponse(ADDRESS, 303)
    put_flash(
        response, Flash(f"Changed the sharing of {', '.join(one['name'] for one in changed)}")
    )
    return response


async def change_as_said(request: Request, said: dict[str, Any]) -> None:
    """Carry out a change of components as it was told; what it does not say stays as it is."""
    database, tenant, viewer = database_of(request), tenant_of(request), viewer_of(request)
    async with database.change_metadata(tenant, viewer, setup_cause(request)) as tx:
        await change_metadata(tx, (await resolve(tx, read_said(said))).proposal)


def _changed(tx: Transaction, sent: FormData) -> list[dict[str, Any]]:
    chosen = {obj.name: str(sent.get(f"s:{obj.name}", obj.sharing)) for obj in tx.catalog.objects}
    return [
        {"kind": OBJECT.name, "name": obj.name, "sharing": chosen[obj.name]}
        for obj in tx.catalog.objects
        if chosen[obj.name] != str(obj.sharing)
    ]


def choices_for(obj: ObjectDef) -> list[tuple[str, str]]:
    """Give how an object may be shared; parts alone may follow what they are part of."""
    return [
        (str(sharing), words)
        for sharing, words in WORDS.items()
        if sharing is not Sharing.PARENT or obj.master is not None
    ]


async def _page(
    request: Request,
    tx: Transaction,
    sent: FormData | None = None,
    *,
    told: Preview | None = None,
    problems: tuple[Problem, ...] = (),
) -> Response:
    check_permissions(tx)
    objects = sorted(tx.catalog.objects, key=lambda obj: (fold(obj.plural_label), obj.name))
    typed: Mapping[str, Any] = sent or {}
    values: dict[str, Any] = {
        "rows": [
            (obj, str(typed.get(f"s:{obj.name}", obj.sharing)), choices_for(obj)) for obj in objects
        ],
        "rules": await _rules(tx),
        "may_change": tx.viewer.standing.is_administrator,
        "told": told,
        "problems": problems,
    }
    place = Place("Sharing", "setup", (SETUP, Crumb("Sharing")))
    return page(request, tx, place, "sharing.html", 422 if problems else 200, **values)


async def _rules(tx: Transaction) -> list[RuleLine]:
    found = [
        (row.component.name, SHARING_RULE.read(row.component))
        for row in await load_components(tx)
        if row.component.kind == SHARING_RULE.name and row.deleted_at is None
    ]
    parties = [one for _, body in found for one in (body.share_with, body.owned_by) if one]
    numbers = [number for one in parties if one.team and (number := team_number(one.team))]
    teams = await names_of_teams(tx, numbers)
    lines = [_line(tx, name, body, teams) for name, body in found]
    return sorted(lines, key=lambda one: (fold(one.object), fold(one.label)))


def _line(tx: Transaction, name: str, body: SharingRuleBody, teams: dict[int, str]) -> RuleLine:
    which = f"where {body.where}"
    if body.owned_by is not None:
        which = f"owned by {_party(tx, body.owned_by, teams)}"
    obj = tx.catalog.find_object(body.object)
    return RuleLine(
        name,
        body.label or name,
        body.object if obj is None else obj.plural_label,
        which,
        _party(tx, body.share_with, teams),
        "see and change" if body.access == "edit" else "see",
        body.active,
    )


def _party(tx: Transaction, body: PartyBody, teams: dict[int, str]) -> str:
    if body.everyone:
        return "everyone"
    if body.team is not None:
        return teams.get(team_number(body.team) or 0, "a team that is gone")
    name = body.role or body.role_and_below or ""
    role = next((one for one in tx.catalog.roles if fold(one.name) == fold(name)), None)
    label = name if role is None else role.label
    return f"{label} and below" if body.role_and_below else label
