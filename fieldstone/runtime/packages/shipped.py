"""What the components of a tenant were shipped as: noted when a package comes, read for the next.

Nothing noted is ever changed, so that a package is known again once its going is undone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from sqlalchemy import Integer, Text, select
from sqlalchemy.dialects.postgresql import insert

from fieldstone.metadata.build import build_catalog
from fieldstone.metadata.catalog import Catalog
from fieldstone.metadata.changes import Key, Proposal
from fieldstone.metadata.component import Component, StoredComponent
from fieldstone.metadata.digests import digest_of_package
from fieldstone.metadata.kinds.package import PackageBody
from fieldstone.metadata.kinds.registry import PACKAGE
from fieldstone.metadata.named_places import FormulaNames
from fieldstone.metadata.package_changes import PackageChange, Shipped, shipped_by
from fieldstone.metadata.package_tables import PACKAGE_COMPONENT
from fieldstone.metadata.packages import Package
from fieldstone.metadata.values import Json, JsonObject, read_json, write_json
from fieldstone.query_language.formula.renaming import FormulaRenames
from fieldstone.runtime.statements import Prepared, incoming, parameter, prepare
from fieldstone.runtime.transactions import Transaction

_TABLE: Final = PACKAGE_COMPONENT
_TENANT: Final = parameter("tenant", Integer())
_PACKAGE: Final = parameter("package", Text())
_DIGEST: Final = parameter("digest", Text())
_FIRST: Final = PackageChange(Proposal())
ADDED_VALUES: Final = "added_values"
"""What is noted of a list of somebody else's to which a package adds values: no kind, but beside
those of the parts that it ships. It is kept up to date, as far as it says more than before."""


def _noted() -> Prepared:
    columns = ("component_id", "kind", "name", "body")
    x = incoming(_TABLE, *columns)
    rows = select(_TENANT, _PACKAGE, _DIGEST, *(x.c[name] for name in columns))
    into = ["tenant_id", "package", "digest", *columns]
    made = insert(_TABLE).from_select(into, rows)
    return prepare(
        made.on_conflict_do_update(
            index_elements=[_TABLE.c[name] for name in ("tenant_id", "component_id", "digest")],
            set_={"body": made.excluded.body},
            where=_TABLE.c.kind == ADDED_VALUES,
        )
    )


_NOTE: Final = _noted()
_SHIPPED: Final = prepare(
    select(_TABLE.c.component_id, _TABLE.c.kind, _TABLE.c.name, _TABLE.c.body)
    .where(_TABLE.c.tenant_id == _TENANT, _TABLE.c.package == _PACKAGE, _TABLE.c.digest == _DIGEST)
    .order_by(_TABLE.c.component_id)
)


def installed_in(catalog: Catalog) -> dict[str, PackageBody]:
    """Give what is installed, by name and in its order."""
    declared = catalog.declared.get(PACKAGE.name, {})
    return {one.name: one.body for _, one in sorted(declared.items())}


async def load_shipped(tx: Transaction, package: str) -> tuple[Shipped, ...]:
    """Load what a package shipped in the version that is installed; nothing if it is not."""
    noted = await _load_noted(tx, package)
    return tuple(one for one in noted if one.component.kind != ADDED_VALUES)


async def load_added(tx: Transaction, package: str) -> dict[int, Component]:
    """Load the values that a package that is installed added to lists of others, by their ids."""
    noted = await _load_noted(tx, package)
    return {one.id: one.component for one in noted if one.component.kind == ADDED_VALUES}


async def _load_noted(tx: Transaction, package: str) -> tuple[Shipped, ...]:
    body = installed_in(tx.catalog).get(package)
    if body is None:
        return ()
    rows = await tx.rows(_SHIPPED, tenant=tx.tenant.id, package=package, digest=body.digest)
    return tuple(_shipped(row, package) for row in rows)


async def note_shipped(
    tx: Transaction,
    package: Package,
    rows: Iterable[StoredComponent],
    change: PackageChange = _FIRST,
) -> None:
    """Note what a package ships, once it is installed.

    rows: all components from then on. change: what was done; left out where nothing was there.
    What was removed here is noted as well, under the id that it had: it is known by that to stay
    away from all later versions, too.
    """
    await note_shipment(tx, shipment_of(package, change), rows)


@dataclass(frozen=True, slots=True)
class Shipment:
    """What is noted of a package: every part, by what it is called here, and by its id if away."""

    package: str
    digest: str
    parts: tuple[tuple[Component, Key, int | None], ...]

    def as_json(self) -> JsonObject:
        """Give it as a job keeps it."""
        parts: list[Json] = [
            {"kind": one.kind, "name": one.name, "body": one.body, "here": list(key), "away": away}
            for one, key, away in self.parts
        ]
        return {"package": self.package, "digest": self.digest, "parts": parts}

    @classmethod
    def from_json(cls, said: Mapping[str, Any]) -> Shipment:
        """Read what as_json gave."""
        name = said["package"]
        parts = (
            (
                Component(one["kind"], one["name"], one["body"], name),
                (one["here"][0], one["here"][1]),
                one["away"],
            )
            for one in said["parts"]
        )
        return cls(name, said["digest"], tuple(parts))


def shipment_of(package: Package, change: PackageChange) -> Shipment:
    """Give what is noted of a package. change: what it does here."""
    parts = (
        (one, change.names.get(one.key, one.key), change.away.get(one.key))
        for one in shipped_by(package)
    )
    return Shipment(package.manifest.name, digest_of_package(package), tuple(parts))


async def note_shipment(
    tx: Transaction, shipment: Shipment, rows: Iterable[StoredComponent]
) -> None:
    """Note what a package ships. rows: all components, those of the package included."""
    await _note(tx, shipment.package, shipment.digest, _numbered(shipment, rows))


def shipped_as(
    package: Package, rows: Iterable[StoredComponent], change: PackageChange
) -> list[Shipped]:
    """Give what a package ships by the ids that it has here, as note_shipped notes it."""
    return _numbered(shipment_of(package, change), rows)


def _numbered(shipment: Shipment, rows: Iterable[StoredComponent]) -> list[Shipped]:
    ids = {row.component.key: row.id for row in rows if row.deleted_at is None}
    here = ((one, ids.get(key, away)) for one, key, away in shipment.parts)
    return [Shipped(number, one) for one, number in here if number is not None]


async def load_all_shipped(tx: Transaction) -> dict[str, tuple[Shipped, ...]]:
    """Load what every installed package shipped, and added to lists, by the package's name."""
    return {name: await _load_noted(tx, name) for name in installed_in(tx.catalog)}


