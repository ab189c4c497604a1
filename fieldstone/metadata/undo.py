"""Undoing a metadata change: what it touched shall be as it was, unless it has changed since."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Final

from fieldstone.errors import Problem
from fieldstone.metadata.changes import Proposal, Revert
from fieldstone.metadata.component import Component, StoredComponent
from fieldstone.metadata.component_change import ComponentChange

CHANGED_SINCE: Final = "metadata.changed_since"


def undoing(
    changes: Iterable[ComponentChange], rows: Iterable[StoredComponent]
) -> tuple[Proposal, tuple[Problem, ...]]:
    """Propose what undoes some changes, which were applied together.

    rows: all stored components of the tenant, those in the bin included. What is as it was already
    is left alone. A problem tells of each component that is neither as it was nor as the changes
    left it.
    """
    stored = {row.id: row for row in rows}
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
    return Proposal(reverts=tuple(reverts)), tuple(problems)


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
