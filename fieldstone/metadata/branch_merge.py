"""Branches: what a branch of a tenant's metadata and its parent made of what they began with.

Components of both sides belong together by the ids under which they were copied, so that a rename
is seen as one. Each side's renames are carried over to the others before they are merged, so that
what is left differs by meaning.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from fieldstone.metadata.changes import Key, Proposal
from fieldstone.metadata.component import Component, StoredComponent
from fieldstone.metadata.component_change import ComponentChange
from fieldstone.metadata.component_merge import (
    Choices,
    Conflict,
    key_of,
    merge_components,
)
from fieldstone.metadata.kinds.registry import (
    CONNECTED_APP,
    IDENTITY_PROVIDER,
    PACKAGE,
)
from fieldstone.metadata.merging import Choice, Clash
from fieldstone.metadata.named_places import FormulaNames
from fieldstone.metadata.renaming_by_id import Renaming, after_renames, own_name

STAYS: Final = frozenset({CONNECTED_APP.name, IDENTITY_PROVIDER.name})
"""Kinds that no branch takes along: they let people and programs into one tenant."""

_NOT_MERGED: Final = STAYS | {PACKAGE.name}
"""Packages are installed on each side by themselves."""


@dataclass(frozen=True, slots=True)
class Pair:
    """A component as it was when it was copied, and its ids on both sides."""

    parent_id: int
    branch_id: int
    base: Component


@dataclass(frozen=True, slots=True)
class Edge:
    """One side of a merge: its stored components, and what knows the names in their formulas."""

    rows: Sequence[StoredComponent]
    formulas: FormulaNames

    @property
    def live(self) -> dict[int, Component]:
        """What is there and can be merged, by id."""
        return {
            row.id: row.component
            for row in self.rows
            if row.deleted_at is None and row.component.kind not in _NOT_MERGED
        }


@dataclass(frozen=True, slots=True)
class BranchMerge:
    """What merging would do here, and where both sides disagree.

    missing_packages: those of which something would come although they are not installed here.
    """

    proposal: Proposal
    conflicts: tuple[Conflict, ...]
    missing_packages: tuple[str, ...] = ()

    @property
    def open_conflicts(self) -> tuple[Conflict, ...]:
        """Those for which no side is chosen."""
        return tuple(one for one in self.conflicts if one.choice is None)


def copied(rows: Iterable[StoredComponent]) -> Proposal:
    """Propose what of a tenant's components a branch begins with, in the order of their making."""
    live = (row.component for row in rows if row.deleted_at is None)
    made = tuple(one for one in live if one.kind not in STAYS)
    return Proposal(creates=made, packaging=True, is_whole=True)


def merge_branch(
    pairs: Sequence[tuple[int, int, Component]], theirs: Edge, ours: Edge, choices: Choices
) -> BranchMerge:
    """Work out what brings the changes of one side to the other.

    pairs: the id of a component on their side and on ours, and what both came of. choices: the side
    that is chosen, by the keys of conflicts; until then what is here stays.
    """
    there, here = theirs.live, ours.live
    known = {there_id: base for there_id, _, base in pairs}
    across = {there_id: here_id for there_id, here_id, _ in pairs}
    coming, clashes = _renames(pairs, there, here, choices)
    # Their names for ours and for what both came of; then ours for theirs.
    ours_after, steps = after_renames(here, coming, ours.formulas)
    base = {across[number]: one for number, one in known.items()}
    base_after, _ = after_renames(base, [*_ours_since(pairs, there, here), *coming], ours.formulas)
    back = [
        Renaming(there_id, own_name(ours_after[here_id]))
        for there_id, here_id, _ in pairs
        if there_id in there
        and here_id in ours_after
        and own_name(there[there_id]) != own_name(ours_after[here_id])
    ]
    theirs_after, _ = after_renames(there, back, theirs.formulas)
    outcome = merge_components(
        _by_key(base_after), _by_key(theirs_after), _by_key(ours_after), choices
    )
    proposal = Proposal(
        creates=outcome.creates,
        upserts=outcome.changes,
        removals=_before_renames(outcome.removals, ours_after, here),
        renames=tuple(steps),
        is_whole=True,
    )
    installed = {one.package for one in here.values()}
    missing = {one.package for one in outcome.creates if one.package is not None} - installed
    return BranchMerge(
        proposal, (*clashes, *outcome.conflicts), tuple(sorted(filter(None, missing)))
    )


