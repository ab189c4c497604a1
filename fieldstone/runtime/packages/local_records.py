"""The records of packages that come, under the names that things have in this tenant."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from fieldstone.metadata.component import StoredComponent
from fieldstone.metadata.package_changes import PackageChange
from fieldstone.metadata.packages import Package
from fieldstone.metadata.record_names import LocalRecords, names_here, under_names_here
from fieldstone.runtime.packages.shipped import load_all_shipped, shipped_as
from fieldstone.runtime.transactions import Transaction


@dataclass(frozen=True, slots=True)
class LocalPackage:
    """Records that one package brings. left_out: sentences about those that cannot come."""

    package: str
    sets: list[LocalRecords]
    left_out: list[str]


async def load_local(
    tx: Transaction,
    changes: Sequence[tuple[Package, PackageChange]],
    rows: Sequence[StoredComponent],
) -> list[LocalPackage]:
    """Give the records of packages as they are called here. rows: all components from then on."""
    if not any(package.records for package, _ in changes):
        return []
    names = {
        name: names_here(rows, shipped) for name, shipped in (await load_all_shipped(tx)).items()
    }
    for package, change in changes:
        names[package.manifest.name] = names_here(rows, shipped_as(package, rows, change))
    of_all = {key: name for known in names.values() for key, name in known.items()}
    return [
        LocalPackage(
            package.manifest.name,
            *under_names_here(package.records, of_all | names[package.manifest.name]),
        )
        for package, _ in changes
    ]
