"""Values as people read them, parts of values, and dates of every length."""

from __future__ import annotations

from decimal import Decimal

import pytest

from fieldstone.metadata.values import read_json
from fieldstone.runtime.queries import Question
from tests.support.query_world import World

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_a_shaped_field_has_the_fields_own_key(world: World) -> None:
    (record,) = await world.ask(
        "SELECT toLabel(stage), FORMAT(convertCurrency(value)), FORMAT(close_date) closes, "
        "convertCurrency(value) plain, toLabel(company.industry) FROM Deal WHERE name = 'Alpha'"
    )
    company = record.pop("company")
    assert list(record)[1:] == ["stage", "value", "closes", "plain"]
    assert record["stage"] == "Proposal"
    assert record["value"].endswith("1,000.50")
    assert (record["closes"], record["plain"] * 2) == ("Mar 20, 2026", 2001)
    assert company["industry"] == "Technology"


async def test_numbers_and_moments_are_written_as_people_read_them(world: World) -> None:
    text = "SELECT FORMAT(big) a, FORMAT(moment) b, FORMAT(hour) c FROM Sample WHERE code = 'AB1'"
    (record,) = await world.in_zone("Europe/Berlin").ask(text)
    assert list(record.values())[1:] == [
        "1,234,567,890,123,456,789.000001",
        "Mar 19, 2026, 00:30",
        "14:30",
    ]


async def test_labels_are_compared_sorted_and_grouped(world: World) -> None:
    text = "SELECT name FROM Deal WHERE toLabel(stage) = 'proposal' ORDER BY toLabel(stage), name"
    assert await world.values(text) == ["Alpha", "Gamma"]
    records = await world.ask(
        "SELECT toLabel(stage), COUNT(id) n FROM Deal GROUP BY toLabel(stage) "
        "ORDER BY toLabel(stage)"
    )
    assert records[0] == {"stage": "Closed Won", "n": 1}


@pytest.mark.parametrize(
    ("item", "message"),
    [
        ("FORMAT(name)", "FORMAT takes a number, an amount, a date or a time, and this is a text."),
        ("toLabel(name)", "toLabel takes a picklist."),
        ("convertCurrency(close_date)", "convertCurrency takes a currency."),
        ("value, FORMAT(value)", "Two columns are called value."),
        ("FORMAT(value, 2)", "FORMAT takes 1 argument and has 2."),
    ],
)
async def test_only_what_has_a_form_is_shaped(world: World, item: str, message: str) -> None:
    assert (await world.problem(f"SELECT {item} FROM Deal"))[1] == message


async def test_parts_of_a_value_stand_in_every_clause(world: World) -> None:
    own = await world.another_tenant("parts")
    await own.create(
        "Company",
        {"name": "A", "address": {"city": "Berlin", "country": "DE"}},
        {"name": "B", "address": {"city": "Athens"}},
        {"name": "C"},
    )
    records = await own.ask(
        "SELECT name, address.city FROM Company WHERE address.city != null ORDER BY address.city"
    )
    assert [record["address.city"] for record in records] == ["Athens", "Berlin"]
    records = await own.ask(
        "SELECT address.city, COUNT(id) n FROM Company GROUP BY address.city "
        "ORDER BY address.city NULLS LAST"
    )
    assert [list(record.values()) for record in records] == [
        ["Athens", 1],
        ["Berlin", 1],
        [None, 1],
    ]
    assert await own.values("SELECT name FROM Company WHERE UPPER(address.city) = 'BERLIN'") == [
        "A"
    ]


async def test_limits_are_bound(world: World) -> None:
    text = "SELECT name FROM Deal ORDER BY name LIMIT :most OFFSET :skip"
    assert await world.values(text, most=2, skip=1) == ["beta", "Delta"]
    assert (await world.problem(text, most="2", skip=0))[0] == "query.type_mismatch"


async def test_dates_are_asked_by_year_and_month(world: World) -> None:
    records = await world.ask(
        "SELECT CALENDAR_YEAR(close_date) y, CALENDAR_MONTH(close_date) m, COUNT(id) n FROM Deal "
        "WHERE close_date != null GROUP BY CALENDAR_YEAR(close_date), CALENDAR_MONTH(close_date) "
        "ORDER BY CALENDAR_MONTH(close_date)"
    )
    assert [list(record.values()) for record in records] == [[2026, 1, 1], [2026, 3, 1]]
    text = "SELECT code FROM Sample WHERE HOUR_IN_DAY(convertTimezone(moment)) = 0"
    assert await world.in_zone("Europe/Berlin").values(text) == ["AB1"]


async def test_distances_are_shown_compared_and_sorted(world: World) -> None:
    own = await world.another_tenant("places")
    await own.create(
        "Company",
        {"name": "Berlin", "location": {"latitude": Decimal("52.52"), "longitude": 13}},
        {"name": "Munich", "location": {"latitude": 48, "longitude": Decimal("11.57")}},
        {"name": "Nowhere"},
    )
    way = "DISTANCE(location, GEOLOCATION(52, 13), 'km')"
    records = await own.ask(
        f"SELECT name, {way} far FROM Company WHERE {way} < 1000 ORDER BY {way} DESC"
    )
    assert [record["name"] for record in records] == ["Munich", "Berlin"]
    assert 50 < records[1]["far"] < 60
    assert await own.values(f"SELECT name FROM Company WHERE NOT {way} < 100") == [
        "Munich",
        "Nowhere",
    ]
    code, message, _ = await own.problem(
        "SELECT DISTANCE(location, GEOLOCATION(1, 1), 'm') FROM Company"
    )
    assert (code, message) == ("query.syntax", "The unit of DISTANCE is 'mi' or 'km'.")


async def test_the_json_form_takes_expressions(world: World) -> None:
    page = await world.page(
        Question.from_json(
            {
                "object": "Deal",
                "fields": ["name", "value * 2 doubled", "LEFT(stage, 1)"],
                "where": "value * 2 >= 2001 AND close_date > (created_at) AND stage = Proposal",
                "order_by": ["value * -1"],
            }
        )
    )
    (record,) = [read_json(one) for one in page.records]
    assert isinstance(record, dict)
    assert list(record.values())[1:] == ["Alpha", 2001, "P"]
    assert list(record) == ["id", "name", "doubled", "expr0"]