def changes_since(bases: Mapping[int, Component], now: Edge) -> tuple[ComponentChange, ...]:
    """Give what one side made different since the copy was taken. bases: by that side's ids."""
    live = now.live
    found: list[ComponentChange] = []
    for number, component in live.items():
        base = bases.get(number)
        if base is None:
            found.append(ComponentChange("create", number, None, component, {}))
        elif (base.name, base.body) != (component.name, component.body):
            found.append(ComponentChange("change", number, base, component, {}))
    gone = (number for number in bases if number not in live)
    found += [ComponentChange("remove", number, bases[number], None, {}) for number in gone]
    return tuple(found)


def _renames(
    pairs: Sequence[tuple[int, int, Component]],
    there: Mapping[int, Component],
    here: Mapping[int, Component],
    choices: Choices,
) -> tuple[list[Renaming], list[Conflict]]:
    """Give what is to be called otherwise here, and what both sides renamed, and not alike."""
    found: list[Renaming] = []
    clashes: list[Conflict] = []
    for there_id, here_id, base in pairs:
        coming, mine = there.get(there_id), here.get(here_id)
        if coming is None or mine is None or own_name(coming) in (own_name(base), own_name(mine)):
            continue
        if own_name(mine) != own_name(base):
            key = f"{key_of(mine)}#/name"
            choice = choices.get(key)
            message = f"{base.name} is called {coming.name} in what comes, and {mine.name} here."
            clash = Clash("/name", base.name, coming.name, mine.name)
            clashes.append(Conflict(key, mine, clash, message, choice))
            if choice is not Choice.THEIRS:
                continue
        found.append(Renaming(here_id, own_name(coming)))
    return found, clashes


def _ours_since(
    pairs: Sequence[tuple[int, int, Component]],
    there: Mapping[int, Component],
    here: Mapping[int, Component],
) -> Iterator[Renaming]:
    """Yield what was renamed here since, as renames of what both came of."""
    for _, here_id, base in pairs:
        mine = here.get(here_id)
        if mine is not None and own_name(mine) != own_name(base):
            yield Renaming(here_id, own_name(mine))


def _by_key(components: Mapping[int, Component]) -> dict[Key, Component]:
    return {one.key: one for one in components.values()}


def _before_renames(
    keys: Iterable[Key], after: Mapping[int, Component], before: Mapping[int, Component]
) -> tuple[Key, ...]:
    """Give the keys of what goes as it is called now: what goes does so before the renames."""
    wanted = set(keys)
    return tuple(before[number].key for number, one in after.items() if one.key in wanted)


def rebased(
    pairs: Sequence[Pair], parent: Edge, branch: Edge, *, into_parent: bool
) -> tuple[Pair, ...]:
    """Give what both sides have in common once they were merged: the side that came.

    What the other side has otherwise is its own work still. What is new belongs together with what
    is called alike on the other side; what is gone there keeps the id that it had, so that it is
    known to have been removed.
    """
    came, other = (branch, parent) if into_parent else (parent, branch)
    ids = ((one.branch_id, one.parent_id) for one in pairs)
    across = dict(ids if into_parent else (one[::-1] for one in ids))
    live = other.live
    taken = {across[number] for number in came.live if number in across}
    by_key = {one.key: number for number, one in live.items() if number not in taken}
    found = []
    for number, component in came.live.items():
        mine = across.get(number)
        if mine not in live:
            mine = by_key.get(component.key, mine)
        if mine is not None:
            parent_id, branch_id = (mine, number) if into_parent else (number, mine)
            found.append(Pair(parent_id, branch_id, component))
    return tuple(found)


def paired(base: Iterable[StoredComponent], copies: Iterable[StoredComponent]) -> tuple[Pair, ...]:
    """Give the pairs of a fresh copy: what is called alike."""
    by_key = {row.component.key: row.id for row in copies if row.deleted_at is None}
    return tuple(
        Pair(row.id, by_key[row.component.key], row.component)
        for row in base
        if row.deleted_at is None
        and row.component.key in by_key
        and row.component.kind not in _NOT_MERGED
    )
