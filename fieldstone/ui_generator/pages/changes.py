"""/admin/changes: the history of the set-up, what each change made different, and undoing it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from fieldstone.errors import FieldstoneError, Forbidden, Problem
from fieldstone.metadata.component_change import ComponentChange
from fieldstone.metadata.differences import differences
from fieldstone.metadata.values import Json, write_json
from fieldstone.runtime.asking import cause_of, database_of, tenant_of, viewer_of
from fieldstone.runtime.change_impact import losses_of
from fieldstone.runtime.metadata_history import UnknownChange, get_change, list_changes, undoing
from fieldstone.runtime.metadata_plans import PlannedChange, apply_planned, plan_change
from fieldstone.runtime.transactions import Transaction
from fieldstone.ui_generator.flash import Flash, put_flash
from fieldstone.ui_generator.pages.edit import read_form
from fieldstone.ui_generator.pages.objects import SETUP, setup_cause
from fieldstone.ui_generator.shell import Crumb, Place, page
from fieldstone.ui_generator.viewing import viewing_of

ADDRESS: Final = "/admin/changes"
CRUMB: Final = Crumb("Changes", ADDRESS)
_PAGE: Final = 50
_SUMMED: Final = 3
_MOST_SHOWN: Final = 500
_LONGEST: Final = 300
_LAST: Final = 2**62
_VERBS: Final = {"create": "Made", "change": "Changed", "remove": "Deleted", "restore": "Restored"}


@dataclass(frozen=True, slots=True)
class ShownSide:
    """One place of a component that differs: its name, and both values as text; "" for none."""

    place: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class ShownChange:
    """What was done to one component, in words, and what differs."""

    verb: str
    kind: str
    name: str
    was_called: str
    sides: tuple[ShownSide, ...]


async def show_changes(request: Request) -> Response:
    """GET /admin/changes: the changes of the set-up, newest first."""
    before = _number(request.query_params.get("before", str(_LAST)))
    async with database_of(request).read(tenant_of(request), viewer_of(request)) as tx:
        changes, following = await list_changes(tx, _PAGE, before)
        lines = [
            {"entry": one, "what": [_shown(part) for part in one.changes[:_SUMMED]]}
            for one in changes
        ]
        place = Place("Changes", "setup", (SETUP, Crumb("Changes")))
        view = viewing_of(tx)
        return page(request, tx, place, "changes.html", lines=lines, before=following, view=view)


async def show_change(request: Request) -> Response:
    """GET /admin/changes/{version}: one change, and what undoing it would do."""
    async with database_of(request).read(tenant_of(request), viewer_of(request)) as tx:
        return await _change_page(request, tx, _number(request.path_params["version"]))


async def undo_change(request: Request) -> Response:
    """POST /admin/changes/{version}: undo it, if that does what the page told."""
    version = _number(request.path_params["version"])
    sent = await read_form(request)
    digest = str(sent.get("digest", ""))
    confirmed = {
        key.removeprefix("confirm:"): _number(str(value))
        for key, value in sent.items()
        if key.startswith("confirm:")
    }
    database, tenant, viewer = database_of(request), tenant_of(request), viewer_of(request)
    cause = {**cause_of(request), **setup_cause(request), "undo": version}
    try:
        async with database.change_metadata(tenant, viewer, cause) as tx:
            await apply_planned(tx, await undoing(tx, version), digest, confirmed)
    except (Forbidden, UnknownChange):
        raise
    except FieldstoneError as error:
        async with database.read(tenant, viewer) as tx:
            return await _change_page(request, tx, version, error.problems)
    response = RedirectResponse(ADDRESS, 303)
    put_flash(response, Flash(f"Change {version} is undone"))
    return response


async def _change_page(
    request: Request, tx: Transaction, version: int, problems: Sequence[Problem] = ()
) -> Response:
    entry = await get_change(tx, version)
    planned, in_the_way = await _planned(tx, version)
    return page(
        request,
        tx,
        Place(f"Change {version}", "setup", (SETUP, CRUMB, Crumb(str(version)))),
        "change.html",
        status=422 if problems else 200,
        view=viewing_of(tx),
        entry=entry,
        changes=[_shown(one) for one in entry.changes[:_MOST_SHOWN]],
        more=max(0, entry.count - _MOST_SHOWN),
        planned=planned,
        undone=[_shown(one) for one in planned.plan.changes] if planned else [],
        losses=losses_of(planned.impact) if planned else {},
        problems=problems,
        in_the_way=in_the_way,
    )


async def _planned(
    tx: Transaction, version: int
) -> tuple[PlannedChange | None, tuple[Problem, ...]]:
    """Give what undoing a change would do now, or why it cannot be undone."""
    try:
        return await plan_change(tx, await undoing(tx, version)), ()
    except FieldstoneError as error:
        return None, error.problems


def _shown(change: ComponentChange) -> ShownChange:
    component = change.after or change.before
    assert component is not None
    was = change.before.name if change.before is not None else ""
    sides = []
    for one in differences(change):
        said = one.as_json()
        if one.at != "/name":
            before, after = (_text(said[k]) if k in said else "" for k in ("before", "after"))
            sides.append(ShownSide(one.at.removeprefix("/"), before, after))
    return ShownChange(
        _VERBS[change.operation],
        component.kind.replace("_", " "),
        component.name,
        was if was != component.name else "",
        tuple(sides),
    )


def _text(value: Json) -> str:
    text = _words(value)
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"


def _words(value: Json) -> str:
    """Give a value as a person reads it: a list, such as that of a picklist, by its values."""
    if isinstance(value, str):
        return value
    if isinstance(value, list | tuple):
        return ", ".join(
            _words(one.get("value", write_json(one)) if isinstance(one, Mapping) else one)
            for one in value
        )
    return write_json(value)


def _number(text: str) -> int:
    if not text.isascii() or not text.isdigit() or len(text) > 19:
        raise UnknownChange(f"There is no change {text[:20]}.")
    return min(int(text), _LAST)
