"""How many rows a second an import takes through all checks, against PostgreSQL alone.

Run as `python -m bench.import_records [ROWS]`. The objects have twelve fields; those of the one are
plain, of the other one is unique and so the key of an import. The file is imported by the job that
`POST /import` begins; the baselines put the same rows, parsed before,
into a native table with as many indexes, by COPY and by INSERT of a thousand rows, in the same run.
"""

from __future__ import annotations

import csv
import random
import sys
from collections.abc import AsyncIterator, Callable
from datetime import date, datetime, timedelta
from functools import partial
from pathlib import Path
from time import perf_counter
from typing import Any, Final

import uvloop

from bench.database import a_database, a_directory, an_engine, an_owner
from fieldstone.intelligence.matching.matcher import RecordMatcher
from fieldstone.metadata.changes import Proposal
from fieldstone.metadata.definitions import object_components
from fieldstone.platform.app import Engine
from fieldstone.platform.collector import calm_collector
from fieldstone.runtime.files import LocalFiles, add_file
from fieldstone.runtime.imports.run import ImportParts, run_import
from fieldstone.runtime.imports.start import ImportRequest, begin_import, open_upload
from fieldstone.runtime.job_runs import JobContext, claim_job, run_claimed
from fieldstone.runtime.jobs import Job
from fieldstone.runtime.metadata_changes import change_metadata

ROWS: Final = 50_000
AIM: Final = 5_000
_COLORS: Final = ("Red", "Green", "Blue", "Black", "White")
DEFINITION: Final[dict[str, Any]] = {
    "name": "Part",
    "plural_name": "Parts",
    "fields": [
        {"name": "name", "type": "text", "required": True},
        {"name": "sku", "type": "text", "unique": True, "external_id": True},
        {"name": "category", "type": "text"},
        {"name": "color", "type": "picklist", "options": list(_COLORS)},
        {"name": "weight", "type": "number", "places": 3},
        {"name": "stock", "type": "number", "places": 0},
        {"name": "price", "type": "currency"},
        {"name": "discount", "type": "percent"},
        {"name": "made_on", "type": "date"},
        {"name": "checked_at", "type": "datetime"},
        {"name": "is_active", "type": "checkbox"},
        {"name": "contact_email", "type": "email"},
    ],
}
PLAIN: Final[dict[str, Any]] = {
    "name": "Plain",
    "plural_name": "Plains",
    "fields": [
        {key: said for key, said in field.items() if key not in {"unique", "external_id"}}
        for field in DEFINITION["fields"]
    ],
}
HEADERS: Final = tuple(field["name"] for field in DEFINITION["fields"])
_NATIVE: Final = """
CREATE TABLE part_native (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, name text,
 sku text UNIQUE, category text, color text, weight numeric, stock int, price numeric,
 discount numeric, made_on date, checked_at timestamptz, is_active boolean, contact_email text);
CREATE INDEX ON part_native (name); CREATE INDEX ON part_native (category);
CREATE INDEX ON part_native (color); CREATE INDEX ON part_native (weight);
CREATE INDEX ON part_native (stock); CREATE INDEX ON part_native (price);
CREATE INDEX ON part_native (made_on); CREATE INDEX ON part_native (contact_email);
"""
_INSERT: Final = f"""
INSERT INTO part_native ({", ".join(HEADERS)})
SELECT a, b, c, d, e::numeric, f::int, g::numeric, h::numeric, i::date, j::timestamptz,
 k::boolean, l FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[],
 $7::text[], $8::text[], $9::text[], $10::text[], $11::text[], $12::text[])
 x(a, b, c, d, e, f, g, h, i, j, k, l)
"""
_AT_ONCE: Final = 1_000


def rows_of(count: int) -> list[list[str]]:
    """Make rows; the same ones for the same count."""
    pick = random.Random(7)
    first = date(2020, 1, 1)
    return [
        [
            f"Part {pick.choice(_COLORS)} {number}",
            f"SKU-{number:08d}",
            f"Category {pick.randrange(200)}",
            pick.choice(_COLORS),
            f"{pick.randrange(1, 100_000) / 1000}",
            str(pick.randrange(10_000)),
            f"{pick.randrange(100, 1_000_000) / 100:.2f}",
            str(pick.randrange(0, 60)),
            (first + timedelta(days=pick.randrange(2_000))).isoformat(),
            f"{first + timedelta(days=pick.randrange(2_000))}T10:{number % 60:02d}:00Z",
            pick.choice(("true", "false")),
            f"owner{pick.randrange(5_000)}@parts.example",
        ]
        for number in range(count)
    ]


def write_file(path: Path, rows: list[list[str]]) -> None:
    """Write the rows as a CSV file."""
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(HEADERS)
        writer.writerows(rows)


async def bytes_of(path: Path) -> AsyncIterator[bytes]:
    """Give the bytes of a file."""
    with path.open("rb") as file:
        while chunk := file.read(1 << 20):
            yield chunk


