"""Which records conditions choose."""

from __future__ import annotations

import pytest

from tests.integration.queries.conftest import LONG
from tests.support.query_world import World

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def codes(world: World, where: str, **params: object) -> list[str]:
    """Give the codes of the samples for which a condition holds."""
    text = f"SELECT code FROM Sample WHERE {where} ORDER BY id"
    return [value or "" for value in await world.values(text, **params)]  # type: ignore[arg-type]


async def test_conditions_reach_parents(world: World) -> None:
    text = "SELECT name FROM Deal d WHERE d.company.industry = 'technology' ORDER BY d.name"
    assert await world.values(text) == ["Alpha", "beta"]


async def test_a_reference_compares_with_an_id(world: World) -> None:
    (company,) = await world.ask("SELECT id FROM Company WHERE name = 'Acme'")
    found = await world.values("SELECT name FROM Deal WHERE company = :id", id=company["id"])
    assert sorted(found) == ["Alpha", "beta"]


@pytest.mark.parametrize(
    ("where", "expected"),
    [
        ("code = 'ab1'", ["AB1"]),
        ("code != 'ab1'", ["A_1", "50%"]),
        ("code = null", []),
        ("big = null", ["A_1"]),
        ("big != null", ["AB1", "50%"]),
        ("big = ''", ["A_1"]),
        ("NOT big > 0", ["A_1"]),
        ("NOT (big > 0 AND number > 0.2)", ["A_1", "AB1"]),
        ("number > 0.1 AND number <= 1", ["A_1", "50%"]),
        ("number = 0.1", ["AB1"]),
        ("number = 0.10000000000000000000001", []),
        ("loose < 2", ["AB1"]),
        ("loose = 10.00", ["50%"]),
        ("big = 1234567890123456789.000001", ["AB1"]),
        ("big > 1234567890123456789.000001", ["50%"]),
        ("number IN (1, 0.3)", ["A_1", "50%"]),
        ("number NOT IN (1, 0.3)", ["AB1"]),
        ("loose IN (10, null)", ["A_1", "50%"]),
        ("loose NOT IN (10)", ["A_1", "AB1"]),
        ("loose NOT IN (10, null)", ["AB1"]),
        ("done = true", ["AB1"]),
        ("done = false", ["A_1", "50%"]),
        ("done != true", ["A_1", "50%"]),
        ("code LIKE 'a%'", ["A_1", "AB1"]),
        ("code LIKE 'A\\_%'", ["A_1"]),
        ("code LIKE 'A_1'", ["A_1", "AB1"]),
        ("code LIKE '%\\%'", ["50%"]),
        ("NOT code LIKE 'a%'", ["50%"]),
        ("name LIKE 'LONG x%'", ["AB1", "50%"]),
        ("name LIKE '%xy'", ["50%"]),
        ("name LIKE '%'", ["A_1", "AB1", "50%"]),
        ("name LIKE 'one'", ["A_1"]),
        (f"name = '{LONG}'", ["AB1"]),
        (f"name > '{LONG}'", ["A_1", "50%"]),
        (f"name LIKE '{LONG}%'", ["AB1", "50%"]),
        ("notes LIKE '%LONG%'", ["AB1"]),
        ("notes = null", ["A_1", "50%"]),
        ("tags INCLUDES ('red;green', 'blue')", ["AB1", "50%"]),
        ("tags INCLUDES ('Red;Blue')", []),
        ("tags EXCLUDES ('blue')", ["A_1", "AB1"]),
        ("tags = 'Green;Red'", ["AB1"]),
        ("kind = 'on hold'", ["AB1"]),
        ("kind IN ('New', 'gone')", ["50%"]),
        ("hour >= '14:30' AND hour < '15:00'", ["AB1"]),
        ("hour >= 14:30:00.000Z AND hour < 15:00:00", ["AB1"]),
        ("hour IN (09:15, 14:30Z)", ["AB1"]),
        ("hour > 14:30:00.001Z", []),
        ("day = TODAY", ["AB1"]),
        ("loose_day = TODAY", ["AB1"]),
        ("day = YESTERDAY OR day = null", ["A_1", "50%"]),
        ("day >= 2026-03-18", ["AB1"]),
        ("day IN (TODAY, YESTERDAY)", ["AB1", "50%"]),
        ("day NOT IN (TODAY)", ["A_1", "50%"]),
        ("day != TODAY", ["A_1", "50%"]),
        ("day > LAST_N_DAYS:1", []),
        ("day = THIS_WEEK", ["AB1", "50%"]),
        ("moment > 2026-03-18T23:29:59Z", ["AB1"]),
        ("moment = TODAY", ["AB1"]),
        ("moment = 2026-03-17", ["50%"]),
        ("moment IN (2026-03-17, 2026-03-18T23:30:00Z)", ["AB1", "50%"]),
        ("day = 2026-03-18T10:00:00Z", ["AB1"]),
        ("created_at = TODAY AND number = 1", ["A_1"]),
        ("created_at < 2026-03-18T11:00:00Z", []),
        ("version = 1 AND number = 1", ["A_1"]),
        ("parent != null", ["AB1", "50%"]),
        ("parent.code = 'A_1'", ["AB1", "50%"]),
        ("parent.code != 'A_1'", ["A_1"]),
        ("id IN (SELECT parent FROM Sample)", ["A_1"]),
        ("id NOT IN (SELECT parent FROM Sample WHERE number < 0.2)", ["AB1", "50%"]),
        ("parent IN (SELECT id FROM Sample WHERE number = 1) AND number < 0.2", ["AB1"]),
    ],
)
async def test_conditions_choose(world: World, where: str, expected: list[str]) -> None:
    assert await codes(world, where) == expected


async def test_days_are_those_of_the_viewer(world: World) -> None:
    there = world.in_zone("Europe/Berlin")
    assert await codes(there, "moment = TOMORROW") == ["AB1"]
    assert await codes(world.in_zone("America/New_York"), "moment = LAST_N_DAYS:2") == [
        "AB1",
        "50%",
    ]


async def test_parameters_are_bound(world: World) -> None:
    assert await codes(world, "code = :c OR number IN :n", c="ab1", n=[1, None]) == ["A_1", "AB1"]
    assert await codes(world, "code LIKE :p", p="A\\_%") == ["A_1"]
    assert await codes(world, "day = :d", d="2026-03-17") == ["50%"]


async def test_a_parameter_is_only_ever_a_value(world: World) -> None:
    assert await codes(world, "code = :c", c="x' OR 1=1 --") == []


async def test_conditions_and_orders_reach_parents_of_several_objects(world: World) -> None:
    text = "SELECT subject FROM Task WHERE What.name LIKE 'a%' ORDER BY What.name DESC"
    assert await world.values(text) == ["Write", "Call"]
    assert await world.values("SELECT subject FROM Task WHERE What.name = null") == ["Think"]
    grouped = "SELECT What.name, COUNT(id) n FROM Task GROUP BY What.name ORDER BY What.name"
    assert [record["name"] for record in await world.ask(grouped)] == [None, "Acme", "Alpha"]


async def test_one_shape_is_planned_once_and_answers_each_question_with_its_own_values(
    world: World,
) -> None:
    for number, code in (("1", "A_1"), ("0.1", "AB1"), ("0.3", "50%")):
        assert await codes(world, f"number = {number} AND code = '{code}'") == [code]
