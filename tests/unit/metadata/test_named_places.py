"""What names other components follows renames, and does without what is removed."""

from __future__ import annotations

from typing import Any

import pytest

from fieldstone.errors import Several
from fieldstone.ids import TenantId
from fieldstone.metadata.build import build_catalog
from fieldstone.metadata.changes import MetadataPlan, Proposal, plan_changes
from fieldstone.metadata.component import Component, StoredComponent
from fieldstone.metadata.undo import undoing
from fieldstone.query_language.formula.renaming import FormulaRenames

OBJECTS = (
    Component("object", "User", {"label": "User"}),
    Component("object", "Firm", {"label": "Firm", "aliases": ["Account"]}),
    Component("field", "Firm.city", {"object": "Firm", "type": "text"}),
    Component("object", "Sale", {"label": "Sale"}),
    Component("field", "Sale.amount__c", {"object": "Sale", "type": "currency"}),
    Component(
        "field",
        "Sale.firm",
        {"object": "Sale", "type": "lookup", "references": "Firm", "aliases": ["AccountId"]},
    ),
    Component("picklist", "Way", {"label": "Way", "options": ["a"]}),
)
PARTS = (
    Component("record_type", "Sale.Old", {"object": "Sale", "label": "Old"}),
    Component("web_link", "Sale.Map", {"object": "Sale", "label": "M", "url": "x?{!firm.city}"}),
    Component("field_set", "Sale.Few", {"object": "Sale", "label": "Few", "fields": ["firm.city"]}),
    Component("permission_set", "Seller", {"label": "Seller"}),
    Component(
        "layout",
        "Firm.Main",
        {
            "object": "Account",
            "label": "Main",
            "sections": [{"columns": [[{"field": "city"}, {}], []]}],
            "related_lists": [{"relation": "Sale.firm", "columns": ["amount", "Account.city"]}],
        },
    ),
    Component("layout", "Sale.Main", {"object": "Sale", "label": "M", "record_types": ["Old"]}),
    Component(
        "list_view",
        "Sale.Big",
        {
            "object": "Sale",
            "label": "Big",
            "columns": ["amount__c", "firm.city"],
            "where": "amount > 5 AND firm.city = 'Rome'",
            "sort": [{"path": "amount", "descending": True}],
        },
    ),
    Component(
        "translation",
        "de.Sale",
        {"language": "de", "object": "Sale", "fields": {"firm": {"label": "Firma"}}},
    ),
    Component(
        "quick_action",
        "Firm.Sell",
        {
            "object": "Firm",
            "label": "Sell",
            "target": "Sale",
            "reference": "firm",
            "fields": ["amount__c"],
            "defaults": {"amount__c": "LEN(city)"},
        },
    ),
    Component("tab", "Sales", {"label": "Sales", "object": "Sale"}),
    Component("app", "Shop", {"label": "Shop", "tabs": ["Firm", "Sales"]}),
)


def stored() -> list[StoredComponent]:
    """Give all of them as they would be kept."""
    plan = plan_changes([], Proposal(creates=(*OBJECTS, *PARTS)))
    return [
        StoredComponent(number, change.after, change.storage)
        for number, change in enumerate(plan.changes, 1)
        if change.after is not None
    ]


def after(plan: MetadataPlan) -> dict[str, Any]:
    """Give what changed by its new name."""
    return {one.after.name: one.after.body for one in plan.changes if one.after is not None}


def renamed(kind: str, name: str, to: str) -> dict[str, Any]:
    """Give what another name of something changes."""
    rows = stored()
    formulas = FormulaRenames(build_catalog(TenantId(1), 1, "record_0", rows))
    key = (kind, name.lower())
    return after(plan_changes(rows, Proposal(renames=((key, to),)), formulas))


def test_everything_follows_the_new_name_of_a_field_of_a_parent() -> None:
    found = renamed("field", "Firm.city", "Firm.town")

    assert found["Firm.Main"]["sections"] == [{"columns": [[{"field": "town"}, {}], []]}]
    assert found["Firm.Main"]["related_lists"][0]["columns"] == ["amount", "Account.town"]
    assert found["Sale.Big"]["columns"] == ["amount__c", "firm.town"]
    assert found["Sale.Big"]["where"] == "amount > 5 AND firm.town = 'Rome'"
    assert found["Sale.Map"]["url"] == "x?{!firm.town}"
    assert found["Sale.Few"]["fields"] == ["firm.town"]
    assert found["Firm.Sell"]["defaults"] == {"amount__c": "LEN(town)"}


