"""AS OF: how records were, for whom, and which instants may be named."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from typing import Final

import pytest
import pytest_asyncio

from fieldstone.metadata.values import Json
from fieldstone.runtime.queries import Question
from tests.support.past_world import PastWorld, a_past_world
from tests.support.servers import PostgresServer, made_database

pytestmark = pytest.mark.asyncio(loop_scope="session")

HOUR: Final = timedelta(hours=1)


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def past(postgres_server: PostgresServer, template_database: str) -> AsyncIterator[PastWorld]:
    """A world whose clock can be turned; each test makes records of its own."""
    with made_database(postgres_server, template_database) as dsn:
        async with a_past_world(dsn) as made:
            yield made


def written(instant: datetime) -> str:
    """Give an instant as queries take it."""
    return f"{instant:%Y-%m-%dT%H:%M:%S.%fZ}"


async def one_record(past: PastWorld) -> tuple[str, list[datetime]]:
    """Make a sample with a company, change it, delete it, restore it; an instant behind each."""
    clock, instants = past.clock, []
    (company,) = await past.world.create("Company", {"name": "Old name"})
    clock.turn()
    (made,) = await past.world.create("Sample", {"name": "one", "number": 1, "about": company})
    instants.append(clock.now())
    clock.turn()
    await past.world.change("Sample", made, {"number": 2, "code": "c", "notes": "some"})
    await past.world.change("Company", company, {"name": "New name"})
    instants.append(clock.now())
    clock.turn()
    await past.world.delete("Sample", made)
    instants.append(clock.now())
    clock.turn()
    await past.world.restore("Sample", made)
    instants.append(clock.now())
    clock.turn()
    await past.world.change("Sample", made, {"number": 3, "code": None})
    instants.append(clock.now())
    clock.turn()
    return made, instants


async def test_a_record_is_shown_as_it_was_at_every_instant(past: PastWorld) -> None:
    made, instants = await one_record(past)
    query = "SELECT number, code, notes, about.name, version FROM Sample AS OF :at WHERE id = :id"

    asked = [written(one + HOUR / 2) for one in (instants[0] - HOUR, *instants)]
    found = [await past.world.ask(query, at=at, id=made) for at in asked]
    rows = [
        [(r["number"], r["code"], r["notes"], r["about"]["name"], r["version"]) for r in rows]
        for rows in found
    ]
    assert rows == [
        [],
        [(1, None, None, "Old name", 1)],
        [(2, "c", "some", "New name", 2)],
        [],
        [(2, "c", "some", "New name", 4)],
        [(3, None, "some", "New name", 5)],
    ]


async def test_a_condition_looks_at_the_values_of_then(past: PastWorld) -> None:
    made, instants = await one_record(past)
    query = "SELECT id FROM Sample AS OF :at WHERE number = 1 AND id = :id"

    assert await past.world.ask(query, at=written(instants[0]), id=made) == [{"id": made}]
    assert await past.world.ask(query, at=written(instants[1]), id=made) == []


async def test_a_subquery_may_look_at_an_instant_of_its_own(past: PastWorld) -> None:
    made, instants = await one_record(past)
    query = (
        "SELECT id FROM Sample WHERE number = 3 AND id IN"
        " (SELECT id FROM Sample AS OF :at WHERE number = 1) AND id = :id"
    )

    assert await past.world.ask(query, at=written(instants[0]), id=made) == [{"id": made}]
    assert await past.world.ask(query, at=written(instants[1]), id=made) == []


async def test_the_time_that_a_record_tells_shows_its_change(past: PastWorld) -> None:
    past.clock.instant = past.clock.turn().replace(microsecond=123_456)
    (made,) = await past.world.create("Sample", {"name": "one"})
    past.clock.turn()
    (record,) = await past.world.ask("SELECT updated_at FROM Sample WHERE id = :id", id=made)

    text = f"SELECT updated_at FROM Sample AS OF {record['updated_at']} WHERE id = :id"

    assert record["updated_at"].endswith(".123Z")
    assert await past.world.ask(text, id=made) == [record]


async def test_what_lay_in_the_bin_is_among_all_rows(past: PastWorld) -> None:
    made, instants = await one_record(past)
    query = "SELECT id FROM Sample AS OF :at WHERE id = :id ALL ROWS"

    assert await past.world.ask(query, at=written(instants[2]), id=made) == [{"id": made}]


async def test_days_begin_in_the_zone_of_the_viewer(past: PastWorld) -> None:
    clock = past.clock
    clock.instant = clock.turn().replace(hour=23, minute=30)
    (made,) = await past.world.create("Sample", {"name": "late"})
    day = (clock.now() + timedelta(days=1)).date()
    clock.turn()
    query = f"SELECT id FROM Sample AS OF {day} WHERE id = :id"

    assert await past.world.ask(query, id=made) == [{"id": made}]
    assert await past.world.in_zone("Europe/Berlin").ask(query, id=made) == []


@pytest.mark.parametrize(
    "instant", ["TODAY", "YESTERDAY", "LAST_N_DAYS:1", "'{}'", ":day", "THIS_WEEK"]
)
async def test_instants_are_named_in_many_ways(past: PastWorld, instant: str) -> None:
    past.clock.turn(timedelta(days=10))
    (made,) = await past.world.create("Sample", {"name": "long ago"})
    past.clock.turn(timedelta(days=10))
    day = past.clock.now().date().isoformat()

    text = f"SELECT id FROM Sample AS OF {instant.format(day)} WHERE id = :id"

    assert await past.world.ask(text, id=made, day=day) == [{"id": made}]


@pytest.mark.parametrize(
    ("instant", "code", "message"),
    [
        ("TOMORROW", "query.not_yet", "is still to come."),
        ("2999-01-01T00:00:00Z", "query.not_yet", "is still to come."),
        ("'soon'", "query.type_mismatch", "'soon' is no instant."),
        ("'2026-01-01T00:00:00'", "query.type_mismatch", "has no time zone."),
        (":number", "query.type_mismatch", "AS OF takes an instant."),
        (":nothing", "query.missing_parameter", "The parameter nothing has no value."),
        ("2026-01-01T00:00:00", "query.syntax", "has no time zone."),
    ],
)
async def test_what_is_no_instant_of_the_past_is_refused(
    past: PastWorld, instant: str, code: str, message: str
) -> None:
    found = await past.world.problem(f"SELECT id FROM Sample AS OF {instant}", number=5)

    assert found[0] == code
    assert message in found[1]


async def test_a_hidden_field_was_not_there_either(past: PastWorld) -> None:
    made, instants = await one_record(past)
    viewer = await past.world.without("Sample__c.number")
    at = written(instants[0])

    for clause in ("WHERE number = 1", "ORDER BY number"):
        found = await viewer.problem(f"SELECT id FROM Sample AS OF :at {clause}", at=at)
        assert found[0] == "query.unknown_field"
    (record,) = await viewer.ask(
        "SELECT FIELDS(ALL) FROM Sample AS OF :at WHERE id = :id", at=at, id=made
    )
    assert "number" not in record
    assert record["name"] == "one"


async def test_a_hidden_object_was_not_there_either(past: PastWorld) -> None:
    _, instants = await one_record(past)
    viewer = await past.world.without_object("Company")

    found = await viewer.problem("SELECT id FROM Company AS OF :at", at=written(instants[0]))

    assert found[0] == "query.unknown_object"


async def test_the_other_tenant_has_no_past_of_ours(past: PastWorld) -> None:
    _, instants = await one_record(past)
    other = await past.world.another_tenant("the-other")
    text = "SELECT name, (SELECT name FROM deals) FROM Company AS OF :at"

    assert await past.world.ask(text, at=written(instants[0]))
    assert await other.ask(text, at=written(instants[0])) == []


async def test_writers_who_overtook_each_other_leave_a_state_that_was(past: PastWorld) -> None:
    world, clock = past.world, past.clock
    clock.turn()
    (made,) = await world.create("Sample", {"name": "both", "number": 0, "loose": 0})
    early, late = clock.turn(), clock.turn(HOUR)
    await world.change("Sample", made, {"number": 1})
    clock.instant = early
    await world.change("Sample", made, {"loose": 1})
    clock.instant = late + HOUR
    query = "SELECT number, loose, version FROM Sample AS OF :at WHERE id = :id"

    found = await world.ask(query, at=written(early + HOUR / 2), id=made)
    before = await world.ask(query, at=written(early - HOUR), id=made)

    assert [(r["number"], r["loose"], r["version"]) for r in found] == [(1, 1, 3)]
    assert [(r["number"], r["loose"], r["version"]) for r in before] == [(0, 0, 1)]


async def test_the_json_form_looks_back(past: PastWorld) -> None:
    made, instants = await one_record(past)
    asked: dict[str, Json] = {
        "object": "Sample",
        "fields": ["number"],
        "where": f"id = '{made}'",
        "as_of": ":then",
        "params": {"then": written(instants[0])},
    }

    page = await past.world.page(Question.from_json(asked))

    assert [f'"number": {1}' in record for record in page.records] == [True]


async def test_pages_of_the_past_follow_each_other(past: PastWorld) -> None:
    ids = await past.world.create("Sample", *({"name": f"page {n}", "day": None} for n in range(5)))
    at = past.clock.now()
    past.clock.turn()
    await past.world.delete("Sample", ids[1])
    text = "SELECT id FROM Sample AS OF :at WHERE name LIKE 'page %' ORDER BY number, name"
    found: list[str] = []
    cursor = None
    while True:
        question = Question.of_text(text, {"at": written(at)}, cursor=cursor, page_size=2)
        page = await past.world.page(question)
        found += [record.split('"')[3] for record in page.records]
        cursor = page.next
        if cursor is None:
            break

    assert found == ids


async def test_explain_tells_that_no_index_helps(past: PastWorld) -> None:
    page = await past.world.page(
        Question.of_text("EXPLAIN SELECT id FROM Sample AS OF YESTERDAY WHERE name = 'a'")
    )

    assert page.plan is not None
    assert page.plan["conditions"] == [{"field": "name", "by": "past"}]
    assert "AS OF looks at all records" in str(page.plan["advice"])
