"""What layouts, views, record types, rights and the rest of a package become."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from fieldstone.integrations.salesforce.report import Outcome
from tests.support.salesforce_houses import OBJECT, TYPE, houses, values_xml
from tests.support.salesforce_packages import Brought, bring, fields_of, xml


@pytest.fixture(scope="module")
def brought() -> Brought:
    """A package with a part of each type, brought to a tenant with the shipped CRM."""
    return asyncio.run(bring(houses()))


def part(brought: Brought, kind: str, name: str, *keys: str) -> Any:
    """Give parts of the body of a component."""
    body = brought.body(kind, name)
    return [body.get(key) for key in keys] if len(keys) != 1 else body[keys[0]]


def test_everything_is_brought_or_told(brought: Brought) -> None:
    outcomes = {(one.type, one.name): one.outcome for one in brought.lines}

    assert Outcome.FAILED not in outcomes.values(), brought.lines
    left = {key for key, one in outcomes.items() if one is Outcome.NOT_APPLICABLE}
    assert left == {("WebLink", "House__c.Run")}


def test_layouts_keep_sections_lists_links_and_actions(brought: Brought) -> None:
    body = brought.body("layout", "House__c.House_Layout")
    (section,) = part(brought, "layout", "House__c.House_Layout", "sections")

    assert section["columns"] == [
        [{"field": "Name", "behaviour": "required"}, {}],
        [{"field": "created_by", "behaviour": "readonly"}],
    ]
    assert (body["links"], body["actions"]) == (["On_Map"], ["House__c.Show"])
    assert part(brought, "layout", "Contact.Agent", "related_lists") == [
        {
            "relation": "House__c.Agent__c",
            "columns": ["Name", "Price__c"],
            "sort": "Price__c",
            "descending": True,
        },
        {"relation": "Note.person", "columns": []},
    ]
    notes = brought.line("Layout", "House__c-House Layout").notes
    assert any("Nothing" in note for note in notes)
    assert any("code" in note for note in notes)


def test_views_keep_columns_filter_and_scope(brought: Brought) -> None:
    body = brought.body("list_view", "House__c.Open")

    assert body["columns"] == ["Name", "owner", "Agent__c"]
    assert body["scope"] == "mine"
    assert body["where"] == (
        "(Price__c > 100) AND ( (Status__c IN ('New', 'Old')) OR (Seen__c < LAST_N_DAYS:3) )"
    )
    assert brought.line("ListView", "House__c.Open").notes == (
        "Left out, as there are no such columns here: AGE.",
    )


def test_record_types_links_actions_and_navigation(brought: Brought) -> None:
    assert part(brought, "record_type", "House__c.Flat", "picklists", "compact_layout") == [
        {"Status__c": {"values": ["Sold, paid"], "default": "Sold, paid"}},
        "Short",
    ]
    assert part(brought, "compact_layout", "House__c.Short", "fields") == ["Name", "Price__c"]
    assert part(brought, "field_set", "House__c.Sale", "fields") == ["Agent__c.email"]
    assert part(brought, "web_link", "House__c.On_Map", "url") == "https://maps.example/?q={!Name}"
    assert part(brought, "quick_action", "House__c.Show", "target", "fields", "defaults") == [
        "Event",
        ["subject"],
        {"subject": '"A visit"'},
    ]
    assert part(brought, "app", "Sale", "tabs") == ["House__c", "Company"]
    assert part(brought, "picklist", "Priority", "options")[-1] == "Someday"


def test_rights_metadata_and_words(brought: Brought) -> None:
    assert part(brought, "permission_set", "Seller", "objects", "fields", "record_types") == [
        {"House__c": ["read", "edit"]},
        {"House__c.Price__c": "read"},
        {"House__c.Flat": "default"},
    ]
    assert part(brought, "permission_set", "Seller", "kept") == {"classAccesses": {"Sale": "true"}}
    body: Any = brought.body("metadata_record", "Region__mdt.North")
    assert (body["label"], body["protected"]) == ("The North", True)
    assert {key: str(value) for key, value in body["values"].items()} == {"Rate__c": "2.50"}
    words: Any = brought.body("translation", "de.House__c")
    assert (words["label"], words["plural_label"]) == ("Haus", "Häuser")
    assert words["fields"] == {
        "Status__c": {"label": "Stand", "options": {"New": "Neu"}},
        "Price__c": {"label": "Preis"},
    }
    assert words["record_types"] == {"Flat": "Wohnung"}


def test_numbers_and_addresses_of_any_size_are_read_at_once() -> None:
    values = ("1E+999999999", "Infinity", "NaN", "1E-999999999", "9" * 5_000, "7.0")
    files = {
        TYPE: xml("CustomObject", "<label>Region</label><pluralLabel>Regions</pluralLabel>"),
        OBJECT: xml("CustomObject", "<label>House</label><pluralLabel>Houses</pluralLabel>"),
        **fields_of("Region__mdt", Rate__c="<type>Number</type><precision>5</precision>"),
    }
    for number, value in enumerate(values):
        inside = f"<label>x</label><values><field>Rate__c</field><value>{value}</value></values>"
        files[f"customMetadata/Region.R{number}.md-meta.xml"] = values_xml("CustomMetadata", inside)
    for name, url in {"Blanks": "{!" + " " * 3_500 + "x", "Long": "x" * 4_100}.items():
        inside = f"<linkType>url</linkType><url>https://maps.example/{url}</url>"
        files[f"objects/House__c/webLinks/{name}.webLink-meta.xml"] = xml("WebLink", inside)

    found = asyncio.run(bring(files))

    records = [found.line("CustomMetadata", f"Region.R{number}") for number in range(len(values))]
    assert [one.outcome for one in records[:5]] == [Outcome.FAILED] * 5
    assert records[5].outcome is Outcome.IMPORTED
    assert found.line("WebLink", "House__c.Long").outcome is Outcome.FAILED
