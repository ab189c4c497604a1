"""Workbooks are looked through before they are opened, for a small file may stand for a huge sheet.

What reads workbooks makes a sheet as a full rectangle from its first cell to its last, however few
lie between: two cells at the far corners are 512 GiB. So the bytes are inflated here first, in
small pieces and by our own count, and every cell's place is read.
"""

from __future__ import annotations

import re
from codecs import BOM_UTF8
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Final
from xml.parsers import expat
from zipfile import ZipFile, ZipInfo

from fieldstone.runtime.imports.errors import BadFile
from fieldstone.runtime.zip_members import NOT_ZIP, RefusedZip, inflated

MOST_BYTES: Final = 300_000_000
MOST_ENTRIES: Final = 2_000
MOST_COLUMNS: Final = 1_000
MOST_ROWS: Final = 1_100_000
MOST_CELLS: Final = 50_000_000
_SMALL: Final = 5_000_000
_THINNEST: Final = 20
"""A rectangle that is not small holds something in every twentieth cell at least."""

_LONGEST_TEXT: Final = 1 << 20
_END: Final = b"PK\x05\x06"
_END_BYTES: Final = 22
_SHEET: Final = b"sheetData"
_OTHER_KINDS: Final = frozenset({"xl/workbook.bin", "mimetype", "content.xml"})
_CELL: Final = re.compile(rb'<c r="([A-Z]{1,7})([0-9]{1,10})"')
_WITH_PREFIX: Final = re.compile(rb":c[\s/>]")
_PLACE: Final = re.compile(r"([A-Za-z]{1,7})([0-9]{1,10})")
_LETTERS: Final = 26


def check_workbook(path: Path) -> None:
    """Return if a workbook is of a size that can be read. Raises BadFile."""
    left = MOST_BYTES
    try:
        with path.open("rb") as file, ZipFile(file) as archive:
            _check_directory(file, archive)
            for entry in archive.infolist():
                left -= _check_entry(file, entry, left)
    except RefusedZip as error:
        message = "The workbook is packed in a way that is not read."
        raise BadFile(message, hint=_SAVE_AGAIN) from error
    except NOT_ZIP as error:
        raise BadFile(f"The workbook cannot be read: {error}.") from error


def _check_directory(file: IO[bytes], archive: ZipFile) -> None:
    entries = archive.infolist()
    if len(entries) > MOST_ENTRIES:
        raise BadFile(f"The workbook has {len(entries)} parts; at most {MOST_ENTRIES} are read.")
    file.seek(-_END_BYTES, 2)
    if not file.read().startswith(_END):
        # Readers may find different directories if bytes follow the last one.
        raise BadFile("The workbook has bytes behind its end.", hint=_SAVE_AGAIN)
    if any(entry.filename.lower() in _OTHER_KINDS for entry in entries):
        raise BadFile("The file is a workbook of another kind.", hint=_SAVE_AGAIN)


_SAVE_AGAIN: Final = "Save it again as .xlsx or as .csv."


def _check_entry(file: IO[bytes], entry: ZipInfo, left: int) -> int:
    """Look through one part, and give how many bytes it has."""
    size, skim = 0, _Skim()
    for piece in inflated(file, entry):
        size += len(piece)
        if size > left:
            raise BadFile(
                f"The workbook is larger than {MOST_BYTES // 1_000_000} MB once it is unpacked.",
                hint="Save it as .csv, or split it.",
            )
        skim.at(piece)
    skim.at_end()
    if not skim.is_odd:
        skim.extent.check_whole()
        return size
    is_xml = skim.has_mark or entry.filename.lower().endswith((".xml", ".rels"))
    _parse(inflated(file, entry), is_xml=is_xml)
    return size


