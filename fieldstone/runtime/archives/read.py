"""Restores an archive into a tenant with nothing in it: all of it, or nothing.

Records, files and people keep their ids. Components get new numbers, since those are the
installation's, and whatever names them by number follows. Records of a heap of their own come back
into the shared one, from which big objects are moved again by themselves.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final
from zipfile import BadZipFile

import asyncpg
import msgspec
from sqlalchemy import BigInteger, Integer, Text, func, select, update
from sqlalchemy.dialects.postgresql import JSONB

from fieldstone.metadata.moved_values import REMAINDER_OF, RESERVED
from fieldstone.metadata.tables import CATALOG_VERSION
from fieldstone.metadata.values import JsonObject, write_json
from fieldstone.runtime.archives.content import FILES, HEAP, PARTS
from fieldstone.runtime.archives.members import ArchiveLimits, BadArchive, Members, open_archive
from fieldstone.runtime.files import FileStore
from fieldstone.runtime.statements import parameter, prepare
from fieldstone.runtime.storage.job_steps import work_in_background
from fieldstone.runtime.transactions import Transaction

_PORTION: Final = 500
_PORTION_BYTES: Final = 8_000_000
_FILE_NUMBERS: Final = range(1, 2**63)
_UNSETTLED: Final = ("heap", "indexes", "move", "leave", "index_job")
_NO_JOB: Final = 0
_RESTORE: Final = prepare(
    select(func.restore_rows(parameter("table", Text()), parameter("rows", JSONB())))
)
_TAKE_IDS: Final = prepare(
    select(func.nextval("component_id_seq").label("id")).select_from(
        func.generate_series(1, parameter("count", Integer()))
    )
)
_SET_VERSION: Final = prepare(
    update(CATALOG_VERSION)
    .where(CATALOG_VERSION.c.tenant_id == parameter("tenant", Integer()))
    .values(version=parameter("version", BigInteger()))
)


# What reading it fails with: bytes that are no ZIP file's or JSON, and names that are not there.
_NOT_ARCHIVE: Final = (
    *(BadZipFile, EOFError, zlib.error, NotImplementedError),
    *(msgspec.DecodeError, RecursionError, KeyError, TypeError, ValueError),
)
# What PostgreSQL says of rows that no archive of ours has: of other columns, types or duplicates.
_NOT_ROWS: Final = (
    asyncpg.DataError,
    asyncpg.IntegrityConstraintViolationError,
    asyncpg.SyntaxOrAccessError,
    asyncpg.ProgramLimitExceededError,
)
_Rows = Iterator[tuple[dict[str, Any], int]]


async def restore_archive(
    tx: Transaction, path: Path, files: FileStore, limits: ArchiveLimits
) -> JsonObject:
    """Restore an archive into the tenant of tx, which holds its catalog alone.

    What the manifest says of each member, how many rows and which digest, is checked on the way.
    Raises BadArchive, ArchiveTooLarge.
    """
    await work_in_background(tx)
    try:
        with open_archive(path, limits) as members:
            return await _restored(tx, members, files)
    except _NOT_ARCHIVE as error:
        raise BadArchive(f"The file is no whole archive of a tenant: {error}.") from error
    except _NOT_ROWS as error:
        raise BadArchive("The archive has rows that no archive of a tenant has.") from error


async def _restored(tx: Transaction, members: Members, files: FileStore) -> JsonObject:
    ids = await _new_ids(tx, members)
    count = 0
    for part in PARTS:
        rows = _renumbered(members.rows(part.member), part.numbers, ids)
        count += await _add(tx, part.table.name, rows)
    for name in members.below(HEAP):
        rows = _renumbered(members.rows(name), ("object_id",), ids)
        count += await _add(tx, tx.tenant.leaf, rows)
    kept = await _keep_files(tx, members, files)
    version = int(str(members.manifest["catalog_version"]))
    await tx.run(_SET_VERSION, tenant=tx.tenant.id, version=version + 1)
    return {"rows": count, "files": kept, "tenant": members.manifest["tenant"]}


async def _new_ids(tx: Transaction, members: Members) -> dict[int, int]:
    old = [int(row["id"]) for row, _ in members.rows(PARTS[0].member)]
    rows = await tx.rows(_TAKE_IDS, count=len(old)) if old else []
    return {before: row["id"] for before, row in zip(old, rows, strict=True)}


def _renumbered(rows: _Rows, numbers: tuple[str, ...], ids: Mapping[int, int]) -> _Rows:
    for row, size_bytes in rows:
        yield _with_new_numbers(row, numbers, ids), size_bytes


def _with_new_numbers(
    row: dict[str, Any], numbers: tuple[str, ...], ids: Mapping[int, int]
) -> dict[str, Any]:
    for name in numbers:
        value = row[name]
        if isinstance(value, list):
            row[name] = [ids.get(one, one) for one in value]
        elif isinstance(value, int) and value < 0:
            # A role with all below it has the number of the role, less than nothing.
            row[name] = -ids.get(-value, -value)
        else:
            row[name] = ids.get(value, value)
    if "storage" in row:
        kept = row["storage"]
        if not isinstance(kept, dict):
            raise TypeError("a component has no storage")
        storage = {key: one for key, one in kept.items() if key not in _UNSETTLED}
        if REMAINDER_OF in storage:
            storage[REMAINDER_OF] = ids.get(storage[REMAINDER_OF], 0)
        if isinstance(reserved := storage.get(RESERVED), dict):
            # Half of the values lie under this key already: whoever finds that no job is at work
            # there has them removed, and the key is given to no other field.
            storage[RESERVED] = {**reserved, "job": _NO_JOB}
        row["storage"] = storage
    return row


async def _add(tx: Transaction, table: str, rows: _Rows) -> int:
    """Add rows in portions of so many, or of so many bytes where they are long."""
    count, portion, held_bytes = 0, list[dict[str, Any]](), 0
    for row, size_bytes in rows:
        portion.append(row)
        held_bytes += size_bytes
        if len(portion) == _PORTION or held_bytes > _PORTION_BYTES:
            count += await tx.value(_RESTORE, table=table, rows=write_json(portion))
            portion, held_bytes = [], 0
    if portion:
        count += await tx.value(_RESTORE, table=table, rows=write_json(portion))
    return count


async def _keep_files(tx: Transaction, members: Members, files: FileStore) -> int:
    names = members.below(FILES)
    for name in names:
        number = int(name.removeprefix(f"{FILES}/"), 16)
        if number not in _FILE_NUMBERS:
            raise BadArchive(f"{name} of the archive is the name of no file.")
        with members.chunks(name) as chunks:
            size_bytes = members.size_bytes(name)
            kept = await files.keep(tx.tenant.id, number, chunks, size_bytes)
        members.check_bytes(name, kept)
    return len(names)
