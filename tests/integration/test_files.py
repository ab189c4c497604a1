"""Files are kept by tenant and only ever given back as downloads; exports stream what is asked."""

from __future__ import annotations

import csv
import io
import json
from typing import Any

import pytest
from python_calamine import CalamineWorkbook

from tests.support.imports import Desk

PAGE = b"<script>alert(1)</script>"


async def kept(desk: Desk, name: str, content: bytes, media_type: str) -> Any:
    """Upload a file and give the answer."""
    files = {"file": (name, content, media_type)}
    answer = await desk.api.http.post("/api/files", files=files)
    assert answer.status_code == 201, answer.text
    return answer.json()


async def test_a_file_comes_back_as_it_was(desk: Desk):
    content = bytes(range(256)) * 5000
    shown = await kept(desk, "data.bin", content, "application/octet-stream")
    assert (shown["name"], shown["size_bytes"]) == ("data.bin", len(content))
    answer = await desk.api.send("GET", f"/api/files/{shown['id']}")
    assert answer.content == content


@pytest.mark.parametrize("media_type", ["text/html", "image/svg+xml", "application/javascript"])
async def test_what_could_run_in_a_browser_is_a_plain_download(desk: Desk, media_type: str):
    shown = await kept(desk, "page.html", PAGE, media_type)
    answer = await desk.api.send("GET", f"/api/files/{shown['id']}")
    assert answer.headers["content-type"] == "application/octet-stream"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["content-disposition"].startswith("attachment")
    assert "sandbox" in answer.headers["content-security-policy"]


async def test_odd_names_cannot_break_out_of_a_header_or_a_directory(desk: Desk):
    shown = await kept(desk, '../../etc/pa"ss\r\nwd; é.txt', b"x", "text/plain")
    assert "/" not in shown["name"]
    answer = await desk.api.send("GET", f"/api/files/{shown['id']}")
    disposition = answer.headers["content-disposition"]
    assert "\n" not in disposition
    assert disposition.count('"') == 2


async def test_another_tenant_cannot_read_a_file(desk: Desk):
    shown = await kept(desk, "a.txt", b"x", "text/plain")
    await desk.other.refused("GET", f"/api/files/{shown['id']}", status=404)


@pytest.mark.parametrize("name", ["file_1", "x", "contact_1a", "file_zz", "../../secret.key"])
async def test_a_file_that_is_not_there_is_not_found(desk: Desk, name: str):
    answer = await desk.api.send("GET", f"/api/files/{name}")
    assert answer.status_code == 404


