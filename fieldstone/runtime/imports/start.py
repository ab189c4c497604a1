"""How an import begins: a file is kept, a mapping settled, a job written down."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Final

from fieldstone.errors import Forbidden, Problem
from fieldstone.ids import TenantId
from fieldstone.metadata.catalog import Catalog, ObjectDef
from fieldstone.metadata.field_types.datetime import write_instant
from fieldstone.metadata.names import slug_of
from fieldstone.metadata.rights import Action, Rights
from fieldstone.metadata.values import Json, JsonObject, fold
from fieldstone.metadata.visible import visible_object
from fieldstone.runtime.actions import check_action
from fieldstone.runtime.files import FileRecord, FileStore
from fieldstone.runtime.imports.mapping import (
    ColumnMapping,
    parts_of,
    read_mapping,
    show_mapping,
    targets_of,
)
from fieldstone.runtime.imports.plan import (
    IMPORT,
    ImportPlan,
    key_field,
    read_as_of,
    read_duplicates,
    require_columns,
)
from fieldstone.runtime.imports.proposing import Proposal, look_at, propose
from fieldstone.runtime.imports.reading import ReadRow, RowReader
from fieldstone.runtime.imports.source import Row, Source, open_source
from fieldstone.runtime.jobs import Job, enqueue, load_job, start_here
from fieldstone.runtime.terms import Feature
from fieldstone.runtime.transactions import Transaction

SMALL_BYTES: Final = 2_000_000
SMALL_ROWS: Final = 5_000
PREVIEW_ROWS: Final = 20


@dataclass(frozen=True, slots=True)
class ImportRequest:
    """What a caller asked for. mapping: None leaves it to us. duplicates: "" for the default.

    as_of: the instant up to which they know the records, as text; "" for the beginning.
    """

    object: str = "Contact"
    mapping: Mapping[str, Json] | None = None
    key: str = ""
    duplicates: str = ""
    dry_run: bool = False
    as_of: str = ""


@dataclass(frozen=True, slots=True)
class Upload:
    """A kept file that can be read as a table. is_small: whether the caller can wait for it."""

    file: FileRecord
    source: Source
    is_small: bool


async def open_upload(tenant: TenantId, files: FileStore, file: FileRecord) -> Upload:
    """Open a kept file as a table, outside of transactions, for it takes long. Raises BadFile."""
    path = await files.local_path(tenant, file.id)
    source = await asyncio.to_thread(open_source, path)
    small = file.size_bytes <= SMALL_BYTES and await asyncio.to_thread(source.count) <= SMALL_ROWS
    return Upload(file, source, small)


def object_named(catalog: Catalog, rights: Rights, name: str) -> ObjectDef:
    """Give the object that a name, alias or plural means. Raises UnknownObject."""
    slug = slug_of(name)
    by_plural = (obj for obj in catalog.objects if fold(obj.plural_label) == fold(name))
    found = catalog.find_object(name) or catalog.by_slug.get(slug) or next(by_plural, None)
    if found is None or not rights.may_read_object(found.id):
        return visible_object(catalog, rights, name)
    return found


async def begin_import(tx: Transaction, upload: Upload, asked: ImportRequest) -> Job:
    """Write the job of an import down; a small one is for the caller to run at once.

    Raises UnknownObject, Forbidden, BadKey, BadChoice and Several with what is wrong with the
    mapping.
    """
    check_action(tx, Action.IMPORT)
    tx.tenant.terms.require(Feature.IMPORTS)
    obj = object_named(tx.catalog, tx.rights, asked.object)
    if not (tx.rights.may_create(obj.id) or tx.rights.may_edit_object(obj.id)):
        raise Forbidden(f"You may not change {obj.plural_label}.")
    mapping, key = await _settle(tx, obj, upload.source, asked)
    require_columns(mapping, upload.source.headers)
    if key:
        key = key_field(obj, key, mapping, tx.rights).name
    plan = ImportPlan(
        object=obj.name,
        file=upload.file.id,
        file_name=upload.file.name,
        mapping=show_mapping(mapping),
        key=key,
        duplicates=read_duplicates(asked.duplicates, keyed=bool(key)),
        dry_run=asked.dry_run,
        as_of=read_as_of(asked.as_of),
    )
    begin = start_here if upload.is_small else enqueue
    return await load_job(tx, await begin(tx, IMPORT, plan.to_json()))


async def _settle(
    tx: Transaction, obj: ObjectDef, source: Source, asked: ImportRequest
) -> tuple[tuple[ColumnMapping, ...], str]:
    """Give the mapping and the key: a file with the records' own ids changes these records."""
    if asked.mapping is not None:
        mapping = read_mapping(obj, source.headers, asked.mapping, tx.rights)
    else:
        mapping = (await _proposed(obj, source, tx.rights)).mapping
    has_ids = any(one.target.field.column == "id" for one in mapping)
    return mapping, asked.key or ("id" if has_ids else "")


async def _proposed(obj: ObjectDef, source: Source, rights: Rights) -> Proposal:
    columns = await asyncio.to_thread(look_at, source)
    return await asyncio.to_thread(propose, obj, columns, rights)


async def preview_import(tx: Transaction, upload: Upload, asked: ImportRequest) -> JsonObject:
    """Give what an import would make of a file: its columns, and the first rows as values."""
    tx.tenant.terms.require(Feature.IMPORTS)
    obj = object_named(tx.catalog, tx.rights, asked.object)
    columns = await asyncio.to_thread(look_at, upload.source)
    proposal = propose(obj, columns, tx.rights)
    if asked.mapping is not None:
        mapping = read_mapping(obj, upload.source.headers, asked.mapping, tx.rights)
    else:
        mapping = proposal.mapping
    by_column = {one.column: one for one in mapping}
    reader = RowReader(obj, mapping, len(upload.source.headers))
    first = reader.read(await asyncio.to_thread(_first_rows, upload.source))
    return {
        "object": obj.name,
        "as_of": write_instant(tx.now),
        "file": upload.file.show(),
        "encoding": upload.source.encoding or None,
        "delimiter": upload.source.delimiter or None,
        "mapping": show_mapping(mapping),
        "columns": [
            {
                "header": column.header,
                "field": by_column[column.place].target.name if column.place in by_column else None,
                "score": _score(by_column.get(column.place)),
                "why_not": None
                if column.place in by_column
                else proposal.left_out.get(column.header),
                "samples": list(column.values)[:3],
            }
            for column in columns
        ],
        "rows": [_shown(row) for row in first],
        "fields": [
            {"name": target.name, "label": target.field.label, "type": target.field.type.label}
            for target in targets_of(obj, tx.rights)
            if target.part or not parts_of(target.field) or target.field.required
        ],
    }


def _first_rows(source: Source) -> list[Row]:
    return list(islice(source.rows(), PREVIEW_ROWS))


def _score(one: ColumnMapping | None) -> Json:
    return None if one is None else round(one.score * 100)


def _shown(row: ReadRow) -> JsonObject:
    values: dict[str, Json] = {of.name: value for of, value in row.values.items()}
    values.update({of.name: text for of, text in row.named})
    return {"row": row.number, "values": values, "problems": [_problem(p) for p in row.problems]}


def _problem(problem: Problem) -> JsonObject:
    at = problem.at if isinstance(problem.at, str) else None
    return {"code": problem.code, "message": problem.message, "at": at, "hint": problem.hint}
