"""Asking by query text: what each step takes, and whole answers against SQL by hand, in one run.

    python -m bench.query [--rows 1000000] [--rounds 60] [--tenants 2000]

Steps: a query is parsed, bound to the catalog and compiled when its form is met for the first time,
and executed each time. Answers: the SQL of a query run by asyncpg, and the whole way from its text
to the JSON of a page, in turns with SQL written by hand on native tables that gives JSON too.
Overhead: the time of this process, not of the clock, for the SQL of a query run by asyncpg and for
the whole way, in turns; the rest is PostgreSQL's, and the same. Writes stand in bench/storage.py.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from statistics import median
from time import perf_counter, process_time
from typing import Any, Final

import uvloop

from bench.database import a_database, a_directory, an_engine, an_owner
from bench.native import copy_tables
from bench.own_heaps import promote
from bench.ratios import WARM_UP, Compared, Work, compare, print_table
from bench.recipes import Counts
from bench.rows import Neighbours, World, fill
from bench.storage import small_workload, small_world, statements_of
from bench.workloads import Workload, workloads
from fieldstone.metadata.changes import Proposal
from fieldstone.metadata.component import Component
from fieldstone.query_language.compile import Wanted, compile_count, compile_page
from fieldstone.query_language.cursor import encode_cursor
from fieldstone.query_language.lifting import lift
from fieldstone.query_language.parse import parse_query
from fieldstone.query_language.resolve import resolve
from fieldstone.runtime.metadata_changes import change_metadata
from fieldstone.runtime.queries import Question, answer
from fieldstone.runtime.statements import prepare
from fieldstone.runtime.transactions import Transaction

MOST: Final = 1.5
MOST_OVERHEAD_MS: Final = 0.3
_HEAVY_ROUNDS: Final = 8
_STEP_ROUNDS: Final = 15
_BOUND: Final = 50
_PAGE: Final = 51
_FORMULA: Final = "value * probability"
_BY_HAND: Final = "coalesce(value, 0) * coalesce(probability, 0) / 100"
_WEIGHTED: Final = f"SELECT id, name, {_BY_HAND} AS weighted FROM native_deal"


def formula_workloads() -> tuple[Workload, ...]:
    """Give questions about a formula field, the product of value and probability."""
    tested = f"SELECT count(*) FROM native_deal WHERE {_BY_HAND} > $1"
    ordered = f"{_WEIGHTED} ORDER BY {_BY_HAND} DESC, id DESC LIMIT 51"
    shown = f"{_WEIGHTED} WHERE owner_id IS NOT NULL ORDER BY id LIMIT 51"
    return (
        Workload(
            "formula field in WHERE, count",
            "SELECT COUNT() FROM Deal WHERE weighted > :above",
            lambda n: {"above": 300_000 + n},
            tested,
            tested,
            lambda n: [300_000 + n],
            heavy=True,
        ),
        Workload(
            "formula field in ORDER BY, top 50",
            "SELECT id, name, weighted FROM Deal ORDER BY weighted DESC NULLS LAST",
            lambda n: {},
            ordered,
            f"SELECT row_to_json(r)::text FROM ({ordered}) r",
            lambda n: [],
            heavy=True,
        ),
        Workload(
            "formula field shown, 50 rows",
            "SELECT id, name, weighted FROM Deal WHERE owner != null ORDER BY id",
            lambda n: {},
            shown,
            f"SELECT row_to_json(r)::text FROM ({shown}) r",
            lambda n: [],
        ),
    )


@dataclass(frozen=True, slots=True)
class Steps:
    """The medians of the steps of one query, in seconds."""

    name: str
    parse_s: float
    bind_s: float
    compile_s: float
    execute_s: float


async def steps_of(world: World, workload: Workload) -> Steps:
    """Measure each step of a query by itself, without any cache."""
    async with world.engine.database.read(world.tenant, world.viewer) as tx:
        query = parse_query(workload.query)
        params = workload.params(0)
        plan = resolve(lift(query, params), tx.catalog, tx.rights)

        def compiled() -> object:
            if plan.counts_rows:
                return prepare(compile_count(plan, tx.catalog, cut=False))
            return prepare(compile_page(plan, tx.catalog, Wanted(_PAGE)))

        (sql, arguments), *_ = await statements_of(world, workload)
        times = []
        for _ in range(_HEAVY_ROUNDS):
            begun = perf_counter()
            await tx.connection.fetch(sql, *arguments)
            times.append(perf_counter() - begun)
        return Steps(
            workload.name,
            _taken(lambda: parse_query(workload.query)),
            _taken(lambda: resolve(lift(query, params), tx.catalog, tx.rights)),
            _taken(compiled),
            median(times),
        )


def _taken(work: Callable[[], object]) -> float:
    times = []
    for _ in range(_STEP_ROUNDS):
        begun = perf_counter()
        work()
        times.append(perf_counter() - begun)
    return median(times)


def print_steps(rows: Sequence[Steps]) -> None:
    """Print the steps in milliseconds."""
    print("\nThe steps of a query, ms\n\n| | parse | bind | compile | execute |")
    print("|---|---:|---:|---:|---:|")
    for row in rows:
        steps = (row.parse_s, row.bind_s, row.compile_s, row.execute_s)
        print(f"| {row.name} | {' | '.join(f'{step * 1000:.2f}' for step in steps)} |", flush=True)


async def compare_answers(
    world: World, native: Any, rounds: int, loads: Sequence[Workload]
) -> list[Compared]:
    """Compare whole answers, from the text on, with SQL by hand."""
    rows = []
    async with world.engine.database.read(world.tenant, world.viewer) as tx:
        for workload in loads:
            statements = await statements_of(world, workload)
            ways = {
                "native": _by_hand(native, workload),
                "its SQL": _turns(tx.connection, statements),
                "query text": _asking(tx, workload),
            }
            few = min(rounds, _HEAVY_ROUNDS) if workload.heavy else rounds
            rows.append(await compare(workload.name, ways, few, MOST))
    return rows


async def compare_overhead(
    world: World, rounds: int, loads: Sequence[Workload]
) -> list[tuple[str, float, float]]:
    """Give of each query what asyncpg takes for its SQL, and what the whole way takes more, ms."""
    found = []
    async with world.engine.database.read(world.tenant, world.viewer) as tx:
        for workload in loads:
            statements = await statements_of(world, workload)
            ways = [_turns(tx.connection, statements), _asking(tx, workload)]
            taken = [[await _worked(way) for way in ways] for _ in range(rounds + WARM_UP)]
            alone, whole = (median(times) * 1000 for times in zip(*taken[WARM_UP:], strict=True))
            found.append((workload.name, alone, whole - alone))
    return found


async def _worked(work: Work) -> float:
    begun = process_time()
    await work()
    return process_time() - begun


def print_overhead(rows: Sequence[tuple[str, float, float]]) -> None:
    """Print what a cached query takes beside its SQL."""
    print("\nOverhead of a cached query over its own SQL run by asyncpg, ms of processor time\n")
    print("| | asyncpg | more | at most |\n|---|---:|---:|---:|")
    for name, alone, more in rows:
        mark = " (!)" if more > MOST_OVERHEAD_MS else ""
        print(f"| {name} | {alone:.3f} | {more:.3f}{mark} | {MOST_OVERHEAD_MS} |", flush=True)


def _by_hand(connection: Any, workload: Workload) -> Work:
    return _turns(connection, [(workload.json, workload.arguments(n)) for n in range(_BOUND)])


def _turns(connection: Any, statements: Sequence[tuple[str, Sequence[Any]]]) -> Work:
    """Give work that runs the next of some statements each time."""
    place = 0

    async def work() -> object:
        nonlocal place
        sql, arguments = statements[place % len(statements)]
        place += 1
        return await connection.fetch(sql, *arguments)

    return work


def _asking(tx: Transaction, workload: Workload) -> Work:
    """Give work that answers the question of the next round, from its text on."""
    plan = resolve(lift(parse_query(workload.query), workload.params(0)), tx.catalog, tx.rights)
    place = 0

    async def work() -> object:
        nonlocal place
        # Other rows than those that the native table has just brought into memory.
        n = (place + _BOUND // 2) % _BOUND
        place += 1
        cursor = None if workload.place is None else encode_cursor(plan, workload.place(n))
        params = workload.params(n)
        asked = Question.of_text(
            workload.query, params, cursor=cursor, page_size=workload.page, counts=False
        )
        return await answer(tx, asked)

    return work


async def _add_formula(world: World) -> World:
    body = {"object": "Deal", "type": "currency", "formula": _FORMULA}
    field = Component("field", "Deal.weighted", body)
    async with world.engine.database.change_metadata(world.tenant, world.viewer) as tx:
        applied = await change_metadata(tx, Proposal(creates=(field,)))
    return replace(world, catalog=applied.catalog)


async def run(dsn: str, options: argparse.Namespace) -> None:
    """Fill a database and compare, shared and promoted."""
    counts, begun = Counts(options.rows), perf_counter()
    async with an_engine(dsn) as engine, an_owner(dsn) as owner:
        world = await fill(engine, owner, "large", counts, Neighbours(tenants=options.tenants))
        await copy_tables(world, owner)
        world = await _add_formula(world)
        small = await small_world(engine, owner, world)
        await owner.execute("VACUUM ANALYZE")
        print(f"{counts.deals} deals were made in {perf_counter() - begun:.0f} s", flush=True)
        loads = (*workloads(counts), *formula_workloads())
        light = [load for load in loads if not load.heavy]
        for heap in ("shared heap", "heaps of their own"):
            if heap != "shared heap":
                world = await promote(world, owner, "Deal", "Company")
            rows = await compare_answers(world, owner, options.rounds, loads)
            if heap == "shared heap":
                rows += await compare_answers(small, owner, options.rounds, [small_workload()])
            print_table(f"By query text, {heap}", rows)
        print_steps([await steps_of(world, load) for load in loads])
        print_overhead(await compare_overhead(world, options.rounds * 3, light))


def main() -> None:
    """Run the comparison."""
    parser = argparse.ArgumentParser(description="Compare answers to queries with SQL by hand.")
    parser.add_argument("--rows", type=int, default=1_000_000, help="deals")
    parser.add_argument("--rounds", type=int, default=60)
    parser.add_argument("--tenants", type=int, default=2000, help="small ones in between")
    options = parser.parse_args()
    with a_directory() as directory, a_database(directory) as dsn:
        uvloop.run(run(dsn, options))


if __name__ == "__main__":
    main()
