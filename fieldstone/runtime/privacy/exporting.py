"""Everything that is known of a person, as one archive: a job that writes a ZIP file.

In it lie their record and all that points to it or has their addresses, what happened to these,
the files they hold, the account of a member, and a manifest with the digest of each part.
"""

from __future__ import annotations

import asyncio
import hashlib
import tempfile
from collections import Counter
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import IO, Any, Final
from zipfile import ZIP_DEFLATED, ZipFile

from sqlalchemy import ARRAY, BigInteger, Integer, func, select

from fieldstone.errors import NotFound
from fieldstone.ids import ObjectId, RecordId, format_id
from fieldstone.metadata.catalog import ObjectDef
from fieldstone.metadata.field_types.datetime import write_instant
from fieldstone.metadata.standing import SYSTEM
from fieldstone.metadata.tables import CHANGE
from fieldstone.metadata.values import Json, JsonObject, read_json, write_json
from fieldstone.runtime.encryption.opening import open_value
from fieldstone.runtime.export_job import CLEAR, KEPT
from fieldstone.runtime.files import PREFIX as FILE_PREFIX
from fieldstone.runtime.files import FileStore, add_file, plain_name
from fieldstone.runtime.job_runs import JobContext
from fieldstone.runtime.jobs import enqueue
from fieldstone.runtime.privacy.accounts import tell_account
from fieldstone.runtime.privacy.finding import Dossier, Found, Outcome, find_all, records_of
from fieldstone.runtime.privacy.person import load_person
from fieldstone.runtime.privacy.requests import PREFIX, finish, get_request
from fieldstone.runtime.records.draft import StoredRecord
from fieldstone.runtime.statements import parameter, prepare
from fieldstone.runtime.storage.job_steps import end_with, result_of, work_in_background
from fieldstone.runtime.storage.released_files import files_in
from fieldstone.runtime.transactions import Transaction

_CHUNK_BYTES: Final = 256 * 1024
_TENANT: Final = parameter("tenant", Integer())
_HISTORY: Final = prepare(
    select(
        CHANGE.c.at,
        CHANGE.c.object_id,
        CHANGE.c.record_id,
        CHANGE.c.operation,
        CHANGE.c.before,
        CHANGE.c.after,
    )
    .where(
        CHANGE.c.tenant_id == _TENANT,
        CHANGE.c.record_id == func.any(parameter("ids", ARRAY(BigInteger))),
    )
    .order_by(CHANGE.c.seq)
)
_WORK: Final = prepare(
    select(CHANGE.c.object_id, CHANGE.c.operation, func.count().label("count"))
    .where(CHANGE.c.tenant_id == _TENANT, CHANGE.c.actor_id == parameter("user_id", BigInteger()))
    .group_by(CHANGE.c.object_id, CHANGE.c.operation)
)


@dataclass(slots=True)
class _Archive:
    """A ZIP file that is being written, with what is in it."""

    file: ZipFile
    members: list[Json] = field(default_factory=list)

    def add(self, name: str, content: bytes) -> None:
        """Write a member as a whole."""
        self.file.writestr(name, content)
        self.note(name, len(content), hashlib.sha256(content).hexdigest())

    def note(self, name: str, size: int, digest: str) -> None:
        """Note what a member is."""
        self.members.append({"name": name, "bytes": size, "sha256": digest})


async def run_exporting(context: JobContext, files: FileStore, limit_bytes: int) -> JsonObject:
    """Do the job of kind privacy.export: arguments {"request", "kept", "file": numbers}."""
    ended = result_of(context)
    if ended is not None:
        return ended
    context.viewer = replace(context.viewer, standing=SYSTEM)
    number, file = _argument(context, "request"), _argument(context, "file")
    await files.remove(context.tenant.id, file)
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory) / "person.zip"
        dossier, held = await _write(context, number, path, files)
        kept = await files.keep(context.tenant.id, file, _chunks(path), limit_bytes)
    async with context.write() as tx:
        name = f"{dossier.person.text}.zip"
        await add_file(tx, file, name, "application/zip", kept)
        await enqueue(tx, CLEAR, {"file": file}, delay_s=KEPT.total_seconds())
        report: dict[str, Json] = {
            "kind": "export",
            "person": dossier.person.text,
            "records": _counted(dossier),
            "files": held,
            "bytes": kept.size_bytes,
            "url": f"/api/files/{format_id(FILE_PREFIX, file)}",
            "kept_until": write_instant(tx.now + KEPT),
        }
        await finish(tx, number, report, kept.sha256)
        told: dict[str, Json] = {"request": format_id(PREFIX, number), "url": report["url"]}
        return await end_with(context, tx, told)


def _argument(context: JobContext, name: str) -> int:
    value = context.job.arguments[name]
    assert isinstance(value, int)
    return value


