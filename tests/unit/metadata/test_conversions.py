"""What values become where their field gets another type."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from fieldstone.metadata.conversions import Conversion, Converted, Instruction, Side
from fieldstone.metadata.field_types.options import build_options
from fieldstone.metadata.field_types.registry import get_field_type

LOST, CUT = (None, False), False
COLORS = {"options": ["Red", {"value": "grn", "label": "Green"}]}
OLD = {"options": ["Red", {"value": "grn", "label": "Green", "active": False}]}


def side(name: str, options: dict[str, Any]) -> Side:
    """Give a type with options as a definition says them."""
    kind = get_field_type(name)
    return Side(kind, build_options(kind, options))


@pytest.mark.parametrize(
    ("old", "new", "value", "becomes"),
    [
        (("text",), ("number",), "1,234.50", (Decimal("1234.5"), True)),
        (("text",), ("number", {"places": 1}), "2.25", (Decimal("2.3"), CUT)),
        (("text",), ("number",), "about ten", LOST),
        (("text",), ("percent",), "12.5 %", (Decimal("12.5"), True)),
        (("text",), ("currency", {"currency": "EUR"}), "€ 5", (5, True)),
        (("text",), ("text", {"length": 4}), "Parlour", ("Parl", CUT)),
        (("long_text",), ("text",), "one\ntwo", ("one two", CUT)),
        (("text",), ("long_text",), "one", ("one", True)),
        (("text",), ("rich_text",), "a < b", ("a &lt; b", True)),
        (("rich_text",), ("text",), "<p>a &lt; b</p>", ("a < b", True)),
        (("text",), ("email",), "nobody", LOST),
        (("text",), ("checkbox",), "yes", (True, True)),
        (("text",), ("date",), "Jan 31, 2026", ("2026-01-31", True)),
        (("text",), ("picklist", COLORS), "green", ("grn", True)),
        (("text",), ("multi_select", COLORS), "red; Green", (["Red", "grn"], True)),
        (("number",), ("text",), Decimal("12.50"), ("12.50", True)),
        (("number",), ("text",), 10**12, ("1000000000000", True)),
        (("number",), ("percent",), 250, LOST),
        (("number",), ("number", {"places": 0}), Decimal("2.5"), (3, CUT)),
        (("number",), ("checkbox",), 1, (True, True)),
        (("number",), ("checkbox",), 2, LOST),
        (("checkbox",), ("number",), True, (1, True)),
        (("checkbox",), ("text",), False, ("No", True)),
        (("checkbox",), ("picklist", {"options": ["yes", "no"]}), True, ("yes", True)),
        (("date",), ("datetime",), "2026-01-31", ("2026-01-31T00:00:00.000Z", True)),
        (("datetime",), ("date",), "2026-01-31T10:00:00.000Z", ("2026-01-31", CUT)),
        (("picklist", COLORS), ("text",), "grn", ("grn", True)),
        (("picklist", COLORS), ("multi_select", COLORS), "grn", (["grn"], True)),
        (("multi_select", COLORS), ("picklist", COLORS), ["Red"], ("Red", True)),
        (("multi_select", COLORS), ("picklist", COLORS), ["Red", "grn"], ("Red", CUT)),
        (("multi_select", COLORS), ("text",), ["Red", "grn"], ("Red; grn", True)),
        (("picklist", COLORS), ("picklist", {"options": ["Red"]}), "grn", LOST),
        (("picklist", COLORS), ("picklist", OLD), "grn", ("grn", True)),
        (("picklist", OLD), ("multi_select", OLD), "grn", (["grn"], True)),
        (("multi_select", OLD), ("picklist", OLD), ["grn", "Red"], ("grn", CUT)),
        (("text",), ("picklist", OLD), "Green", LOST),
        (("rich_text",), ("long_text",), "<p>one<br>two</p>", ("one\ntwo", True)),
        (("rich_text",), ("long_text",), '<a href="https://x">one</a>', ("one", CUT)),
        (("rich_text",), ("text",), 'one <img src="https://x/y">', ("one", CUT)),
        (("rich_text",), ("rich_text", {"length": 99}), "<b>one</b>", ("<b>one</b>", True)),
    ],
)
def test_value_becomes_what_the_new_type_reads_in_it(old, new, value, becomes):
    found = Conversion(side(*old, *([{}][: 2 - len(old)])), side(*new, *([{}][: 2 - len(new)])))

    converted = found.convert(value)

    said = list(converted.value) if isinstance(converted.value, tuple) else converted.value
    assert (said, converted.is_whole) == becomes


def test_value_becomes_what_is_said_of_it():
    said = Instruction({"about ten": 10, "n/a": None})
    conversion = Conversion(side("text", {}), side("number", {}), said)

    assert conversion.convert("About Ten") == Converted(10)
    assert conversion.convert("n/a") == Converted(None, is_whole=False)
    assert conversion.convert(None) == Converted(None)


def test_reference_becomes_the_name_of_what_it_points_to():
    lookup = side("lookup", {"references": "Company"})
    conversion = Conversion(lookup, side("text", {}), names={"comp_1": "Acme"})

    assert conversion.convert("comp_1").value == "Acme"
    assert conversion.convert("comp_2").value == "comp_2"
