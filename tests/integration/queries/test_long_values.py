"""Values that a slot cannot hold whole, and fields without a slot beside fields with one."""

from __future__ import annotations

from collections.abc import AsyncIterator
from decimal import Decimal
from typing import Any, Final

import pytest
import pytest_asyncio

from fieldstone.metadata.changes import Proposal
from fieldstone.metadata.component import Component
from fieldstone.runtime.metadata_changes import change_metadata
from fieldstone.runtime.queries import Question
from tests.support.query_world import World, a_world
from tests.support.servers import PostgresServer, made_database

pytestmark = pytest.mark.asyncio(loop_scope="module")

PREFIX: Final = "Long " + "x" * 3_400
TEXTS: Final = tuple(PREFIX + end * 90 for end in "Abcde")
SITES: Final = tuple(f"https://example.com/{'p' * 300}/{n}" for n in range(5))
BIG: Final = tuple(Decimal(f"12345678901234567890.00000{n}") for n in (1, 2, 3, 3, 2))
CJK: Final = "\u4e2d" * 255
FIELDS: Final[dict[str, dict[str, Any]]] = {
    "code": {"type": "text"},
    "long": {"type": "text", "length": 4000},
    "loose": {"type": "text", "length": 4000, "indexed": False},
    "site": {"type": "url"},
    "big": {"type": "number", "precision": 28, "places": 6},
    "other_big": {"type": "number", "precision": 28, "places": 6, "indexed": False},
    "small": {"type": "number"},
    "loose_small": {"type": "number", "indexed": False},
    **{f"wide{n}": {"type": "text"} for n in range(4)},
    "day": {"type": "date"},
    "loose_day": {"type": "date", "indexed": False},
    "moment": {"type": "datetime"},
    "loose_moment": {"type": "datetime", "indexed": False},
}
LETTER: Final = (
    Component("object", "Letter__c", {"label": "Letter", "plural_label": "Letters"}),
    *(
        Component("field", f"Letter__c.{name}", {"object": "Letter__c", **body})
        for name, body in FIELDS.items()
    ),
)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def letters(postgres_server: PostgresServer, template_database: str) -> AsyncIterator[World]:
    """Five letters whose long texts, sites and big numbers have one beginning."""
    with made_database(postgres_server, template_database) as dsn:
        async with a_world(dsn) as world:
            async with world.engine.database.change_metadata(world.tenant, world.viewer) as tx:
                await change_metadata(tx, Proposal(creates=LETTER))
            await world.create("Letter__c", *(_letter(n) for n in range(5)))
            yield world


def _letter(number: int) -> dict[str, Any]:
    day = f"2026-03-1{number}"
    return {
        "code": f"n{number}",
        "long": TEXTS[number],
        "loose": TEXTS[4 - number],
        "site": SITES[number],
        "big": BIG[number],
        "other_big": BIG[0],
        "small": Decimal(number) / 10,
        "loose_small": Decimal("0.3"),
        **{f"wide{n}": CJK for n in range(4)},
        "day": day,
        "loose_day": "2026-03-12",
        "moment": f"{day}T10:00:00.5Z",
        "loose_moment": "2026-03-18T12:00:00Z",
    }


async def codes(world: World, where: str) -> list[str]:
    """Give the codes of the letters for which a condition holds."""
    return await world.values(f"SELECT code FROM Letter__c WHERE {where} ORDER BY id")


@pytest.mark.parametrize(
    ("field", "groups"), [("long", 5), ("loose", 5), ("site", 5), ("big", 3), ("small", 5)]
)
async def test_values_are_grouped_and_counted_whole(
    letters: World, field: str, groups: int
) -> None:
    grouped = await letters.ask(f"SELECT {field}, COUNT(id) n FROM Letter__c GROUP BY {field}")
    (distinct,) = await letters.values(f"SELECT COUNT_DISTINCT({field}) FROM Letter__c")

    assert (len({record[field] for record in grouped}), distinct) == (groups, groups)
    assert sum(record["n"] for record in grouped) == 5


async def test_groups_of_long_values_are_sorted_and_chosen(letters: World) -> None:
    text = "SELECT big, COUNT(id) n FROM Letter__c GROUP BY big HAVING big > {} ORDER BY big DESC"
    assert await letters.values(text.format(BIG[0])) == [2, 2]
    text = "SELECT long FROM Letter__c GROUP BY long HAVING long LIKE '%a' ORDER BY long"
    assert await letters.values(text) == [TEXTS[0]]