async def _write(
    context: JobContext, number: int, path: Path, files: FileStore
) -> tuple[Dossier, int]:
    """Write the archive; give what was found, and how many files it holds."""
    async with context.write() as tx:
        await work_in_background(tx)
        request = await get_request(tx, number)
        obj = tx.catalog.by_id[ObjectId(request.object_id)]
        person = await load_person(tx, format_id(obj.prefix, request.record_id))
        dossier = await find_all(tx, person)
        with ZipFile(path, "w", ZIP_DEFLATED) as file:
            archive = _Archive(file)
            archive.add("person.json", _json(_shown(tx, dossier.found[0], person.record)))
            names = await _write_records(tx, archive, dossier)
            archive.add("history.ndjson", await _history(tx, dossier))
            if person.is_user:
                archive.add("account.json", _json(await _account(tx, dossier)))
            held = await _files(context, archive, names, files)
            manifest: dict[str, Json] = {
                "person": person.text,
                "tenant": context.tenant.name,
                "made_at": tx.now.isoformat(),
                "records": _counted(dossier),
                "members": archive.members,
            }
            archive.file.writestr("manifest.json", _json(manifest))
        return dossier, held


async def _write_records(tx: Transaction, archive: _Archive, dossier: Dossier) -> Mapping[int, str]:
    """Write the records about a person; give the files that they hold, with their names."""
    held: dict[int, str] = {}
    for obj, found in dossier.by_object(*Outcome).items():
        name, known = f"records/{obj.name}.ndjson", {one.id: one for one in found}
        digest, size = hashlib.sha256(), 0
        with archive.file.open(name, "w", force_zip64=True) as target:
            async for record in records_of(tx, obj, list(known)):
                line = _json(_shown(tx, known[record.id], record)) + b"\n"
                digest.update(line)
                size += len(line)
                target.write(line)
                for value in record.data.values():
                    held |= dict.fromkeys(files_in([value]), _name_of(value))
        archive.note(name, size, digest.hexdigest())
    return held


def _counted(dossier: Dossier) -> dict[str, Json]:
    return dict(Counter(one.object.name for one in dossier.found))


def _shown(tx: Transaction, one: Found, record: StoredRecord) -> dict[str, Json]:
    return {
        "id": one.text,
        "type": one.object.name,
        "found_by": one.how.value,
        "created_at": None if record.created_at is None else record.created_at.isoformat(),
        "updated_at": None if record.updated_at is None else record.updated_at.isoformat(),
        "deleted_at": None if record.deleted_at is None else record.deleted_at.isoformat(),
        **_named(tx, one.object, record.id, record.data),
    }


def _named(
    tx: Transaction, obj: ObjectDef, number: RecordId, data: Mapping[str, Json]
) -> dict[str, Json]:
    """Give stored values by the names of their fields, encrypted ones opened."""
    there = (one for one in obj.own_fields if one.key in data)
    return {one.name: open_value(tx, one, number, data[one.key]) for one in there}


async def _history(tx: Transaction, dossier: Dossier) -> bytes:
    ids = [one.id for one in dossier.found if one.is_the_person]
    lines = []
    for row in await tx.rows(_HISTORY, tenant=tx.tenant.id, ids=ids):
        obj = tx.catalog.by_id.get(ObjectId(row["object_id"]))
        if obj is not None:
            said: dict[str, Json] = {
                "at": row["at"].isoformat(),
                "record": format_id(obj.prefix, row["record_id"]),
                "operation": row["operation"],
                "before": _values(tx, obj, row, "before"),
                "after": _values(tx, obj, row, "after"),
            }
            lines.append(_json(said) + b"\n")
    return b"".join(lines)


def _values(tx: Transaction, obj: ObjectDef, row: Any, side: str) -> Json:
    value = None if row[side] is None else read_json(row[side])
    number = RecordId(row["record_id"])
    return _named(tx, obj, number, value) if isinstance(value, dict) else None


async def _account(tx: Transaction, dossier: Dossier) -> dict[str, Json]:
    person = dossier.person
    email = "" if person.member is None else str(person.member["email"])
    told = await tell_account(tx, RecordId(person.id), email)
    work: list[Json] = []
    for row in await tx.rows(_WORK, tenant=tx.tenant.id, user_id=person.id):
        obj = tx.catalog.by_id.get(ObjectId(row["object_id"]))
        name = None if obj is None else obj.name
        work.append({"object": name, "operation": row["operation"], "count": row["count"]})
    return {**told, "changes_made": work}


async def _files(
    context: JobContext, archive: _Archive, held: Mapping[int, str], files: FileStore
) -> int:
    """Write the files that the records about a person hold; how many. held: with their names."""
    count = 0
    for number, name in held.items():
        member = f"files/{format_id(FILE_PREFIX, number)}/{name}"
        try:
            path = await files.local_path(context.tenant.id, number)
        except NotFound:
            continue
        size, digest = await asyncio.to_thread(_copy, archive.file, member, path)
        archive.note(member, size, digest)
        count += 1
    return count


def _copy(into: ZipFile, member: str, path: Path) -> tuple[int, str]:
    digest, size = hashlib.sha256(), 0
    with path.open("rb") as source, into.open(member, "w", force_zip64=True) as target:
        while chunk := source.read(_CHUNK_BYTES):
            digest.update(chunk)
            size += len(chunk)
            target.write(chunk)
    return size, digest.hexdigest()


def _name_of(value: Any) -> str:
    return plain_name(str(value.get("name", ""))) if isinstance(value, dict) else "unnamed"


def _json(value: Json) -> bytes:
    return write_json(value).encode()


async def _chunks(path: Path) -> AsyncIterator[bytes]:
    with await asyncio.to_thread(path.open, "rb") as file:
        source: IO[bytes] = file
        while chunk := await asyncio.to_thread(source.read, _CHUNK_BYTES):
            yield chunk
