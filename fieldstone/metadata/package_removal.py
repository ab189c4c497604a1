"""What uninstalling packages means for a tenant: what goes, and what still leans on it."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

from fieldstone.metadata.changes import Key, Proposal
from fieldstone.metadata.component import Component, StoredComponent
from fieldstone.metadata.grants import without
from fieldstone.metadata.kinds.field import split_name
from fieldstone.metadata.kinds.registry import OBJECT, OWNED, PERMISSION_SET, get_kind
from fieldstone.metadata.scope import Scope


@dataclass(frozen=True, slots=True)
class Leaning:
    """A component that stays and cannot without one that goes."""

    component: Component
    on: Component


@dataclass(frozen=True, slots=True)
class PackageRemoval:
    """What uninstalling does: a proposal, and what leans on what goes and is not to go with it."""

    proposal: Proposal
    leaning: tuple[Leaning, ...]


def package_removal(
    rows: Sequence[StoredComponent], packages: Collection[str], *, along: bool
) -> PackageRemoval:
    """Work out what uninstalling packages does.

    along: whether what the tenant made itself and leans on them goes with them. What another
    package ships never does.
    """
    live = [row.component for row in rows if row.deleted_at is None]
    scope = Scope(live)
    gone = {one.key: one for one in live if one.package in packages}
    leaning = list(_leaning(live, gone, scope))
    while along and (own := [one.component for one in leaning if one.component.package is None]):
        gone |= {one.key: one for one in own}
        leaning = list(_leaning(live, gone, scope))
    sets = (one for one in live if one.kind == PERMISSION_SET.name and one.key not in gone)
    freed = tuple(new for one in sets if (new := without(one, gone.values())) != one)
    proposal = Proposal(upserts=freed, removals=tuple(gone), packaging=True)
    return PackageRemoval(proposal, tuple(leaning))


def _leaning(
    live: Sequence[Component], gone: dict[Key, Component], scope: Scope
) -> Iterator[Leaning]:
    for one in live:
        if one.key in gone:
            continue
        needed = (scope.find(kind, name) for kind, name in get_kind(one.kind).needs(one))
        owner = scope.find(OBJECT.name, split_name(one.name)[0]) if one.kind in OWNED else None
        for other in (owner, *needed):
            if other is not None and other.key in gone:
                yield Leaning(one, gone[other.key])
                break
