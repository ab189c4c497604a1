"""Filters as JSON, wherever a filter stands."""

from __future__ import annotations

import pytest

from fieldstone.errors import FieldstoneError
from fieldstone.metadata.values import Json, JsonObject, read_json
from fieldstone.query_language.json_form import query_to_json
from fieldstone.query_language.parse import parse_query
from fieldstone.runtime.queries import Question
from tests.support.query_world import World

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def rows(world: World, asked: JsonObject) -> list[Json]:
    """Give the records that a question in JSON gets."""
    return [read_json(one) for one in (await world.page(Question.from_json(asked))).records]


@pytest.mark.parametrize(
    "text",
    [
        "SELECT name, company.name FROM Deal WHERE value > 1 ORDER BY name LIMIT 2",
        "SELECT stage, COUNT(id) n FROM Deal GROUP BY stage HAVING COUNT(id) > 0 ORDER BY stage",
        "SELECT name, (SELECT name FROM deals ORDER BY name LIMIT 1) FROM Company ORDER BY name",
        "SELECT name FROM Company WHERE id NOT IN (SELECT company FROM Deal)",
        "SELECT LEFT(name, 2) & '!' t FROM Deal WHERE LEN(name) > 4 ORDER BY LEN(name) DESC, name",
        "SELECT name FROM Deal ORDER BY value DESC NULLS FIRST LIMIT 1 PER stage",
        "SELECT COUNT() FROM Deal",
        "SELECT DISTINCT stage FROM Deal ORDER BY stage OFFSET 1",
    ],
)
async def test_a_query_as_json_gives_what_its_text_gives(world: World, text: str) -> None:
    asked = query_to_json(parse_query(text))

    page = await world.page(Question.from_json(asked))
    expected = await world.page(Question.of_text(text))

    assert (page.records, page.total) == (expected.records, expected.total)


async def test_a_filter_narrows_by_every_part(world: World) -> None:
    where: JsonObject = {
        "and": [
            {"field": "company.industry", "op": "=", "value": {"parameter": "industry"}},
            {"not": {"field": "name", "op": "like", "value": "be%"}},
        ]
    }
    asked: JsonObject = {
        "object": "Deal",
        "fields": ["name"],
        "where": where,
        "params": {"industry": "technology"},
    }

    assert [one["name"] for one in await rows(world, asked)] == ["Alpha"]  # type: ignore[call-overload, index]


@pytest.mark.parametrize(
    ("where", "code", "at", "hint"),
    [
        (
            {
                "or": [
                    {"field": "name", "op": "=", "value": "a"},
                    {"field": "valeu", "op": ">", "value": 1},
                ]
            },
            "query.unknown_field",
            "/where/or/1/field",
            "Did you mean value?",
        ),
        (
            {"field": "value", "op": ">", "value": "much"},
            "query.type_mismatch",
            "/where/value",
            "Write it without quotes, such as 12.5.",
        ),
        (
            {"expression": {"function": "LENN", "arguments": []}, "op": ">", "value": 1},
            "query.unknown_function",
            "/where/expression",
            "Did you mean LEN?",
        ),
        (
            {"field": "value", "op": "=", "value": {"parameter": "x"}},
            "query.missing_parameter",
            "/where/value/parameter",
            "Send it in params.",
        ),
    ],
)
async def test_what_is_wrong_with_a_filter_is_told_at_its_pointer(
    world: World, where: JsonObject, code: str, at: str, hint: str
) -> None:
    with pytest.raises(FieldstoneError) as raised:
        await rows(world, {"object": "Deal", "fields": ["name"], "where": where})

    problem = raised.value.problem
    assert (problem.code, problem.at, problem.hint) == (code, at, hint)


async def test_a_hidden_field_of_a_filter_reads_as_one_that_does_not_exist(world: World) -> None:
    viewer = await world.without("Deal.value")
    told = []
    for name in ("value", "valuf"):
        where = {"field": name, "op": ">", "value": 1}
        with pytest.raises(FieldstoneError) as raised:
            await rows(viewer, {"object": "Deal", "fields": ["name"], "where": where})
        problem = raised.value.problem
        told.append((problem.code, problem.message.replace(name, "x"), problem.hint))

    assert told[0] == told[1]


async def test_the_other_tenant_gets_no_row_by_a_filter(world: World) -> None:
    other = await world.another_tenant("other-filters")

    where = {"field": "name", "op": "!=", "value": "nobody"}
    assert await rows(other, {"object": "Deal", "fields": ["name"], "where": where}) == []
