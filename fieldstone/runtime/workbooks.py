"""Workbooks: rows as XLSX, written to disk as they come, with cells of the types of their values.

A sheet holds 1,048,576 rows; what does not fit goes on in the next sheet, under the same headers.
Dates, times and instants become such cells, instants in UTC. Numbers beyond the 15 digits that a
sheet keeps stay exact as texts.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, datetime, time
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

import xlsxwriter

from fieldstone.metadata.calculation import Kind
from fieldstone.metadata.values import Json, read_json
from fieldstone.runtime.export_columns import Column, headers_of

MOST_IN_SHEET: Final = 1_048_575
"""Rows below the headers that a sheet holds."""

MOST_IN_CELL: Final = 32_767
"""Characters that a cell of a workbook holds, in units of UTF-16."""

_CUT: Final = "…"
_EXACT_DIGITS: Final = 15
_LONGEST_NAME: Final = 31
_NOT_IN_NAME: Final = str.maketrans(dict.fromkeys("[]:*?/\\'", "_"))
_FIRST_YEAR: Final = 1900
"""Before it there are no dates in a sheet, and in it February is wrong."""

_WIDEST: Final = 40
_WIDTHS: Final[Mapping[Kind, int]] = {Kind.DATE: 11, Kind.DATETIME: 19, Kind.TIME: 9}
_FORMATS: Final[Mapping[Kind, str]] = {
    Kind.DATE: "yyyy-mm-dd",
    Kind.DATETIME: "yyyy-mm-dd hh:mm:ss",
    Kind.TIME: "hh:mm:ss",
}

Write = Callable[[Any, int, int, Json], None]
"""Writes a value into a sheet, a row and a column."""


class Workbook:
    """A workbook of one answer, whose rows lie on disk as soon as the next one comes.

    title: what its sheets are called. labels: whether labels head the columns, not names.
    """

    def __init__(
        self, path: Path, title: str, columns: Sequence[Column], *, labels: bool = False
    ) -> None:
        settings = {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
        self._book = xlsxwriter.Workbook(str(path), {**settings, "tmpdir": str(path.parent)})
        self._book.use_zip64()
        self._title = title.translate(_NOT_IN_NAME).strip() or "Export"
        self._columns = columns
        self._headers = headers_of(columns, labels=labels)
        self._bold = self._book.add_format({"bold": True})
        formats = {kind: self._book.add_format({"num_format": f}) for kind, f in _FORMATS.items()}
        self._writers = [_writer(column.kind, formats) for column in columns]
        self._sheets = 0
        self._begin_sheet()

    def _begin_sheet(self) -> None:
        self._sheets += 1
        number = f" {self._sheets}" if self._sheets > 1 else ""
        name = f"{self._title[: _LONGEST_NAME - len(number)]}{number}"
        self._sheet = self._book.add_worksheet(name)
        self._sheet.freeze_panes(1, 0)
        for place, (column, header) in enumerate(zip(self._columns, self._headers, strict=True)):
            width = max(_WIDTHS.get(column.kind, 10), min(len(header) + 2, _WIDEST))
            self._sheet.set_column(place, place, width)
            self._sheet.write_string(0, place, header, self._bold)
        self._row = 0

    def add(self, records: Iterable[str]) -> None:
        """Add rows, each the JSON of one."""
        columns, writers = self._columns, self._writers
        for text in records:
            if self._row == MOST_IN_SHEET:
                self._begin_sheet()
            self._row += 1
            record = read_json(text)
            for place, column in enumerate(columns):
                value = column.cell(record)
                if value is not None:
                    writers[place](self._sheet, self._row, place, value)

    def close(self) -> None:
        """Pack the workbook."""
        self._book.close()


def _writer(kind: Kind, formats: Mapping[Kind, Any]) -> Write:
    read = _MOMENTS.get(kind)
    if read is None:
        return _write_plain

    def write(sheet: Any, row: int, place: int, value: Json) -> None:
        moment = read(value)
        if moment is None:
            _write_plain(sheet, row, place, value)
        else:
            sheet.write_datetime(row, place, moment, formats[kind])

    return write


def _write_plain(sheet: Any, row: int, place: int, value: Json) -> None:
    """Write numbers that a sheet keeps exactly as numbers, all else as text."""
    if isinstance(value, str):
        sheet.write_string(row, place, cut(value))
    elif isinstance(value, bool):
        sheet.write_boolean(row, place, value)
    elif isinstance(value, int | Decimal):
        text = str(value)
        if len(text) <= _EXACT_DIGITS:
            sheet.write_number(row, place, value)
        else:
            sheet.write_string(row, place, text)
    else:
        sheet.write_string(row, place, cut(str(value)))


def cut(text: str) -> str:
    """Give a text that a cell holds; one that was cut ends in an ellipsis."""
    if len(text) <= MOST_IN_CELL // 2:
        return text
    units = text.encode("utf-16-le")
    if len(units) <= 2 * MOST_IN_CELL:
        return text
    return units[: 2 * (MOST_IN_CELL - len(_CUT))].decode("utf-16-le", errors="ignore") + _CUT


def _date(value: Json) -> date | None:
    try:
        found = date.fromisoformat(str(value))
    except ValueError:
        return None
    return found if found.year > _FIRST_YEAR else None


def _instant(value: Json) -> datetime | None:
    try:
        found = datetime.fromisoformat(str(value)).replace(tzinfo=None)
    except ValueError:
        return None
    return found if found.year > _FIRST_YEAR else None


def _time(value: Json) -> time | None:
    try:
        return time.fromisoformat(str(value))
    except ValueError:
        return None


_MOMENTS: Final[Mapping[Kind, Callable[[Json], date | datetime | time | None]]] = {
    Kind.DATE: _date,
    Kind.DATETIME: _instant,
    Kind.TIME: _time,
}