async def import_once(engine: Engine, path: Path, asked: ImportRequest) -> tuple[Job, float]:
    """Import a file as the worker does; the ended job and the seconds it took."""
    tenant = await engine.tenants.ensure_default()
    viewer = await engine.administrators.get(tenant)
    parts = ImportParts(LocalFiles(path.parent / "files"), RecordMatcher())
    async with engine.database.write(tenant, viewer) as tx:
        number = tx.minter.mint()
        kept = await parts.files.keep(tenant.id, number, bytes_of(path), 10**10)
        file = await add_file(tx, number, path.name, "text/csv", kept)
        upload = await open_upload(tenant.id, parts.files, file)
        job = await begin_import(tx, upload, asked)
    begun = perf_counter()
    context = JobContext(engine.database, tenant, viewer, job)
    context.job = await _claimed(context)
    job = await run_claimed(context, partial(run_import, parts=parts))
    taken = perf_counter() - begun
    assert job.state.value == "done", job
    return job, taken


async def _claimed(context: JobContext) -> Job:
    """Take the job up unless it runs already, as a small one does."""
    job = context.job
    if not job.attempts:
        now = job.created_at + timedelta(seconds=1)
        taken = await claim_job(context.database, context.tenant, context.viewer, job.id, now)
        assert taken is not None
        return taken
    return job


async def define(engine: Engine) -> None:
    """Make the objects."""
    tenant = await engine.tenants.ensure_default()
    viewer = await engine.administrators.get(tenant)
    async with engine.database.change_metadata(tenant, viewer) as tx:
        both = (*object_components(DEFINITION), *object_components(PLAIN))
        await change_metadata(tx, Proposal(creates=both))


async def copy_natively(owner: Any, rows: list[list[str]]) -> float:
    """Load the rows by COPY, all at once, already of their types."""
    typed = [_typed(row) for row in rows]
    begun = perf_counter()
    await owner.copy_records_to_table("part_native", records=typed, columns=HEADERS)
    return perf_counter() - begun


async def insert_natively(owner: Any, rows: list[list[str]]) -> float:
    """Load the rows by INSERT, a thousand to a statement."""
    begun = perf_counter()
    for first in range(0, len(rows), _AT_ONCE):
        columns = [list(column) for column in zip(*rows[first : first + _AT_ONCE], strict=True)]
        await owner.execute(_INSERT, *columns)
    return perf_counter() - begun


def _typed(row: list[str]) -> tuple[Any, ...]:
    from_text: tuple[Callable[[str], Any], ...] = (
        *(str, str, str, str, float, int, float, float, date.fromisoformat),
        *(_instant, _is_true, str),
    )
    return tuple(read(text) for read, text in zip(from_text, row, strict=True))


def _instant(text: str) -> datetime:
    return datetime.fromisoformat(text)


def _is_true(text: str) -> bool:
    return text == "true"


async def measure(dsn: str, directory: Path, count: int) -> None:
    """Print rows per second of every way, and how the import compares."""
    rows = rows_of(count)
    path = directory / "parts.csv"
    write_file(path, rows)
    async with an_engine(dsn) as engine, an_owner(dsn) as owner:
        await define(engine)
        calm_collector()
        await owner.execute(_NATIVE)
        copied = await copy_natively(owner, rows)
        await owner.execute("TRUNCATE part_native")
        inserted = await insert_natively(owner, rows)
        _, plain = await import_once(engine, path, ImportRequest("Plain"))
        job, fresh = await import_once(engine, path, ImportRequest("Part"))
        again, second = await import_once(engine, path, ImportRequest("Part"))
        keyed, third = await import_once(engine, path, ImportRequest("Part", key="sku"))
    _print("COPY into a native table", count, copied, copied)
    _print("INSERT of 1,000 rows, native", count, inserted, copied)
    _print("import of new rows", count, plain, copied)
    _print("with a unique field", count, fresh, copied)
    _print("the same file again", count, second, copied)
    _print("the same file again, by key", count, third, copied)
    for label, ended in (("new", job), ("again", again), ("by key", keyed)):
        result = ended.result or {}
        told = ("imported", "skipped", "unchanged", "rejected")
        print(f"{label}: " + ", ".join(f"{key} {result[key]}" for key in told))
    print("aim:", f"{AIM:,} rows/s,", "reached" if count / plain >= AIM else "missed")


def _print(name: str, count: int, taken: float, baseline: float) -> None:
    print(f"{name:32} {count / taken:10,.0f} rows/s   {taken / baseline:6.2f} x COPY")


def main() -> None:
    """Measure on a database of its own."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else ROWS
    with a_directory() as directory, a_database(directory) as dsn:
        uvloop.run(measure(dsn, directory, count))


if __name__ == "__main__":
    main()
