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
