"""What a preview tells of records is what people lose and gain once the change is carried out."""

from __future__ import annotations

import random
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
import pytest_asyncio
from hypothesis import given, settings
from hypothesis import strategies as st

from fieldstone.ids import format_id
from fieldstone.metadata.sharing import Level
from fieldstone.runtime.access.proposals import read_said, resolve
from fieldstone.runtime.access_preview import preview_access
from tests.property.test_record_access import LOTS
from tests.support.access_world import OBJECTS, AccessWorld, Paper, an_access_world
from tests.support.servers import PostgresServer, made_database

pytestmark = pytest.mark.asyncio(loop_scope="module")
Found = dict[tuple[str, str], tuple[set[int], int, set[int], int]]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def known(
    postgres_server: PostgresServer, template_database: str
) -> AsyncIterator[AccessWorld]:
    """A world in which everybody may sign in."""
    with made_database(postgres_server, template_database) as dsn:
        async with an_access_world(dsn) as made:
            await _let_in(made)
            yield made


async def _let_in(known: AccessWorld) -> None:
    world = known.world
    async with world.engine.database.write(world.tenant, world.viewer) as tx:
        for user in known.people:
            await tx.connection.execute(
                "INSERT INTO member (tenant_id, user_id, email, is_administrator, created_at)"
                " VALUES ($1, $2, $3, false, now())",
                tx.tenant.id,
                user,
                f"p{user}@acme.example",
            )
            for one in known.sets:
                await tx.connection.execute(
                    "INSERT INTO permission_assignment (tenant_id, user_id, set_id, assigned_at)"
                    " VALUES ($1, $2, $3, now())",
                    tx.tenant.id,
                    user,
                    one,
                )


@settings(LOTS, max_examples=12)
@given(seed=st.integers(0, 2**32))
async def test_preview_tells_what_happens(known: AccessWorld, seed: int) -> None:
    chance = random.Random(seed)
    before, _ = await known.settle(chance)
    owners = {one.id: one.owner for some in known.records.values() for one in some}
    after = known._drawn(chance)
    after.shares = before.shares
    for record in (one for some in known.records.values() for one in some):
        record.owner = owners[record.id]

    said = read_said(_said(known, before, after))
    world = known.world
    async with world.engine.database.read(world.tenant, world.viewer) as tx:
        told = await preview_access(tx, await resolve(tx, said))

    found: Found = {}
    for one in told.records or ():
        if one.object.name in OBJECTS:
            assert one.difference is not None
            d = one.difference
            found[one.object.name, one.level.word] = (d.losers, d.lost, d.gainers, d.gained)
    assert found == dict(_expected(known, before, after))


def _expected(known: AccessWorld, before: Paper, after: Paper) -> Iterator[Any]:
    for name, records in known.records.items():
        for level in Level:
            losers, gainers, lost, gained = set[int](), set[int](), 0, 0
            for one in records:
                was = {user for user in known.people if before.sees(user, one, level)}
                now = {user for user in known.people if after.sees(user, one, level)}
                losers |= was - now
                gainers |= now - was
                lost += bool(was - now)
                gained += bool(now - was)
            if losers or gainers:
                yield (name, level.word), (losers, lost, gainers, gained)


def _said(known: AccessWorld, before: Paper, after: Paper) -> dict[str, Any]:
    """Give the way from one paper to the other as a proposal."""
    labels = {name: name for name in OBJECTS}
    components = [
        {"kind": one.kind, "name": one.name, "owned_by": None, "where": None, **one.body}
        if one.kind == "sharing_rule"
        else {"kind": one.kind, "name": one.name, **one.body}
        for one in known._components(after, labels)
    ]
    gone = range(len(after.rules), len(before.rules))
    return {
        "components": components,
        "removals": [{"kind": "sharing_rule", "name": f"rule_{n}"} for n in gone],
        "people": [
            {"user": format_id("user", user), "role": after.roles.get(user)}
            for user in known.people
        ],
        "teams": [_team(team, before, after) for team in known.teams],
    }


def _team(team: int, before: Paper, after: Paper) -> dict[str, Any]:
    above = after.team_above[team]
    was, now = before.members[team], after.members[team]
    return {
        "team": format_id("team", team),
        "add": [format_id("user", one) for one in now - was],
        "remove": [format_id("user", one) for one in was - now],
        "within": None if above is None else format_id("team", above),
    }
