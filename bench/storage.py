"""Reading and writing through the engine's own SQL against native tables, in the same run.

    python -m bench.storage [--rows 1000000] [--rounds 100] [--tenants 2000]

The SQL is what the planner compiles for the text of a query; the statements of writes are those of
runtime/records. Both sides run on asyncpg, in turns, on one PostgreSQL with the settings of
production. First the records lie in the shared heap between those of small tenants, then deals and
companies have heaps of their own, as the background job gives them to objects of this size.
"""

from __future__ import annotations

import argparse
from collections.abc import Awaitable, Callable, Sequence
from time import perf_counter
from typing import Any, Final

import uvloop

from bench.database import a_database, a_directory, an_engine, an_owner
from bench.native import copy_tables
from bench.own_heaps import promote
from bench.ratios import WARM_UP, Compared, compare, print_table
from bench.recipes import Counts
from bench.rows import Neighbours, World, check_rows, fill
from bench.workloads import Workload, workloads
from bench.writes import Turn, Write, Writes
from fieldstone.query_language.cursor import encode_cursor
from fieldstone.query_language.lifting import lift
from fieldstone.query_language.parse import parse_query
from fieldstone.query_language.resolve import resolve
from fieldstone.runtime.queries import Question, answer
from fieldstone.runtime.transactions import Transaction

READS_SHARED: Final = 1.7
READS_PROMOTED: Final = 1.3
WRITES: Final = 1.5
_HEAVY_ROUNDS: Final = 12
_BOUND: Final = 50
_SMALL: Final = 100
_OPEN: Final = "SELECT open_tenant($1, 0)"

Work = Callable[[], Awaitable[object]]


class _Recorder:
    """Stands in for a connection and writes down what a query would run."""

    def __init__(self) -> None:
        self.seen: list[tuple[str, tuple[Any, ...]]] = []

    async def fetch(self, sql: str, *arguments: Any, **more: Any) -> list[dict[str, Any]]:
        """Note a statement and give a row that answers any."""
        self.seen.append((sql, arguments))
        return [{"row": "{}", "id": 0, "k0": None, "total": 0}]


async def statements_of(world: World, workload: Workload) -> list[tuple[str, tuple[Any, ...]]]:
    """Give the engine's SQL for a workload with what is bound in each of fifty rounds."""
    recorder = _Recorder()
    async with world.engine.database.read(world.tenant, world.viewer) as tx:
        planned = Transaction(
            recorder, tx.tenant, tx.viewer, tx.catalog, tx.minter, tx.now, tx.cause
        )
        for n in range(_BOUND):
            await answer(planned, _question(planned, workload, n))
    return recorder.seen


def _question(tx: Transaction, workload: Workload, n: int) -> Question:
    cursor = None
    if workload.place is not None:
        plan = resolve(lift(parse_query(workload.query)), tx.catalog, tx.rights)
        cursor = encode_cursor(plan, workload.place(n))
    return Question.of_text(
        workload.query, workload.params(n), cursor=cursor, page_size=workload.page, counts=False
    )


async def compare_reads(
    world: World, native: Any, rounds: int, most: float, loads: Sequence[Workload]
) -> list[Compared]:
    """Compare every reading workload."""
    rows = []
    async with world.engine.pool.acquire() as connection:
        await connection.execute("SELECT 1")
        await connection.fetchval(_OPEN, world.tenant.id)
        for workload in loads:
            asked = await statements_of(world, workload)
            ways = {
                "native": _turns(native, [(workload.json, workload.arguments(n)) for n in _TURNS]),
                # Other rows than those that the way before has just brought into memory.
                "columns": _turns(
                    native, [(workload.columns, workload.arguments(n + _BOUND)) for n in _TURNS]
                ),
                "engine": _turns(connection, asked),
            }
            few = min(rounds, _HEAVY_ROUNDS) if workload.heavy else rounds
            rows.append(await compare(workload.name, ways, few, most))
    return rows


_TURNS: Final = range(_BOUND)


def _turns(connection: Any, statements: Sequence[tuple[str, Sequence[Any]]]) -> Work:
    """Give work that runs the next of some statements each time."""
    place = 0

    async def work() -> object:
        nonlocal place
        sql, arguments = statements[place % len(statements)]
        place += 1
        return await connection.fetch(sql, *arguments)

    return work


