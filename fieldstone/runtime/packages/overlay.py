"""What a tenant made of a package: its overlay, told as differences from what was shipped."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from fieldstone.metadata.component import Component, StoredComponent
from fieldstone.metadata.component_change import ComponentChange
from fieldstone.metadata.differences import Difference, differences
from fieldstone.metadata.package_changes import Shipped, live_shipped, under_shipped_names
from fieldstone.runtime.long_texts import worked_out
from fieldstone.runtime.metadata_changes import load_components
from fieldstone.runtime.packages.shipped import formulas_of, load_shipped
from fieldstone.runtime.transactions import Transaction

_WORK_OF_ONE = 100


@dataclass(frozen=True, slots=True)
class Customised:
    """A component of a package that is not as it was shipped.

    name_here: what it is called here; None if it was removed. differences: of the bodies, with
    everything called as it was shipped.
    """

    what: Literal["changed", "renamed", "removed"]
    shipped: Component
    name_here: str | None
    differences: tuple[Difference, ...] = ()


async def overlay_of(tx: Transaction, package: str) -> tuple[tuple[Shipped, ...], list[Customised]]:
    """Give what a package shipped, and what is not as it was, in order of kind and name."""
    shipped = await load_shipped(tx, package)
    rows = await load_components(tx)
    names = formulas_of(tx)

    def found() -> list[Customised]:
        as_shipped = {row.id: row for row in under_shipped_names(rows, shipped, names)}
        here = {row.id: row for row in rows}
        told = live_shipped(rows, shipped)
        return [
            made
            for _, one in sorted(told.items())
            for made in _customised(one, as_shipped.get(one.id), here.get(one.id))
        ]

    return shipped, await worked_out(found, len(rows) * _WORK_OF_ONE)


def _customised(
    one: Shipped, as_shipped: StoredComponent | None, here: StoredComponent | None
) -> Iterator[Customised]:
    if as_shipped is None or here is None or here.deleted_at is not None:
        yield Customised("removed", one.component, None)
        return
    change = ComponentChange("change", one.id, one.component, as_shipped.component, {})
    found = differences(change)
    name = here.component.name
    if found:
        yield Customised("changed", one.component, name, found)
    elif name.rpartition(".")[2] != one.component.name.rpartition(".")[2]:
        yield Customised("renamed", one.component, name)
