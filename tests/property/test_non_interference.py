"""What a viewer may not see changes no answer: not a row, a count, an order, a word or an error.

Two databases that differ only in hidden values, and in how many records an object has that is
hidden as a whole, give the same bytes to whatever the viewer asks.
"""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Final

import pytest
import pytest_asyncio
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fieldstone.platform.route_table import all_routes
from tests.support.servers import PostgresServer, made_database
from tests.support.twin_requests import addresses, asked_of, ids_of, pointed
from tests.support.twins import Asked, Twin, differences, opened_twins

pytestmark = pytest.mark.asyncio(loop_scope="module")

# A nightly run asks for more; see .ci/nightly.
EXAMPLES: Final = int(os.environ.get("FIELDSTONE_TWIN_EXAMPLES", "30"))
_AT_ONCE: Final = 12


@pytest.fixture(scope="module")
def dsns(postgres_server: PostgresServer, app_template: str) -> Iterator[tuple[str, str]]:
    """Two databases that are the same so far."""
    with (
        made_database(postgres_server, app_template) as first,
        made_database(postgres_server, app_template) as second,
    ):
        yield first, second


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def twins(
    dsns: tuple[str, str], tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[tuple[Twin, Twin]]:
    """Both worlds with their records in them, and the viewer let in."""
    async with opened_twins(dsns, Path(tmp_path_factory.mktemp("twins"))) as both:
        yield both


async def test_worlds_differ_for_whoever_sees_all(twins: tuple[Twin, Twin]) -> None:
    first, second = twins

    told = [await twin.admin.get("/api/records/Deal?limit=100&sort=name") for twin in twins]
    tickets = [await twin.admin.get("/api/records/Ticket?count=1") for twin in twins]

    assert first.records["Deal"] == second.records["Deal"]
    assert told[0] != told[1]
    assert tickets[0]["total"] != tickets[1]["total"]


async def test_every_address_answers_alike(twins: tuple[Twin, Twin]) -> None:
    asked = [Asked("GET", path) for path in addresses(all_routes(), ids_of(twins[0]))]

    found = await differences(twins, asked)

    assert not found, "\n\n".join(found[:10])


async def test_no_clause_tells_of_a_hidden_field(twins: tuple[Twin, Twin]) -> None:
    found = await differences(twins, list(pointed(ids_of(twins[0]))))

    assert not found, "\n\n".join(found[:10])


@settings(
    max_examples=EXAMPLES,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(data=st.data())
async def test_random_requests_are_answered_alike(
    twins: tuple[Twin, Twin], data: st.DataObject
) -> None:
    requests = st.lists(asked_of(ids_of(twins[0])), min_size=1, max_size=_AT_ONCE)

    found = await differences(twins, data.draw(requests))

    assert not found, "\n\n".join(found[:10])
