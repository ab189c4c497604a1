"""Queries whose constants are lifted out of expressions give the rows of those that keep them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from dataclasses import replace
from decimal import Decimal
from typing import Final

import pytest
import pytest_asyncio
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fieldstone.metadata.values import Json
from fieldstone.query_language.errors import BadCursor
from fieldstone.query_language.lifting import lift
from fieldstone.query_language.parse import parse_query
from fieldstone.runtime.queries import Question
from tests.support.query_world import World, a_world
from tests.support.servers import PostgresServer, made_database

pytestmark = pytest.mark.asyncio(loop_scope="module")

FORMS: Final = (
    "SELECT name, value * {n} + {m} x FROM Deal WHERE value - {m} > {n} ORDER BY value / {n}, name",
    "SELECT name & {s} x FROM Deal WHERE name & {t} != 'ab' ORDER BY LEFT(name, {k}), name",
    "SELECT IF(value > {n}, {s}, {t}) x, COUNT(id) FROM Deal GROUP BY IF(value > {n}, {s}, {t})",
    (
        "SELECT SUM(value) * {n} x, MAX(value + {m}) FROM Deal GROUP BY stage HAVING"
        " SUM(value) * {n} > {m}"
    ),
    "SELECT name FROM Deal WHERE close_date + {k} > DATE(2026, {k}, 1) ORDER BY name",
    (
        "SELECT ROUND(value * {n}, {k}) x, CASE(stage, {s}, {n}, 'Lead', {m}, 0) y FROM Deal"
        " ORDER BY name"
    ),
    (
        "SELECT IFERROR(value / {n}, {m}) x, BLANKVALUE(next_step, {s}) y FROM Deal"
        " ORDER BY name LIMIT {k}"
    ),
    (
        "SELECT name, (SELECT value * {n} x FROM deals WHERE value + {m} > {n}) FROM Company"
        " ORDER BY name & {s}"
    ),
    (
        "SELECT FORMAT(value * {n}) x, SUBSTITUTE(name, {s}, {t}) y, LPAD(name, {k}, {t}) z"
        " FROM Deal ORDER BY name"
    ),
)
NUMBERS: Final = ("0", "1", "2", "-1", "0.5", "10", "2.50", "100", "0.001", "12345678901234567890")
TEXTS: Final = ("''", "'a'", "'B'", "'ab'", "'%'", "'Lead'", "'ü'", r"'\''", r"'\\'", "'0'")
COUNTS: Final = ("1", "2", "3", "12")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def world(postgres_server: PostgresServer, template_database: str) -> AsyncIterator[World]:
    """A company and deals."""
    with made_database(postgres_server, template_database) as dsn:
        async with a_world(dsn) as made:
            (company,) = await made.create("Company", {"name": "Acme"})
            values: tuple[Json, ...] = (Decimal("-2.50"), 0, Decimal("0.10"), 7, 10**6, None)
            deals: list[dict[str, Json]] = [
                {
                    "name": f"{'aBüab%'[place]}b{place}",
                    "value": value,
                    "stage": ("Lead", "Proposal")[place % 2],
                    "close_date": f"2026-0{place + 1}-28",
                    "next_step": None if place % 3 else "call",
                    "company": company if place % 2 else None,
                }
                for place, value in enumerate(values)
            ]
            await made.create("Deal", *deals)
            yield made


@st.composite
def queries(draw: st.DrawFn) -> str:
    """Draw a query of one of the forms."""
    numbers, texts = st.sampled_from(NUMBERS), st.sampled_from(TEXTS)
    form: str = draw(st.sampled_from(FORMS))
    count: str = draw(st.sampled_from(COUNTS))
    values = {"n": draw(numbers), "m": draw(numbers), "s": draw(texts), "t": draw(texts)}
    return form.format(k=count, **values)


@settings(
    max_examples=200,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(text=queries())
async def test_lifted_and_kept_constants_give_the_same_rows(world: World, text: str) -> None:
    query = parse_query(text)
    kept = Question(query, lifted=lift(query, in_expressions=False))

    expected = await world.page(kept)

    assert await world.page(replace(kept, lifted=None)) == expected
    assert await world.page(Question.of_text(text)) == expected


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("SELECT id FROM Deal WHERE value * 2 > 7", "SELECT id FROM Deal WHERE value * 3 > 70"),
        ("SELECT name & 'a' x FROM Deal", "SELECT name & 'xyz' x FROM Deal"),
        ("SELECT id FROM Deal ORDER BY value + 5", "SELECT id FROM Deal ORDER BY value + 9"),
        (
            "SELECT id FROM Deal WHERE close_date > DATE(2026, 5, 1)",
            "SELECT id FROM Deal WHERE close_date > DATE(2025, 12, 31)",
        ),
        (
            "SELECT LEFT(name, 2) x, COUNT(id) FROM Deal GROUP BY LEFT(name, 2)",
            "SELECT LEFT(name, 4) x, COUNT(id) FROM Deal GROUP BY LEFT(name, 4)",
        ),
    ],
)
async def test_queries_that_differ_in_constants_of_expressions_have_one_key(
    one: str, other: str
) -> None:
    keys = {lift(parse_query(text)).key for text in (one, other)}

    assert len(keys) == 1


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("value * 2", "value * 20"),
        ("ROUND(value, 1)", "ROUND(value, 2)"),
        ("REGEX(name, 'a.*')", "REGEX(name, 'b.*')"),
        ("UPPER(name, 'tr')", "UPPER(name, 'de')"),
        ("BLANKVALUE(value, 1)", "BLANKVALUE(value, null)"),
        ("value + 1 / 0", "value + 1 / 2"),
    ],
)
async def test_constants_that_change_the_sql_change_the_key(one: str, other: str) -> None:
    keys = {lift(parse_query(f"SELECT {text} x FROM Deal")).key for text in (one, other)}

    assert len(keys) == 2


async def test_expressions_with_two_constants_are_not_those_with_one() -> None:
    text = "SELECT value * {} x, COUNT(id) FROM Deal GROUP BY value * {}"
    keys = {lift(parse_query(text.format(*pair))).key for pair in ((2, 2), (2, 3), (7, 7))}

    assert len(keys) == 2


@pytest.mark.parametrize(
    "params", [{"n": 2, "m": 3}, {"n": Decimal("2.5"), "m": Decimal("0.1")}, {"n": 0, "m": 0}]
)
async def test_binds_in_expressions_are_lifted_as_constants(
    world: World, params: Mapping[str, Json]
) -> None:
    text = "SELECT IFERROR(value / {n}, {m}) x FROM Deal ORDER BY name & 'x'"

    bound = await world.ask(text.format(n=":n", m=":m"), **params)

    assert bound == await world.ask(text.format(**params))


async def test_a_cursor_of_another_constant_in_the_order_is_refused(world: World) -> None:
    first = Question.of_text("SELECT id FROM Deal ORDER BY value * 2", page_size=2)
    page = await world.page(first)
    other = Question.of_text("SELECT id FROM Deal ORDER BY value * 3", cursor=page.next)

    with pytest.raises(BadCursor, match="belongs to another order"):
        await world.page(other)


async def test_a_cursor_goes_on_where_the_constant_is_the_same(world: World) -> None:
    text = "SELECT id FROM Deal ORDER BY value * 2"
    whole = await world.page(Question.of_text(text))

    first = await world.page(Question.of_text(text, page_size=2))
    second = await world.page(Question.of_text(text, page_size=4, cursor=first.next))

    assert first.records + second.records == whole.records


async def test_a_refusal_shows_the_constants_as_they_were_written(world: World) -> None:
    problem = await world.problem("SELECT value * 2 x FROM Deal GROUP BY value * 3")

    assert problem[1].startswith("value * 2 is neither grouped nor counted")


async def test_explain_shows_the_constants_as_they_were_written(world: World) -> None:
    sentences = await world.ask("EXPLAIN SELECT id FROM Deal ORDER BY value * 2.5")

    assert any("value * 2.5" in str(one) for one in sentences)