@dataclass(slots=True)
class _Extent:
    """How far the cells of one sheet reach. row and column: the place of the last cell read."""

    row: int = 0
    column: int = 0
    bottom: int = 0
    right: int = 0
    cells: int = 0

    def begin(self, tag: str, attributes: dict[str, str]) -> None:
        """Note an element; rows and cells that do not say where they stand follow the last."""
        name = tag.rpartition(":")[2]
        if name == "c":
            self.cells += 1
            self._move(attributes.get("r"))
            self.right = max(self.right, self.column)
            self.bottom = max(self.bottom, self.row)
            self.check()
        elif name == "row":
            number = attributes.get("r", "")
            self.row = int(number) if number.isdecimal() else self.row + 1
            self.column = 0

    def _move(self, place: str | None) -> None:
        if place is None:
            self.column += 1
            return
        found = _PLACE.fullmatch(place)
        if found is None:
            raise BadFile(f"The workbook has a cell at {place[:20]!r}, which is no place.")
        self.row, self.column = int(found[2]), _column_number(found[1])

    def reach(self, column: str, row: int) -> None:
        """Note that there is a cell in a column, and one in a row."""
        self.right = max(self.right, _column_number(column))
        self.bottom = max(self.bottom, row)

    def check(self) -> None:
        """Return if the cells so far reach no farther than is read. Raises BadFile."""
        if self.right > MOST_COLUMNS or self.bottom > MOST_ROWS:
            raise BadFile(
                f"The sheet reaches to column {self.right} and row {self.bottom}; at most"
                f" {MOST_COLUMNS} columns and {MOST_ROWS} rows are read.",
                hint=_FAR_CELLS,
            )

    def check_whole(self) -> None:
        """Return if the rectangle is neither too large nor nearly empty. Raises BadFile."""
        self.check()
        rectangle = self.right * self.bottom
        if rectangle > MOST_CELLS or (rectangle > _SMALL and rectangle > self.cells * _THINNEST):
            raise BadFile(
                f"The sheet has {self.right} columns and {self.bottom} rows, {rectangle} cells in"
                " all, which is more than is read.",
                hint=_FAR_CELLS,
            )


def _column_number(letters: str) -> int:
    number = 0
    for letter in letters.upper():
        number = number * _LETTERS + ord(letter) - ord("A") + 1
    return number


_FAR_CELLS: Final = "Delete stray cells far right or below, or save the sheet as .csv."


class _Skim:
    """Reads the places of cells out of bytes as every program writes them, without parsing XML.

    It may take for a cell what stands in a comment, and never overlooks one: is_odd tells that
    there are cells of another form, for which the part is to be parsed.
    """

    def __init__(self) -> None:
        self.extent = _Extent()
        self.is_odd = False
        self.has_mark = False
        self._begun = False
        self._rest = b""

    def at(self, piece: bytes) -> None:
        """Look at the next bytes, up to the last tag that is whole."""
        text = self._rest + piece
        if not self._begun:
            self._begun = True
            self.is_odd = not text.removeprefix(BOM_UTF8).startswith(b"<") or b"\0" in text[:4]
        self.has_mark = self.has_mark or _SHEET in text
        end = text.rfind(b"<")
        if len(text) - end > _LONGEST_TEXT:
            end = len(text)  # a text of a megabyte; its few last bytes begin no tag
        self._look(text[:end])
        self._rest = text[end:]

    def at_end(self) -> None:
        """Look at what is left."""
        self._look(self._rest)

    def _look(self, text: bytes) -> None:
        places = _CELL.findall(text)
        others = text.count(b"<c") - text.count(b"<col") - len(places)
        self.is_odd = self.is_odd or others != 0 or _WITH_PREFIX.search(text) is not None
        for columns in {column for column, _ in places}:
            self.extent.reach(columns.decode(), 0)
        if places:
            self.extent.reach("A", max(map(int, {row for _, row in places})))
        self.extent.cells += len(places)
        if not self.is_odd:
            self.extent.check()


def _parse(pieces: Iterable[bytes], *, is_xml: bool) -> None:
    """Parse a part and judge the whole. Raises BadFile, also for what no program would write."""
    extent = _Extent()
    parser = expat.ParserCreate()
    parser.StartElementHandler = extent.begin
    try:
        for piece in pieces:
            parser.Parse(piece)
        parser.Parse(b"", True)  # noqa: FBT003 - it takes no names
    except expat.ExpatError as error:
        if is_xml:
            raise BadFile(f"The workbook cannot be read: {error}.", hint=_SAVE_AGAIN) from error
    extent.check_whole()
