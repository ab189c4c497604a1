"""Undoing a metadata change: what it touched shall be as it was, unless it has changed since."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Final

from fieldstone.errors import Problem
from fieldstone.metadata.changes import Proposal, Revert
from fieldstone.metadata.component import Component, StoredComponent
from fieldstone.metadata.component_change import ComponentChange
from fieldstone.metadata.conversions import Instruction, earlier_in
from fieldstone.metadata.kinds.registry import FIELD
from fieldstone.metadata.moved_values import REMAINDER_OF, moves_values

CHANGED_SINCE: Final = "metadata.changed_since"


def undoing(
    changes: Iterable[ComponentChange],
    rows: Iterable[StoredComponent],
    at: datetime | None = None,
) -> tuple[Proposal, tuple[Problem, ...]]:
    """Propose what undoes some changes, which were applied together.

    rows: all stored components of the tenant, those in the bin included. What is as it was already
    is left alone. Values that became others under the same type come back with what was declared.
    A problem tells of each component that is neither as it was nor as the changes left it.

    at: when the changes were applied; None for whenever.
    """
    stored = {row.id: row for row in rows}
    held = {
        row.storage.get(REMAINDER_OF): row
        for row in stored.values()
        if _is_last(row, stored) and at in (None, row.deleted_at)
    }
    conversions: dict[tuple[str, str], Instruction] = {}
    reverts: list[Revert] = []
    problems: list[Problem] = []
    for change in changes:
        known = stored.get(change.id)
        live = known.component if known is not None and known.deleted_at is None else None
        was = change.before if change.operation in ("change", "remove") else None
        became = None if change.operation == "remove" else change.after
        if _same(live, was):
            continue
        if not _same(live, became):
            problems.append(_since(change, live))
            continue
        package = known.component.package if known else None
        now = live or was
        assert now is not None
        back = None if was is None else replace(was, package=package)
        reverts.append(Revert(change.id, now, back))
        left = held.get(change.id)
        if live and back and left and _puts_back(live, back, left.component):
            conversions[back.key] = Instruction()
    return Proposal(reverts=tuple(reverts), conversions=conversions), tuple(problems)


def _is_last(row: StoredComponent, stored: Mapping[int, StoredComponent]) -> bool:
    """Tell whether a component holds what a field's values were before they became what they are.

    Where that is being purged, an undo declares what was, and leaves the values as they are.
    """
    if row.component.kind != FIELD.name or row.storage.get("purging"):
        return False
    field = stored.get(int(str(row.storage.get(REMAINDER_OF, 0))))
    last = earlier_in(field.storage)[-1:] if field is not None else ()
    return any(one.key == row.storage.get("key") for one in last)


def _puts_back(live: Component, back: Component, left: Component) -> bool:
    """Tell whether what remains of a field is what it shall be again; its object may be renamed."""
    is_it = {**left.body, "object": None} == {**back.body, "object": None}
    return is_it and moves_values(live, back, Instruction())


def _same(live: Component | None, logged: Component | None) -> bool:
    """Compare what is declared; the log does not tell who ships it."""
    if live is None or logged is None:
        return live is logged
    return (live.kind, live.name, live.body) == (logged.kind, logged.name, logged.body)


def _since(change: ComponentChange, live: Component | None) -> Problem:
    told = change.after or change.before
    assert told is not None
    what = "is gone" if live is None else "was changed again"
    kind = told.kind.capitalize().replace("_", " ")
    hint = "Undo the later change first, or change it by hand."
    return Problem(CHANGED_SINCE, f"{kind} {told.name} {what} since.", None, hint)
