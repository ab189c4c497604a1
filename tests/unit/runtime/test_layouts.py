"""Which of several layouts fits, and that a layout shows nothing that may not be seen."""

from __future__ import annotations

from dataclasses import replace

import pytest

from fieldstone.metadata.catalog import Declared
from fieldstone.metadata.kinds.layout import LayoutBody, LayoutItem, LayoutSection, RelatedList
from fieldstone.metadata.rights import ADMINISTRATOR
from fieldstone.runtime.layouts import bound_layout, fitting_layout, usual_layout
from tests.support.crm_catalog import crm_catalog

CRM = crm_catalog()
COMPANY = CRM.get_object("Company")


def a_layout(name: str, types: str = "", sets: str = "") -> Declared:
    """Give a layout for record types and permission sets, parted by blanks."""
    said = LayoutBody(
        "Deal", name, record_types=(*types.split(),), permission_sets=(*sets.split(),)
    )
    return Declared(1, "layout", name, said)


ALL = [
    a_layout("General"),
    a_layout("Another"),
    a_layout("Sales", sets="Sales Admins"),
    a_layout("New", types="New_Business"),
    a_layout("New_Sales", types="New_Business Other", sets="Sales"),
]


@pytest.mark.parametrize(
    ("sets", "record_type", "fits"),
    [
        ((), "", "Another"),
        (("sales",), "", "Sales"),
        ((), "new_business", "New"),
        (("sales", "x"), "New_Business", "New_Sales"),
        (("sales",), "Renewal", "Sales"),
        ((), "Other", "Another"),
    ],
)
def test_record_type_goes_before_permission_set(
    sets: tuple[str, ...], record_type: str, fits: str
) -> None:
    found = fitting_layout(ALL, sets, record_type)

    assert found is not None
    assert found.name == fits


def test_nothing_fits_whom_no_layout_is_for() -> None:
    assert fitting_layout([a_layout("Sales", sets="Sales")], (), "") is None


def test_layout_leaves_no_trace_of_what_may_not_be_seen() -> None:
    phone, deal = COMPANY.get_field("phone"), CRM.get_object("Deal")
    said = LayoutBody(
        "Company",
        "Main",
        sections=(
            LayoutSection("Both", ((LayoutItem("name"), LayoutItem("phone"), LayoutItem("gone")),)),
            LayoutSection("Hidden", ((LayoutItem("phone"),), (LayoutItem(),))),
        ),
        related_lists=(
            RelatedList("Deal.company"),
            RelatedList("Contact.company", ("name", "company.phone", "company.name", "email")),
        ),
    )
    rights = replace(
        ADMINISTRATOR,
        unreadable_fields=frozenset({phone.id}),
        unreadable_objects=frozenset({deal.id}),
    )

    found = bound_layout(CRM, rights, COMPANY, Declared(1, "layout", "Main", said))

    assert [one.label for one in found.sections] == ["Both"]
    assert [one.field.name for one in found.sections[0].placed] == ["name"]
    assert [one.relation.object.name for one in found.related] == ["Contact"]
    assert [one.name for one in found.related[0].columns] == ["company.name", "email"]


def test_usual_layout_places_every_field_once() -> None:
    for obj in CRM.objects:
        found = usual_layout(CRM, ADMINISTRATOR, obj)

        placed = [one.field for section in found.sections for one in section.placed]

        assert len(placed) == len(set(placed))
        assert set(obj.fields) - set(placed) <= {obj.by_name["id"], obj.title}