async def note_copied(
    tx: Transaction, shipped: Mapping[str, Sequence[Shipped]], ids: Mapping[int, int]
) -> None:
    """Note what packages shipped in a tenant of which this one is a copy. ids: there to here."""
    for name, body in installed_in(tx.catalog).items():
        # What was removed there is nothing here, and known by a number that no component has.
        found = [replace(one, id=ids.get(one.id, -abs(one.id))) for one in shipped.get(name, ())]
        await _note(tx, name, body.digest, found)


async def _note(tx: Transaction, package: str, digest: str, shipped: Sequence[Shipped]) -> None:
    if shipped:
        await tx.run(
            _NOTE,
            tenant=tx.tenant.id,
            package=package,
            digest=digest,
            component_id=[one.id for one in shipped],
            kind=[one.component.kind for one in shipped],
            name=[one.component.name for one in shipped],
            body=[write_json(one.component.body) for one in shipped],
        )


def formulas_of(tx: Transaction) -> Callable[[Sequence[StoredComponent]], FormulaNames]:
    """Give what tells what the names in formulas mean among some components."""
    number, version, leaf = tx.tenant.id, tx.catalog.version, tx.tenant.leaf

    def names(rows: Sequence[StoredComponent]) -> FormulaNames:
        return FormulaRenames(build_catalog(number, version, leaf, rows))

    return names


def _shipped(row: Any, package: str) -> Shipped:
    body = read_json(row["body"])
    assert isinstance(body, dict)
    return Shipped(row["component_id"], Component(row["kind"], row["name"], body, package))