async def test_a_file_beyond_the_limit_is_refused_and_not_kept(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("fieldstone.api.files.LIMIT_BYTES", 1000)
    answer = await desk.api.http.post("/api/files", files={"file": ("a", b"x" * 5000)})
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (413, "file.too_large")
    answer = await desk.api.http.post("/api/files", files={"file": ("a", b"x" * 2_000_000)})
    assert answer.json()["errors"][0]["code"] == "request.too_large"


async def test_an_export_holds_what_a_query_gives(desk: Desk):
    for number in range(3):
        await desk.api.post("/companies", {"name": f"C{number}", "employees": number})
    address = "/api/export?object=companies&fields=name,employees&where=employees > 0"
    rows = list(csv.DictReader(io.StringIO((await desk.api.send("GET", address)).text)))
    assert [(row["name"], row["employees"]) for row in rows] == [("C1", "1"), ("C2", "2")]


async def test_an_export_streams_in_many_portions(desk: Desk, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("fieldstone.runtime.row_streams.FIRST_PORTION", 3)
    names = [f"C{number:02d}" for number in range(10)]
    body = {"records": [{"name": name} for name in names]}
    await desk.api.post("/api/records/Company", body, status=200)
    for kind in ("csv", "ndjson"):
        address = f"/api/export?object=Company&fields=name&format={kind}"
        text = (await desk.api.send("GET", address)).text
        if kind == "csv":
            assert [row["name"] for row in csv.DictReader(io.StringIO(text))] == names
        else:
            assert [json.loads(line)["name"] for line in text.splitlines()] == names


async def test_cells_of_an_export_are_never_formulas(desk: Desk):
    await desk.api.post("/companies", {"name": "=cmd|' /C calc'!A0", "phone": "+13125550100"})
    address = "/api/export?object=Company&fields=name,phone"
    [row] = csv.DictReader(io.StringIO((await desk.api.send("GET", address)).text))
    assert row["name"].startswith("'=")
    assert row["phone"] == "+13125550100"


async def test_columns_come_from_the_question_and_not_from_the_first_rows(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("fieldstone.runtime.row_streams.FIRST_PORTION", 2)
    await desk.api.post("/api/objects/Company/fields", {"name": "extra", "type": "json"})
    for number in range(3):
        await desk.api.post("/companies", {"name": f"C{number}"})
    last = {"name": "C3", "extra": {"a": [1, "=x"]}, "address": {"city": "Rome"}}
    await desk.api.post("/companies", last)
    address = "/api/export?object=Company&fields=name,extra,address"
    text = (await desk.api.send("GET", address)).text
    [heads, *rows] = csv.reader(io.StringIO(text))
    parts = [f"address.{part}" for part in ("street", "city", "state", "postal_code", "country")]
    assert heads == ["id", "name", "extra", *parts]
    assert len(rows) == 4
    assert json.loads(rows[-1][2]) == {"a": [1, "=x"]}
    assert rows[-1][4] == "Rome"


async def test_a_reference_and_what_stands_behind_it_have_a_column_each(desk: Desk):
    made = await desk.api.post("/companies", {"name": "Acme"})
    await desk.api.post("/contacts", {"name": "Ann Lee", "company": made["id"]})
    address = "/api/export?object=Contact&fields=name,company,company.name"
    heads, row = csv.reader(io.StringIO((await desk.api.send("GET", address)).text))
    assert heads == ["id", "name", "company.id", "company.name"]
    assert row[1:] == ["Ann Lee", made["id"], "Acme"]


async def test_an_export_of_any_text_comes_back_the_same(desk: Desk):
    names = ["=1+1", "'=1+1", "'t Hooft", "+1 (555) 01", "-", "@home", "a;b", 'say "hi"', "''-x"]
    records = {"records": [{"name": name} for name in names]}
    await desk.api.post("/api/records/Company", records, status=200)
    for kind in ("csv", "xlsx"):
        address = f"/api/export?object=Company&fields=name&order_by=id&format={kind}"
        content = (await desk.api.send("GET", address)).content
        report = await desk.upload(content, object="Company")
        assert (report["unchanged"], report["rejected"]) == (len(names), 0)


async def test_a_cell_too_long_for_a_workbook_is_cut_with_a_mark(desk: Desk, tmp_path):
    text = "x" * 32_765 + "end"
    await desk.api.post("/companies", {"name": "Acme", "description": text})
    address = "/api/export?object=Company&fields=description&format=xlsx"
    path = tmp_path / "export.xlsx"
    path.write_bytes((await desk.api.send("GET", address)).content)
    rows = CalamineWorkbook.from_path(str(path)).get_sheet_by_index(0).to_python()
    cell = str(rows[1][1])
    assert len(cell) == 32_767
    assert cell.endswith("xe…")


async def test_a_workbook_has_texts_and_numbers(desk: Desk, tmp_path):
    await desk.api.post("/companies", {"name": "=1+1", "employees": 12, "is_key": True})
    address = "/api/export?object=Company&fields=name,employees,is_key&format=xlsx"
    path = tmp_path / "export.xlsx"
    path.write_bytes((await desk.api.send("GET", address)).content)
    rows = CalamineWorkbook.from_path(str(path)).get_sheet_by_index(0).to_python()
    assert rows[0] == ["id", "name", "employees", "is_key"]
    assert rows[1][1:] == ["=1+1", 12.0, True]


@pytest.mark.parametrize(
    ("address", "status"),
    [
        ("/api/export", 422),
        ("/api/export?object=Nope", 404),
        ("/api/export?object=Company&format=pdf", 422),
        ("/api/export?object=Company&where=name =", 422),
        ("/api/export?object=Company&fields=nope", 422),
    ],
)
async def test_a_bad_export_is_refused_before_it_begins(desk: Desk, address: str, status: int):
    await desk.api.refused("GET", address, status=status)


async def test_an_export_of_nothing_has_headers(desk: Desk):
    answer = await desk.api.send("GET", "/api/export?object=Company&fields=name,phone")
    assert answer.text.splitlines()[0].startswith("id,name,phone")


async def test_another_tenant_exports_nothing(desk: Desk):
    await desk.api.post("/companies", {"name": "Acme"})
    address = "/api/export?object=Company&fields=name&format=ndjson"
    assert (await desk.other.send("GET", address)).text == ""