async def test_groups_of_short_values_compare_with_long_constants(letters: World) -> None:
    grouped = "SELECT {0} FROM Letter__c GROUP BY {0} HAVING {1}"
    assert await letters.values(grouped.format("small", "small = 0.10000000000000000001")) == []
    found = await letters.values(grouped.format("small", "small < 0.10000000000000000001"))
    assert found == [0, Decimal("0.1")]
    assert await letters.values(grouped.format("wide0", f"wide0 = '{CJK}'")) == [CJK]
    assert await letters.values(grouped.format("wide0", f"wide0 = '{CJK}y'")) == []
    assert await letters.values(grouped.format("code", "MIN(small) = 0.10000000000000000001")) == []
    assert await letters.values(grouped.format("code", f"MAX(wide0) = '{CJK}y'")) == []


async def test_the_ends_of_long_values_are_found(letters: World) -> None:
    (ends,) = await letters.ask(
        "SELECT MIN(long) a, MAX(long) b, MAX(site) c, MIN(big) d, MAX(big) e FROM Letter__c"
    )
    assert list(ends.values()) == [TEXTS[0], TEXTS[4], SITES[4], BIG[0], BIG[2]]


@pytest.mark.parametrize(
    ("test", "expected"),
    [
        ("long IN (SELECT long FROM Letter__c WHERE code = 'n1')", ["n1"]),
        ("long IN (SELECT loose FROM Letter__c WHERE code = 'n1')", ["n3"]),
        ("loose IN (SELECT long FROM Letter__c WHERE code = 'n1')", ["n3"]),
        ("code IN (SELECT long FROM Letter__c)", []),
        ("site IN (SELECT site FROM Letter__c WHERE code = 'n1')", ["n1"]),
        ("long NOT IN (SELECT long FROM Letter__c WHERE code != 'n4')", ["n4"]),
        ("big IN (SELECT other_big FROM Letter__c)", ["n0"]),
        ("big IN (SELECT big FROM Letter__c WHERE code = 'n1')", ["n1", "n4"]),
        ("big IN (SELECT small FROM Letter__c)", []),
        ("small IN (SELECT loose_small FROM Letter__c)", ["n3"]),
        ("day IN (SELECT loose_day FROM Letter__c)", ["n2"]),
        ("loose_day IN (SELECT day FROM Letter__c WHERE code = 'n3')", []),
        ("loose_day IN (SELECT day FROM Letter__c WHERE code = 'n2') AND code = 'n0'", ["n0"]),
        ("moment IN (SELECT loose_moment FROM Letter__c)", []),
        ("created_at IN (SELECT loose_moment FROM Letter__c) AND code = 'n0'", ["n0"]),
        ("loose_moment IN (SELECT created_at FROM Letter__c) AND code = 'n0'", ["n0"]),
        ("created_at IN (SELECT moment FROM Letter__c)", []),
        ("created_at IN (SELECT updated_at FROM Letter__c) AND code = 'n0'", ["n0"]),
        ("version IN (SELECT small FROM Letter__c)", []),
        ("version IN (SELECT loose_small FROM Letter__c)", []),
    ],
)
async def test_a_field_is_looked_for_among_fields_of_its_type_in_any_form(
    letters: World, test: str, expected: list[str]
) -> None:
    assert await codes(letters, test) == expected


@pytest.mark.parametrize(
    ("test", "types"),
    [
        ("day IN (SELECT moment FROM Letter__c)", "Day is a Date and Moment a Date/time"),
        ("created_at IN (SELECT loose_day FROM Letter__c)", "Created at is a Date/time and Loose"),
        ("code IN (SELECT site FROM Letter__c)", "Code is a Text and Site a URL"),
        ("small IN (SELECT code FROM Letter__c)", "Small is a Number and Code a Text"),
    ],
)
async def test_a_field_of_another_type_is_refused(letters: World, test: str, types: str) -> None:
    code, message, _ = await letters.problem(f"SELECT id FROM Letter__c WHERE {test}")

    assert (code, message[: len(types)]) == ("query.type_mismatch", types)


@pytest.mark.parametrize(
    ("order", "expected"),
    [
        ("loose", "01234"),
        ("loose DESC NULLS LAST", "43210"),
        ("long, loose", "01234"),
        ("wide0, wide1, wide2, wide3", "01234"),
        ("big, code", "01423"),
        ("big DESC NULLS LAST, code", "23140"),
        ("big", "01423"),
    ],
)
async def test_every_cursor_is_taken_back(letters: World, order: str, expected: str) -> None:
    text = f"SELECT code FROM Letter__c ORDER BY {order}"
    question: Question | None = Question.of_text(text, page_size=1)
    found = ""
    while question is not None:
        page = await letters.page(question)
        found += page.records[0][-3]
        question = None
        if page.next is not None:
            question = Question.of_text(text, page_size=1, cursor=page.next)

    assert found == expected
