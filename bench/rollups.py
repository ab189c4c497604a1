"""Roll-ups: what they cost the writers of child records and the lists of parents, in the same run.

    python -m bench.rollups [--rows 100000] [--rounds 30] [--seconds 3] [--turns 5]

Writers: 64 at a time create, change, move and delete deals of four companies, by turns in a tenant
without roll-ups on companies and in one with three. At the end each is compared with what the
writers know; a difference ends the run. Lists: fifty companies without a roll-up, with one, and
sorted by it, and the latter two against SQL by hand on native tables.
"""

from __future__ import annotations

import argparse
import asyncio
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from statistics import median
from time import perf_counter
from typing import Any, Final

import uvloop

from bench.database import a_database, a_directory, an_engine, an_owner
from bench.native import copy_tables
from bench.own_heaps import promote
from bench.ratios import Compared, Work, compare, print_table
from bench.recipes import Counts
from bench.rows import Neighbours, World, fill
from bench.storage import statements_of
from bench.workloads import Workload
from fieldstone.ids import RecordId, format_id
from fieldstone.metadata.changes import Proposal
from fieldstone.metadata.component import Component
from fieldstone.metadata.values import Json, read_json
from fieldstone.platform.app import Engine
from fieldstone.runtime.metadata_changes import change_metadata
from fieldstone.runtime.queries import Question, answer
from fieldstone.runtime.records.delete import delete
from fieldstone.runtime.records.write import Incoming, write
from fieldstone.runtime.tenants import Tenant
from fieldstone.runtime.transactions import Viewer

WRITERS: Final = 64
LEAST: Final = 0.7
_PARENTS: Final = 4
_KEPT: Final = 8
_ROLL_UPS: Final[Mapping[str, dict[str, Json]]] = {
    "won": {"function": "sum", "field": "value"},
    "won_lately": {"function": "sum", "field": "value", "where": "close_date = LAST_N_DAYS:30"},
    "deals_in_all": {"function": "count"},
}
_LIST: Final = "SELECT name, industry FROM Company ORDER BY name"
_SHOWN: Final = "SELECT name, industry, won FROM Company ORDER BY name"
_SORTED: Final = "SELECT name, industry, won FROM Company ORDER BY won DESC"
_NATIVE_SHOWN: Final = """
SELECT row_to_json(r)::text FROM (SELECT id, name, industry, coalesce((SELECT sum(value)
 FROM native_deal d WHERE d.company = c.id), 0) AS won FROM native_company c
 ORDER BY name LIMIT 51) r
"""
_NATIVE_SORTED: Final = """
SELECT row_to_json(r)::text FROM (SELECT id, name, industry, coalesce(d.won, 0) AS won
 FROM native_company c LEFT JOIN (SELECT company, sum(value) AS won FROM native_deal
 GROUP BY company) d ON d.company = c.id ORDER BY coalesce(d.won, 0) DESC, id DESC LIMIT 51) r
"""


async def add_roll_ups(engine: Engine, tenant: Tenant, viewer: Viewer) -> None:
    """Define the roll-ups of companies."""
    async with engine.database.change_metadata(tenant, viewer) as tx:
        fields = tuple(
            Component(
                "field",
                f"Company.{name}",
                {
                    "object": "Company",
                    "type": "number" if name == "deals_in_all" else "currency",
                    "roll_up": {"children": "Deal.company", **said},
                },
            )
            for name, said in _ROLL_UPS.items()
        )
        await change_metadata(tx, Proposal(creates=fields))


@dataclass(slots=True)
class Writers:
    """Many who write deals of a few companies of one tenant, and what they know to be there."""

    engine: Engine
    tenant: Tenant
    viewer: Viewer
    companies: list[str]
    deals: dict[RecordId, tuple[str, Decimal]] = field(default_factory=dict)

    @classmethod
    async def of(cls, engine: Engine, name: str) -> Writers:
        """Make a tenant with its companies."""
        tenant = await engine.tenants.create(name, name)
        viewer = await engine.administrators.get(tenant)
        async with engine.database.write(tenant, viewer) as tx:
            obj = tx.catalog.get_object("Company")
            named = obj.get_field("name")
            made = [Incoming({named: f"Company {n}"}) for n in range(_PARENTS)]
            ids = [outcome.id for outcome in await write(tx, obj, made)]
        companies = [format_id(obj.prefix, number) for number in ids if number is not None]
        return cls(engine, tenant, viewer, companies)

    async def writes_per_second(self, seconds: float) -> float:
        """Let all of them write for some time."""
        begun = perf_counter()
        end = begun + seconds
        counts = await asyncio.gather(*(self._writer(n, end) for n in range(WRITERS)))
        return sum(counts) / (perf_counter() - begun)

    async def _writer(self, seed: int, end: float) -> int:
        pick, count = random.Random(f"{seed} {end}"), 0
        own: list[RecordId] = []
        while perf_counter() < end:
            await self._write_once(pick, own)
            count += 1
        return count

    async def _write_once(self, pick: random.Random, own: list[RecordId]) -> None:
        """Create a deal, change or move one, or delete one. own: those that are the writer's."""
        if len(own) > _KEPT:
            gone = own.pop(0)
            async with self.engine.database.write(self.tenant, self.viewer) as tx:
                await delete(tx, tx.catalog.get_object("Deal"), gone)
            del self.deals[gone]
            return
        changed = own[0] if own and pick.random() < 0.5 else None
        value, company = Decimal(pick.randrange(10**7)) / 100, pick.choice(self.companies)
        values: dict[str, Json] = {"value": value, "company": company}
        if changed is None:
            values |= {"name": "A deal", "stage": "Proposal"}
        async with self.engine.database.write(self.tenant, self.viewer) as tx:
            obj = tx.catalog.get_object("Deal")
            said = {obj.get_field(name): one for name, one in values.items()}
            [outcome] = await write(tx, obj, [Incoming(said, id=changed)])
        assert outcome.id is not None
        if changed is None:
            own.append(outcome.id)
        self.deals[outcome.id] = company, value

    async def drift(self) -> Decimal:
        """Give how far the sums of all companies are from what the writers know."""
        async with self.engine.database.read(self.tenant, self.viewer) as tx:
            asked = Question.of_text("SELECT won, deals_in_all FROM Company", counts=False)
            page = await answer(tx, asked)
        # Any: the values of a JSON object.
        rows: list[Any] = [read_json(record) for record in page.records]
        told = {row["id"]: row for row in rows}
        drift = Decimal(0)
        for company in self.companies:
            values = [value for at, value in self.deals.values() if at == company]
            drift += abs(told[company]["won"] - sum(values, Decimal(0)))
            drift += abs(told[company]["deals_in_all"] - len(values))
        return drift


