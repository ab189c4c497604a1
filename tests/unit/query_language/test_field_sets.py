"""FIELDS('Card'): the fields of a set, as the viewer may see them."""

from __future__ import annotations

from dataclasses import replace

import pytest

from fieldstone.ids import TenantId
from fieldstone.metadata.build import build_catalog
from fieldstone.metadata.catalog import Catalog
from fieldstone.metadata.changes import Proposal, plan_changes
from fieldstone.metadata.component import Component, StoredComponent
from fieldstone.metadata.rights import ADMINISTRATOR
from fieldstone.query_language.errors import UnknownField
from fieldstone.query_language.field_sets import paths_of_set
from fieldstone.query_language.json_form import query_from_json, query_to_json
from fieldstone.query_language.parse import parse_query
from fieldstone.query_language.render import render_query
from fieldstone.query_language.syntax import FieldGroup

OBJECTS = (
    Component("object", "Company", {"label": "Company", "plural_label": "Companies"}),
    Component("field", "Company.phone", {"object": "Company", "type": "text"}),
    Component("object", "Deal", {"label": "Deal", "plural_label": "Deals"}),
    Component("field", "Deal.stage", {"object": "Deal", "type": "text"}),
    Component(
        "field", "Deal.company", {"object": "Deal", "type": "lookup", "references": "Company"}
    ),
    Component(
        "field_set",
        "Deal.Card",
        {"object": "Deal", "label": "Card", "fields": ["stage", "Company.Phone", "owner"]},
    ),
)


@pytest.fixture(scope="module")
def catalog() -> Catalog:
    """A catalog with a field set of deals."""
    plan = plan_changes([], Proposal(creates=OBJECTS))
    rows = [
        StoredComponent(number, change.after, change.storage)
        for number, change in enumerate(plan.changes, 1)
        if change.after
    ]
    return build_catalog(TenantId(1), 1, "record_p03", rows)


@pytest.mark.parametrize(
    ("hidden", "shown"),
    [
        ("", ["stage", "company.phone", "owner"]),
        ("Company.phone", ["stage", "owner"]),
        ("Deal.company", ["stage", "owner"]),
    ],
)
def test_set_shows_what_may_be_seen(catalog: Catalog, hidden: str, shown: list[str]) -> None:
    owner, _, own = hidden.partition(".")
    fields = {catalog.get_object(owner).get_field(own).id} if hidden else set()
    rights = replace(ADMINISTRATOR, unreadable_fields=frozenset(fields))

    found = paths_of_set(FieldGroup("card"), catalog.get_object("Deal"), catalog, rights)

    assert [one.text for one in found] == shown


def test_unknown_set_is_refused_with_the_nearest(catalog: Catalog) -> None:
    with pytest.raises(UnknownField, match="Deal has no field set Cart") as refused:
        list(paths_of_set(FieldGroup("Cart"), catalog.get_object("Deal"), catalog, ADMINISTRATOR))

    assert refused.value.problems[0].hint == "Did you mean Card?"


def test_set_is_said_in_text_and_in_json() -> None:
    query = parse_query("SELECT FIELDS('Card'), fields(all) FROM Deal")

    assert render_query(query) == "SELECT FIELDS('Card'), FIELDS(ALL) FROM Deal"
    assert query_from_json(query_to_json(query)) == query