async def compare_writes(world: World, native: Any, rounds: int) -> list[Compared]:
    """Compare every writing workload; all of it is undone."""
    async with world.engine.pool.acquire() as connection:
        outer, inner = connection.transaction(), native.transaction()
        await outer.start()
        await inner.start()
        await connection.fetchval("SELECT open_tenant($1, 1)", world.tenant.id)
        rows = [
            compared
            for write in await Writes(world, rounds + WARM_UP).all()
            for compared in await _compare_write(write, (native, connection), rounds)
        ]
        await outer.rollback()
        await inner.rollback()
    return rows


async def _compare_write(write: Write, connections: tuple[Any, Any], rounds: int) -> list[Compared]:
    native, engine = connections
    alone = {"native": _writing(native, write.native), "engine": _writing(engine, write.row)}
    whole = {
        "native": _writing(native, write.native_whole),
        "engine": _writing(engine, write.whole),
    }
    few = min(rounds, _HEAVY_ROUNDS) if "1,000" in write.name else rounds
    return [
        await compare(write.name, alone, few, WRITES),
        await compare(f"{write.name}, with log and search", whole, few),
    ]


def _writing(connection: Any, turns: Sequence[Turn]) -> Work:
    """Give work that runs the statements of the next turn each time."""
    following = iter(turns)

    async def work() -> None:
        for sql, arguments in next(following):
            await connection.execute(sql, *arguments)

    return work


def small_workload() -> Workload:
    """Give the list of a small tenant."""
    columns = "SELECT id, name, value, stage FROM native_deal WHERE id < 0 ORDER BY name LIMIT 51"
    sql = columns.replace("native_deal WHERE id < 0", "native_small")
    return Workload(
        "12 list of a small tenant",
        "SELECT id, name, value, stage FROM Deal ORDER BY name NULLS LAST",
        lambda n: {},
        sql,
        f"SELECT row_to_json(r)::text FROM ({sql}) r",
        lambda n: [],
    )


async def small_world(engine: Any, owner: Any, large: World) -> World:
    """Make a tenant of a hundred deals, and a native table for it alone."""
    small = await fill(engine, owner, "small", Counts(min(_SMALL, large.counts.deals)), None)
    await owner.execute("CREATE TABLE native_small (LIKE native_deal INCLUDING ALL)")
    await owner.execute(
        "INSERT INTO native_small SELECT * FROM native_deal ORDER BY id LIMIT $1", _SMALL
    )
    await owner.execute("ANALYZE")
    return small


async def run(dsn: str, options: argparse.Namespace) -> None:
    """Fill a database and compare, shared and promoted."""
    counts = Counts(options.rows)
    begun = perf_counter()
    async with an_engine(dsn) as engine, an_owner(dsn) as owner:
        world = await fill(engine, owner, "large", counts, Neighbours(tenants=options.tenants))
        for name in ("User", "Company", "Contact", "Deal"):
            await check_rows(world, name, (0, 1))
        await copy_tables(world, owner)
        small = await small_world(engine, owner, world)
        await owner.execute("VACUUM ANALYZE")
        print(f"{counts.deals} deals were made in {perf_counter() - begun:.0f} s", flush=True)
        loads = workloads(counts)
        reads = await compare_reads(world, owner, options.rounds, READS_SHARED, loads)
        reads += await compare_reads(small, owner, options.rounds, READS_SHARED, [small_workload()])
        print_table("Reading, shared heap", reads)
        print_table("Writing, shared heap", await compare_writes(world, owner, options.rounds))
        world = await promote(world, owner, "Deal", "Company")
        reads = await compare_reads(world, owner, options.rounds, READS_PROMOTED, loads)
        print_table("Reading, heaps of their own", reads)
        writes = await compare_writes(world, owner, options.rounds)
        print_table("Writing, heaps of their own", writes)


def main() -> None:
    """Run the comparison."""
    parser = argparse.ArgumentParser(description="Compare the engine's SQL with native tables.")
    parser.add_argument("--rows", type=int, default=1_000_000, help="deals")
    parser.add_argument("--rounds", type=int, default=100)
    parser.add_argument("--tenants", type=int, default=2000, help="small ones in between")
    options = parser.parse_args()
    with a_directory() as directory, a_database(directory) as dsn:
        uvloop.run(run(dsn, options))


if __name__ == "__main__":
    main()
