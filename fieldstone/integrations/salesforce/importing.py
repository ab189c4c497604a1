"""Brings a package of Salesforce to a tenant: as a package like any other, planned first.

What it ships is noted, so that it can be brought again: then it is merged with what was made of it
here meanwhile, as an upgrade is, and what both changed stays as it is here unless theirs is asked
for.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Final

from fieldstone.errors import InvalidInput, Problem, Several
from fieldstone.integrations.salesforce.items import Source
from fieldstone.integrations.salesforce.manifests import BROUGHT, manifest_of
from fieldstone.integrations.salesforce.mapping import MappedPackage, map_source
from fieldstone.integrations.salesforce.report import Line
from fieldstone.integrations.salesforce.settling import Components, places_of, settle
from fieldstone.metadata.changes import MetadataPlan, Proposal
from fieldstone.metadata.component import Component, StoredComponent
from fieldstone.metadata.component_merge import Conflict
from fieldstone.metadata.merging import Choice
from fieldstone.metadata.package_changes import PackageChange, Shipped, package_change
from fieldstone.metadata.packages import Manifest, Package
from fieldstone.metadata.values import fold
from fieldstone.runtime.long_texts import LONG, worked_out
from fieldstone.runtime.metadata_changes import Applied, check_areas, load_components, try_change
from fieldstone.runtime.metadata_plans import PlannedChange, apply_planned, plan_change
from fieldstone.runtime.packages.added_values import with_added, without_removed
from fieldstone.runtime.packages.afterwards import Afterwards
from fieldstone.runtime.packages.conflicts import check_choices
from fieldstone.runtime.packages.shipped import (
    formulas_of,
    installed_in,
    load_added,
    load_shipped,
    shipment_of,
)
from fieldstone.runtime.transactions import Transaction

_LONGEST: Final = 40
_NAME: Final = re.compile("[a-z][a-z0-9_]{0,39}")


class BadPackageName(InvalidInput):
    """A name that no package brought from Salesforce can have."""

    code = "salesforce.bad_name"


@dataclass(frozen=True, slots=True)
class PlannedImport:
    """What bringing a package would do, and what becomes of each of its parts.

    conflicts: what the package and the tenant changed both, since it was brought last.
    """

    planned: PlannedChange
    lines: tuple[Line, ...]
    conflicts: tuple[Conflict, ...]


@dataclass(frozen=True, slots=True)
class Imported:
    """What bringing a package did, and what became of each of its parts."""

    applied: Applied
    lines: tuple[Line, ...]


@dataclass(frozen=True, slots=True)
class Wanted:
    """A package to be brought. name: what it is called here.

    prefer: whose side is taken where both changed something, but for what choices says by the keys
    of conflicts.
    """

    source: Source
    name: str
    prefer: Choice = Choice.OURS
    choices: Mapping[str, Choice] = field(default_factory=dict)


def package_name(source: Source, said: str, file_name: str = "") -> str:
    """Give the name that a package has here: the one that is said, else one that it tells itself.

    file_name: of the folder or zip that it lay in. Raises BadPackageName.
    """
    if said:
        if not _NAME.fullmatch(said):
            raise BadPackageName(
                f"{said[:80]!r} cannot be the name of the package.",
                at="/name",
                hint="Use small letters, digits and underscores, such as npsp.",
            )
        return said
    stem = file_name.replace("\\", "/").rpartition("/")[2].partition(".")[0]
    for told in (source.namespace, str(source.project.get("name") or ""), stem):
        name = re.sub(r"[^a-z0-9]+", "_", fold(told)).strip("_0123456789")[:_LONGEST].strip("_")
        if name:
            return name
    return "salesforce"


async def plan_import(tx: Transaction, wanted: Wanted) -> PlannedImport:
    """Tell what bringing a package would do; nothing is changed.

    Raises Forbidden, BadPackageName, and what change_metadata raises where that is not of one part
    alone.
    """
    settled = await _settled(tx, wanted)
    planned = await plan_change(tx, settled.proposal)
    return PlannedImport(planned, settled.lines, settled.change.conflicts)


async def apply_import(
    tx: Transaction, wanted: Wanted, digest: str | None, confirmed: Mapping[str, int]
) -> Imported:
    """Bring a package, if that does what was planned: a job does, where it is long.

    digest, confirmed: as apply_planned takes them. tx must have been opened by
    Database.change_metadata.
    """
    settled = await _settled(tx, wanted)

    async def then(_: MetadataPlan) -> Afterwards:
        shipment = shipment_of(settled.package, settled.change)
        world = settled.world
        return Afterwards((with_added(shipment, settled.added, world.rows, world.added),))

    proposal = settled.proposal
    applied = await apply_planned(tx, proposal, digest, confirmed, may_take_long=True, then=then)
    return Imported(applied, settled.lines)


@dataclass(frozen=True, slots=True)
class _World:
    """What there is at the tenant when a package is brought.

    added: the values that it added to lists of others when it was brought before.
    """

    rows: list[StoredComponent]
    shipped: tuple[Shipped, ...]
    manifest: Manifest
    added: Mapping[int, Component]


@dataclass(frozen=True, slots=True)
class _Settled:
    """A package that can be brought. added: what it adds to components of others."""

    world: _World
    package: Package
    change: PackageChange
    added: Components
    lines: tuple[Line, ...]

    @property
    def proposal(self) -> Proposal:
        """What is proposed by it."""
        proposal = self.change.proposal
        return replace(proposal, upserts=(*proposal.upserts, *self.added))


async def _settled(tx: Transaction, wanted: Wanted) -> _Settled:
    """Work out what of a package can be brought, and how. Raises as plan_import does."""
    check_areas(tx, Proposal())
    _check_name(tx, wanted.name)
    rows = await load_components(tx)
    mapped = await _mapped(tx, wanted, rows)
    manifest = manifest_of(wanted.source, wanted.name, mapped.components, tx.catalog)
    shipped, noted = await load_shipped(tx, wanted.name), await load_added(tx, wanted.name)
    world = _World(rows, shipped, manifest, noted)

    tried: list[_Settled] = []

    async def attempt(components: Components) -> tuple[Problem, ...]:
        try:
            tried[:] = [await _merged(tx, wanted, world, components)]
            await try_change(tx, tried[0].proposal)
        except Several as error:
            return error.problems
        return ()

    _, lines = await settle(mapped, attempt)
    check_choices(wanted.choices, tried[0].change.conflicts)
    return replace(tried[0], lines=lines)


async def _mapped(tx: Transaction, wanted: Wanted, rows: list[StoredComponent]) -> MappedPackage:
    live = [row.component for row in rows if row.deleted_at is None]
    # Reading all parts takes as long as a long text does, even where there are few.
    length = LONG + len(wanted.source.items)
    return await worked_out(
        lambda: map_source(wanted.source, tx.catalog, wanted.name, live), length
    )


async def _merged(
    tx: Transaction, wanted: Wanted, world: _World, components: Components
) -> _Settled:
    """Merge what the package ships by now into what there is."""
    own = tuple(one for one in components if one.package == wanted.name)
    of_others = (one for one in components if one.package != wanted.name)
    added = without_removed(of_others, world.rows, world.added)
    names = formulas_of(tx)

    def merged() -> _Settled:
        package = Package(world.manifest, own, places_of(components))
        change = package_change(world.rows, world.shipped, package, {}, names)
        if change.conflicts:
            sides = {one.key: wanted.prefer for one in change.conflicts}
            choices = {key: wanted.choices.get(key, side) for key, side in sides.items()}
            change = package_change(world.rows, world.shipped, package, choices, names)
        return _Settled(world, package, change, added, ())

    return await worked_out(merged, LONG + len(components))


def _check_name(tx: Transaction, name: str) -> None:
    """Refuse the name of a package that did not come from Salesforce. Raises BadPackageName."""
    there = installed_in(tx.catalog).get(name)
    if there is not None and not there.description.startswith(BROUGHT):
        raise BadPackageName(
            f"There is another package {name} already.", at="/name", hint="Say another name."
        )
