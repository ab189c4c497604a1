"""One tenant's work leaves places for others, and whoever waits has a turn."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from fieldstone.ids import TenantId
from fieldstone.runtime.shares import FairShares, ShareBusy
from fieldstone.runtime.tenants import Tenant
from fieldstone.runtime.terms import Limit, Terms

GREEDY = Tenant(TenantId(1), "greedy", "Greedy", "record_p00")
MODEST = Tenant(TenantId(2), "modest", "Modest", "record_p00")


async def hold(shares: FairShares, tenant: Tenant, until: asyncio.Event, log: list[str]) -> None:
    async with shares.taken(tenant):
        log.append(tenant.name)
        await until.wait()


async def settle() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


async def test_a_tenant_holds_its_share_at_most_and_leaves_the_rest() -> None:
    shares, end, log = FairShares(5, 3, 1.0), asyncio.Event(), list[str]()
    work = [asyncio.create_task(hold(shares, GREEDY, end, log)) for _ in range(10)]
    await settle()

    async with shares.taken(MODEST):
        assert (shares.held(GREEDY), shares.held(MODEST)) == (3, 1)

    end.set()
    await asyncio.gather(*work)
    assert (len(log), shares.held(GREEDY)) == (10, 0)


async def test_who_holds_fewest_is_next() -> None:
    shares, end, log = FairShares(2, 2, 1.0), asyncio.Event(), list[str]()
    first = [asyncio.Event(), asyncio.Event()]
    work = [asyncio.create_task(hold(shares, GREEDY, event, log)) for event in first]
    await settle()
    work += [asyncio.create_task(hold(shares, GREEDY, end, log)) for _ in range(3)]
    await settle()
    work.append(asyncio.create_task(hold(shares, MODEST, end, log)))
    await settle()

    first[0].set()
    await settle()

    assert log == ["greedy", "greedy", "modest"]
    first[1].set()
    end.set()
    await asyncio.gather(*work)


async def test_who_waits_too_long_or_goes_away_leaves_nothing_behind() -> None:
    shares, end, log = FairShares(1, 1, 0.01), asyncio.Event(), list[str]()
    holder = asyncio.create_task(hold(shares, GREEDY, end, log))
    await settle()
    gone = asyncio.create_task(hold(shares, MODEST, end, log))
    await settle()
    gone.cancel()

    with pytest.raises(ShareBusy):
        await hold(shares, MODEST, end, log)
    end.set()
    await asyncio.gather(holder, gone, return_exceptions=True)

    async with shares.taken(MODEST):
        assert shares.held(MODEST) == 1
    assert log == ["greedy"]


async def test_who_is_cancelled_while_a_place_comes_passes_it_on() -> None:
    shares, end, log = FairShares(1, 1, 1.0), asyncio.Event(), list[str]()
    first, done = asyncio.Event(), asyncio.Event()
    holder = asyncio.create_task(hold(shares, GREEDY, first, log))
    await settle()
    cut = asyncio.create_task(hold(shares, MODEST, end, log))
    last = asyncio.create_task(hold(shares, GREEDY, done, log))
    await settle()

    first.set()
    await asyncio.sleep(0)
    cut.cancel()
    await settle()

    done.set()
    await asyncio.wait_for(asyncio.gather(holder, last), 1.0)
    await asyncio.gather(cut, return_exceptions=True)
    assert shares.held(GREEDY) == shares.held(MODEST) == 0


async def test_a_plan_may_give_less() -> None:
    shares, end, log = FairShares(5, 3, 1.0), asyncio.Event(), list[str]()
    small = replace(GREEDY, terms=Terms("small", {Limit.CONNECTIONS: 1}))
    work = [asyncio.create_task(hold(shares, small, end, log)) for _ in range(3)]
    await settle()

    assert shares.held(small) == 1

    end.set()
    await asyncio.gather(*work)
