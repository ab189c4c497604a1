"""Operations and functions in every clause, and fields compared with each other."""

from __future__ import annotations

from decimal import Decimal

import pytest

from tests.support.query_world import World

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def names(world: World, where: str, **params: object) -> list[str]:
    """Give the names of the deals for which a condition holds."""
    text = f"SELECT name FROM Deal WHERE {where} ORDER BY id"
    return await world.values(text, **params)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("where", "expected"),
    [
        ("value * 2 > 2001 - 0.5", ["Alpha", "beta"]),
        ("value * 2 > 2001 - 0.5 AND -value < -1500", ["beta"]),
        ("value - 500.25 * 2 = 0", ["Alpha"]),
        ("(value - 500.25) * 2 = 1000.50", ["Alpha"]),
        ("value / 2 >= :least", ["Alpha", "beta"]),
        ("value > :least * 2", ["Alpha", "beta"]),
        ("value >= value", ["Alpha", "beta", "Gamma"]),
        ("value != value * 2", ["Alpha", "beta", "Gamma"]),
        ("value = value", ["Alpha", "beta", "Gamma", "Delta"]),
        ("value / 0 > 1", []),
        ("name & '!' = 'ALPHA!'", ["Alpha"]),
        ("name = company.name", []),
        ("name > company.name", ["Alpha", "beta"]),
        ("close_date < created_at", ["Gamma"]),
        ("created_at > close_date", ["Gamma"]),
        ("close_date < close_date + 1", ["Alpha", "Gamma"]),
        ("id = company", []),
        ("owner = created_by", ["Alpha", "beta", "Gamma", "Delta"]),
        ("company != null AND company = company.id", ["Alpha", "beta", "Gamma"]),
        ("IF(value > 600 && NOT(ISBLANK(close_date)), 'a', 'b') = 'a'", ["Alpha"]),
        ("IF(value > 600 || stage = 'Lead', 'a', 'b') = 'a'", ["Alpha", "beta", "Delta"]),
        ("IF(!ISBLANK(company) && (value == 500), 'a', 'b') = 'a'", ["Gamma"]),
        ("BEGINS(name, 'G') AND value > 1", ["Gamma"]),
        ("NOT ISBLANK(close_date)", ["Alpha", "Gamma"]),
        ("(BEGINS(name, 'G')) OR (value + 0) > 1500", ["beta", "Gamma"]),
        ("value * 2 IN (1000, 4000)", ["beta", "Gamma"]),
        ("value * 2 = null", ["Delta"]),
    ],
)
async def test_conditions_compare_expressions(
    world: World, where: str, expected: list[str]
) -> None:
    assert await names(world, where, least=500) == expected


async def test_rows_show_expressions_and_are_sorted_by_them(world: World) -> None:
    records = await world.ask(
        "SELECT name, value * 2 doubled, name & '!', value - 1 FROM Deal "
        "WHERE value != null ORDER BY value * -1, name & '!' LIMIT 2"
    )
    assert [list(record.values())[1:] for record in records] == [
        ["beta", 4000, "beta!", 1999],
        ["Alpha", 2001, "Alpha!", Decimal("999.5")],
    ]
    assert list(records[0])[2:] == ["doubled", "expr0", "expr1"]


async def test_groups_are_made_of_expressions_and_add_them_up(world: World) -> None:
    records = await world.ask(
        "SELECT LEFT(stage, 1) first, SUM(value * 2) s, COUNT_DISTINCT(LEFT(name, 0)) d, "
        "MAX(LEN(name)) m FROM Deal GROUP BY LEFT(stage, 1) HAVING SUM(value * 2) > 10 "
        "ORDER BY SUM(value * 2) DESC, LEFT(stage, 1)"
    )
    assert records == [
        {"first": "C", "s": 4000, "d": 0, "m": 4},
        {"first": "P", "s": 3001, "d": 0, "m": 5},
    ]


async def test_groups_compare_their_sums_with_each_other(world: World) -> None:
    text = "SELECT stage FROM Deal GROUP BY stage HAVING SUM(value) > AVG(value) ORDER BY stage"
    assert await world.values(text) == ["Proposal"]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (
            "SELECT id FROM Deal WHERE stage = Won",
            (
                "query.unknown_field",
                "Deal has no field Won.",
                "Text stands in single quotes: 'Won'.",
            ),
        ),
        (
            "SELECT id FROM Deal WHERE name > value",
            (
                "query.type_mismatch",
                "A text is not compared with a currency.",
                "TEXT, VALUE and DATEVALUE make one kind of another.",
            ),
        ),
        (
            "SELECT id FROM Deal WHERE name * 2 = 1",
            (
                "query.type_mismatch",
                "*: left is a text, and must be number.",
                None,
            ),
        ),
        (
            "SELECT SUM(value) + value FROM Deal",
            (
                "query.contradiction",
                "value stands beside an aggregate, where only aggregates do.",
                "Write MIN(value).",
            ),
        ),
        (
            "SELECT id FROM Deal WHERE SUM(value) + 1 > 2",
            ("query.contradiction", "An aggregate stands alone, outside of operations.", None),
        ),
    ],
)
async def test_what_cannot_be_worked_out_is_refused(
    world: World, text: str, problem: tuple[str, str, str | None]
) -> None:
    assert await world.problem(text) == problem


async def test_expressions_see_nothing_of_another_tenant(world: World) -> None:
    other = await world.another_tenant("expressions-twin")
    assert await names(other, "value >= value OR name = name") == []
    (record,) = await other.ask("SELECT COUNT(id) n, SUM(value * 2) s FROM Deal")
    assert record == {"n": 0, "s": None}


async def test_groups_calculate_with_their_aggregates(world: World) -> None:
    records = await world.ask(
        "SELECT stage, SUM(value) / COUNT(id) mean, FORMAT(MAX(close_date)) last, "
        "FORMAT(SUM(value)), MIN(name) & '!' first FROM Deal GROUP BY stage "
        "HAVING SUM(value) - COUNT(id) > 10 ORDER BY SUM(value) / COUNT(id) DESC"
    )
    assert [list(record.values())[:3] for record in records] == [
        ["Closed Won", 2000, None],
        ["Proposal", Decimal("750.25"), "Mar 20, 2026"],
    ]
    assert records[1]["expr0"].endswith("1,500.50")
    assert records[1]["first"] == "Alpha!"
    text = "SELECT MAX(created_at) - MIN(created_at), MAX(probability) - MAX(probability) FROM Deal"
    (record,) = await world.ask(text)
    assert record["expr0"] == 0


async def test_rows_are_counted_in_a_value_that_has_a_row_of_its_own(world: World) -> None:
    plain = await world.ask("SELECT stage, COUNT(id) n FROM Deal GROUP BY stage ORDER BY stage")
    deep = await world.ask(
        "SELECT stage, CEILING(IFERROR(60 / COUNT(), 0) + IFERROR(IFERROR(60 / COUNT(), 1), 2)) n"
        " FROM Deal GROUP BY stage ORDER BY stage"
    )

    assert [record["n"] for record in deep] == [-(-120 // record["n"]) for record in plain]
    assert any(record["n"] > 1 for record in plain)
