"""Cursors."""

from __future__ import annotations

from base64 import urlsafe_b64encode
from datetime import datetime

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fieldstone.metadata.rights import ADMINISTRATOR
from fieldstone.query_language.cursor import Place, decode_cursor, digest_of, encode_cursor
from fieldstone.query_language.errors import BadCursor
from fieldstone.query_language.lifting import lift
from fieldstone.query_language.parse import parse_query
from fieldstone.query_language.plan import Plan
from fieldstone.query_language.resolve import resolve
from tests.support.query_catalog import a_catalog

CATALOG = a_catalog()


def plan_of(order: str) -> Plan:
    """Give the plan of a query with an order."""
    text = f"SELECT id FROM Deal ORDER BY {order}"
    return resolve(lift(parse_query(text)), CATALOG, ADMINISTRATOR)


PLAN = plan_of("name, amount DESC, close_date, company, open")


@given(
    st.tuples(
        st.none() | st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0")),
        st.none() | st.floats(allow_nan=False),
        st.none() | st.datetimes(),
        st.none() | st.integers(0, 2**63 - 1),
        st.booleans(),
    ),
    st.integers(0, 2**63 - 1),
    st.integers(0, 2**31 - 1),
)
def test_a_cursor_reads_back_as_its_place(
    values: tuple[object, ...], record_id: int, seen: int
) -> None:
    place = Place(values, record_id, seen)

    assert decode_cursor(PLAN, encode_cursor(PLAN, place)) == place


def test_the_longest_place_of_any_order_is_taken_back() -> None:
    keys = ("name", "region", "stage", "company.name", "company.industry")
    plan = plan_of(", ".join(keys))
    place = Place(("\U0001f600" * 255,) * len(keys), 2**63 - 1, 2**31 - 1)

    assert decode_cursor(plan, encode_cursor(plan, place)) == place


@pytest.mark.parametrize("order", ["name", "name, amount, close_date, company, open", "id"])
def test_a_cursor_of_another_order_is_refused(order: str) -> None:
    place = Place(("a", 1.0, datetime(2026, 1, 1), 5, True), 1, 1)

    with pytest.raises(BadCursor, match="another order"):
        decode_cursor(plan_of(order), encode_cursor(PLAN, place))


@given(st.text(max_size=40) | st.binary(max_size=40).map(lambda b: urlsafe_b64encode(b).decode()))
def test_any_other_text_is_refused(text: str) -> None:
    with pytest.raises(BadCursor):
        decode_cursor(PLAN, text)


@pytest.mark.parametrize(
    "values",
    [
        [],
        ["a", 1.0, "2026-01-01T00:00:00", 5],
        [1, 1.0, "2026-01-01T00:00:00", 5, True],
        ["a\0", 1.0, "2026-01-01T00:00:00", 5, True],
        ["a", "1", "2026-01-01T00:00:00", 5, True],
        ["a", 1.0, "yesterday", 5, True],
        ["a", 1.0, "2026-01-01T00:00:00", 2**63, True],
        ["a", 1.0, "2026-01-01T00:00:00", True, True],
        ["a", 1.0, "2026-01-01T00:00:00", 5, 1],
        ["a", [], "2026-01-01T00:00:00", 5, True],
    ],
)
def test_a_cursor_with_other_values_than_its_order_has_is_refused(values: list[object]) -> None:
    wire = msgspec.msgpack.encode((digest_of(PLAN), values, 1, 1))

    with pytest.raises(BadCursor):
        decode_cursor(PLAN, urlsafe_b64encode(wire).decode())
