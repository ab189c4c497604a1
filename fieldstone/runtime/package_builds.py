"""Builds packages out of a tenant's components: those asked for, with what they need."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from fieldstone.errors import Forbidden, InvalidInput
from fieldstone.ids import RecordId
from fieldstone.metadata.catalog import Catalog
from fieldstone.metadata.changes import Proposal
from fieldstone.metadata.component import Component
from fieldstone.metadata.kinds.package import PackageBody
from fieldstone.metadata.kinds.package_build import PackageBuildBody
from fieldstone.metadata.kinds.registry import PACKAGE, PACKAGE_BUILD, get_kind
from fieldstone.metadata.package_files import write_package
from fieldstone.metadata.packages import Manifest
from fieldstone.metadata.values import read_json, write_json
from fieldstone.runtime.long_texts import worked_out
from fieldstone.runtime.metadata_changes import change_metadata, load_components
from fieldstone.runtime.package_records import WantedRecords, take_records
from fieldstone.runtime.package_selection import Key, Reason, select_components
from fieldstone.runtime.packages.brought import is_name, load_known
from fieldstone.runtime.transactions import Transaction

_RELEASE: Final = re.compile(r"\d+\.\d+\.\d+")
_NUMBERS: Final = re.compile(r"\d+")
_ANY_VERSION: Final = ">=0"
_WORK_OF_ONE: Final = 1_000
"""How long a text it takes as long to read as to look at one component."""


class NothingToShip(InvalidInput):
    """A package without a component."""

    code = "package.empty"


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a package is built of.

    keys: components that somebody chose; None for all of the tenant's own. package: the package
    that they belong to in this tenant, which is built anew; None for the tenant's own. records:
    those that come along.
    """

    keys: tuple[Key, ...] | None = None
    package: str | None = None
    records: tuple[WantedRecords, ...] = ()


@dataclass(frozen=True, slots=True)
class BuiltPackage:
    """A package that was built: its manifest with the dependencies that were found, its files.

    reasons: why components came along that nobody chose, by their keys.
    """

    manifest: Manifest
    files: Mapping[str, str]
    components: tuple[Component, ...]
    reasons: Mapping[Key, Reason]


async def build_package(tx: Transaction, manifest: Manifest, wanted: Wanted) -> BuiltPackage:
    """Build a package. Raises UnknownComponent, NotShipped, Forbidden, NothingToShip, Several."""
    rows = [row for row in await load_components(tx) if row.deleted_at is None]
    work = len(rows) * _WORK_OF_ONE
    selected = await worked_out(
        lambda: select_components(rows, tx.catalog, wanted.keys, wanted.package), work
    )
    chosen = selected.components
    _check_rights(tx, chosen)
    if not (chosen or wanted.records):
        raise NothingToShip("There is nothing to ship.", hint="Name some components.")
    dependencies = {name: _range(tx.catalog, name) for name in sorted(selected.packages)}
    whole = replace(manifest, dependencies={**dependencies, **manifest.dependencies})
    records = await take_records(tx, wanted.records, await _names_of_records(tx, wanted.package))
    files = await worked_out(lambda: write_package(whole, chosen, records), work)
    return BuiltPackage(whole, files, chosen, selected.reasons)


def wanted_by(body: PackageBuildBody) -> Wanted:
    """Give what a package is built of that was built before, or is to be."""
    records = tuple(WantedRecords(one) for one in body.records)
    if body.everything or body.package:
        return Wanted(None, body.package or None, records)
    keys = ((kind, name) for kind, names in body.components.items() for name in names)
    return Wanted(tuple(keys), None, records)


def builds_in(catalog: Catalog) -> dict[str, PackageBuildBody]:
    """Give the packages that are built here, by their names, as they were built last."""
    declared = catalog.declared.get(PACKAGE_BUILD.name, {}).values()
    return {one.name: one.body for one in declared if isinstance(one.body, PackageBuildBody)}


def next_version(version: str) -> str:
    """Give the version that follows where something was added, such as 1.3.0 after 1.2.5."""
    first, second, *_ = _NUMBERS.findall(version)
    return f"{first}.{int(second) + 1}.0"


async def remember_build(tx: Transaction, name: str, body: PackageBuildBody) -> None:
    """Keep what a package was built of, for its next version.

    tx must have been opened by Database.change_metadata.
    """
    if builds_in(tx.catalog).get(name) != body:
        said: Any = read_json(write_json(body))
        told = {key: value for key, value in said.items() if value}
        component = Component(PACKAGE_BUILD.name, name, told)
        await change_metadata(tx, Proposal(upserts=(component,)))


async def _names_of_records(tx: Transaction, package: str | None) -> dict[RecordId, str]:
    """Give what a package calls the records that it brought, so that it calls them so again."""
    known = {} if package is None else await load_known(tx, package)
    return {number: name for (_, name), number in known.items() if is_name(name)}


def _range(catalog: Catalog, name: str) -> str:
    """Give the versions of a package that will do: from the installed one to one that may break."""
    found = catalog.find_declared(PACKAGE.name, name)
    version = found.body.version if found and isinstance(found.body, PackageBody) else ""
    return f"^{version}" if _RELEASE.fullmatch(version) else _ANY_VERSION


def _check_rights(tx: Transaction, chosen: Iterable[Component]) -> None:
    """Refuse what the viewer may not set up, and so not see as it is declared."""
    areas = {get_kind(one.kind).area for one in chosen}
    if not all(tx.rights.may_set_up(area) for area in areas):
        raise Forbidden("You may not see how all of this is set up.")
