"""Files as tables: a line of headers and rows of texts, whatever program wrote them.

CSV in any common encoding and with any common delimiter, told from the bytes, and XLSX. Rows are
numbered as a spreadsheet numbers them: the headers are row 1, the first row below them is row 2.
"""

from __future__ import annotations

import codecs
import csv
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time
from itertools import islice
from pathlib import Path
from typing import Any, Final

from python_calamine import CalamineError, CalamineWorkbook

from fieldstone.runtime.imports.archive import check_workbook
from fieldstone.runtime.imports.cells import text_of_cell
from fieldstone.runtime.imports.errors import BadFile

MOST_COLUMNS: Final = 500
_FIRST_ROW: Final = 2
_SAMPLE_BYTES: Final = 64 * 1024
_SAMPLE_LINES: Final = 50
_CELL_LIMIT: Final = 1_000_000
_DELIMITERS: Final = (",", ";", "\t", "|")
_ZIP: Final = b"PK\x03\x04"
_OLD_OFFICE: Final = b"\xd0\xcf\x11\xe0"
_MARKS: Final = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_WESTERN: Final = "cp1252"
_WESTERN_GAPS: Final = frozenset(b"\x81\x8d\x8f\x90\x9d")

Row = tuple[int, list[str]]
"""The number of a row in its file and its texts, one for each header or more."""


@dataclass(frozen=True, slots=True)
class Source:
    """A file that can be read as a table, again and again. headers: no two are alike."""

    path: Path
    kind: str
    headers: tuple[str, ...]
    encoding: str = ""
    delimiter: str = ""

    def rows(self, after: int = 0) -> Iterator[Row]:
        """Give the rows whose number is above after; rows without any text are left out.

        A row has as many texts as there are headers, or more where there is text beyond them.
        """
        width = len(self.headers)
        for number, cells in enumerate(islice(self._lines(), 1, None), start=_FIRST_ROW):
            if number > after and any(cells):
                beyond = any(cells[width:])
                yield number, cells if beyond else (cells + [""] * width)[:width]

    def count(self) -> int:
        """Count the rows, which reads the whole file."""
        return sum(1 for _ in self.rows())

    def _lines(self) -> Iterator[list[str]]:
        return _sheet(self.path) if self.kind == "xlsx" else _csv(self)


def open_source(path: Path) -> Source:
    """Find out how a file is to be read, which takes long for a large one. Raises BadFile."""
    with path.open("rb") as file:
        sample = file.read(_SAMPLE_BYTES)
    if not sample.strip():
        raise BadFile("The file is empty.", hint="It needs a line of headers and rows below it.")
    if sample.startswith(_OLD_OFFICE):
        raise BadFile(
            "The file is a workbook of an old kind, or has a password.",
            hint="Save it as .xlsx without a password, or as .csv.",
        )
    if sample.startswith(_ZIP):
        check_workbook(path)
        return _with_headers(Source(path, "xlsx", ()))
    encoding = sniff_encoding(path, sample)
    text = sample.decode(encoding, errors="replace")
    return _with_headers(Source(path, "csv", (), encoding, sniff_delimiter(text)))


def _with_headers(source: Source) -> Source:
    first = next(source._lines(), [])
    while first and not first[-1].strip():
        first = first[:-1]
    if not first:
        raise BadFile("The first line of the file holds no headers.")
    if len(first) > MOST_COLUMNS:
        raise BadFile(f"The file has {len(first)} columns; at most {MOST_COLUMNS} are read.")
    return Source(source.path, source.kind, _distinct(first), source.encoding, source.delimiter)


def _distinct(cells: list[str]) -> tuple[str, ...]:
    """Give headers that can be told apart: Phone, Phone (2), Column 3."""
    seen: Counter[str] = Counter()
    headers = []
    for number, cell in enumerate(cells, start=1):
        header = " ".join(cell.split())[:200] or f"Column {number}"
        seen[header] += 1
        headers.append(header if seen[header] == 1 else f"{header} ({seen[header]})")
    return tuple(headers)


def sniff_encoding(path: Path, sample: bytes) -> str:
    """Tell the encoding of a text file: by its mark, by its zeros, by whether it is UTF-8."""
    for mark, encoding in _MARKS:
        if sample.startswith(mark):
            return encoding
    zeros = sample[:2000].count(0)
    if zeros > len(sample[:2000]) // 4:
        return "utf-16-le" if sample[1:2] == b"\0" else "utf-16-be"
    return _eight_bit_encoding(path)


def _eight_bit_encoding(path: Path) -> str:
    """UTF-8 if the whole file is, else what Windows writes in the west, else Latin-1."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    is_utf8, odd = True, False
    with path.open("rb") as file:
        while chunk := file.read(1 << 20):
            odd = odd or not _WESTERN_GAPS.isdisjoint(chunk)
            try:
                decoder.decode(chunk)
            except UnicodeDecodeError:
                is_utf8 = False
    try:
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        is_utf8 = False
    if is_utf8:
        return "utf-8"
    return "latin-1" if odd else _WESTERN


def sniff_delimiter(text: str) -> str:
    """Tell what parts the cells: what gives the most columns in the most lines alike."""
    return max(_DELIMITERS, key=lambda mark: _regularity(text, mark))


def _regularity(text: str, delimiter: str) -> float:
    lines = text.splitlines(keepends=True)[: _SAMPLE_LINES + 1]
    if len(lines) > 1 and len(lines) <= _SAMPLE_LINES and not text.endswith("\n"):
        lines.pop()  # cut in the middle, unless the file is that short
    widths = Counter(len(row) for row in csv.reader(lines, delimiter=delimiter) if row)
    if not widths:
        return 0.0
    width, times = widths.most_common(1)[0]
    return (width - 1) * times / widths.total()


def _csv(source: Source) -> Iterator[list[str]]:
    csv.field_size_limit(_CELL_LIMIT)
    with source.path.open(encoding=source.encoding, newline="") as file:
        reader = csv.reader(file, delimiter=source.delimiter)
        try:
            for cells in reader:
                yield [text_of_cell(cell) if cell[:1] == "'" else cell for cell in cells]
        except (csv.Error, UnicodeError) as error:
            raise BadFile(
                f"The file cannot be read at line {reader.line_num}: {error}.",
                hint="A quotation mark may be missing there.",
            ) from error


def _sheet(path: Path) -> Iterator[list[str]]:
    try:
        sheet = CalamineWorkbook.from_path(str(path)).get_sheet_by_index(0)
        for cells in sheet.iter_rows():
            yield [_text(cell) for cell in cells]
    except (CalamineError, OSError, ValueError) as error:
        raise BadFile(f"The workbook cannot be read: {error}.") from error


def _text(cell: Any) -> str:
    """Give a cell of a workbook as it would stand in a CSV file."""
    if isinstance(cell, bool):
        return "true" if cell else "false"
    if isinstance(cell, float):
        return str(int(cell)) if cell.is_integer() and abs(cell) < 1e15 else repr(cell)
    if isinstance(cell, datetime):
        return cell.date().isoformat() if cell.time() == time() else cell.isoformat(sep=" ")
    if isinstance(cell, date | time):
        return cell.isoformat()
    return "" if cell is None else str(cell)