def test_everything_follows_the_new_name_of_a_reference() -> None:
    found = renamed("field", "Sale.firm", "Sale.buyer")

    assert found["Firm.Main"]["related_lists"][0]["relation"] == "Sale.buyer"
    assert found["Sale.Big"]["columns"] == ["amount__c", "buyer.city"]
    assert found["de.Sale"]["fields"] == {"buyer": {"label": "Firma"}}
    assert found["Firm.Sell"]["reference"] == "buyer"


def test_parts_go_by_the_new_name_of_their_object() -> None:
    found = renamed("object", "Sale", "Order")

    assert {"Order.Old", "Order.Map", "Order.Few", "Order.Big", "de.Order"} <= found.keys()
    assert found["Order.Big"]["object"] == "Order"
    assert found["Firm.Main"]["related_lists"][0]["relation"] == "Order.firm"
    assert found["Sales"]["object"] == "Order"


def test_parts_follow_each_other() -> None:
    assert renamed("record_type", "Sale.Old", "Sale.Past")["Sale.Main"]["record_types"] == ["Past"]
    assert renamed("tab", "Sales", "Orders")["Shop"]["tabs"] == ["Firm", "Orders"]


def test_what_can_do_without_a_field_lets_it_go_and_undo_brings_it_back() -> None:
    rows = stored()
    removal = Proposal(removals=(("field", "sale.amount__c"),))
    view = next(row for row in rows if row.component.name == "Sale.Big")
    bare = Component("list_view", "Sale.Big", {**view.component.body, "where": None})
    rows[rows.index(view)] = StoredComponent(view.id, bare)

    plan = plan_changes(rows, removal)

    found = after(plan)
    assert found["Sale.Big"]["columns"] == ["firm.city"]
    assert found["Sale.Big"]["sort"] == []
    assert found["Firm.Main"]["related_lists"][0]["columns"] == ["Account.city"]
    assert found["Firm.Sell"]["fields"] == []
    assert found["Firm.Sell"]["defaults"] == {}

    left = {change.id: change for change in plan.changes}
    now = [
        StoredComponent(
            row.id,
            left[row.id].after or row.component if row.id in left else row.component,
            row.storage,
            deleted_at=None,
        )
        for row in rows
        if row.id not in left or left[row.id].operation != "remove"
    ]
    proposal, problems = undoing([one for one in plan.changes if one.operation == "change"], now)
    assert not problems
    back = {one.after.name: one.after.body for one in proposal.reverts if one.after is not None}
    assert back["Sale.Big"] == bare.body


def test_what_would_mean_something_else_without_it_is_still_needed() -> None:
    with pytest.raises(Several) as caught:
        plan_changes(stored(), Proposal(removals=(("record_type", "sale.old"),)))

    assert [one.code for one in caught.value.problems] == ["metadata.still_needed"]


def test_what_is_not_there_is_told_with_its_place_and_the_nearest_name() -> None:
    view: dict[str, Any] = {"object": "Sale", "label": "V", "columns": ["firm.cty", "nothing"]}
    layout: dict[str, Any] = {
        "object": "Sale",
        "label": "L",
        "sections": [{"columns": [[{"field": "amont__c"}]]}],
    }
    creates = (Component("list_view", "Sale.V", view), Component("layout", "Sale.L", layout))

    with pytest.raises(Several) as caught:
        plan_changes(stored(), Proposal(creates=creates, pointers={one.key: "" for one in creates}))

    places = {(one.at, one.code) for one in caught.value.problems}
    assert places == {
        ("/columns/0", "metadata.unknown_reference"),
        ("/columns/1", "metadata.unknown_reference"),
        ("/sections/0/columns/0/0/field", "metadata.unknown_reference"),
    }


TWINS = (
    Component("field", "Sale.type", {"object": "Sale", "type": "text"}),
    Component("field", "Sale.Type__c", {"object": "Sale", "type": "text"}, "vendor"),
    Component("field", "Sale.Version__c", {"object": "Sale", "type": "text"}, "vendor"),
    Component("object", "Sale__c", {"label": "Other", "plural_label": "Others"}, "vendor"),
    Component(
        "layout",
        "Sale.Twins",
        {
            "object": "Sale",
            "label": "Twins",
            "sections": [{"columns": [[{"field": "type"}, {"field": "Type__c"}]]}],
        },
    ),
    Component(
        "list_view",
        "Sale.Twins",
        {"object": "Sale", "label": "Twins", "columns": ["type", "Type__c", "version"]},
    ),
    Component("app", "Twins", {"label": "Twins", "tabs": ["Sale", "Sale__c"]}),
    Component(
        "permission_set",
        "Twins",
        {
            "label": "Twins",
            "objects": {"Sale": ["read"], "Sale__c": ["read", "edit"]},
            "fields": {"Sale.type": "none", "Sale.Type__c": "edit"},
        },
    ),
)
"""Names that differ by __c alone, as packages bring them."""


