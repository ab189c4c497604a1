"""/admin/packages/_plan: what installing, upgrading or uninstalling would do, and doing it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final
from urllib.parse import urlencode

from starlette.datastructures import FormData, QueryParams
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from fieldstone.errors import FieldstoneError, Forbidden, NotFound, Problem
from fieldstone.metadata.component_change import ComponentChange
from fieldstone.metadata.component_merge import Conflict
from fieldstone.metadata.kinds.registry import OBJECT, PACKAGE
from fieldstone.metadata.merging import Choice, Missing, Side
from fieldstone.runtime.asking import cause_of, database_of, tenant_of, viewer_of
from fieldstone.runtime.change_impact import Impact, losses_of
from fieldstone.runtime.packages.applying import PlannedPackages, apply_packages, plan_packages
from fieldstone.runtime.packages.steps import confirmations
from fieldstone.runtime.packages.uploads import package_at_hand
from fieldstone.runtime.packages.wishes import PackageDeed, StillNeeded, Wish
from fieldstone.runtime.transactions import Transaction
from fieldstone.ui_generator.flash import Flash, put_flash
from fieldstone.ui_generator.pages.changes import (
    TO_DO,
    ShownChange,
    gathered,
    shown_change,
)
from fieldstone.ui_generator.pages.edit import read_form
from fieldstone.ui_generator.pages.jobs import job_address
from fieldstone.ui_generator.pages.objects import SETUP, check_setup, setup_cause
from fieldstone.ui_generator.pages.package_keys import package_keys_of
from fieldstone.ui_generator.pages.packages import ADDRESS, CRUMB, PLAN, shipped_of
from fieldstone.ui_generator.plan_view import shown_plan, text_of
from fieldstone.ui_generator.shell import Crumb, Place, page

_CHOICE: Final = "choice:"
_CONFIRM: Final = "confirm:"
_MOST_SHOWN: Final = 300
_MOST_DIGITS: Final = 18
_PARTS: Final = frozenset({"install", "uninstall", "along", "records"})
_VERBS: Final = {
    "install": ("Install", "is installed"),
    "upgrade": ("Upgrade", "is upgraded"),
    "refresh": ("Bring up to date", "is up to date"),
    "uninstall": ("Uninstall", "is uninstalled"),
}


@dataclass(frozen=True, slots=True)
class ShownConflict:
    """A conflict as the page asks about it; "" for a side that has nothing there."""

    key: str
    message: str
    choice: str
    base: str
    theirs: str
    ours: str


@dataclass(frozen=True, slots=True)
class ShownExport:
    """Records that would go and can be written to a file before. records: how many there are."""

    name: str
    records: int
    address: str


async def show_plan(request: Request) -> Response:
    """GET /admin/packages/_plan: what a wish would do; install, uninstall and along say which."""
    return await _shown_plan(request, request.query_params)


async def plan_again(request: Request) -> Response:
    """POST /admin/packages/_plan: the same, with conflicts settled as they are chosen."""
    return await _shown_plan(request, await read_form(request))


async def apply_plan(request: Request) -> Response:
    """POST /admin/packages/_apply: do it, if that is what the page told."""
    sent = await read_form(request)
    digest = str(sent.get("digest", ""))
    confirmed = {
        key.removeprefix(_CONFIRM): int(value)
        for key, value in sent.items()
        if key.startswith(_CONFIRM) and isinstance(value, str) and _is_count(value)
    }
    cause = {**cause_of(request), **setup_cause(request)}
    database, tenant, viewer = database_of(request), tenant_of(request), viewer_of(request)
    try:
        # All that is long to read is read before the catalog is locked, and all writes wait.
        async with database.read(tenant, viewer) as tx:
            wish = await _wish(request, tx, sent)
        async with database.change_metadata(tenant, viewer, cause) as tx:
            check_setup(tx)
            wished, applied = await apply_packages(tx, wish, digest, confirmed)
    except (Forbidden, NotFound):
        raise
    except FieldstoneError as error:
        return await _shown_plan(request, sent, error.problems)
    if applied.job is not None:
        return RedirectResponse(job_address(applied.job), 303)
    response = RedirectResponse(ADDRESS, 303)
    put_flash(response, Flash(_outcome(wished.deeds)))
    return response


async def _shown_plan(
    request: Request, said: QueryParams | FormData, problems: Sequence[Problem] = ()
) -> Response:
    async with database_of(request).read(tenant_of(request), viewer_of(request)) as tx:
        wish = await _wish(request, tx, said)
        try:
            planned = await plan_packages(tx, wish)
        except (Forbidden, NotFound):
            raise
        except FieldstoneError as error:
            return _page(request, tx, said, _in_the_way(error, wish, said), status=422)
        return _page(request, tx, said, _values(planned), problems=problems)


async def _wish(request: Request, tx: Transaction, said: QueryParams | FormData) -> Wish:
    check_setup(tx)
    shipped = shipped_of(request)
    named = [str(one) for one in said.getlist("install") if one]
    choices = {
        key.removeprefix(_CHOICE): Choice(str(value))
        for key, value in said.items()
        if key.startswith(_CHOICE) and value in set(Choice)
    }
    return Wish(
        product=shipped.product,
        installs=tuple([await package_at_hand(tx, one, shipped) for one in named]),
        uninstalls=tuple(str(one) for one in said.getlist("uninstall") if one),
        choices=choices,
        along=said.get("along") == "yes",
        records=said.get("records") != "no",
        vouched=frozenset(named).intersection(shipped.names),
        own_key=package_keys_of(request).public(tx.tenant.id),
        accepts_untrusted=said.get("accept_untrusted") == "yes",
    )


def _is_count(text: str) -> bool:
    """Tell whether a text is a number of records, as the page wrote it."""
    return text.isascii() and text.isdigit() and len(text) < _MOST_DIGITS


def _page(
    request: Request,
    tx: Transaction,
    said: QueryParams | FormData,
    values: Mapping[str, Any],
    *,
    status: int = 200,
    problems: Sequence[Problem] = (),
) -> Response:
    title = str(values["title"])
    return page(
        request,
        tx,
        Place(title, "setup", (SETUP, CRUMB, Crumb(title))),
        "package_plan.html",
        status=422 if problems else status,
        wish=[(key, value) for key, value in said.multi_items() if key in _PARTS and value],
        problems=problems,
        **values,
    )


def _values(planned: PlannedPackages) -> dict[str, Any]:
    wished, change = planned.wished, planned.change
    changes = change.plan.changes
    losses = losses_of(change.impact)
    is_settled = all(one.choice is not None for one in wished.conflicts)
    return {
        "title": ", ".join(_title(one) for one in wished.deeds),
        "in_the_way": (),
        "conflicts": [shown_conflict(one) for one in wished.conflicts],
        "is_settled": is_settled,
        "changes": gathered(_in_words(one) for one in changes[:_MOST_SHOWN]),
        "more": max(0, len(changes) - _MOST_SHOWN),
        "view": shown_plan(change),
        "losses": losses,
        "steps": [one.message for one in planned.steps],
        "signed": planned.vouchings,
        "must_accept": any(one.must_accept for one in planned.vouchings),
        "confirm": {**losses, **confirmations(planned.steps)},
        "exports": list(_exports(change.impact)),
        "records": sum(one.records for one in wished.deeds),
        "digest": change.digest,
        "button": " and ".join(dict.fromkeys(_VERBS[one.deed][0] for one in wished.deeds)),
    }


def _in_words(change: ComponentChange) -> ShownChange:
    """Give a change as it is shown, without what tells nobody anything."""
    told = shown_change(change, TO_DO)
    is_package = told.kind == PACKAGE.name
    sides = tuple(one for one in told.sides if not (is_package and one.place == "digest"))
    return replace(told, sides=sides)


def _in_the_way(error: FieldstoneError, wish: Wish, said: QueryParams | FormData) -> dict[str, Any]:
    """Give what a page tells that can plan nothing, and in what other way it could be done."""
    asked = [(key, str(value)) for key, value in said.multi_items() if key in _PARTS and value]
    other = None
    if isinstance(error, StillNeeded) and not wish.along:
        other = "See what goes along", [*asked, ("along", "yes")]
    elif wish.records and any(one.records for one in wish.installs):
        other = "See what it does without its records", [*asked, ("records", "no")]
    return {
        "title": "It cannot be done as it is",
        "in_the_way": error.problems,
        "other": (other[0], f"{PLAN}?{urlencode(other[1])}") if other else None,
    }


def shown_conflict(one: Conflict) -> ShownConflict:
    """Give a conflict as pages ask about it."""
    clash = one.clash
    choice = one.choice.value if one.choice is not None else ""
    return ShownConflict(
        one.key, one.message, choice, _text(clash.base), _text(clash.theirs), _text(clash.ours)
    )


def _text(side: Side) -> str:
    return "" if isinstance(side, Missing) else text_of(side)


def _exports(impact: Iterable[Impact]) -> Iterable[ShownExport]:
    """Yield the objects whose records would go."""
    for one in impact:
        kind, _, name = one.key.partition(":")
        if one.is_loss and kind == OBJECT.name:
            asked = urlencode({"object": name, "format": "csv"})
            yield ShownExport(name, one.records, f"/api/export?{asked}")


def _title(one: PackageDeed) -> str:
    version = one.version or one.version_before
    if one.deed == "upgrade":
        version = f"{one.version_before} to {one.version}"
    return f"{_VERBS[one.deed][0]} {one.label} {version}"


def _outcome(deeds: Sequence[PackageDeed]) -> str:
    return ", ".join(f"{one.label} {_VERBS[one.deed][1]}" for one in deeds)
