"""Whatever is asked is answered or refused with a code: nothing fails in PostgreSQL."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fieldstone.errors import InvalidInput
from fieldstone.runtime.queries import Question
from tests.support.query_world import World, a_world
from tests.support.servers import PostgresServer, made_database

pytestmark = pytest.mark.asyncio(loop_scope="module")

OBJECTS = ("Sample", "Deal", "Company", "Contact", "Task", "Event", "Product", "User", "Invoice")


class Held:
    """The world, without the long picture of it that a failure would print."""

    def __init__(self, world: World, fields: dict[str, list[str]]) -> None:
        self.world = world
        self.fields = fields


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def held(postgres_server: PostgresServer, template_database: str) -> AsyncIterator[Held]:
    """A world with a record or two, and the names of all fields of its objects."""
    with made_database(postgres_server, template_database) as dsn:
        async with a_world(dsn) as world:
            (first,) = await world.create("Sample", {"name": "one", "tags": ["Red"], "number": 1})
            await world.create("Sample", {"name": "two", "parent": first, "day": "2026-01-01"})
            (deal,) = await world.create("Deal", {"name": "Deal", "value": 5})
            await world.create("Task", {"subject": "Call", "related_to": deal})
            async with world.engine.database.read(world.tenant, world.viewer) as tx:
                fields = {
                    name: [field.name for field in tx.catalog.get_object(name).fields]
                    for name in OBJECTS
                }
            yield Held(world, fields)


operators = st.sampled_from(["=", "!=", "<", "<=", ">", ">=", "LIKE"])
lists = st.sampled_from(["IN", "NOT IN", "INCLUDES", "EXCLUDES"])
values = st.sampled_from(
    [
        *("'a'", "''", "' '", "'a%'", "'%'", "'_%b'", r"'\\'", "'2026-01-01'", "'deal_1'", "'5'"),
        *("0", "-1.5", "1e20", "99999999999999999999", "1e-30", "1e300", "USD5", "true", "null"),
        *("2026-01-01", "0001-01-01", "9999-12-31", "2026-01-01T00:00:00Z", "TODAY", "THIS_WEEK"),
        *("LAST_N_YEARS:9999", "N_DAYS_AGO:3", ":text", ":number", ":list", ":nothing", ":flag"),
        "'" + "x" * 300 + "'",
    ]
)
functions = st.sampled_from(["COUNT", "COUNT_DISTINCT", "SUM", "AVG", "MIN", "MAX"])
PARAMS: dict[str, Any] = {
    "text": "a\\",
    "number": 5,
    "list": ["a", 5, None, True],
    "nothing": None,
    "flag": True,
}


@st.composite
def queries(draw: st.DrawFn, fields: dict[str, list[str]]) -> str:
    """Give queries whose names are right and whose values may be anything."""
    name = draw(st.sampled_from(OBJECTS))
    field = st.sampled_from(fields[name])

    def test(operand: st.SearchStrategy[str]) -> str:
        left = draw(operand)
        if draw(st.booleans()):
            return f"{left} {draw(operators)} {draw(values)}"
        members = ", ".join(draw(st.lists(values, min_size=1, max_size=3)))
        return f"{left} {draw(lists)} ({members})"

    where = f" WHERE {test(field)} AND NOT {test(field)}" if draw(st.booleans()) else ""
    order = ", ".join(draw(st.lists(field, max_size=2)))
    if draw(st.booleans()):
        shown = ", ".join(draw(st.lists(field, min_size=1, max_size=4)))
        by = f" ORDER BY {order} DESC" if order else ""
        return f"SELECT {shown} FROM {name}{where}{by}"
    aggregate = st.builds("{}({})".format, functions, field)
    group = draw(field)
    having = f" HAVING {test(aggregate)}" if draw(st.booleans()) else ""
    tail = f" ORDER BY {draw(aggregate)}, {group}" if draw(st.booleans()) else ""
    return f"SELECT {group}, {draw(aggregate)} a FROM {name}{where} GROUP BY {group}{having}{tail}"


PLAIN = (
    *("{0} = {1}", "{0} < {1}", "{0} != {1} * 2", "{0} >= {1} & 'x'", "{0} = UPPER({1})"),
    *("ISBLANK({0})", "IF({0} = {1}, 1, 2) = 1", "BLANKVALUE({0}, {1}) > {0}", "-{0} < {1}"),
    *("{0} - {1} > 1", "DAY_ONLY({0}) = TODAY", "{0}.type = 'User'", "TEXT({0}) LIKE '%1%'"),
)
SHOWN = (
    *("{0}", "{0} + {1}", "{0} & {1}", "toLabel({0})", "FORMAT({0})", "convertCurrency({0})"),
    *("FORMAT({0} * {1})", "LEN({0})", "{0}.city", "{0}.type", "LEFT({0}, 2)", "{0} / {1}"),
    *("CALENDAR_YEAR({0})", "DAY_ONLY(convertTimezone({0}))", "TYPEOF {0} WHEN Deal THEN name END"),
    *("FIELDS(STANDARD)", "{0}.name", "CASE({0}, {1}, 'a', 'b')", "TEXT({0})", "1 / 0 + {0}"),
)


TOTALS = (*("{0}", "{0}", "{0} / COUNT(id)", "FORMAT({0})", "TEXT({0}) & 'x'"), "{0} - {0} * 2")


@st.composite
def calculations(draw: st.DrawFn, fields: dict[str, list[str]]) -> str:
    """Give queries that calculate with any fields, in every clause."""
    name = draw(st.sampled_from(OBJECTS))
    field = st.sampled_from(fields[name])

    def of(forms: tuple[str, ...]) -> str:
        first = draw(field)
        second = first if draw(st.booleans()) else draw(field)
        return draw(st.sampled_from(forms)).format(first, second)

    where = f" WHERE {of(PLAIN)} OR NOT {of(PLAIN)}" if draw(st.booleans()) else ""
    explain = "EXPLAIN " if draw(st.booleans()) and draw(st.booleans()) else ""
    kind = draw(st.sampled_from(["rows", "top", "groups", "distinct"]))
    if kind == "distinct":
        shown = of(SHOWN)
        return (
            f"{explain}SELECT DISTINCT {shown}, {draw(field)} FROM {name}{where} ORDER BY {shown}"
        )
    if kind == "groups":
        key, form = of(SHOWN), draw(st.sampled_from(TOTALS))
        total = form.format(f"{draw(functions)}({of(SHOWN)})")
        grouping = draw(st.sampled_from(["{}", "ROLLUP({})", "CUBE({})"])).format(key)
        return (
            f"{explain}SELECT {key}, {total}, GROUPING({key}) FROM {name}{where} "
            f"GROUP BY {grouping} HAVING {total} > COUNT(id) ORDER BY {total} DESC, {key}"
        )
    limit = f" LIMIT 1 PER {of(SHOWN)}" if kind == "top" else ""
    return (
        f"{explain}SELECT {of(SHOWN)}, {of(SHOWN)} FROM {name}{where} "
        f"ORDER BY {of(SHOWN)}, {of(SHOWN)} DESC NULLS LAST{limit}"
    )


@settings(
    max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(data=st.data())
async def test_any_calculation_is_answered_or_refused_with_a_code(
    held: Held, data: st.DataObject
) -> None:
    text = data.draw(calculations(held.fields))

    code = await answered(held.world, text)

    assert code == "" or code.startswith("query.")


@settings(
    max_examples=400, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(data=st.data())
async def test_any_query_is_answered_or_refused_with_a_code(
    held: Held, data: st.DataObject
) -> None:
    text = data.draw(queries(held.fields))

    code = await answered(held.world, text)

    assert code == "" or code.startswith("query.")
    assert code != "query.bad_cursor"


async def answered(world: World, text: str) -> str:
    """Give the code of the refusal; "" for an answer, followed to its second page."""
    try:
        page = await world.page(Question.of_text(text, PARAMS, page_size=1))
        if page.next is not None:
            await world.page(Question.of_text(text, PARAMS, page_size=1, cursor=page.next))
    except InvalidInput as error:
        return error.problem.code
    return ""
