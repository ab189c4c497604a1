"""Restores an archive into a tenant with nothing in it: all of it, or nothing.

Records, files and people keep their ids. Components get new numbers, since those are the
installation's, and whatever names them by number follows. Records of a heap of their own come back
into the shared one, from which big objects are moved again by themselves.
"""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator, Iterator, Mapping
from pathlib import Path
from typing import IO, Any, Final
from zipfile import BadZipFile, ZipFile

from sqlalchemy import BigInteger, Integer, Text, func, select, update
from sqlalchemy.dialects.postgresql import JSONB

from fieldstone.errors import InvalidInput
from fieldstone.metadata.tables import CATALOG_VERSION
from fieldstone.metadata.values import JsonObject, read_json, write_json
from fieldstone.runtime.archives.content import FORMAT, HEAP, MANIFEST, PARTS
from fieldstone.runtime.files import FileStore
from fieldstone.runtime.statements import parameter, prepare
from fieldstone.runtime.storage.job_steps import work_in_background
from fieldstone.runtime.transactions import Transaction

_PORTION: Final = 500
_CHUNK_BYTES: Final = 256 * 1024
_MOST_MANIFEST: Final = 50_000_000
_ANY_SIZE: Final = 2**62
_UNSETTLED: Final = ("heap", "indexes", "move", "leave", "index_job")
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


class BadArchive(InvalidInput):
    """A file that is no archive of a tenant, was cut, or was changed."""

    code = "archive.bad"


async def restore_archive(tx: Transaction, path: Path, files: FileStore) -> JsonObject:
    """Restore an archive into the tenant of tx, which holds its catalog alone. Raises BadArchive.

    What the manifest says of each member, how many rows and which digest, is checked on the way.
    """
    await work_in_background(tx)
    try:
        with ZipFile(path) as archive:
            manifest = _manifest(archive)
            told = {str(one["name"]): one for one in _members(manifest)}
            ids = await _new_ids(tx, archive, told)
            count = 0
            for part in PARTS:
                lines = _checked(archive, told, part.member)
                rows = (_renumbered(row, part.numbers, ids) for row in lines)
                count += await _add(tx, part.table.name, rows)
            for name in told:
                if name.startswith(f"{HEAP}/"):
                    rows = (
                        _renumbered(r, ("object_id",), ids) for r in _checked(archive, told, name)
                    )
                    count += await _add(tx, tx.tenant.leaf, rows)
            kept = await _keep_files(tx, archive, told, files)
            version = int(str(manifest["catalog_version"]))
            await tx.run(_SET_VERSION, tenant=tx.tenant.id, version=version + 1)
    except (BadZipFile, KeyError, TypeError, ValueError, EOFError) as error:
        raise BadArchive(f"The file is no whole archive of a tenant: {error}.") from error
    return {"rows": count, "files": kept, "tenant": manifest["tenant"]}


def _manifest(archive: ZipFile) -> dict[str, Any]:
    if MANIFEST not in archive.namelist() or archive.getinfo(MANIFEST).file_size > _MOST_MANIFEST:
        raise BadArchive("The archive has no manifest, so it was cut.", hint="Make it again.")
    found = read_json(archive.read(MANIFEST))
    if not isinstance(found, dict) or found.get("format") != FORMAT:
        raise BadArchive("The archive is of a format that this version does not know.")
    return found


def _members(manifest: Mapping[str, Any]) -> list[dict[str, Any]]:
    return list(manifest["members"])


def _checked(
    archive: ZipFile, told: Mapping[str, Mapping[str, Any]], name: str
) -> Iterator[dict[str, Any]]:
    """Give the rows of a member. Raises BadArchive at its end if it is not as it was."""
    digest, rows = hashlib.sha256(), 0
    with archive.open(name) as member:
        for line in member:
            digest.update(line)
            rows += 1
            row = read_json(line)
            assert isinstance(row, dict)
            yield row
    _check_digest(told[name], digest.hexdigest(), rows)


def _check_digest(said: Mapping[str, Any], digest: str, rows: int) -> None:
    if said["sha256"] != digest or said["rows"] != rows:
        raise BadArchive(f"{said['name']} of the archive is not what its manifest says.")


async def _new_ids(
    tx: Transaction, archive: ZipFile, told: Mapping[str, Mapping[str, Any]]
) -> dict[int, int]:
    old = [int(row["id"]) for row in _checked(archive, told, PARTS[0].member)]
    rows = await tx.rows(_TAKE_IDS, count=len(old)) if old else []
    return {before: row["id"] for before, row in zip(old, rows, strict=True)}


def _renumbered(
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
        row["storage"] = {key: one for key, one in kept.items() if key not in _UNSETTLED}
    return row


async def _add(tx: Transaction, table: str, rows: Iterator[dict[str, Any]]) -> int:
    count, portion = 0, list[dict[str, Any]]()
    for row in rows:
        portion.append(row)
        if len(portion) == _PORTION:
            count += await tx.value(_RESTORE, table=table, rows=write_json(portion))
            portion = []
    if portion:
        count += await tx.value(_RESTORE, table=table, rows=write_json(portion))
    return count


async def _keep_files(
    tx: Transaction,
    archive: ZipFile,
    told: Mapping[str, Mapping[str, Any]],
    files: FileStore,
) -> int:
    names = [name for name in told if name.startswith("files/")]
    for name in names:
        with archive.open(name) as member:
            number = int(name.removeprefix("files/"), 16)
            kept = await files.keep(tx.tenant.id, number, _chunks(member), _ANY_SIZE)
        _check_digest(told[name], kept.sha256, 0)
    return len(names)


async def _chunks(member: IO[bytes]) -> AsyncIterator[bytes]:
    while chunk := member.read(_CHUNK_BYTES):
        yield chunk
