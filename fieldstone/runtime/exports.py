"""Exports: what a question gives as NDJSON, CSV or a workbook, however much it is.

All rows are those of one instant. Cells of CSV that a spreadsheet would take for a formula get an
apostrophe before them, which an import takes away again.
"""

from __future__ import annotations

import asyncio
import csv
import shutil
import tempfile
from collections.abc import AsyncGenerator, Iterable, Iterator, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from enum import StrEnum
from io import StringIO
from pathlib import Path
from typing import Final

from fieldstone.errors import FieldstoneError, InvalidInput, Unavailable
from fieldstone.metadata.catalog import Field, ObjectDef
from fieldstone.metadata.values import Json, read_json, write_json_bytes
from fieldstone.query_language.json_form import read_filter
from fieldstone.query_language.parse import parse_items, parse_order
from fieldstone.query_language.syntax import Path as FieldPath
from fieldstone.query_language.syntax import Query, SelectItem, Source
from fieldstone.runtime.export_columns import Column, as_asked, columns_of, headers_of
from fieldstone.runtime.imports.cells import safe_cell
from fieldstone.runtime.queries import Question
from fieldstone.runtime.row_streams import OpenRows, Reading, opened_rows
from fieldstone.runtime.transactions import Transaction
from fieldstone.runtime.workbooks import Workbook

LEAST_FREE_BYTES: Final = 512 * 1024 * 1024
"""What the writing of workbooks leaves free of the disk."""

_CHUNK_BYTES: Final = 256 * 1024


class Format(StrEnum):
    """What an export is written as."""

    CSV = "csv"
    NDJSON = "ndjson"
    XLSX = "xlsx"

    @property
    def media_type(self) -> str:
        """The media type of such a file."""
        return _MEDIA_TYPES[self]


