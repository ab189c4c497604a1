"""Two tenants ask everything there is of each other, at once, and nothing gets across.

Three times over: as it is; with the policies of the tables alone, every statement's own condition
on the tenant taken out; and with those conditions alone, the policies switched off.
"""

from __future__ import annotations

import asyncio
import os
import re
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any, Final

import asyncpg
import pytest
import pytest_asyncio
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.support.app import owner_connection
from tests.support.neighbours import (
    Knock,
    Street,
    knockable,
    knocks,
    opened_street,
    rows_of,
    run_jobs,
    send_all,
    sweep,
    tables_with_mark,
)
from tests.support.servers import PostgresServer, made_database

pytestmark = pytest.mark.asyncio(loop_scope="module")

# A nightly run asks for more; see .ci/nightly.
EXAMPLES: Final = int(os.environ.get("FIELDSTONE_TENANT_EXAMPLES", "5"))
ALIVE: Final = ("session", "access_token", "query_use", "client_use", "usage_ledger", "usage_entry")
"""Tables in which something is written of whoever asks, or by what runs all the time."""

TOLD_BY_TENANT_ALONE: Final = ("/api/teams", "/api/jobs", "/api/files/{id}", "/api/people")
_CONDITION: Final = re.compile(r'(?<!SET )\b(?:[\w"]+\.)?tenant_id = (?:\$\d+(?:::\w+)?|\d+)\b')
LOOSENED: Final[Counter[str]] = Counter()


class Loose(asyncpg.Connection):  # type: ignore[misc]
    """A connection whose statements ask for the rows of all tenants."""

    __slots__ = ()

    async def _get_statement(self, query: str, *arguments: Any, **more: Any) -> Any:
        loose = _CONDITION.sub(r"(\g<0> OR TRUE)", query)
        LOOSENED[query] += loose != query
        return await super()._get_statement(loose, *arguments, **more)


@pytest.fixture(scope="module", params=["as it is", "policies alone", "conditions alone"])
def guard(request: pytest.FixtureRequest) -> Any:
    """What keeps the tenants apart."""
    return request.param


@pytest.fixture(scope="module")
def dsn(guard: str, postgres_server: PostgresServer, app_template: str) -> Iterator[str]:
    """The address of a database with both tenants, for each guard a new one."""
    with made_database(postgres_server, app_template) as made:
        yield made


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def street(
    guard: str, dsn: str, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Street]:
    """Both tenants, full of things, kept apart by what is to be tried."""
    LOOSENED.clear()
    with pytest.MonkeyPatch.context() as patch:
        if guard == "conditions alone":
            await _switch_policies_off(dsn)
        if guard == "policies alone":
            make = asyncpg.create_pool
            patch.setattr(
                asyncpg, "create_pool", lambda *a, **k: make(*a, **k, connection_class=Loose)
            )
        async with opened_street(dsn, Path(tmp_path_factory.mktemp("street"))) as opened:
            yield opened


async def _switch_policies_off(dsn: str) -> None:
    async with owner_connection(dsn) as owner:
        rows = await owner.fetch(
            "SELECT relname FROM pg_class WHERE relrowsecurity AND relkind IN ('r', 'p')"
        )
        assert len(rows) > 40
        for row in rows:
            await owner.execute(f'ALTER TABLE "{row["relname"]}" DISABLE ROW LEVEL SECURITY')


async def test_each_has_something_of_everything(street: Street, guard: str) -> None:
    for one in (street.mine, street.theirs):
        kinds = {key.rpartition("_")[0] for key in one.ids}
        assert kinds >= {"deal", "company", "contact", "mark", "user", "team", "file"}
        assert one.numbers
    assert not set(street.mine.ids) & set(street.theirs.ids)
    assert (sum(LOOSENED.values()) > 100) is (guard == "policies alone")


async def test_no_address_tells_or_changes_anything_of_the_neighbour(street: Street) -> None:
    before = await rows_of(street.dsn, street.theirs, ALIVE)

    found = await send_all(sweep(street.theirs), street.mine, street.theirs)

    await run_jobs(street, street.mine)
    assert not found, "\n".join(found[:20])
    assert await rows_of(street.dsn, street.theirs, ALIVE) == before
    assert await tables_with_mark(street.dsn, street.mine, street.theirs) == []


@settings(
    max_examples=EXAMPLES,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(data=st.data())
async def test_whatever_both_do_at_once_nothing_gets_across(
    street: Street, data: st.DataObject
) -> None:
    mine, theirs = street.mine, street.theirs
    ours: list[Knock] = data.draw(st.lists(knocks(theirs, mine), min_size=20, max_size=60))
    others: list[Knock] = data.draw(st.lists(knocks(mine, theirs), min_size=20, max_size=60))

    found = await asyncio.gather(send_all(ours, mine, theirs), send_all(others, theirs, mine))
    await run_jobs(street, mine, theirs)

    assert not [one for some in found for one in some], "\n".join([*found[0], *found[1]][:20])
    assert await tables_with_mark(street.dsn, mine, theirs) == []
    assert await tables_with_mark(street.dsn, theirs, mine) == []


async def test_sweep_knows_every_address(street: Street) -> None:
    asked = {(one.address.method, one.address.route) for one in sweep(street.theirs)}

    assert asked == {(one.method, one.route) for one in knockable()}
    assert len(asked) > 150


async def test_without_either_guard_the_neighbour_is_told_of(street: Street, guard: str) -> None:
    """What is tried above would be noticed: here both guards are gone."""
    if guard != "policies alone":
        pytest.skip("one of the guards is still there")
    await _switch_policies_off(street.dsn)

    # Numbers of objects are no two tenants', so that records have a third guard.
    asked = [one for one in sweep(street.theirs) if one.address.route in TOLD_BY_TENANT_ALONE]

    assert await send_all(asked, street.mine, street.theirs) != []
