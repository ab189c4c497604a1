"""Whole answers have the rows of pages, under the same rights, and columns as they are asked."""

from __future__ import annotations

import csv
import datetime as dt
import io
import json
from pathlib import Path
from typing import Any

import pytest
from python_calamine import CalamineWorkbook

from fieldstone.errors import FieldstoneError
from fieldstone.runtime.exports import Form, Format, write_answer
from fieldstone.runtime.queries import Question
from fieldstone.runtime.row_streams import Reading, StreamLimits
from tests.support.query_world import World

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def whole(world: World, text: str, kind: Format, *, labels: bool = False) -> bytes:
    """Give a whole answer in a format."""
    reading = Reading(world.engine.database, world.tenant, world.viewer, StreamLimits())
    chunks = write_answer(reading, Question.of_text(text), Form(kind, labels=labels))
    return b"".join([chunk async for chunk in chunks])


async def rows(world: World, text: str, *, labels: bool = False) -> list[list[str]]:
    """Give a whole answer as the cells of CSV, headers first."""
    written = (await whole(world, text, Format.CSV, labels=labels)).decode()
    return list(csv.reader(io.StringIO(written)))


async def cells(world: World, text: str, path: Path) -> list[list[Any]]:
    """Give a whole answer as the cells of a workbook, headers first."""
    path.write_bytes(await whole(world, text, Format.XLSX))
    return CalamineWorkbook.from_path(str(path)).get_sheet_by_index(0).to_python()


@pytest.mark.parametrize(
    "text",
    [
        "SELECT name, value FROM Deal ORDER BY value NULLS FIRST",
        "SELECT name, value FROM Deal ORDER BY value DESC NULLS LAST LIMIT 2 OFFSET 1",
        "SELECT name, company.name, value * 2 FROM Deal WHERE value > 500 ORDER BY company.name",
        "SELECT name, (SELECT name FROM deals ORDER BY name) FROM Company ORDER BY name",
        "SELECT stage, COUNT(id), MAX(close_date) FROM Deal GROUP BY stage ORDER BY stage",
        "SELECT stage, SUM(value) FROM Deal GROUP BY ROLLUP(stage) ORDER BY stage",
        "SELECT subject, TYPEOF related_to WHEN Company THEN name END FROM Task ORDER BY subject",
        "SELECT name FROM Deal ORDER BY stage, value DESC LIMIT 1 PER stage",
        "SELECT DISTINCT stage FROM Deal ORDER BY stage",
        "SELECT name FROM Deal AS OF 2026-03-18T12:00:00Z ORDER BY name",
        "SELECT FIELDS(ALL) FROM Sample ORDER BY code",
        "EXPLAIN SELECT name FROM Deal",
    ],
)
async def test_a_stream_has_the_rows_of_the_page(world: World, text: str) -> None:
    written = await whole(world, text, Format.NDJSON)

    page = await world.page(Question.of_text(text))
    assert written.decode().splitlines() == page.records


async def test_columns_stand_as_they_are_asked(world: World) -> None:
    text = "SELECT value, company.name, name, company.industry, id FROM Deal WHERE name = 'Alpha'"

    [headers, row] = await rows(world, text)

    assert headers == ["value", "company.name", "name", "company.industry", "id"]
    assert row[:4] == ["1000.5", "Acme", "Alpha", "Technology"]


async def test_ids_are_columns_where_they_are_asked(world: World) -> None:
    assert (await rows(world, "SELECT name FROM Deal"))[0] == ["name"]
    assert (await rows(world, "SELECT company.id, name FROM Deal"))[0] == ["company.id", "name"]
    assert (await rows(world, "SELECT company, company.name FROM Deal"))[0] == [
        "company.id",
        "company.name",
    ]
    assert (await rows(world, "SELECT d.name, d.id FROM Deal d"))[0] == ["name", "id"]
    assert "id" in (await rows(world, "SELECT FIELDS(STANDARD) FROM Deal"))[0]


async def test_labels_tell_the_way_to_a_value(world: World) -> None:
    text = "SELECT name, company.name, company.address.city, value * 2 double FROM Deal LIMIT 1"

    [headers, _] = await rows(world, text, labels=True)

    assert headers == ["Name", "Company: Name", "Company: Address: City", "double"]


async def test_cells_of_a_workbook_have_the_types_of_their_values(
    world: World, tmp_path: Path
) -> None:
    text = (
        "SELECT day, moment, hour, done, number, big, tags, kind, day + 1 next, number * 2 twice"
        " FROM Sample WHERE code = 'AB1'"
    )

    [_, row] = await cells(world, text, tmp_path / "samples.xlsx")

    assert row == [
        dt.date(2026, 3, 18),
        dt.datetime(2026, 3, 18, 23, 30),
        dt.time(14, 30),
        True,
        0.1,
        "1234567890123456789.000001",
        "Red; Green",
        "On Hold",
        dt.date(2026, 3, 19),
        0.2,
    ]


async def test_aggregates_have_the_types_of_what_they_are_of(world: World, tmp_path: Path) -> None:
    text = "SELECT COUNT(id) n, SUM(value) total, MIN(close_date) first, MAX(name) last FROM Deal"

    [headers, row] = await cells(world, text, tmp_path / "deals.xlsx")

    assert headers == ["n", "total", "first", "last"]
    assert row == [4.0, 3500.5, dt.date(2026, 1, 5), "Gamma"]


async def test_child_records_stand_in_their_cell_as_json(world: World) -> None:
    text = "SELECT name, (SELECT name FROM deals ORDER BY name) FROM Company WHERE name = 'Acme'"

    [headers, row] = await rows(world, text)

    assert headers == ["name", "deals"]
    assert [deal["name"] for deal in json.loads(row[1])] == ["Alpha", "beta"]


@pytest.mark.parametrize("kind", list(Format))
async def test_a_hidden_field_is_in_no_file(world: World, kind: Format) -> None:
    viewer = await world.without("Deal.value")

    with pytest.raises(FieldstoneError) as refused:
        await whole(viewer, "SELECT name, value FROM Deal", kind)

    assert refused.value.problem.code == "query.unknown_field"


async def test_all_fields_of_a_file_are_those_that_the_viewer_may_read(world: World) -> None:
    viewer = await world.without("Deal.value")

    [headers, *_] = await rows(viewer, "SELECT FIELDS(ALL) FROM Deal")
    lines = (await whole(viewer, "SELECT FIELDS(ALL) FROM Deal", Format.NDJSON)).decode()

    assert "value" not in headers
    assert '"value"' not in lines
    assert "value" in (await rows(world, "SELECT FIELDS(ALL) FROM Deal"))[0]
