"""How many records a viewer is taken to see, out of what was counted."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from fieldstone.metadata.catalog import ObjectIndex
from fieldstone.metadata.record_access import Breadth, Grants, RecordAccess
from fieldstone.metadata.rights import ADMINISTRATOR
from fieldstone.metadata.sharing import Level
from fieldstone.metadata.tables import OWN_HEAP_PREFIX
from fieldstone.query_language.breadth_statement import FEW, Counted
from fieldstone.query_language.estimates import owners_in_order
from fieldstone.query_language.index_advice import fields_of_index
from fieldstone.query_language.lifting import lift
from fieldstone.query_language.parse import parse_query
from fieldstone.query_language.plan import Plan, SourceTable
from fieldstone.query_language.resolve import resolve
from fieldstone.query_language.used_fields import used_fields, used_with_access
from tests.support.query_catalog import a_catalog


def _breadth(seen: int, owned: int, *, people: int = 10, criteria: int = 0) -> Breadth:
    return Counted(1_000, seen, people, owned, shared=0, criteria=criteria).breadth


@pytest.mark.parametrize("seen", [0, 50, 1_000])
def test_a_hundred_records_are_few_whatever_others_there_are(seen: int) -> None:
    assert _breadth(seen, 100) is Breadth.FEW


def test_thousands_are_few_where_most_others_would_be_passed_over() -> None:
    assert _breadth(0, 3_000) is Breadth.FEW
    assert _breadth(0, 3_000, people=900) is Breadth.SPARSE
    assert _breadth(20, 3_000, people=200) is Breadth.SOME


def test_others_are_dearer_to_pass_over_where_rules_ask_for_their_values() -> None:
    assert _breadth(4, 3_000, people=200) is Breadth.SOME
    assert _breadth(4, 3_000, people=200, criteria=1) is Breadth.FEW
    assert _breadth(0, 3_000, people=900, criteria=1) is Breadth.SOME


def test_more_than_were_counted_are_never_few() -> None:
    assert _breadth(0, FEW + 1, people=900) is Breadth.SOME


def test_a_few_people_with_many_records_are_looked_at_one_by_one() -> None:
    assert _breadth(4, FEW + 1) is Breadth.OWNERS
    assert _breadth(4, FEW + 1, criteria=1) is Breadth.SOME


def test_a_third_of_those_looked_at_are_many() -> None:
    assert _breadth(300, FEW + 1) is Breadth.MANY


@pytest.mark.parametrize("breadth", [Breadth.FEW, Breadth.OWNERS])
def test_lists_that_look_at_each_owner_are_advised_an_index_by_owner(breadth: Breadth) -> None:
    catalog = a_catalog()
    company = catalog.get_object("Company")
    access = RecordAccess({(company.id, Level.READ): Grants()}, breadths={company.id: breadth})
    rights = replace(ADMINISTRATOR, record_access=access)
    own_heap = replace(company, heap=f"{OWN_HEAP_PREFIX}{company.id}")

    plan = resolve(lift(parse_query("SELECT id FROM Company ORDER BY name")), catalog, rights)

    assert used_fields(plan)[0].equal == ()  # what EXPLAIN tells whoever asks
    fields = fields_of_index(own_heap, used_with_access(plan)[0])
    assert [field.name for field in fields] == ["owner", "name"]
    index = ObjectIndex("a1", tuple(field.id for field in fields), date(2026, 1, 1))
    advised = replace(plan, rows=replace(plan.rows, sources=_stored(plan, indexes=(index,))))
    assert not owners_in_order(plan)
    assert owners_in_order(advised)


def _stored(plan: Plan, **said: Any) -> tuple[SourceTable, ...]:
    first, *others = plan.rows.sources
    return (replace(first, object=replace(first.object, **said)), *others)
