"""`crm query` and `crm export` write answers as tables, JSON, lines, CSV and workbooks."""

from __future__ import annotations

import csv
import datetime as dt
import json
import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest
from click.testing import CliRunner, Result
from python_calamine import CalamineWorkbook

from fieldstone.platform.commands.main import crm
from fieldstone.platform.downloads import DownloadCut, download
from tests.support.web_server import served_app

QUERY = "SELECT name, value, close_date FROM Deal ORDER BY value"


@pytest.fixture
def url(app_dsn: str, tmp_path: Path) -> Iterator[str]:
    """The address of a server with three deals."""
    with served_app(app_dsn, tmp_path / "data") as address:
        deals = [
            {"name": f"Deal {n}", "value": n, "close_date": f"2026-01-0{n}"} for n in (1, 2, 3)
        ]
        answer = httpx.post(f"{address}/api/records/Deal", json={"records": deals})
        answer.raise_for_status()
        yield address


@pytest.fixture
def run(url: str) -> Callable[..., Result]:
    """Run a command against that server."""

    def run(name: str, *arguments: str, text: str | None = None) -> Result:
        return CliRunner().invoke(crm, [name, "--url", url, *arguments], input=text)

    return run


def test_a_table_is_for_reading(run: Callable[..., Result]) -> None:
    done = run("query", QUERY)

    assert done.exit_code == 0
    assert done.output.splitlines()[2].split()[1:] == ["Deal", "1", "1", "2026-01-01"]
    assert done.output.splitlines()[-1] == "3 of 3 records"


def test_fields_of_parents_are_columns(run: Callable[..., Result], url: str) -> None:
    made = httpx.post(f"{url}/api/records/Company", json={"name": "Acme", "industry": "Energy"})
    deal = {"name": "With", "value": 9, "company": made.json()["id"]}
    httpx.post(f"{url}/api/records/Deal", json=deal).raise_for_status()

    done = run("query", "SELECT name, company.industry FROM Deal ORDER BY value DESC LIMIT 2")

    heads, _, first, second, _ = done.output.splitlines()
    assert heads.split() == ["id", "name", "company.industry"]
    assert first.split()[1:] == ["With", "Energy"]
    assert second.split()[1:] == ["Deal", "3"]


def test_lines_are_rows_and_nothing_else(run: Callable[..., Result]) -> None:
    done = run("query", "--format", "ndjson", QUERY)

    assert [json.loads(line)["name"] for line in done.output.splitlines()] == [
        "Deal 1",
        "Deal 2",
        "Deal 3",
    ]


def test_the_name_of_the_file_says_the_format(run: Callable[..., Result], tmp_path: Path) -> None:
    for suffix in ("csv", "json", "ndjson", "xlsx"):
        assert run("query", "-o", str(tmp_path / f"deals.{suffix}"), QUERY).exit_code == 0

    with (tmp_path / "deals.csv").open(newline="") as file:
        assert list(csv.reader(file))[:2] == [
            ["name", "value", "close_date"],
            ["Deal 1", "1", "2026-01-01"],
        ]
    assert json.loads((tmp_path / "deals.json").read_text())["total"] == 3
    assert len((tmp_path / "deals.ndjson").read_text().splitlines()) == 3
    rows = CalamineWorkbook.from_path(str(tmp_path / "deals.xlsx")).get_sheet_by_index(0)
    assert rows.to_python()[1] == ["Deal 1", 1.0, dt.date(2026, 1, 1)]


def test_labels_head_the_columns_for_people(run: Callable[..., Result]) -> None:
    done = run("query", "--format", "csv", "--labels", QUERY)

    assert done.output.splitlines()[0] == "Name,Value,Close date"


def test_values_may_be_texts_or_json(run: Callable[..., Result]) -> None:
    query = "SELECT value FROM Deal WHERE value > :least AND name != :name"

    done = run("query", "--format", "csv", "-p", "least:=1", "-p", "name=Deal 3", query)

    assert done.output.splitlines() == ["value", "2"]


@pytest.mark.parametrize("query", [QUERY, "FIND {deal} RETURNING Deal(name, value)"])
def test_a_plan_is_told_in_whole_sentences(run: Callable[..., Result], query: str) -> None:
    done = run("query", f"EXPLAIN {query}")

    lines = done.output.splitlines()
    assert len(lines) > 1
    assert all(line.endswith(".") for line in lines), done.output


@pytest.mark.parametrize("kind", ["table", "json", "ndjson", "csv"])
def test_a_wrong_query_is_shown_with_carets_below_the_place(
    run: Callable[..., Result], kind: str
) -> None:
    done = run("query", "--format", kind, "-", text="SELECT name,\n  valu\nFROM Deal")

    assert done.exit_code == 1
    assert done.stderr == (
        "Error: query.unknown_field at line 2, column 3\n"
        "    valu\n"
        "    ^^^^\n"
        "Deal has no field valu.\n"
        "Did you mean value?\n"
    )


def test_a_refused_export_leaves_no_file(run: Callable[..., Result], tmp_path: Path) -> None:
    done = run("export", "Deal", "--fields", "nope", "-o", str(tmp_path / "out.csv"))

    assert done.exit_code == 1
    assert not list(tmp_path.glob("*out.csv*"))


def test_an_export_is_a_file(run: Callable[..., Result], tmp_path: Path) -> None:
    done = run("export", "Deal", "--fields", "name", "-o", str(tmp_path / "out.csv"))

    assert done.exit_code == 0
    assert (tmp_path / "out.csv").read_text().count("Deal") == 3


def test_a_pipe_is_written_to_and_stays_a_pipe(run: Callable[..., Result], tmp_path: Path) -> None:
    pipe = tmp_path / "deals.csv"
    os.mkfifo(pipe)
    with ThreadPoolExecutor() as pool:
        reading = pool.submit(pipe.read_text)

        done = run("query", "--output", str(pipe), QUERY)

        assert done.exit_code == 0
        assert reading.result(timeout=30).splitlines()[1] == "Deal 1,1,2026-01-01"
    assert pipe.is_fifo()


def test_a_link_is_followed_and_stays_a_link(run: Callable[..., Result], tmp_path: Path) -> None:
    (tmp_path / "real.csv").write_text("old")
    link = tmp_path / "link.csv"
    link.symlink_to(tmp_path / "real.csv")

    run("query", "--output", str(link), QUERY)

    assert link.is_symlink()
    assert (tmp_path / "real.csv").read_text().startswith("name,value")


def test_half_an_answer_is_never_taken_for_a_whole_one(tmp_path: Path) -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, content=b'{"name": "Deal 1"}\n{"name": "De')

    output = tmp_path / "deals.ndjson"
    with (
        httpx.Client(base_url="http://server", transport=httpx.MockTransport(answer)) as http,
        pytest.raises(DownloadCut),
    ):
        download(http, "GET", "/", output, marks_end=True)

    assert not output.exists()
    assert not list(tmp_path.iterdir())
