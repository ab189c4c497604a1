"""Small files that stand for huge sheets are refused before anything is made of them."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import pytest
import xlsxwriter

from fieldstone.runtime.imports import archive
from fieldstone.runtime.imports.errors import BadFile
from fieldstone.runtime.imports.source import open_source

SHEET = "xl/worksheets/sheet1.xml"


def a_workbook(path: Path) -> None:
    """Write a workbook of two rows."""
    book = xlsxwriter.Workbook(str(path))
    sheet = book.add_worksheet()
    sheet.write_row(0, 0, ["Name", "City"])
    sheet.write_row(1, 0, ["Acme", "Rome"])
    book.close()


def with_part(path: Path, content: bytes, name: str = SHEET) -> Path:
    """Give the workbook with another part in the place of one."""
    a_workbook(path)
    parts = {}
    with zipfile.ZipFile(path) as old:
        parts = {entry: old.read(entry) for entry in old.namelist()}
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as new:
        for entry, bytes_ in {**parts, name: content}.items():
            new.writestr(entry, bytes_)
    return path


def a_sheet(cells: str) -> bytes:
    """Give a sheet with these rows."""
    space = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    return f'<worksheet xmlns="{space}"><sheetData>{cells}</sheetData></worksheet>'.encode()


FAR = '<row r="1"><c r="A1"><v>1</v></c></row>'


@pytest.mark.parametrize(
    "cells",
    [
        FAR + '<row r="1048576"><c r="XFD1048576"><v>1</v></c></row>',
        FAR + '<row r="1048576">' + "<c><v>1</v></c>" * 1001 + "</row>",
        FAR + '<row r="4000000000"><c><v>1</v></c></row>',
        FAR + '<row r="9"><c r="ALM9"><v>1</v></c></row>',
        FAR + '<row r="1000000"><c r="H1000000"><v>1</v></c></row>',
        FAR + '<!-- <c " --><row r="2"><c r="XFD1048576"/></row><!-- " -->',
        FAR + '<row r="2"><c r="1A"/></row>',
        FAR + '<row r="2"><c r="A2">',
    ],
)
def test_a_sheet_that_reaches_too_far_is_refused(tmp_path: Path, cells: str):
    with pytest.raises(BadFile):
        open_source(with_part(tmp_path / "list.xlsx", a_sheet(cells)))


def test_a_sheet_under_another_name_is_looked_through_as_well(tmp_path: Path):
    far = a_sheet(FAR + '<row r="1048576"><c r="XFD1048576"/></row>')
    with pytest.raises(BadFile):
        open_source(with_part(tmp_path / "list.xlsx", far, "xl/media/image1.png"))
    with pytest.raises(BadFile):
        open_source(with_part(tmp_path / "list.xlsx", b"\0" + far, "xl/media/image1.png"))


def test_what_inflates_beyond_the_limit_is_refused_whatever_its_headers_say(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(archive, "MOST_BYTES", 2_000_000)
    path = with_part(tmp_path / "list.xlsx", b" " * 3_000_000, "docProps/more.bin")
    with pytest.raises(BadFile, match="2 MB"):
        open_source(path)
    told, real = (number.to_bytes(4, "little") for number in (10, 3_000_000))
    path.write_bytes(path.read_bytes().replace(real, told))
    with pytest.raises(BadFile, match="2 MB"):
        open_source(path)


def test_a_workbook_of_very_many_parts_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(archive, "MOST_ENTRIES", 5)
    a_workbook(tmp_path / "list.xlsx")
    with pytest.raises(BadFile, match="parts"):
        open_source(tmp_path / "list.xlsx")


def test_bytes_behind_the_end_and_other_kinds_are_refused(tmp_path: Path):
    path = tmp_path / "list.xlsx"
    a_workbook(path)
    path.write_bytes(path.read_bytes() + b"PK")
    with pytest.raises(BadFile):
        open_source(path)
    with pytest.raises(BadFile, match="another kind"):
        open_source(with_part(path, b"application/vnd.oasis", "mimetype"))


def test_a_packed_file_cut_short_is_refused(tmp_path: Path):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_LZMA) as packed:
        packed.writestr(SHEET, b"<worksheet/>")
    path = tmp_path / "list.xlsx"
    path.write_bytes(out.getvalue())
    with pytest.raises(BadFile, match="packed"):
        open_source(path)


def test_a_dense_sheet_is_read(tmp_path: Path):
    path = tmp_path / "list.xlsx"
    a_workbook(path)
    assert list(open_source(path).rows()) == [(2, ["Acme", "Rome"])]
