"""Whole packages of Salesforce: all of them arrives, and what is exported is what comes in again.

Further packages are read from the folders in the one that FIELDSTONE_SALESFORCE_PACKAGES names.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

from fieldstone.integrations.salesforce.archive import read_folder
from fieldstone.integrations.salesforce.elements import text_of, texts_of
from fieldstone.integrations.salesforce.items import Item, Source, read_source
from fieldstone.integrations.salesforce.picklists import values_in
from fieldstone.integrations.salesforce.report import Outcome
from fieldstone.metadata.catalog import Catalog, Field
from fieldstone.metadata.changes import plan_changes
from fieldstone.metadata.component import StoredComponent
from fieldstone.metadata.digests import digest_of
from fieldstone.metadata.field_types.choice import ChoiceOptions
from fieldstone.metadata.package_changes import first_proposal
from fieldstone.metadata.package_files import write_package
from fieldstone.metadata.packages import Manifest, read_package
from fieldstone.query_language.formula.affected import Affected
from fieldstone.query_language.formula.definitions import wrong_formulas
from fieldstone.runtime.package_selection import select_components
from tests.support.components import a_catalog, after
from tests.support.salesforce_houses import houses
from tests.support.salesforce_packages import Brought, bring, crm_rows

FURTHER = os.environ.get("FIELDSTONE_SALESFORCE_PACKAGES")
FOLDERS = sorted(one for one in Path(FURTHER).iterdir() if one.is_dir()) if FURTHER else []
OWN = "houses"
NAMES = (OWN, *(one.name for one in FOLDERS))
WHOLLY = {
    "CustomObject",
    "CustomField",
    "GlobalValueSet",
    "ValidationRule",
    "ListView",
    "Layout",
    "RecordType",
    "PermissionSet",
}
"""The types of which every part is brought."""

ELSEWHERE = ("__e", "__x")
"""What objects end with whose records are of no database: events, and those of other systems."""


@dataclass(frozen=True, slots=True)
class Whole:
    """A package with what became of it."""

    files: Mapping[str, bytes]
    source: Source
    brought: Brought


@cache
def whole(name: str) -> Whole:
    """Bring a package by its name, once."""
    folder = next((one for one in FOLDERS if one.name == name), None)
    files = houses() if folder is None else read_folder(folder)
    return Whole(files, read_source(files), asyncio.run(bring(files, package=name)))


def field_of(item: Item, catalog: Catalog) -> Field | None:
    """Give what a field of a package has become."""
    owner = catalog.find_object("Task" if item.object == "Activity" else item.object)
    return None if owner is None else owner.find_field(item.own)


def lacking(item: Item, catalog: Catalog) -> Iterator[str]:
    """Yield what a field of a package has not become, as its file tells it."""
    field = field_of(item, catalog)
    if field is None:
        yield "it is not there"
        return
    # What refers to metadata rather than to records is a name here.
    if text_of(item.xml, "type") != "MetadataRelationship":
        targets = {catalog.by_id[one].name for one in field.references}
        for said in texts_of(item.xml, "referenceTo"):
            if catalog.get_object(said).name not in targets:
                yield f"it does not refer to {said}"
    held = field.options
    values = {one.value for one in held.choices} if isinstance(held, ChoiceOptions) else set()
    for part in item.xml.iterfind("valueSet/valueSetDefinition"):
        for one in values_in(part):
            if one.value not in values:
                yield f"it has no value {one.value}"
    if item.xml.find("formula") is not None and field.formula is None:
        yield "it has no formula"
    if item.xml.find("summaryOperation") is not None and field.roll_up is None:
        yield "it sums nothing up"


def everything_in(catalog: Catalog) -> Affected:
    """Give all fields and rules, so that all their formulas are checked."""
    rules = (
        (catalog.by_id[owner].name, rule.name)
        for owner, rules in catalog.validation_rules.items()
        for rule in rules
    )
    fields = ((obj.name, one.name) for obj in catalog.objects for one in obj.own_fields)
    return Affected(frozenset(fields), frozenset(rules))


def files_of(rows: list[StoredComponent], package: str) -> Mapping[str, str]:
    """Give the files of a package as a tenant has it."""
    components = select_components(rows, a_catalog(rows), package=package).components
    return write_package(Manifest(package, package, "1.0.0"), components)


def own_digest(rows: list[StoredComponent], package: str) -> str:
    """Give the digest of all that belongs to a package."""
    return digest_of(
        row.component
        for row in rows
        if row.component.package == package and row.component.kind != "package"
    )


@pytest.mark.parametrize("name", NAMES)
def test_every_part_arrives_and_every_formula_compiles(name: str) -> None:
    source, catalog = whole(name).source, whole(name).brought.catalog
    left_out = [
        one
        for one in whole(name).brought.lines
        if one.outcome is Outcome.FAILED
        or (one.type in WHOLLY and one.outcome is Outcome.NOT_APPLICABLE)
    ]
    lacks = {
        item.name: told
        for item in source.of_type("CustomField")
        if not item.object.endswith(ELSEWHERE) and (told := list(lacking(item, catalog)))
    }

    assert [one for one in left_out if not one.name.partition(".")[0].endswith(ELSEWHERE)] == []
    assert lacks == {}
    assert list(wrong_formulas(catalog, everything_in(catalog))) == []


@pytest.mark.parametrize("name", NAMES)
def test_a_package_that_comes_again_plans_nothing(name: str) -> None:
    brought, files = whole(name).brought, whole(name).files

    again = asyncio.run(bring(files, rows=brought.rows, package=name))

    assert plan_changes(brought.rows, again.proposal).changes == ()


@pytest.mark.parametrize("name", NAMES)
def test_what_is_exported_comes_in_as_what_it_was(name: str) -> None:
    brought = whole(name).brought
    fresh = crm_rows()
    exported = files_of(brought.rows, name)

    proposal = first_proposal(read_package(exported))
    installed = after(fresh, plan_changes(fresh, proposal))

    assert files_of(installed, name) == exported
    assert own_digest(installed, name) == own_digest(brought.rows, name)
