"""Orders, pages and cursors."""

from __future__ import annotations

import pytest

from fieldstone.runtime.queries import Question
from tests.support.query_world import World

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_rows_without_a_value_come_first_by_default(world: World) -> None:
    text = "SELECT name FROM Deal ORDER BY value"
    assert await world.values(text) == ["Delta", "Gamma", "Alpha", "beta"]
    assert await world.values(text + " DESC") == ["Delta", "beta", "Alpha", "Gamma"]
    assert await world.values(text + " DESC NULLS LAST") == ["beta", "Alpha", "Gamma", "Delta"]
    assert await world.values(text + " NULLS LAST LIMIT 1 OFFSET 3") == ["Delta"]


async def test_names_are_ordered_without_regard_to_case(world: World) -> None:
    text = "SELECT name FROM Deal ORDER BY name"
    assert await world.values(text) == ["Alpha", "beta", "Delta", "Gamma"]


async def test_an_order_may_follow_a_parent(world: World) -> None:
    text = "SELECT name FROM Deal ORDER BY company.name DESC NULLS LAST, name DESC"
    assert await world.values(text) == ["Gamma", "beta", "Alpha", "Delta"]


@pytest.mark.parametrize(
    "order",
    [
        "id",
        "id DESC",
        "value",
        "value DESC",
        "value NULLS LAST",
        "value DESC NULLS LAST",
        "close_date DESC NULLS LAST, value",
        "close_date, value DESC NULLS LAST",
        "stage, value DESC",
        "stage DESC, name",
        "company.name NULLS LAST, value DESC",
        "company.name DESC, name DESC",
        "next_step, value",
        "created_at, name DESC",
        "version DESC, updated_at",
        "owner, stage",
    ],
)
async def test_pages_of_any_size_give_the_same_rows_in_the_same_order(
    world: World, order: str
) -> None:
    text = f"SELECT name FROM Deal ORDER BY {order}"
    whole = await world.values(text)
    for size in (1, 2, 3):
        question = Question.of_text(text, page_size=size)
        found: list[str] = []
        while True:
            page = await world.page(question)
            found.extend(page.records)
            if page.next is None:
                break
            question = Question.of_text(text, page_size=size, cursor=page.next)
        assert [name.rsplit('"', 2)[1] for name in found] == whole


async def test_a_limit_holds_over_all_pages(world: World) -> None:
    text = "SELECT name FROM Deal ORDER BY name LIMIT 3"
    first = await world.page(Question.of_text(text, page_size=2))
    last = await world.page(Question.of_text(text, page_size=2, cursor=first.next))
    assert (len(first.records), len(last.records), last.next) == (2, 1, None)
    assert (first.total, last.total) == (3, 3)


async def test_counts_and_totals_agree(world: World) -> None:
    counted = await world.page(Question.of_text("SELECT COUNT() FROM Deal WHERE stage != 'Lead'"))
    page = await world.page(
        Question.of_text("SELECT id FROM Deal WHERE stage != 'Lead'", page_size=1)
    )
    assert (counted.records, counted.total, page.total) == ([], 3, 3)


async def test_a_cursor_belongs_to_its_order(world: World) -> None:
    page = await world.page(Question.of_text("SELECT id FROM Deal ORDER BY name", page_size=1))
    question = Question.of_text("SELECT id FROM Deal ORDER BY value", cursor=page.next)
    with pytest.raises(Exception, match="another order") as raised:
        await world.page(question)
    assert raised.value.problem.code == "query.bad_cursor"  # type: ignore[attr-defined]


@pytest.mark.parametrize("cursor", ["", "x", "é", "a" * 5000, "k5Q", "gA"])
async def test_a_broken_cursor_is_refused(world: World, cursor: str) -> None:
    with pytest.raises(Exception, match="cursor was not given") as raised:
        await world.page(Question.of_text("SELECT id FROM Deal", cursor=cursor))
    assert raised.value.problem.code == "query.bad_cursor"  # type: ignore[attr-defined]
