"""/admin/changes: the history of the set-up, what each change made different, and undoing it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from fieldstone.errors import FieldstoneError, Forbidden, Problem
from fieldstone.metadata.component_change import ComponentChange
from fieldstone.metadata.differences import Difference, differences
from fieldstone.metadata.kinds.field import split_name
from fieldstone.metadata.kinds.registry import OBJECT, OWNED
from fieldstone.metadata.names import plural_of
from fieldstone.metadata.values import fold
from fieldstone.runtime.asking import cause_of, database_of, tenant_of, viewer_of
from fieldstone.runtime.change_impact import losses_of
from fieldstone.runtime.metadata_history import (
    UNDO,
    UnknownChange,
    get_change,
    list_changes,
)
from fieldstone.runtime.metadata_plans import PlannedChange
from fieldstone.runtime.packages.undoing import apply_undo, plan_undo
from fieldstone.runtime.transactions import Transaction
from fieldstone.ui_generator.flash import Flash, put_flash
from fieldstone.ui_generator.pages.edit import read_form
from fieldstone.ui_generator.pages.jobs import job_address
from fieldstone.ui_generator.pages.objects import SETUP, setup_cause
from fieldstone.ui_generator.plan_view import ShownPlan, shown_plan, text_of
from fieldstone.ui_generator.shell import Crumb, Place, page
from fieldstone.ui_generator.viewing import viewing_of

ADDRESS: Final = "/admin/changes"
CRUMB: Final = Crumb("Changes", ADDRESS)
_PAGE: Final = 50
_SUMMED: Final = 3
_MOST_SHOWN: Final = 500
_TOLD_AT_ONCE: Final = 100
"""Of a bigger change the page asks afterwards what undoing it would do: that takes a while."""
_LAST: Final = 2**62
DONE: Final = {"create": "Made", "change": "Changed", "remove": "Deleted", "restore": "Restored"}
TO_DO: Final = {"create": "Make", "change": "Change", "remove": "Delete", "restore": "Restore"}
"""The words for what is planned, where DONE has those for what was done."""


@dataclass(frozen=True, slots=True)
class ShownSide:
    """One place of a component that differs: its name, and both values as text; "" for none."""

    place: str
    before: str
    after: str

    @classmethod
    def of(cls, difference: Difference) -> ShownSide:
        """Give a difference as it is shown."""
        said = difference.as_json()
        before, after = (text_of(said[k]) if k in said else "" for k in ("before", "after"))
        return cls(difference.at.removeprefix("/"), before, after)


@dataclass(frozen=True, slots=True)
class ShownChange:
    """What was done to one component, in words, and what differs.

    parts: of an object, what was done alike to what belongs to it.
    """

    verb: str
    kind: str
    name: str
    was_called: str
    sides: tuple[ShownSide, ...]
    parts: tuple[ShownChange, ...] = ()

    @property
    def parts_in_words(self) -> str:
        """How many parts there are of each kind, as in 3 fields, 1 layout."""
        counts = Counter(one.kind for one in self.parts)
        return ", ".join(
            f"{n:,} {kind if n == 1 else plural_of(kind)}" for kind, n in counts.items()
        )


async def show_changes(request: Request) -> Response:
    """GET /admin/changes: the changes of the set-up, newest first."""
    before = _number(request.query_params.get("before", str(_LAST)))
    async with database_of(request).read(tenant_of(request), viewer_of(request)) as tx:
        changes, following = await list_changes(tx, _PAGE, before)
        lines = [
            {"entry": one, "what": [shown_change(part) for part in one.changes[:_SUMMED]]}
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
    confirmed = confirmed_in(sent)
    database, tenant, viewer = database_of(request), tenant_of(request), viewer_of(request)
    cause = {**cause_of(request), **setup_cause(request), UNDO: version}
    try:
        async with database.change_metadata(tenant, viewer, cause) as tx:
            applied = await apply_undo(tx, version, digest, confirmed)
    except (Forbidden, UnknownChange):
        raise
    except FieldstoneError as error:
        async with database.read(tenant, viewer) as tx:
            return await _change_page(request, tx, version, error.problems)
    if applied.job is not None:
        return RedirectResponse(job_address(applied.job), 303)
    response = RedirectResponse(ADDRESS, 303)
    put_flash(response, Flash(f"Change {version} is undone"))
    return response


def confirmed_in(sent: FormData) -> dict[str, int]:
    """Give how many records each loss may take, as a form confirms it."""
    return {
        key.removeprefix("confirm:"): _number(str(value))
        for key, value in sent.items()
        if key.startswith("confirm:")
    }


async def _change_page(
    request: Request, tx: Transaction, version: int, problems: Sequence[Problem] = ()
) -> Response:
    entry = await get_change(tx, version)
    is_told = entry.count <= _TOLD_AT_ONCE or bool(problems) or "undo" in request.query_params
    planned, in_the_way = await _planned(tx, version) if is_told else (None, ())
    return page(
        request,
        tx,
        Place(f"Change {version}", "setup", (SETUP, CRUMB, Crumb(str(version)))),
        "change.html",
        status=422 if problems else 200,
        viewing=viewing_of(tx),
        view=shown_plan(planned) if planned else ShownPlan(),
        entry=entry,
        changes=shown_changes(entry.changes),
        more=max(0, entry.count - _MOST_SHOWN),
        is_told=is_told,
        planned=planned,
        undone=shown_changes(planned.plan.changes, TO_DO) if planned else [],
        losses=losses_of(planned.impact) if planned else {},
        problems=problems,
        in_the_way=in_the_way,
    )


async def _planned(
    tx: Transaction, version: int
) -> tuple[PlannedChange | None, tuple[Problem, ...]]:
    """Give what undoing a change would do now, or why it cannot be undone."""
    try:
        return await plan_undo(tx, version), ()
    except FieldstoneError as error:
        return None, error.problems


def shown_changes(
    changes: Sequence[ComponentChange], verbs: Mapping[str, str] = DONE, most: int = _MOST_SHOWN
) -> list[ShownChange]:
    """Give the first changes in words, those of an object's parts with it if it fared like them."""
    return gathered([shown_change(one, verbs) for one in changes[:most]])


def gathered(shown: Iterable[ShownChange]) -> list[ShownChange]:
    """Put what was made or deleted with its object there, instead of a line for each part."""
    found: dict[tuple[str, str], ShownChange] = {}
    for one in shown:
        owner = found.get((OBJECT.name, fold(split_name(one.name)[0])))
        is_part = one.kind.replace(" ", "_") in OWNED and not (one.sides or one.was_called)
        if is_part and owner is not None and owner.verb == one.verb and not owner.sides:
            place = owner.kind, fold(owner.name)
            found[place] = replace(owner, parts=(*owner.parts, one))
        else:
            found[one.kind, fold(one.name)] = one
    return list(found.values())


def shown_change(change: ComponentChange, verbs: Mapping[str, str] = DONE) -> ShownChange:
    """Give a change of a component in words, with what differs."""
    component = change.after or change.before
    assert component is not None
    was = change.before.name if change.before is not None else ""
    sides = [ShownSide.of(one) for one in differences(change) if one.at != "/name"]
    return ShownChange(
        verbs[change.operation],
        component.kind.replace("_", " "),
        component.name,
        was if was != component.name else "",
        tuple(sides),
    )


def _number(text: str) -> int:
    if not text.isascii() or not text.isdigit() or len(text) > 19:
        raise UnknownChange(f"There is no change {text[:20]}.")
    return min(int(text), _LAST)
