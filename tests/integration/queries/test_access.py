"""What a viewer may not read is not there."""

from __future__ import annotations

import pytest

from fieldstone.ids import parse_id
from fieldstone.runtime.queries import Question
from fieldstone.runtime.records.showing import record_text
from tests.support.query_world import World

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_the_other_tenant_gets_no_row(world: World) -> None:
    other = await world.another_tenant("other-tenant")
    assert await other.ask("SELECT name FROM Deal") == []
    assert await other.ask("SELECT name FROM Company WHERE id IN (SELECT company FROM Deal)") == []
    assert (await other.page(Question.of_text("SELECT COUNT() FROM Deal"))).total == 0


@pytest.mark.parametrize(
    "text",
    [
        "SELECT {} FROM Deal",
        "SELECT id FROM Deal WHERE {} = 5",
        "SELECT id FROM Deal WHERE {} = null",
        "SELECT id FROM Deal WHERE {} IN (1, 2)",
        "SELECT id FROM Deal ORDER BY {}",
        "SELECT COUNT(id) FROM Deal GROUP BY {}",
        "SELECT SUM({}) FROM Deal",
        "SELECT stage FROM Deal GROUP BY stage HAVING MAX({}) > 1",
        "SELECT name, (SELECT {} FROM deals) FROM Company",
        "SELECT id FROM Company WHERE id IN (SELECT company FROM Deal WHERE {} > 1)",
        "SELECT COUNT() FROM Deal WHERE {} > 1",
    ],
)
async def test_a_hidden_field_reads_as_one_that_does_not_exist(world: World, text: str) -> None:
    viewer = await world.without("Deal.value")
    hidden = await viewer.problem(text.format("value"))
    missing = await viewer.problem(text.format("valuf"))
    assert hidden[0] == missing[0] == "query.unknown_field"
    assert hidden[1] == missing[1].replace("valuf", "value")
    assert "value" not in (hidden[2] or "")
    assert hidden[2] == missing[2]


async def test_a_hidden_object_reads_as_one_that_does_not_exist(world: World) -> None:
    viewer = await world.without_object("Company")
    assert (await viewer.problem("SELECT id FROM Company"))[0] == "query.unknown_object"
    assert (await viewer.problem("SELECT company.name FROM Deal"))[0] == "query.unknown_field"
    assert await viewer.ask("SELECT FIELDS(ALL) FROM Deal")


async def test_a_hidden_field_is_no_part_of_all_fields(world: World) -> None:
    viewer = await world.without("Deal.value")
    for record in await viewer.ask("SELECT FIELDS(ALL) FROM Deal"):
        assert "value" not in record


async def test_one_record_is_read_at_the_moment_of_whoever_asks(world: World) -> None:
    [acme] = await world.values("SELECT id FROM Company WHERE name = 'Acme'")
    fields = ("name", "(SELECT name FROM deals WHERE close_date = TOMORROW)")

    answers = []
    for viewer in (world.in_zone("UTC"), world.in_zone("Pacific/Kiritimati")):
        async with viewer.engine.database.read(viewer.tenant, viewer.viewer) as tx:
            obj = tx.catalog.get_object("Company")
            text, _ = await record_text(tx, obj, parse_id(acme)[1], fields)
            answers.append("Alpha" in text)

    assert answers == [False, True]