async def compare_writers(engine: Engine, seconds: float, turns: int) -> None:
    """Write in turns without and with roll-ups, and print both rates and the drift."""
    plain = await Writers.of(engine, "plain")
    summed = await Writers.of(engine, "summed")
    await add_roll_ups(engine, summed.tenant, summed.viewer)
    rates: dict[str, list[float]] = {"without": [], "with": []}
    for turn in range(turns + 1):
        for name, writers in (("without", plain), ("with", summed)):
            rate = await writers.writes_per_second(seconds)
            rates[name] += [rate] if turn else []  # the first turn fills the caches
    drift = await summed.drift()
    without, having = median(rates["without"]), median(rates["with"])
    ratio = having / without
    mark = " (!)" if ratio < LEAST else ""
    print(f"\nWriting, {WRITERS} writers of deals of {_PARENTS} companies\n")
    print("| without roll-ups, writes/s | with three | at least | drift |\n|---:|---:|---:|---:|")
    print(f"| {without:.0f} | {ratio:.2f}{mark} | {LEAST} | {drift:.2f} |", flush=True)
    if drift:
        raise SystemExit("A roll-up is not the sum of its children.")


async def compare_lists(world: World, native: Any, rounds: int) -> tuple[Compared, list[Compared]]:
    """Compare lists with a roll-up with one without, and with SQL by hand."""
    async with world.engine.pool.acquire() as connection:
        await connection.fetchval("SELECT open_tenant($1, 0)", world.tenant.id)
        listed, shown, in_order = [
            await _asking(connection, world, query) for query in (_LIST, _SHOWN, _SORTED)
        ]
        ways = {"without": listed, "shown": shown, "sorted by it": in_order}
        by_hand: dict[str, tuple[str, Work]] = {
            "shown": (_NATIVE_SHOWN, shown),
            "sorted by it": (_NATIVE_SORTED, in_order),
        }
        own = await compare("50 companies", ways, rounds)
        others = [
            await compare(name, {"native": _fetching(native, sql), "engine": work}, rounds)
            for name, (sql, work) in by_hand.items()
        ]
    return own, others


async def _asking(connection: Any, world: World, query: str) -> Work:
    load = Workload(query, query, lambda n: {}, "", "", lambda n: [])
    (sql, arguments), *_ = await statements_of(world, load)
    return _fetching(connection, sql, arguments)


def _fetching(connection: Any, sql: str, arguments: Sequence[Any] = ()) -> Work:
    async def work() -> object:
        return await connection.fetch(sql, *arguments)

    return work


async def run(dsn: str, options: argparse.Namespace) -> None:
    """Compare writers, and lists in the shared heap and in heaps of their own."""
    async with an_engine(dsn) as engine, an_owner(dsn) as owner:
        await compare_writers(engine, options.seconds, options.turns)
        world = await fill(engine, owner, "large", Counts(options.rows), Neighbours(tenants=50))
        await copy_tables(world, owner)
        await add_roll_ups(engine, world.tenant, world.viewer)
        async with engine.database.read(world.tenant, world.viewer) as tx:
            world = replace(world, catalog=tx.catalog)
        await owner.execute("VACUUM ANALYZE")
        companies = f"{world.counts.of('Company')} companies with {world.counts.deals} deals"
        for heap in ("shared heap", "heaps of their own"):
            if heap != "shared heap":
                world = await promote(world, owner, "Deal", "Company")
            own, by_hand = await compare_lists(world, owner, options.rounds)
            print_table(f"Lists of {companies}, {heap}", [own])
            print_table(f"The same against SQL by hand, {heap}", by_hand)


def main() -> None:
    """Run the comparison."""
    parser = argparse.ArgumentParser(description="Compare writing and listing with roll-ups.")
    parser.add_argument("--rows", type=int, default=100_000, help="deals")
    parser.add_argument("--rounds", type=int, default=30)
    parser.add_argument("--seconds", type=float, default=3.0, help="of each turn of writing")
    parser.add_argument("--turns", type=int, default=5)
    options = parser.parse_args()
    with a_directory() as directory, a_database(directory) as dsn:
        uvloop.run(run(dsn, options))


if __name__ == "__main__":
    main()
