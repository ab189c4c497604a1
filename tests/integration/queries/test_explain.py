"""EXPLAIN: how a query is answered, in words."""

from __future__ import annotations

from dataclasses import replace

import pytest

from fieldstone.metadata.record_access import Grants, RecordAccess
from fieldstone.metadata.rights import Rights
from fieldstone.metadata.sharing import Level
from fieldstone.metadata.values import JsonObject
from fieldstone.runtime.queries import Question
from tests.support.query_world import World
from tests.support.rights import having

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def plan_of(world: World, text: str, **params: object) -> JsonObject:
    """Give the plan of a query."""
    plan = (await world.page(Question.of_text(f"EXPLAIN {text}", params))).plan  # type: ignore[arg-type]
    assert plan is not None
    return plan


async def test_a_plan_says_what_answers_each_condition_and_order(world: World) -> None:
    plan = await plan_of(
        world,
        "SELECT name, company.name FROM Deal WHERE stage = 'Proposal' AND value * 2 > 5 "
        "AND company.industry = 'Retail' AND next_step LIKE '%a' ORDER BY created_at, value DESC",
    )
    assert plan["object"] == "Deal"
    assert plan["conditions"] == [
        {"field": "stage", "by": "slot"},
        {"field": "value * 2", "by": "calculated"},
        {"field": "company.industry", "by": "slot"},
        {"field": "next_step", "by": "json"},
    ]
    assert plan["order"] == [
        {"field": "created_at", "by": "column"},
        {"field": "value", "by": "slot"},
    ]
    advice = plan["advice"]
    assert isinstance(advice, list)
    assert "No index serves value * 2: compare or sort by a field that is stored." in advice


async def test_the_sentences_are_the_rows(world: World) -> None:
    sentences = await world.values("explain SELECT name FROM Deal WHERE company.name = 'x' LIMIT 5")
    assert sentences[0].startswith("The query reads records of Deal, which lie in ")
    assert any(one.startswith("Company, in ") for one in sentences)
    assert any("PostgreSQL expects" in one for one in sentences)


@pytest.mark.parametrize(
    "text",
    [
        "SELECT COUNT() FROM Deal",
        "SELECT COUNT() FROM Deal LIMIT 3",
        "SELECT stage, SUM(value) FROM Deal GROUP BY ROLLUP(stage) ORDER BY SUM(value)",
        "SELECT name FROM Deal ORDER BY value LIMIT 1 PER stage",
        "SELECT name, (SELECT name FROM deals) FROM Company WHERE id IN (SELECT company FROM Deal)",
        "SELECT DISTINCT stage FROM Deal WHERE id NOT IN (SELECT related_to FROM Task) OFFSET 5",
        "SELECT id FROM Deal WHERE created_at = TODAY OR company.name = null",
    ],
)
async def test_any_query_is_explained(world: World, text: str) -> None:
    assert (await plan_of(world, text))["object"] in ("Deal", "Company")


async def test_a_plan_has_no_values_and_a_mistake_its_place(world: World) -> None:
    page = await world.page(
        Question.from_json({"object": "Deal", "where": "name = Alpha", "explain": True})
    )
    assert page.plan is not None
    assert "alpha" not in str(page.plan).lower()
    code, message, _ = await world.problem("EXPLAIN SELECT nme FROM Deal")
    assert (code, message) == ("query.unknown_field", "Deal has no field nme.")


async def test_nothing_is_estimated_of_what_may_be_hidden(world: World) -> None:
    async with world.engine.database.read(world.tenant, world.viewer) as tx:
        deal = tx.catalog.get_object("Deal").id
    closed = Rights("closed", record_access=RecordAccess({(deal, Level.READ): Grants()}))
    viewers = (
        await world.without("Deal.value"),
        await world.without_object("Company"),
        replace(world, viewer=replace(world.viewer, standing=having(closed))),
    )

    whole = await plan_of(world, "SELECT name FROM Deal WHERE stage = 'Lead'")
    for one in viewers:
        plan = await plan_of(one, "SELECT name FROM Deal WHERE stage = 'Lead'")

        assert plan["conditions"] == whole["conditions"]
        assert not {"rows", "cost"} & plan.keys()
        assert "PostgreSQL" not in str(plan["says"])
        assert {"rows", "cost"} <= whole.keys()
