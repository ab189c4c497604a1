"""Exports: what a query gives as CSV, NDJSON or a workbook, page by page, however much it is.

Cells that a spreadsheet would take for a formula get an apostrophe before them.
"""

from __future__ import annotations

import csv
import tempfile
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from enum import StrEnum
from io import StringIO
from pathlib import Path
from typing import Any, Final

import xlsxwriter

from fieldstone.errors import InvalidInput
from fieldstone.metadata.catalog import Field, ObjectDef
from fieldstone.metadata.values import Json, read_json, write_json
from fieldstone.query_language.parse import parse_condition, parse_items, parse_order
from fieldstone.query_language.syntax import Path as FieldPath
from fieldstone.query_language.syntax import Query, SelectItem, Source
from fieldstone.runtime.imports.cells import safe_cell
from fieldstone.runtime.imports.mapping import parts_of
from fieldstone.runtime.queries import Question, answer
from fieldstone.runtime.transactions import Transaction

PAGE: Final = 1_000
MOST_IN_WORKBOOK: Final = 1_048_575
"""Rows below the headers that a sheet holds."""

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


async def pages(tx: Transaction, question: Question) -> AsyncIterator[list[str]]:
    """Give the rows of a question as JSON texts, a page at a time, to the last."""
    while True:
        page = await answer(tx, question)
        yield page.records
        if page.next is None:
            return
        question = replace(question, cursor=page.next)


async def export(
    tx: Transaction, obj: ObjectDef, question: Question, kind: Format
) -> AsyncIterator[bytes]:
    """Give an export as bytes, as they come. Raises InvalidInput before the first of them."""
    if kind is Format.NDJSON:
        async for records in pages(tx, question):
            yield b"".join(text.encode() + b"\n" for text in records)
    elif kind is Format.CSV:
        async for chunk in _csv(tx, obj, question):
            yield chunk
    else:
        async for chunk in _workbook(tx, obj, question):
            yield chunk


async def _csv(tx: Transaction, obj: ObjectDef, question: Question) -> AsyncIterator[bytes]:
    heads: list[str] = []
    async for records in pages(tx, question):
        out = StringIO()
        writer = csv.writer(out)
        rows = [flat(obj, text) for text in records]
        if not heads:
            heads = list(headers(obj, question, rows))
            writer.writerow(heads)
        writer.writerows([_cell(row.get(head)) for head in heads] for row in rows)
        yield out.getvalue().encode()


def headers(
    obj: ObjectDef, question: Question, rows: Iterable[Mapping[str, Json]]
) -> Iterable[str]:
    """Give the columns of an export: what was asked for, an address in its parts."""
    found: dict[str, None] = {}
    for item in question.query.select:
        if isinstance(item, SelectItem) and isinstance(item.expression, FieldPath):
            names = item.expression.names
            of = obj.find_field(names[0])
            parts = parts_of(of) if of is not None and len(names) == 1 else ()
            if parts:
                found.update(dict.fromkeys(f"{names[0]}.{part}" for part in parts))
            else:
                found.setdefault(".".join(names))
    for row in rows:
        told = (key for key, value in row.items() if value is not None)
        found.update(dict.fromkeys(key for key in told if key not in found))
    return found


def flat(obj: ObjectDef, text: str) -> dict[str, Json]:
    """Give a record's JSON as one level: an object within it as name.part."""
    record = read_json(text)
    assert isinstance(record, Mapping)
    found: dict[str, Json] = {}
    for name, value in record.items():
        if isinstance(value, Mapping):
            found.update({f"{name}.{part}": inner for part, inner in value.items()})
        else:
            found[name] = value
    return found


def _cell(value: Json) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | Decimal):
        return str(value)
    if isinstance(value, str):
        return safe_cell(value)
    if isinstance(value, Sequence) and all(isinstance(one, str) for one in value):
        return safe_cell("; ".join(str(one) for one in value))
    return safe_cell(write_json(value))


async def _workbook(tx: Transaction, obj: ObjectDef, question: Question) -> AsyncIterator[bytes]:
    """Write a workbook to disk row by row, and give its bytes once it is whole."""
    with tempfile.TemporaryDirectory(prefix="fieldstone-export-") as directory:
        path = Path(directory) / "export.xlsx"
        settings = {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
        book = xlsxwriter.Workbook(str(path), settings)
        sheet = book.add_worksheet(obj.plural_label[:31].translate(_NOT_IN_NAME))
        heads: list[str] = []
        place = 0
        async for records in pages(tx, question):
            rows = [flat(obj, text) for text in records]
            if not heads:
                heads = list(headers(obj, question, rows))
                sheet.write_row(0, 0, heads)
            for row in rows:
                place += 1
                if place > MOST_IN_WORKBOOK:
                    raise TooManyRows(
                        f"A sheet holds {MOST_IN_WORKBOOK} rows.", hint="Export as csv."
                    )
                _write_row(sheet, place, [row.get(head) for head in heads])
        book.close()
        with path.open("rb") as file:
            while chunk := file.read(_CHUNK_BYTES):
                yield chunk


_NOT_IN_NAME: Final = str.maketrans(dict.fromkeys("[]:*?/\\", "_"))
_EXACT_DIGITS: Final = 15


def _write_row(sheet: Any, place: int, values: Sequence[Json]) -> None:
    """Write cells: numbers that a sheet keeps exactly as numbers, all else as text."""
    for column, value in enumerate(values):
        if isinstance(value, bool):
            sheet.write_boolean(place, column, value)
        elif isinstance(value, int | Decimal) and len(str(value)) <= _EXACT_DIGITS:
            sheet.write_number(place, column, float(value))
        elif value is not None:
            sheet.write_string(place, column, _cell(value).removeprefix("'"))
