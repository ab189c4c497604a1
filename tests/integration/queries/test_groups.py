"""Groups and their aggregates."""

from __future__ import annotations

from decimal import Decimal

import pytest

from fieldstone.runtime.queries import Question
from tests.support.query_world import World

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_groups_are_counted_and_summed(world: World) -> None:
    records = await world.ask(
        "SELECT stage, COUNT(id) n, SUM(value) total, AVG(value), MIN(name), MAX(close_date) last "
        "FROM Deal GROUP BY stage ORDER BY COUNT(id) DESC, stage"
    )
    assert records[0] == {
        "stage": "Proposal",
        "n": 2,
        "total": Decimal("1500.5"),
        "expr0": Decimal("750.25"),
        "expr1": "Alpha",
        "last": "2026-03-20",
    }
    assert [record["stage"] for record in records] == ["Proposal", "Closed Won", "Lead"]
    assert records[2]["total"] is None


async def test_groups_are_chosen_by_having(world: World) -> None:
    text = "SELECT stage FROM Deal GROUP BY stage HAVING COUNT(id) > 1 AND SUM(value) < 2000.75"
    assert await world.values(text) == ["Proposal"]


async def test_the_ends_of_a_group_compare_as_its_values_do(world: World) -> None:
    text = "SELECT stage FROM Deal GROUP BY stage HAVING MAX(close_date) = THIS_MONTH"
    assert await world.values(text) == ["Proposal"]
    text = "SELECT stage FROM Deal GROUP BY stage HAVING MIN(name) < 'BEST' AND MIN(value) > 900"
    assert await world.values(text) == []
    text = "SELECT stage FROM Deal GROUP BY stage HAVING MIN(created_at) = TODAY ORDER BY MAX(name)"
    assert await world.values(text) == ["Closed Won", "Lead", "Proposal"]


async def test_groups_are_paged(world: World) -> None:
    text = "SELECT stage, COUNT(id) n FROM Deal GROUP BY stage ORDER BY stage DESC"
    first = await world.page(Question.of_text(text, page_size=2))
    last = await world.page(Question.of_text(text, page_size=2, cursor=first.next))
    assert (first.total, last.next) == (3, None)
    assert "Closed Won" in last.records[0]


async def test_everything_is_one_group_without_group_by(world: World) -> None:
    (record,) = await world.ask(
        "SELECT COUNT(id), COUNT(value) v, COUNT_DISTINCT(stage) s FROM Deal"
    )
    assert record == {"expr0": 4, "v": 3, "s": 3}


async def test_groups_may_follow_a_parent(world: World) -> None:
    records = await world.ask(
        "SELECT company.name, SUM(value) v FROM Deal GROUP BY company.name ORDER BY v DESC"
    )
    assert [record["name"] for record in records] == ["Acme", "zenith", None] or [
        record["name"] for record in records
    ] == [None, "Acme", "zenith"]


async def test_exact_numbers_stay_exact_in_sums(world: World) -> None:
    (total,) = await world.values("SELECT SUM(big) FROM Sample")
    assert total == Decimal("2469135780246913578.000003")


async def test_a_value_that_is_in_no_list_any_more_keeps_its_spelling(world: World) -> None:
    records = await world.ask("SELECT type, COUNT(id) n FROM Deal GROUP BY type ORDER BY type")
    assert [record["type"] for record in records] == [None, "Barter Deal"]


async def test_subtotals_stand_among_the_groups(world: World) -> None:
    records = await world.ask(
        "SELECT stage, type, COUNT(id) n, GROUPING(type) g FROM Deal WHERE stage != 'Closed Won' "
        "GROUP BY ROLLUP(stage, type) ORDER BY GROUPING(stage), stage, GROUPING(type)"
    )
    assert [list(record.values()) for record in records] == [
        ["Lead", "Barter Deal", 1, 0],
        ["Lead", None, 1, 1],
        ["Proposal", None, 2, 0],
        ["Proposal", None, 2, 1],
        [None, None, 3, 1],
    ]


async def test_a_cube_has_the_subtotals_of_each_key(world: World) -> None:
    text = (
        "SELECT company.name, stage, SUM(value) total FROM Deal WHERE company != null "
        "GROUP BY CUBE(company.name, stage) HAVING GROUPING(company.name) = 1 ORDER BY SUM(value)"
    )
    records = await world.ask(text)
    assert [list(record.values()) for record in records] == [
        [None, "Proposal", Decimal("1500.5")],
        [None, "Closed Won", 2000],
        [None, None, Decimal("3500.5")],
    ]
    page = await world.page(Question.of_text(text, page_size=2))
    assert page.total == 3


async def test_grouping_asks_for_what_rows_are_grouped_by(world: World) -> None:
    code, message, _ = await world.problem(
        "SELECT stage, GROUPING(name) FROM Deal GROUP BY ROLLUP(stage)"
    )
    assert (code, message) == ("query.contradiction", "name is neither grouped nor counted.")


async def test_distinct_rows_stand_once(world: World) -> None:
    assert await world.values("SELECT DISTINCT stage FROM Deal ORDER BY stage DESC") == [
        "Proposal",
        "Lead",
        "Closed Won",
    ]
    text = "SELECT DISTINCT LEFT(stage, 1) l, company.name FROM Deal ORDER BY l, company.name"
    records = await world.ask(text)
    assert [list(record.values()) for record in records] == [
        ["C", "Acme"],
        ["L", None],
        ["P", "Acme"],
        ["P", "zenith"],
    ]
    assert await world.problem("SELECT DISTINCT stage, COUNT(id) FROM Deal") == (
        "query.contradiction",
        "DISTINCT and groups do not go together.",
        None,
    )


async def test_each_group_may_give_its_first_rows(world: World) -> None:
    text = "SELECT name FROM Deal WHERE value > 0 ORDER BY value DESC LIMIT :most PER stage"
    page = await world.page(Question.of_text(text, {"most": 1}, page_size=1))
    assert page.total == 2
    assert await world.values(text, most=1) == ["beta", "Alpha"]
    assert await world.values(text, most=2) == ["beta", "Alpha", "Gamma"]
    text = "SELECT name FROM Deal LIMIT 1 PER company.name, LEN(stage)"
    assert await world.values(text) == ["Alpha", "beta", "Gamma", "Delta"]
    counted = await world.page(Question.of_text("SELECT COUNT() FROM Deal LIMIT 1 PER stage"))
    assert counted.total == 3


async def test_the_first_rows_of_groups_are_read_page_by_page(world: World) -> None:
    text = "SELECT name FROM Deal ORDER BY value LIMIT 1 PER stage"
    first = await world.page(Question.of_text(text, page_size=2))
    rest = await world.page(Question.of_text(text, page_size=2, cursor=first.next))
    names = [record.rpartition(": ")[2] for record in (*first.records, *rest.records)]
    assert names == ['"Delta"}', '"Gamma"}', '"beta"}']
    other = await world.another_tenant("top-twin")
    assert await other.values(text) == []
