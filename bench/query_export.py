"""Whole answers: rows per second and memory of a query's stream against asyncpg, in the same run.

    python -m bench.query_export [--rows 1000000] [--shared]

Each way runs in a process of its own, reads every deal with the name of its company, and writes to
a file. COPY gives text without JSON; the cursor gives the same JSON of native tables. Memory is the
process's peak, and how much of it came while rows were read.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import resource
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from time import perf_counter
from typing import Any, Final, TypeAlias

import uvloop

from bench.database import a_database, a_directory, an_engine, an_owner
from bench.native import copy_tables
from bench.own_heaps import promote
from bench.recipes import Counts
from bench.rows import Neighbours, fill
from fieldstone.runtime.exports import Form, Format, write_answer
from fieldstone.runtime.queries import Question
from fieldstone.runtime.row_streams import Reading, StreamLimits

TENANT: Final = "large"
QUERY: Final = (
    "SELECT id, name, value, stage, probability, close_date, company.name, created_at FROM Deal"
)
_COLUMNS: Final = (
    "d.id, d.name, d.value, d.stage, d.probability, d.close_date, c.name AS company, d.created_at"
)
_FROM: Final = "FROM native_deal d LEFT JOIN native_company c ON c.id = d.company"
_COPY: Final = f"SELECT {_COLUMNS} {_FROM}"
_JSON: Final = (
    f"SELECT row_to_json(r)::text AS row FROM (SELECT {_COLUMNS} {_FROM} ORDER BY d.id) r"
)
_PORTION: Final = 2_000
_WARM_ROWS: Final = 1_000


Run: TypeAlias = Callable[[int], Awaitable[None]]
"""Reads so many rows to the end."""

Way: TypeAlias = Callable[[str, Path], AbstractAsyncContextManager[Run]]
"""Opens the database at an address for a way of reading it into a file."""


@dataclass(frozen=True, slots=True)
class Figures:
    """What a way took. peak_mb: of the whole process; grown_mb: since before the first row."""

    seconds: float
    size_mb: float
    peak_mb: float
    grown_mb: float


@asynccontextmanager
async def copy(dsn: str, output: Path) -> AsyncIterator[Run]:
    """Have PostgreSQL send the rows of native tables as text."""
    async with an_owner(dsn) as connection:

        async def run(rows: int) -> None:
            await connection.copy_from_query(f"{_COPY} LIMIT {rows}", output=output)

        yield run


@asynccontextmanager
async def cursor(dsn: str, output: Path) -> AsyncIterator[Run]:
    """Read the JSON of native tables by a cursor."""
    async with an_owner(dsn) as connection:

        async def run(rows: int) -> None:
            async with connection.transaction():
                opened = await connection.cursor(f"{_JSON} LIMIT {rows}")
                with output.open("wb") as file:
                    while found := await opened.fetch(_PORTION):
                        file.write("".join(f"{row['row']}\n" for row in found).encode())

        yield run


def engine_as(kind: Format) -> Way:
    """Give the way that asks the engine and writes a format."""

    @asynccontextmanager
    async def way(dsn: str, output: Path) -> AsyncIterator[Run]:
        async with an_engine(dsn) as engine:
            tenant = await engine.directory.get(TENANT)
            viewer = await engine.administrators.get(tenant)
            reading = Reading(engine.database, tenant, viewer, StreamLimits())

            async def run(rows: int) -> None:
                question = Question.of_text(f"{QUERY} LIMIT {rows}")
                with output.open("wb") as file:
                    async for chunk in write_answer(reading, question, Form(kind, marks_end=True)):
                        file.write(chunk)

            yield run

    return way


WAYS: Final[Mapping[str, Way]] = {
    "asyncpg, COPY": copy,
    "asyncpg, cursor of JSON": cursor,
    "NDJSON": engine_as(Format.NDJSON),
    "CSV": engine_as(Format.CSV),
    "XLSX": engine_as(Format.XLSX),
}


def _peak_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def measure(way: str, dsn: str, output: Path, rows: int) -> Figures:
    """Run one way in this process, after a small answer that loads what it needs."""
    seconds, before = uvloop.run(_twice(WAYS[way](dsn, output), rows))
    peak_mb = _peak_mb()
    return Figures(seconds, output.stat().st_size / 1e6, peak_mb, peak_mb - before)


async def _twice(opening: AbstractAsyncContextManager[Run], rows: int) -> tuple[float, float]:
    async with opening as run:
        await run(_WARM_ROWS)
        before = _peak_mb()
        began = perf_counter()
        await run(rows)
        return perf_counter() - began, before


def in_process(way: str, dsn: str, output: Path, rows: int) -> Figures:
    """Run one way in a process of its own and give its figures."""
    asked = {"way": way, "dsn": dsn, "output": str(output), "rows": rows}
    done = subprocess.run(
        [sys.executable, "-m", "bench.query_export", "--measure", json.dumps(asked)],
        check=True,
        stdout=subprocess.PIPE,
        text=True,
        env=os.environ,
    )
    return Figures(**json.loads(done.stdout))


async def prepare(dsn: str, rows: int, tenants: int, *, shared: bool) -> None:
    """Fill the tenant and the native tables."""
    async with an_engine(dsn) as engine, an_owner(dsn) as owner:
        world = await fill(engine, owner, TENANT, Counts(rows), Neighbours(tenants=tenants))
        await copy_tables(world, owner)
        await owner.execute("VACUUM ANALYZE")
        if not shared:
            await promote(world, owner, "Deal", "Company")


def print_figures(found: Mapping[str, Figures], rows: int) -> None:
    """Print the table."""
    fastest = found["asyncpg, cursor of JSON"].seconds
    print("| | rows/s | share of the cursor | peak MB | grown MB | file MB |")
    print("| --- | ---: | ---: | ---: | ---: | ---: |")
    for way, one in found.items():
        rate, share = rows / one.seconds, fastest / one.seconds
        memory = f"{one.peak_mb:.0f} | {one.grown_mb:.0f} | {one.size_mb:.0f}"
        print(f"| {way} | {rate:,.0f} | {share:.2f} | {memory} |", flush=True)


def main() -> None:
    """Run the comparison."""
    parser = argparse.ArgumentParser(description="Compare the export of a whole answer.")
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--tenants", type=int, default=20, help="others beside it")
    parser.add_argument("--shared", action="store_true", help="leave the deals in a shared heap")
    parser.add_argument("--measure", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.measure:
        asked: dict[str, Any] = json.loads(options.measure)
        way, dsn, rows = asked["way"], asked["dsn"], asked["rows"]
        print(json.dumps(asdict(measure(way, dsn, Path(asked["output"]), rows))))
        return
    with a_directory() as directory, a_database(directory) as dsn:
        asyncio.run(prepare(dsn, options.rows, options.tenants, shared=options.shared))
        output = directory / "answer"
        print(f"\nExport of {options.rows:,} deals, 8 columns\n", flush=True)
        found = {way: in_process(way, dsn, output, options.rows) for way in WAYS}
        print_figures(found, options.rows)


if __name__ == "__main__":
    main()
