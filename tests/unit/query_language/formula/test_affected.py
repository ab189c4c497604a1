"""A metadata change has those formulas checked again that it may have touched, and no others."""

from __future__ import annotations

from typing import Any

import pytest

from fieldstone.ids import TenantId
from fieldstone.metadata.build import build_catalog
from fieldstone.metadata.catalog import Catalog
from fieldstone.metadata.changes import Proposal, plan_changes
from fieldstone.metadata.component import Component, StoredComponent
from fieldstone.query_language.formula.affected import affected

OBJECTS: dict[str, dict[str, dict[str, Any]]] = {
    "Firm": {
        "name": {"type": "text"},
        "employees": {"type": "number"},
        "sum": {
            "type": "number",
            "roll_up": {
                "children": "orders",
                "function": "sum",
                "field": "price",
                "where": "state = 'New'",
            },
        },
    },
    "Order": {
        "name": {"type": "text"},
        "price": {"type": "number"},
        "rate": {"type": "number"},
        "state": {"type": "picklist", "options": ["New", "Done"]},
        "firm": {"type": "lookup", "references": "Firm", "child_name": "orders"},
        "total": {"type": "number", "formula": "price * rate"},
        "share": {"type": "number", "formula": "total / 2"},
        "size": {"type": "number", "formula": "firm__r.employees"},
        "code": {"type": "text", "default_formula": "'x' & name"},
        "note": {"type": "text", "visible_if": "state = 'Done'"},
    },
}


def component(name: str, body: dict[str, Any]) -> Component:
    """Give a field."""
    return Component("field", name, {"object": name.partition(".")[0], **body})


def catalog_of(objects: dict[str, dict[str, dict[str, Any]]], *more: Component) -> Catalog:
    """Give a catalog of objects and their fields."""
    made = [
        Component("object", name, {"label": name, "plural_label": f"{name}s"}) for name in objects
    ]
    for name, fields in objects.items():
        made += [component(f"{name}.{field}", body) for field, body in fields.items()]
    plan = plan_changes([], Proposal(creates=(*made, *more)))
    rows = [
        StoredComponent(number, change.after, change.storage)
        for number, change in enumerate(plan.changes, 1)
        if change.after
    ]
    return build_catalog(TenantId(1), 1, "record_p03", rows)


def changed(name: str, **body: Any) -> Catalog:
    """Give the catalog with another definition of one field."""
    obj, field = name.split(".")
    other = {**OBJECTS[obj], field: {**OBJECTS[obj].get(field, {}), **body}}
    return catalog_of({**OBJECTS, obj: other})


def fields_of(after: Catalog, before: Catalog) -> set[str]:
    """Give the fields whose formulas are checked after a change."""
    return {".".join(place) for place in affected(after, before).fields}


BEFORE = catalog_of(OBJECTS)


@pytest.mark.parametrize(
    ("after", "expected"),
    [
        (changed("Firm.name", length=90), {"Order.code"}),
        (changed("Order.rate", precision=5), {"Order.total", "Order.share"}),
        (changed("Order.total", formula="price * 3"), {"Order.total", "Order.share"}),
        (changed("Firm.employees", precision=9), {"Order.size"}),
        (changed("Order.state", options=["New"]), {"Firm.sum", "Order.note"}),
        (changed("Order.price", precision=9), {"Firm.sum", "Order.total", "Order.share"}),
        (changed("Order.firm", child_name="buys"), {"Firm.sum", "Order.size"}),
        (changed("Order.firm", label="House"), set()),
        (changed("Order.other", type="number"), set()),
    ],
)
def test_formulas_that_say_the_name_of_what_changed_are_checked(
    after: Catalog, expected: set[str]
) -> None:
    assert fields_of(after, BEFORE) == expected


def test_formulas_over_a_field_that_is_gone_are_checked() -> None:
    rest = {name: body for name, body in OBJECTS["Order"].items() if name != "rate"}

    found = fields_of(catalog_of({**OBJECTS, "Order": rest}), BEFORE)

    assert found >= {"Order.total", "Order.share"}


def test_rules_are_checked_when_they_are_new_and_when_what_they_name_changes() -> None:
    rule = Component(
        "validation_rule",
        "Order.cheap",
        {"object": "Order", "condition": "price < 1", "message": "Too cheap."},
    )
    with_rule = catalog_of(OBJECTS, rule)
    other = {**OBJECTS["Order"], "price": {"type": "number", "precision": 9}}
    dearer = catalog_of({**OBJECTS, "Order": other}, rule)

    assert affected(with_rule, BEFORE).rules == {("Order", "cheap")}
    assert affected(dearer, with_rule).rules == {("Order", "cheap")}
    assert not affected(with_rule, with_rule).rules


def test_what_is_proposed_is_checked_though_it_is_the_same() -> None:
    found = affected(BEFORE, BEFORE, [("field", "order.total")])

    assert found.fields >= {("Order", "total")}


def test_a_change_that_touches_none_of_a_thousand_formulas_has_none_checked() -> None:
    many = {f"f{n}": {"type": "number", "formula": f"price * {n} + rate"} for n in range(500)}
    plain = {"name": {"type": "text"}, "price": {"type": "number"}, "rate": {"type": "number"}}
    objects = {"Order": {**plain, **many}, "Offer": {**plain, **many}}
    firm = {"name": {"type": "text"}}
    before = catalog_of({**objects, "Firm": firm})
    after = catalog_of({**objects, "Firm": {**firm, "motto": {"type": "text"}}})
    other = {**objects, "Offer": {**plain, **many, "f7": many["f8"]}, "Firm": firm}

    assert not affected(after, before).fields
    assert affected(catalog_of(other), before).fields == {("Offer", "f7")}