_MEDIA_TYPES: Final = {
    Format.CSV: "text/csv; charset=utf-8",
    Format.NDJSON: "application/x-ndjson",
    Format.XLSX: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


class BadFormat(InvalidInput):
    """No export is written as this."""

    code = "export.bad_format"


class NoRoom(Unavailable):
    """The disk is too full for a workbook."""

    code = "export.no_room"


def read_format(text: str) -> Format:
    """Read the format of an export; CSV where nothing is said. Raises BadFormat."""
    try:
        return Format(text.lower() or "csv")
    except ValueError:
        raise BadFormat(
            f"Nothing is exported as {text[:40]!r}.",
            at="/format",
            hint=f"The formats are {', '.join(Format)}.",
        ) from None


def read_labels(text: str) -> bool:
    """Read what heads the columns: names, or labels for people. Raises BadFormat."""
    if text.lower() in {"", "names", "labels"}:
        return text.lower() == "labels"
    raise BadFormat(
        f"Columns are not headed by {text[:40]!r}.", at="/headers", hint="Write names or labels."
    )


@dataclass(frozen=True, slots=True)
class Form:
    """How an answer is written.

    labels: whether labels head the columns, not names. marks_end: whether NDJSON has a last line
    that tells whether it is whole. title: what the sheets of a workbook are called. ids: whether
    the ids of all records are columns, also where nobody asked for them.
    """

    kind: Format
    labels: bool = False
    marks_end: bool = False
    title: str = "Export"
    ids: bool = False


def export_query(
    tx: Transaction,
    obj: ObjectDef,
    *,
    fields: str = "",
    where: str = "",
    order_by: str = "",
) -> Question:
    """Give the question of an export. fields: names with commas; "" for every readable field.

    Raises BadSyntax.
    """
    query = Query(
        select=parse_items(fields) if fields.strip() else tuple(_every_field(tx, obj)),
        source=Source(FieldPath((obj.name,))),
        where=read_filter(where) if where.strip() else None,
        order_by=parse_order(order_by) if order_by.strip() else (),
    )
    return Question(query)


def _every_field(tx: Transaction, obj: ObjectDef) -> Iterator[SelectItem]:
    for of in (obj.by_name["id"], *obj.own_fields):
        if not tx.rights.may_show_field(of.id):
            continue
        target = _target(tx, of)
        if target is None:
            yield SelectItem(FieldPath((of.name,)))
        else:
            yield SelectItem(FieldPath((of.name, "id")))
            yield SelectItem(FieldPath((of.name, target.title.name)))


def _target(tx: Transaction, of: Field) -> ObjectDef | None:
    """Give the object that a reference points to, if its name says more than an id."""
    if len(of.references) != 1 or of.slot is None:
        return None
    target = tx.catalog.by_id[of.references[0]]
    readable = tx.rights.may_read_object(target.id) and tx.rights.may_read_field(target.title.id)
    return target if readable and not target.title.is_system else None


async def write_answer(
    reading: Reading, question: Question, form: Form
) -> AsyncGenerator[bytes, None]:
    """Give an answer as bytes, as they come; a workbook once it is whole.

    Raises InvalidInput and QueryTimeout before the first of them.
    """
    async with opened_rows(reading, question) as rows:
        if form.kind is Format.XLSX:
            written = _workbook(rows, columns_in(rows, question, form), form)
        elif form.kind is Format.CSV:
            written = _lines(rows, columns_in(rows, question, form), form)
        else:
            written = _marked(rows) if form.marks_end else _plain(rows)
        async with aclosing(written) as chunks:
            async for chunk in chunks:
                yield chunk


def columns_in(rows: OpenRows, question: Question, form: Form) -> tuple[Column, ...]:
    """Give the columns of an answer."""
    if rows.only_column is not None:
        return (Column((rows.only_column,), rows.only_column.capitalize()),)
    columns = columns_of(rows.plan)
    return columns if form.ids or rows.plan.grouped else as_asked(columns, question.query)


async def _plain(rows: OpenRows) -> AsyncGenerator[bytes, None]:
    async for records in rows.portions:
        yield _joined(records)


async def _marked(rows: OpenRows) -> AsyncGenerator[bytes, None]:
    """Give NDJSON whose last line tells how many rows there were, or what broke it off.

    No column has such a name as @end, so that no row looks like that line.
    """
    count = 0
    try:
        async for records in rows.portions:
            count += len(records)
            yield _joined(records)
    except FieldstoneError as error:
        if not count:
            raise
        yield _end(count, error)
    else:
        yield _end(count, None)


def _joined(records: Sequence[str]) -> bytes:
    return "".join(f"{text}\n" for text in records).encode()


def _end(count: int, error: FieldstoneError | None) -> bytes:
    told: dict[str, Json] = {"rows": count, "complete": error is None}
    if error is not None:
        told["error"] = error.problem.as_json()
    return write_json_bytes({"@end": told}) + b"\n"


async def _lines(
    rows: OpenRows, columns: Sequence[Column], form: Form
) -> AsyncGenerator[bytes, None]:
    heads: list[list[Json]] = [list(headers_of(columns, labels=form.labels))]
    async for records in rows.portions:
        yield await asyncio.to_thread(_csv, columns, heads, records)
        heads = []
    if heads:
        yield _csv(columns, heads, ())


def _csv(columns: Sequence[Column], heads: list[list[Json]], records: Iterable[str]) -> bytes:
    out = StringIO()
    writer = csv.writer(out)
    writer.writerows([safe_cell(str(value)) for value in row] for row in heads)
    for text in records:
        record = read_json(text)
        writer.writerow([_cell(column.cell(record)) for column in columns])
    return out.getvalue().encode()


def _cell(value: Json) -> str:
    if isinstance(value, str):
        return safe_cell(value)
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)


async def _workbook(
    rows: OpenRows, columns: Sequence[Column], form: Form
) -> AsyncGenerator[bytes, None]:
    """Write a workbook to disk row by row, and give its bytes once it is whole."""
    with tempfile.TemporaryDirectory(prefix="fieldstone-export-") as directory:
        path = Path(directory) / "export.xlsx"
        book = Workbook(path, form.title, columns, labels=form.labels)
        async for records in rows.portions:
            await asyncio.to_thread(book.add, records)
            if shutil.disk_usage(directory).free < LEAST_FREE_BYTES:
                raise NoRoom("The disk has no room for this file.", hint="Export as csv.")
        await asyncio.to_thread(book.close)
        with path.open("rb") as file:
            while chunk := await asyncio.to_thread(file.read, _CHUNK_BYTES):
                yield chunk
