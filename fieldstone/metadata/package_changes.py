"""What installing or upgrading a package means for a tenant: a proposal, and what conflicts.

What the package ships is merged with what the tenant made of the version before (component_merge),
under the names of the package: what was renamed here is called as it was shipped meanwhile, and
gets its name back in the end.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from itertools import groupby
from typing import Final

from fieldstone.metadata.carried_out import rows_after
from fieldstone.metadata.changes import Key, Proposal, Revert, expanded, plan_changes
from fieldstone.metadata.component import Component, StoredComponent
from fieldstone.metadata.component_merge import (
    Choices,
    Conflict,
    Outcome,
    merge_components,
)
from fieldstone.metadata.digests import digest_of_package
from fieldstone.metadata.kinds.registry import OWNED, PACKAGE
from fieldstone.metadata.named_places import FormulaNames
from fieldstone.metadata.packages import Package
from fieldstone.metadata.renaming_by_id import Renaming, after_renames
from fieldstone.metadata.values import Json, fold
from fieldstone.metadata.versions import read_version

FormulasOf = Callable[[Sequence[StoredComponent]], FormulaNames]
"""Gives what knows the names in the formulas of some components."""

Rows = Sequence[StoredComponent]
_NO_TIME: Final = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Shipped:
    """A component as a package shipped it: its name and body then, and the id that it got here."""

    id: int
    component: Component


@dataclass(frozen=True, slots=True)
class PackageChange:
    """What a package would do. is_renaming: whether names were given back and taken again.

    names: what is called otherwise here, from the key under which it is shipped to the one here.
    away: what is shipped and was removed here, by the key under which it is shipped, with its id.
    """

    proposal: Proposal
    conflicts: tuple[Conflict, ...] = ()
    is_renaming: bool = False
    names: Mapping[Key, Key] = field(default_factory=dict)
    away: Mapping[Key, int] = field(default_factory=dict)


def package_component(package: Package) -> Component:
    """Give the component that says that a package is installed."""
    said = package.manifest
    body: dict[str, Json] = {
        "label": said.label,
        "version": said.version,
        "digest": digest_of_package(package),
        "namespace": said.namespace,
        "description": said.description,
        "dependencies": dict(said.dependencies),
    }
    return Component(PACKAGE.name, said.name, body, said.name)


def first_proposal(package: Package) -> Proposal:
    """Propose to install a package where nothing of it is there."""
    made = (package_component(package), *package.components)
    return Proposal(creates=made, pointers=package.places, packaging=True)


def shipped_by(package: Package) -> tuple[Component, ...]:
    """Give all that a package ships, with what relations stand for."""
    return tuple(expanded(package.components))


def package_change(
    rows: Rows, shipped: Sequence[Shipped], package: Package, choices: Choices, names: FormulasOf
) -> PackageChange:
    """Work out what installing a package does, or upgrading to it. Raises Several.

    rows: all stored components. shipped: as of the version that is installed; none if none is.
    """
    world = _World(rows, names)
    installed = _installed_version(rows, package.manifest.name)
    base = world.take_shipped_names(shipped)
    if installed is not None:
        base = world.follow(base, _renames_since(package, installed, base))
    outcome = world.merge(base, package, choices)
    proposal = world.proposal(outcome, package)
    away = world.away(base, outcome, package)
    return PackageChange(proposal, outcome.conflicts, world.is_renaming, world.renamed_keys, away)


def live_shipped(rows: Rows, shipped: Iterable[Shipped]) -> dict[Key, Shipped]:
    """Give what was shipped by its key; of two of the same, the one that is there."""
    live = {row.id for row in rows if row.deleted_at is None}
    found: dict[Key, Shipped] = {}
    for one in sorted(shipped, key=lambda one: (one.id in live, one.id)):
        found[one.component.key] = one
    return found


def under_shipped_names(
    rows: Rows, shipped: Iterable[Shipped], names: FormulasOf
) -> tuple[StoredComponent, ...]:
    """Give the components as they would read if nothing that was shipped had been renamed."""
    world = _World(rows, names)
    world.take_shipped_names(tuple(shipped))
    return tuple(world.rows)


class _World:
    """The components of a tenant while a package is merged into them."""

    def __init__(self, rows: Rows, names: FormulasOf) -> None:
        self._first = rows
        self._names = names
        self._renamed: dict[int, str] = {}
        self.is_renaming = False
        self.renamed_keys: dict[Key, Key] = {}
        self.rows: Rows = rows

    def take_shipped_names(self, shipped: Sequence[Shipped]) -> dict[int, Component]:
        """Call what was renamed here as it was shipped; give what was shipped, by its id."""
        base = {one.id: one.component for one in live_shipped(self.rows, shipped).values()}
        before = {row.id: row.component.name for row in self.rows}
        self.rows, ids = self._named_as(self.rows, {i: one.name for i, one in base.items()})
        self._renamed = {number: before[number] for number in ids}
        return base

    def follow(
        self, base: Mapping[int, Component], renames: Mapping[int, str]
    ) -> dict[int, Component]:
        """Rename what the package renamed; give what was shipped, as it reads from then on."""
        if not renames:
            return dict(base)
        as_shipped = [
            replace(row, component=replace(base[row.id], package=row.component.package))
            if row.id in base and row.deleted_at is None
            else row
            for row in self.rows
        ]
        followed, _ = self._named_as(as_shipped, renames)
        self.rows, ids = self._named_as(self.rows, renames)
        self.is_renaming = self.is_renaming or bool(ids)
        now = {row.id: row.component for row in followed if row.deleted_at is None}
        # What was removed here is not among these rows, and is called otherwise all the same.
        told = [Renaming(number, name.rpartition(".")[2]) for number, name in renames.items()]
        gone, _ = after_renames(base, told, self._names(as_shipped))
        return {number: now.get(number, gone[number]) for number in base}

    def merge(self, base: Mapping[int, Component], package: Package, choices: Choices) -> Outcome:
        """Merge what a package ships into what is there, as far as it is or becomes its own."""
        name = package.manifest.name
        theirs = {one.key: one for one in shipped_by(package)}
        live = {row.component.key: row for row in self.rows if row.deleted_at is None}
        known: dict[Key, Component] = {}
        for number, one in base.items():
            row = live.get(one.key)
            if row is not None and row.id != number:
                continue
            # What was here before the package stays when that does not ship it any more.
            if one.key in theirs or row is None or row.component.package == name:
                known[one.key] = one
        ours = {key: row.component for key, row in live.items()}
        return merge_components(known, theirs, ours, choices)

    def away(
        self, base: Mapping[int, Component], outcome: Outcome, package: Package
    ) -> dict[Key, int]:
        """Give what a package ships that was removed here and stays so, with the ids it had."""
        there = {row.component.key for row in self.rows if row.deleted_at is None}
        there |= {one.key for one in outcome.creates}
        shipped = {one.key for one in shipped_by(package)} - there
        return {one.key: number for number, one in base.items() if one.key in shipped}

    def proposal(self, outcome: Outcome, package: Package) -> Proposal:
        """Propose what came of merging, under the names of here."""
        binned = {row.component.key for row in self.rows if row.deleted_at is not None}
        restores = tuple(one.key for one in outcome.creates if one.key in outcome.again & binned)
        told = package_component(package)
        new = () if restores else outcome.creates
        again = outcome.creates if restores else ()
        proposal = Proposal(
            creates=new,
            upserts=(told, *outcome.changes, *again),
            removals=outcome.removals,
            restores=restores,
            pointers=package.places,
            packaging=True,
            is_whole=True,
        )
        if not (self._renamed or self.is_renaming):
            return proposal
        self.is_renaming = True
        plan = plan_changes(self.rows, proposal, self._names(self.rows))
        there = rows_after(self.rows, plan, _NO_TIME)
        shipped_keys = {row.id: row.component.key for row in there if row.deleted_at is None}
        there, _ = self._named_as(there, self._renamed)
        keys = {row.id: row.component.key for row in there if row.deleted_at is None}
        self.renamed_keys = {was: keys[i] for i, was in shipped_keys.items() if keys[i] != was}
        return _difference(self._first, there)

    def _named_as(
        self, rows: Rows, names: Mapping[int, str]
    ) -> tuple[list[StoredComponent], list[int]]:
        """Give components their names, objects before their parts; and the ids of those renamed.

        Whose name is another's by now keeps its own: the other one is what a package meets there.
        """
        renamed: list[int] = []
        for are_parts in (False, True):
            live = {row.id: row.component for row in rows if row.deleted_at is None}
            taken = {one.key: number for number, one in live.items()}
            wanted = {
                number: name
                for number, name in names.items()
                if number in live
                and (live[number].kind in OWNED) is are_parts
                and live[number].name != name
                and taken.get((live[number].kind, fold(name)), number) == number
                and (not are_parts or _owner(live[number].name) == _owner(name))
            }
            if wanted:
                renames = tuple((live[number].key, name) for number, name in wanted.items())
                plan = plan_changes(rows, Proposal(renames=renames), self._names(rows))
                rows = rows_after(rows, plan, _NO_TIME)
                renamed += wanted
        return list(rows), renamed


def _owner(name: str) -> str:
    """Give the name of the object to which a part belongs."""
    return fold(name.rpartition(".")[0])


def _installed_version(rows: Rows, package: str) -> str | None:
    for row in rows:
        one = row.component
        if row.deleted_at is None and one.key == (PACKAGE.name, fold(package)):
            return str(one.body["version"])
    return None


def _renames_since(
    package: Package, installed: str, base: Mapping[int, Component]
) -> dict[int, str]:
    """Give the new names of what a package calls otherwise than in the version installed.

    What was renamed in several versions is followed from one to the next.
    """
    since = read_version(installed)
    told = [one for one in package.manifest.renames if read_version(one.since) > since]
    found: dict[int, str] = {}
    for _, version in groupby(
        sorted(told, key=lambda one: read_version(one.since)), key=lambda one: one.since
    ):
        ids = {(c.kind, fold(found.get(number, c.name))): number for number, c in base.items()}
        steps = [(ids.get((one.kind, fold(one.name))), one.to) for one in version]
        found |= {number: name for number, name in steps if number is not None}
    return found


def _difference(before: Rows, after: Rows) -> Proposal:
    """Propose what makes some components, told by their ids, be as others."""
    known = {row.id: row for row in before}
    creates = tuple(row.component for row in after if row.id not in known)
    return Proposal(
        creates=creates, reverts=tuple(_reverts(known, after)), packaging=True, is_whole=True
    )


def _reverts(known: Mapping[int, StoredComponent], after: Rows) -> Iterator[Revert]:
    for row in after:
        was = known.get(row.id)
        if was is None or was == row:
            continue
        if row.deleted_at is None:
            if was.deleted_at is not None or was.component != row.component:
                yield Revert(row.id, was.component, row.component)
        elif was.deleted_at is None:
            yield Revert(row.id, was.component, None)