def twins_after(**proposal: Any) -> dict[tuple[str, str], Any]:
    """Give what a proposal leaves of things that have twins, by kind and name."""
    plan = plan_changes([], Proposal(creates=(*OBJECTS, *PARTS, *TWINS)))
    rows = [
        StoredComponent(number, one.after, one.storage)
        for number, one in enumerate(plan.changes, 1)
        if one.after is not None
    ]
    formulas = FormulaRenames(build_catalog(TenantId(1), 1, "record_0", rows))
    changes = plan_changes(rows, Proposal(**proposal), formulas).changes
    return {
        (one.after.kind, one.after.name): one.after.body
        for one in changes
        if one.after is not None and one.operation == "change"
    }


def test_what_is_removed_does_not_take_its_twin_without_the_suffix_along() -> None:
    found = twins_after(removals=(("field", "sale.type__c"), ("object", "sale__c")))

    assert found["layout", "Sale.Twins"]["sections"] == [{"columns": [[{"field": "type"}]]}]
    assert found["list_view", "Sale.Twins"]["columns"] == ["type", "version"]
    assert found["app", "Twins"]["tabs"] == ["Sale"]


def test_no_place_of_a_system_field_goes_with_a_field_that_is_called_like_it() -> None:
    assert ("list_view", "Sale.Twins") not in twins_after(removals=(("field", "sale.version__c"),))


def test_a_twin_without_the_suffix_keeps_its_places_when_a_field_is_renamed() -> None:
    found = twins_after(renames=((("field", "sale.type__c"), "Sale.Sort__c"),))

    columns = [[{"field": "type"}, {"field": "Sort__c"}]]
    assert found["layout", "Sale.Twins"]["sections"] == [{"columns": columns}]
    assert found["list_view", "Sale.Twins"]["columns"] == ["type", "Sort__c", "version"]
    grants = found["permission_set", "Twins"]
    assert grants["fields"] == {"Sale.type": "none", "Sale.Sort__c": "edit"}


def test_a_twin_without_the_suffix_keeps_its_places_when_an_object_is_renamed() -> None:
    found = twins_after(renames=((("object", "sale__c"), "Own__c"),))

    assert found["app", "Twins"]["tabs"] == ["Sale", "Own__c"]
    grants = found["permission_set", "Twins"]
    assert grants["objects"] == {"Sale": ["read"], "Own__c": ["read", "edit"]}
    assert set(found) == {
        ("object", "Own__c"),
        ("app", "Twins"),
        ("permission_set", "Twins"),
    }


def test_actions_in_layouts_and_translations_follow_them_and_their_object() -> None:
    layout = {"object": "Firm", "label": "L", "actions": ["Firm.Sell", "Call"]}
    calls = {"label": "Call", "target": "Sale", "fields": ["amount__c"]}
    words: dict[str, Any] = {"language": "de", "object": "Firm", "actions": {"Sell": "Verkaufen"}}
    old: dict[str, Any] = {"language": "es", "object": "Firm", "actions": {"Firm.Sell": "Vender"}}
    creates = (
        Component("quick_action", "Call", calls),
        Component("layout", "Firm.Acting", layout),
        Component("translation", "de.Firm", words),
        Component("translation", "es.Firm", old),
        Component("translation", "de", {"language": "de", "actions": {"Call": "Anrufen"}}),
    )
    plan = plan_changes([], Proposal(creates=(*OBJECTS, *PARTS, *creates)))
    rows = [
        StoredComponent(number, one.after, one.storage)
        for number, one in enumerate(plan.changes, 1)
        if one.after is not None
    ]
    renames = (
        (("object", "firm"), "Corp"),
        (("quick_action", "corp.sell"), "Corp.Trade"),
        (("quick_action", "call"), "Ring"),
    )

    found = after(plan_changes(rows, Proposal(renames=renames)))

    assert found["Corp.Acting"]["actions"] == ["Corp.Trade", "Ring"]
    assert found["de.Corp"]["actions"] == {"Trade": "Verkaufen"}
    assert found["es.Corp"]["actions"] == {"Corp.Trade": "Vender"}
    assert found["de"]["actions"] == {"Ring": "Anrufen"}
