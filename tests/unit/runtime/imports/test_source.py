"""Files are read as tables, whatever program wrote them."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest
import xlsxwriter

from fieldstone.runtime.imports.errors import BadFile
from fieldstone.runtime.imports.source import open_source

TEXT = "Name;City\nMüller & Söhne;Zürich\n\n"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "cp1252"])
def test_the_encoding_is_told_from_the_bytes(tmp_path: Path, encoding: str):
    path = tmp_path / "list.csv"
    path.write_bytes(TEXT.encode(encoding))
    source = open_source(path)
    assert source.headers == ("Name", "City")
    assert list(source.rows()) == [(2, ["Müller & Söhne", "Zürich"])]


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_the_delimiter_is_told_from_the_lines(tmp_path: Path, delimiter: str):
    lines = [("Name", "Note", "City"), ("Acme", "a, b; c", "Rome"), ("Zeta", "", "Oslo")]
    quoted = [[f'"{cell}"' if " " in cell else cell for cell in line] for line in lines]
    path = tmp_path / "list.csv"
    path.write_text("\n".join(delimiter.join(line) for line in quoted))
    source = open_source(path)
    assert source.delimiter == delimiter
    assert list(source.rows()) == [(2, list(lines[1])), (3, list(lines[2]))]


def test_line_breaks_within_quotes_are_one_cell(tmp_path: Path):
    path = tmp_path / "list.csv"
    path.write_text('Name,Phone\n"Skip-A-Long\nDaycare",555\n"Zeta",556\n')
    assert list(open_source(path).rows()) == [
        (2, ["Skip-A-Long\nDaycare", "555"]),
        (3, ["Zeta", "556"]),
    ]


def test_headers_can_be_told_apart(tmp_path: Path):
    path = tmp_path / "list.csv"
    path.write_text("Phone,Phone, ,Fax\n1,2,3,4\n")
    assert open_source(path).headers == ("Phone", "Phone (2)", "Column 3", "Fax")


def test_rows_are_as_wide_as_the_headers_unless_there_is_text_beyond(tmp_path: Path):
    path = tmp_path / "list.csv"
    path.write_text("A,B\n1\n1,2,,\n1,2,3\n")
    rows = [(2, ["1", ""]), (3, ["1", "2"]), (4, ["1", "2", "3"])]
    assert list(open_source(path).rows()) == rows


def test_a_workbook_of_an_old_kind_is_refused(tmp_path: Path):
    path = tmp_path / "list.xls"
    path.write_bytes(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" * 100)
    with pytest.raises(BadFile, match="old kind"):
        open_source(path)


def test_reading_can_go_on_after_a_row(tmp_path: Path):
    path = tmp_path / "list.csv"
    path.write_text("A\n1\n2\n3\n")
    source = open_source(path)
    assert source.count() == 3
    assert list(source.rows(after=3)) == [(4, ["3"])]


def test_cells_of_a_workbook_read_as_in_csv(tmp_path: Path):
    path = tmp_path / "list.xlsx"
    book = xlsxwriter.Workbook(str(path))
    sheet = book.add_worksheet()
    day = book.add_format({"num_format": "yyyy-mm-dd"})
    sheet.write_row(0, 0, ["Name", "Staff", "Share", "Since", "Active"])
    sheet.write_row(1, 0, ["Acme", 12, 0.5])
    sheet.write_datetime(1, 3, dt.datetime(2024, 3, 1), day)
    sheet.write_boolean(1, 4, True)
    book.close()
    source = open_source(path)
    assert source.kind == "xlsx"
    assert list(source.rows()) == [(2, ["Acme", "12", "0.5", "2024-03-01", "true"])]


@pytest.mark.parametrize("content", [b"", b"\n \n", b"PK\x03\x04 no workbook", b",,\n1,2,3\n"])
def test_what_is_no_table_is_refused(tmp_path: Path, content: bytes):
    path = tmp_path / "list.csv"
    path.write_bytes(content)
    with pytest.raises(BadFile):
        open_source(path)


def test_a_cell_without_end_is_refused_by_its_line(tmp_path: Path):
    path = tmp_path / "list.csv"
    path.write_text('Name\n"' + "x" * 1_100_000)
    with pytest.raises(BadFile, match="line 2"):
        open_source(path).count()
