"""A catalog in another language: every label follows, and nothing but labels."""

from __future__ import annotations

from dataclasses import fields, replace

from fieldstone.ids import TenantId
from fieldstone.metadata.build import build_catalog
from fieldstone.metadata.catalog import Catalog
from fieldstone.metadata.changes import Proposal, plan_changes
from fieldstone.metadata.component import Component, StoredComponent
from fieldstone.metadata.localising import language_chosen, languages_of, localised

ROWS = (
    Component("object", "User", {"label": "User"}),
    Component("object", "Sale", {"label": "Sale"}),
    Component("picklist", "Way", {"label": "Way", "options": ["Air", "Sea"]}),
    Component("field", "Sale.name", {"object": "Sale", "type": "text"}),
    Component("field", "Sale.way", {"object": "Sale", "type": "picklist", "value_set": "Way"}),
    Component(
        "field",
        "Sale.colour",
        {"object": "Sale", "type": "picklist", "options": [{"value": "r", "label": "Red"}, "Blue"]},
    ),
    Component("field", "Sale.seller", {"object": "Sale", "type": "user", "child_name": "sales"}),
    Component("record_type", "Sale.Old", {"object": "Sale", "label": "Old"}),
    Component("list_view", "Sale.All", {"object": "Sale", "label": "All", "columns": ["name"]}),
    Component("tab", "Sales", {"label": "Sales", "object": "Sale"}),
    *(
        Component(
            "quick_action", f"Sale.{name}", {"object": "Sale", "label": name, "action": "update"}
        )
        for name in ("Win", "Lose")
    ),
    Component("quick_action", "Call", {"label": "Call", "target": "Sale", "fields": ["name"]}),
    Component(
        "layout",
        "Sale.Main",
        {
            "object": "Sale",
            "label": "Main",
            "sections": [{"label": "Facts", "columns": [[{"field": "name"}]]}],
        },
    ),
    Component(
        "translation",
        "es.Sale",
        {
            "language": "es",
            "object": "Sale",
            "label": "Venta",
            "fields": {
                "colour": {"label": "Color", "options": {"r": "Rojo"}},
                "seller": {"child_label": "Sus ventas"},
            },
            "record_types": {"Old": "Viejo"},
            "list_views": {"All": "Todo"},
            "actions": {"Win": "Ganar", "Sale.Lose": "Perder"},
            "layouts": {"Main": {"sections": {"Facts": "Datos"}}},
        },
    ),
    Component(
        "translation",
        "es_MX.Sale",
        {"language": "es_MX", "object": "Sale", "plural_label": "Ventas", "label": "Venta MX"},
    ),
    Component(
        "translation",
        "es",
        {
            "language": "es",
            "picklists": {"Way": {"Sea": "Mar"}},
            "tabs": {"Sales": "Ventas"},
            "actions": {"Call": "Llamar"},
        },
    ),
)


def a_catalog() -> Catalog:
    """Give the catalog of these components."""
    changes = plan_changes([], Proposal(ROWS)).changes
    rows = [
        StoredComponent(number, change.after, change.storage)
        for number, change in enumerate(changes, 1)
        if change.after is not None
    ]
    return build_catalog(TenantId(1), 1, "record_p00", rows)


def test_all_that_has_a_label_has_it_in_the_language() -> None:
    own = a_catalog()
    catalog = localised(own, "es_MX")
    sale = catalog.get_object("Sale")
    colour, way, held = (sale.get_field(n) for n in ("colour", "way", "record_type"))
    [child] = [one for one in catalog.children_of(catalog.get_object("User")) if one.label]

    assert (sale.label, sale.plural_label, sale.slug) == ("Venta MX", "Ventas", "sales")
    assert colour.label == "Color"
    assert [one.label for one in colour.options.choices] == ["Rojo", "Blue"]
    assert [one.value for one in colour.options.choices] == ["r", "Blue"]
    assert colour.type.accept("rojo", colour.options) == "r"
    assert colour.type.accept("red", colour.options) == "r"
    assert colour.type.search_text("r", colour.options) == "Red"
    assert [one.label for one in way.options.choices] == ["Air", "Mar"]
    assert sale.record_types[0].label == held.options.choices[0].label == "Viejo"
    assert held.options.find("Old") is held.options.find("viejo")
    assert child.label == "Sus ventas"
    assert child.object is sale
    assert child.field is sale.get_field("seller")
    assert catalog.declared_for("list_view", sale)[0].body.label == "Todo"
    assert catalog.declared_for("layout", sale)[0].body.sections[0].label == "Datos"
    assert catalog.declared["tab"]["sales"].body.label == "Ventas"
    actions = {one.name: one.body.label for one in catalog.declared["quick_action"].values()}
    assert actions == {"Win": "Ganar", "Lose": "Perder", "Call": "Llamar"}
    assert own.get_object("Sale").label == "Sale"


def test_nothing_else_differs() -> None:
    own = a_catalog()
    catalog = localised(own, "es")
    for before, after in zip(own.objects, catalog.objects, strict=True):
        same = [f.name for f in fields(before) if f.name not in _OF_LABELS]
        assert [getattr(before, n) for n in same] == [getattr(after, n) for n in same]
        for old, new in zip(before.fields, after.fields, strict=True):
            plain = replace(new, label=old.label, help=old.help, options=old.options)
            told = [f.name for f in fields(old)]
            assert [getattr(old, n) for n in told] == [getattr(plain, n) for n in told]


_OF_LABELS = {"label", "plural_label", "fields", "own_fields", "by_name", "record_types"}


def test_a_country_falls_back_on_its_language() -> None:
    catalog = a_catalog()
    told = {wanted: language_chosen(catalog, wanted) for wanted in ("es_MX", "es-AR", "fr", None)}

    assert languages_of(catalog) == ("es", "es_MX")
    assert told == {"es_MX": "es_MX", "es-AR": "es", "fr": "", None: ""}
