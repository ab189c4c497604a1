"""Builders of small Salesforce packages, and what planning makes of them, without a database."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from fieldstone.builtin_objects.packages import CRM, shipped_package
from fieldstone.errors import Problem, Several
from fieldstone.integrations.salesforce.items import read_source
from fieldstone.integrations.salesforce.mapping import map_source
from fieldstone.integrations.salesforce.report import Line
from fieldstone.integrations.salesforce.settling import places_of, settle
from fieldstone.metadata.catalog import Catalog
from fieldstone.metadata.changes import Proposal, plan_changes
from fieldstone.metadata.component import Component, StoredComponent
from fieldstone.metadata.values import JsonObject, fold
from fieldstone.query_language.formula.affected import affected
from fieldstone.query_language.formula.definitions import wrong_formulas
from tests.support.components import a_catalog, after, stored

NAMESPACE = "http://soap.sforce.com/2006/04/metadata"


def xml(root: str, inside: str) -> bytes:
    """Give a file of metadata with an outermost element."""
    text = f'<?xml version="1.0" encoding="UTF-8"?><{root} xmlns="{NAMESPACE}">{inside}</{root}>'
    return text.encode()


def field_xml(name: str, inside: str) -> str:
    """Give the inside of a field's element."""
    return f"<fullName>{name}</fullName><label>{name.removesuffix('__c')}</label>{inside}"


def fields_of(owner: str, **fields: str) -> dict[str, bytes]:
    """Give a package of fields of one object, in source format."""
    return {
        f"objects/{owner}/fields/{name}.field-meta.xml": xml("CustomField", field_xml(name, inside))
        for name, inside in fields.items()
    }


@dataclass(frozen=True, slots=True)
class Brought:
    """A package as it was brought to a tenant that has the shipped CRM."""

    rows: list[StoredComponent]
    catalog: Catalog
    proposal: Proposal
    lines: tuple[Line, ...]

    def body(self, kind: str, name: str) -> JsonObject:
        """Give the body of a component."""
        return next(r.component.body for r in self.rows if r.component.key == (kind, fold(name)))

    def line(self, type_: str, name: str) -> Line:
        """Give the line of the report on one part."""
        return next(one for one in self.lines if (one.type, one.name) == (type_, name))


def crm_rows() -> list[StoredComponent]:
    """Give the components of the shipped CRM as a new tenant has them."""
    return stored(*shipped_package(CRM).components)


async def bring(
    files: Mapping[str, bytes], rows: list[StoredComponent] | None = None, package: str = "brought"
) -> Brought:
    """Bring a package to a tenant with some components; the shipped CRM, where none are told."""
    rows = crm_rows() if rows is None else rows
    before = a_catalog(rows)
    mapped = map_source(read_source(files), before, package, [row.component for row in rows])

    async def attempt(components: tuple[Component, ...]) -> tuple[Problem, ...]:
        proposal = Proposal(upserts=components, pointers=places_of(components))
        try:
            plan = plan_changes(rows, proposal)
        except Several as error:
            return error.problems
        made = a_catalog(after(rows, plan))
        found = wrong_formulas(made, affected(made, before, proposal.pointers))
        return tuple(
            one.problem.below(f"{proposal.pointers[one.kind, fold(one.name)]}/{one.key}")
            for one in found
        )

    components, lines = await settle(mapped, attempt)
    proposal = Proposal(upserts=components)
    plan = plan_changes(rows, proposal)
    return Brought(now := after(rows, plan), a_catalog(now), proposal, lines)
