"""Who sees and changes which records is what a plain reading of the rules says, in every clause."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import replace
from itertools import product
from typing import Final

import pytest
import pytest_asyncio
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from fieldstone.ids import format_id, parse_id
from fieldstone.metadata.record_access import Breadth
from fieldstone.metadata.sharing import Level
from fieldstone.query_language.compile import (
    CURSOR_ID,
    Nulls,
    Wanted,
    compile_page,
    cursor_parameter,
)
from fieldstone.query_language.lifting import lift
from fieldstone.query_language.parse import parse_query
from fieldstone.query_language.resolve import resolve
from fieldstone.runtime.queries import read_parameters
from fieldstone.runtime.records.levels import levels_of
from fieldstone.runtime.statements import prepare
from fieldstone.runtime.transactions import Transaction, Viewer
from tests.support.access_world import AccessWorld, Paper, Record, an_access_world
from tests.support.servers import PostgresServer, made_database

LOTS = settings(
    deadline=None,
    phases=(Phase.explicit, Phase.reuse, Phase.generate),
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
"""A smaller number is no simpler world, so that nothing is shrunk."""
_PAGE: Final = 4
pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def known(
    postgres_server: PostgresServer, template_database: str
) -> AsyncIterator[AccessWorld]:
    """A world that the tests settle anew each time."""
    with made_database(postgres_server, template_database) as dsn:
        async with an_access_world(dsn) as made:
            yield made


def _ids(records: list[Record]) -> list[str]:
    return sorted(one.id for one in records)


@settings(LOTS, max_examples=8)
@given(seed=st.integers(0, 2**32))
async def test_queries_give_what_the_rules_open(known: AccessWorld, seed: int) -> None:
    chance = random.Random(seed)
    paper, roles = await known.settle(chance)
    for user in chance.sample(known.people, 4):
        viewer = known.viewer(paper, user, roles)
        seen = {
            name: [one for one in records if paper.sees(user, one)]
            for name, records in known.records.items()
        }
        for name, expected in seen.items():
            rows = await known.ask(viewer, f"SELECT id FROM {name} ORDER BY name LIMIT 100")
            assert sorted(row["id"] for row in rows if row) == _ids(expected)
            assert await known.ask(viewer, f"SELECT COUNT() FROM {name}") == [len(expected)]
        await _parents(known, viewer, paper, user, seen["Job"])
        await _children(known, viewer, seen)
        await _subqueries(known, viewer, seen)
        await _scopes(known, viewer, paper, user, seen)


async def _parents(
    known: AccessWorld, viewer: Viewer, paper: Paper, user: int, jobs: list[Record]
) -> None:
    def firm(one: Record) -> str | None:
        return one.above.name if one.above is not None and paper.sees(user, one.above) else None

    rows = await known.ask(
        viewer,
        "SELECT id, firm.name AS n, firm_name FROM Job ORDER BY firm.name NULLS LAST LIMIT 99",
    )
    rows = [row for row in rows if row]
    told = {row["id"]: (row["n"], row["firm_name"]) for row in rows}
    assert told == {one.id: (firm(one), firm(one)) for one in jobs}
    named = [row["n"] for row in rows]
    assert named == sorted(named, key=lambda one: (one is None, (one or "").lower()))
    shown = await known.ask(viewer, "SELECT id, firm.name FROM Job LIMIT 99")
    assert {row["id"]: (row["firm"] or {}).get("name") for row in shown if row} == {
        one.id: firm(one) for one in jobs
    }
    for name in ("Firm 1", "Firm 2"):
        found = await known.ask(viewer, f"SELECT id FROM Job WHERE firm.name = '{name}'")
        assert sorted(row["id"] for row in found if row) == _ids(
            [one for one in jobs if firm(one) == name]
        )
    groups = await known.ask(viewer, "SELECT firm.name f, COUNT(id) n FROM Job GROUP BY firm.name")
    counted = {row["f"]: row["n"] for row in groups if row}
    assert counted == dict(Counter(firm(one) for one in jobs))


async def _children(known: AccessWorld, viewer: Viewer, seen: dict[str, list[Record]]) -> None:
    rows = await known.ask(viewer, "SELECT id, (SELECT id FROM jobs) FROM Firm LIMIT 99")
    told = {row["id"]: sorted(one["id"] for one in row["jobs"]) for row in rows if row}
    assert told == {
        firm.id: _ids([one for one in seen["Job"] if one.above is firm]) for firm in seen["Firm"]
    }
    choice = await known.ask(viewer, "SELECT colour c, COUNT(id) n FROM Job GROUP BY colour")
    assert {row["c"]: row["n"] for row in choice if row} == dict(
        Counter(one.colour for one in seen["Job"])
    )


async def _scopes(
    known: AccessWorld,
    viewer: Viewer,
    paper: Paper,
    user: int,
    seen: dict[str, list[Record]],
) -> None:
    colleagues = {one for one in known.people if _shares_a_team(known, paper, user, one)}
    for name, records in seen.items():
        within = {
            "mine": [one for one in records if one.owner == user],
            "mine_and_my_groups": [one for one in records if one.owner in {user, *colleagues}],
            "team": [one for one in records if paper.is_on_team(user, one)],
            "delegated": [],
            "my_territory": [],
        }
        for scope, expected in within.items():
            rows = await known.ask(viewer, f"SELECT id FROM {name} USING SCOPE {scope} LIMIT 99")
            assert sorted(row["id"] for row in rows if row) == _ids(expected), scope
    everywhere = await known.ask(viewer, "SELECT COUNT() FROM Job USING SCOPE Team WHERE size > 2")
    on_team = (one for one in seen["Job"] if paper.is_on_team(user, one))
    assert everywhere == [sum((one.size or 0) > 2 for one in on_team)]


def _shares_a_team(known: AccessWorld, paper: Paper, user: int, other: int) -> bool:
    return any(paper.in_team(user, team) and paper.in_team(other, team) for team in known.teams)


async def _subqueries(known: AccessWorld, viewer: Viewer, seen: dict[str, list[Record]]) -> None:
    rows = await known.ask(viewer, "SELECT id FROM Firm WHERE id IN (SELECT firm FROM Job)")
    above = {one.above.id for one in seen["Job"] if one.above is not None}
    assert sorted(row["id"] for row in rows if row) == sorted(
        above & {one.id for one in seen["Firm"]}
    )
    rows = await known.ask(viewer, "SELECT id, colour FROM Job ORDER BY name LIMIT 1 PER colour")
    first: dict[str | None, str] = {}
    for one in sorted(seen["Job"], key=lambda job: job.name.lower()):
        first.setdefault(one.colour, one.id)
    assert {row["colour"]: row["id"] for row in rows if row} == first
    rows = await known.ask(viewer, "SELECT id FROM Job AS OF 2026-03-18T12:00:00Z LIMIT 99")
    assert sorted(row["id"] for row in rows if row) == _ids(seen["Job"])


@settings(LOTS, max_examples=4)
@given(seed=st.integers(0, 2**32))
async def test_how_many_records_are_seen_decides_nothing_but_how_they_are_found(
    known: AccessWorld, seed: int
) -> None:
    chance = random.Random(seed)
    paper, roles = await known.settle(chance)
    world = known.world
    for user in chance.sample(known.people, 2):
        viewer = known.viewer(paper, user, roles)
        async with world.engine.database.read(world.tenant, viewer) as tx:
            for (name, records), breadth in product(known.records.items(), Breadth):
                seen = [one for one in records if paper.sees(user, one)]
                by_name = [one.id for one in sorted(seen, key=lambda one: one.name.lower())]
                for order, expected in (("name, id", by_name), ("id", _ids(seen))):
                    found = await _found_as(tx, f"SELECT id FROM {name} ORDER BY {order}", breadth)
                    assert found == expected


async def _found_as(tx: Transaction, text: str, breadth: Breadth) -> list[str]:
    """Give the ids that a query finds, by pages, if it takes the viewer to see so many records."""
    lifted = lift(parse_query(text))
    breadths = {obj.id: breadth for obj in tx.catalog.objects}
    access = replace(tx.rights.record_access, breadths=breadths)
    plan = resolve(lifted, tx.catalog, replace(tx.rights, record_access=access))
    values = read_parameters(plan.parameters, lifted, tx)
    found: list[str] = []
    after: Nulls | None = None
    while True:
        statement = prepare(compile_page(plan, tx.catalog, Wanted(_PAGE, after=after)))
        rows = await tx.fetch(statement.sql, statement.arguments(values))
        found.extend(format_id(plan.object.prefix, row["id"]) for row in rows)
        if len(rows) < _PAGE:
            return found
        keys = {cursor_parameter(n): rows[-1][f"k{n}"] for n in range(len(plan.order_by))}
        values = {**values, **keys, CURSOR_ID: rows[-1]["id"]}
        after = tuple(keys[cursor_parameter(n)] is None for n in range(len(plan.order_by)))


@settings(LOTS, max_examples=6)
@given(seed=st.integers(0, 2**32))
async def test_levels_are_those_of_the_rules(known: AccessWorld, seed: int) -> None:
    chance = random.Random(seed)
    paper, roles = await known.settle(chance)
    world = known.world
    for user in chance.sample(known.people, 4):
        viewer = known.viewer(paper, user, roles)
        async with world.engine.database.read(world.tenant, viewer) as tx:
            for name, records in known.records.items():
                obj = tx.catalog.get_object(name)
                numbers = {parse_id(one.id)[1]: one for one in records}
                levels = await levels_of(tx, obj, numbers)
                expected = {
                    number: max(level for level in Level if paper.sees(user, one, level))
                    for number, one in numbers.items()
                    if paper.sees(user, one)
                }
                assert levels == expected
