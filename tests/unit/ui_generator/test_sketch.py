"""Sketches: lines of text become fields, their types told from what they are called."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fieldstone.metadata.definitions import object_components
from fieldstone.ui_generator.sketch import object_definition, read_sketch
from tests.support.components import a_catalog, an_object, stored

CATALOG = a_catalog(stored(*an_object("Company", {"name": "name", "type": "text"})))


@pytest.mark.parametrize(
    ("line", "name", "type_"),
    [
        ("Due date", "due_date", "date"),
        ("Amount", "amount", "currency"),
        ("Notes", "notes", "long_text"),
        ("Status: New, Active, Ended", "status", "picklist"),
        ("Company", "company", "lookup"),
        ("Supplier (Company)", "supplier", "lookup"),
        ("Work e-mail", "work_e_mail", "email"),
        ("Weight (number)", "weight", "number"),
        ("Interests (multi-select): Golf, Chess", "interests", "multi_select"),
        ("Colour", "colour", "text"),
        ("Is urgent", "is_urgent", "checkbox"),
    ],
)
def test_a_type_is_told_from_the_line(line: str, name: str, type_: str) -> None:
    [field] = read_sketch(line, CATALOG)

    assert (field.definition["name"], field.definition["type"]) == (name, type_)


def test_a_star_makes_a_field_required() -> None:
    fields = read_sketch("Due date*\nAmount *\nWeight (number) *", CATALOG)

    assert all(field.definition["required"] for field in fields)


def test_values_of_a_picklist_stand_behind_a_colon() -> None:
    [field] = read_sketch("Status: New, Active ,Ended,", CATALOG)

    assert field.definition["options"] == ["New", "Active", "Ended"]


def test_an_object_without_a_name_field_gets_one() -> None:
    definition = object_definition("Site visit", "Site visits", "", read_sketch("Notes", CATALOG))

    components = object_components(definition)

    assert [c.name for c in components] == [
        "SiteVisit__c",
        "SiteVisit__c.name",
        "SiteVisit__c.notes",
    ]


@given(st.text(max_size=80))
def test_any_text_is_read(text: str) -> None:
    fields = read_sketch(text, CATALOG)

    assert len(fields) <= len(text.splitlines())
