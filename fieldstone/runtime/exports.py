"""Exports: what a query gives as CSV, NDJSON or a workbook, page by page, however much it is.

Cells of CSV that a spreadsheet would take for a formula get an apostrophe before them, which an
import takes away again. Each page is read in a transaction of its own, so that whoever fetches a
file slowly keeps no connection.
"""

from __future__ import annotations

import asyncio
import csv
import tempfile
from collections.abc import AsyncIterator, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from enum import StrEnum
from io import StringIO
from pathlib import Path
from typing import Any, Final

import xlsxwriter

from fieldstone.errors import InvalidInput
from fieldstone.metadata.catalog import Field, ObjectDef
from fieldstone.metadata.values import Json, read_json
from fieldstone.query_language.parse import parse_condition, parse_items, parse_order
from fieldstone.query_language.syntax import Path as FieldPath
from fieldstone.query_language.syntax import Query, SelectItem, Source
from fieldstone.runtime.export_columns import Column, columns_of
from fieldstone.runtime.imports.cells import safe_cell
from fieldstone.runtime.queries import Question, answer
from fieldstone.runtime.tenants import Tenant
from fieldstone.runtime.transactions import Database, Transaction, Viewer

PAGE: Final = 1_000
MOST_IN_WORKBOOK: Final = 1_048_575
"""Rows below the headers that a sheet holds."""

MOST_IN_CELL: Final = 32_767
"""Characters that a cell of a workbook holds, in units of UTF-16."""

_CUT: Final = "…"
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


class TooManyRows(InvalidInput):
    """More rows than a sheet of a workbook holds."""

    code = "export.too_many_rows"


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
        where=parse_condition(where) if where.strip() else None,
        order_by=parse_order(order_by) if order_by.strip() else (),
    )
    return Question(query, {}, PAGE, counts=False)


def _every_field(tx: Transaction, obj: ObjectDef) -> Iterator[SelectItem]:
    for of in (obj.by_name["id"], *obj.own_fields):
        if not tx.rights.may_read_field(of.id):
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


@dataclass(frozen=True, slots=True)
class Export:
    """What is exported, and for whom. columns: those of the catalog when it began."""

    database: Database
    tenant: Tenant
    viewer: Viewer
    object: ObjectDef
    question: Question
    columns: tuple[Column, ...]

    async def pages(self) -> AsyncIterator[list[str]]:
        """Give the rows as JSON texts, a page at a time, to the last."""
        question = self.question
        while True:
            async with self.database.read(self.tenant, self.viewer) as tx:
                page = await answer(tx, question)
            yield page.records
            if page.next is None:
                return
            question = replace(question, cursor=page.next)

    def cells(self, text: str) -> list[Json]:
        """Give the values of a row, one for each column."""
        row = read_json(text)
        return [column.show(column.value(row)) for column in self.columns]

    async def write(self, kind: Format) -> AsyncIterator[bytes]:
        """Give the export as bytes, as they come. Raises InvalidInput before the first of them."""
        if kind is Format.XLSX:
            async for chunk in _workbook(self):
                yield chunk
            return
        heads: list[list[Json]] = [[column.header for column in self.columns]]
        async for records in self.pages():
            if kind is Format.NDJSON:
                yield b"".join(text.encode() + b"\n" for text in records)
            else:
                yield await asyncio.to_thread(self._lines, heads, records)
                heads = []

    def _lines(self, heads: list[list[Json]], records: Iterable[str]) -> bytes:
        return _csv([*heads, *(self.cells(text) for text in records)])


def begin_export(tx: Transaction, database: Database, obj: ObjectDef, question: Question) -> Export:
    """Settle what an export holds, under the catalog of tx. Raises InvalidInput."""
    columns = columns_of(tx, question.query)
    return Export(database, tx.tenant, tx.viewer, obj, question, columns)


def _csv(rows: Iterable[Sequence[Json]]) -> bytes:
    out = StringIO()
    csv.writer(out).writerows([safe_cell(_text(value)) for value in row] for row in rows)
    return out.getvalue().encode()


def _text(value: Json) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)


async def _workbook(export: Export) -> AsyncIterator[bytes]:
    """Write a workbook to disk row by row, and give its bytes once it is whole."""
    with tempfile.TemporaryDirectory(prefix="fieldstone-export-") as directory:
        path = Path(directory) / "export.xlsx"
        sheet = _Sheet(path, export)
        async for records in export.pages():
            await asyncio.to_thread(sheet.add, records)
        await asyncio.to_thread(sheet.close)
        with path.open("rb") as file:
            while chunk := await asyncio.to_thread(file.read, _CHUNK_BYTES):
                yield chunk


_NOT_IN_NAME: Final = str.maketrans(dict.fromkeys("[]:*?/\\", "_"))
_EXACT_DIGITS: Final = 15


class _Sheet:
    """A workbook of one sheet, whose rows lie on disk as soon as the next one comes."""

    def __init__(self, path: Path, export: Export) -> None:
        settings = {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
        self._book = xlsxwriter.Workbook(str(path), {**settings, "tmpdir": str(path.parent)})
        label = export.object.plural_label[:31].translate(_NOT_IN_NAME)
        self._sheet = self._book.add_worksheet(label)
        self._export = export
        self._place = 0
        for place, column in enumerate(export.columns):
            self._sheet.write_string(0, place, column.header)

    def add(self, records: Iterable[str]) -> None:
        """Add rows. Raises TooManyRows."""
        for text in records:
            self._place += 1
            if self._place > MOST_IN_WORKBOOK:
                raise TooManyRows(f"A sheet holds {MOST_IN_WORKBOOK} rows.", hint="Export as csv.")
            _write_row(self._sheet, self._place, self._export.cells(text))

    def close(self) -> None:
        """Pack the workbook."""
        self._book.close()


def _write_row(sheet: Any, place: int, values: Sequence[Json]) -> None:
    """Write cells: numbers that a sheet keeps exactly as numbers, all else as text."""
    for column, value in enumerate(values):
        if isinstance(value, bool):
            sheet.write_boolean(place, column, value)
        elif isinstance(value, int | Decimal) and len(str(value)) <= _EXACT_DIGITS:
            sheet.write_number(place, column, float(value))
        elif value is not None:
            sheet.write_string(place, column, _cut(_text(value)))


def _cut(text: str) -> str:
    """Give a text that a cell holds; one that was cut ends in an ellipsis."""
    units = text.encode("utf-16-le")
    if len(units) <= 2 * MOST_IN_CELL:
        return text
    return units[: 2 * (MOST_IN_CELL - len(_CUT))].decode("utf-16-le", errors="ignore") + _CUT
