"""`crm query "SELECT …"`: ask in the query language, or search (`FIND {…} RETURNING …`)."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import click
from msgspec import DecodeError

from fieldstone.metadata.values import Json, read_json, write_json
from fieldstone.platform.client import (
    Client,
    ServerRefused,
    Where,
    connected,
    reaches_platform,
)
from fieldstone.platform.downloads import download
from fieldstone.platform.excerpts import problems_in_words
from fieldstone.platform.text_table import text_table

_STREAMS: Final = ("ndjson", "csv", "xlsx")


@click.command()
@click.argument("text", metavar="QUERY")
@click.option(
    "--format",
    "kind",
    type=click.Choice(["table", "json", *_STREAMS]),
    help="What is written; ndjson, csv and xlsx hold every row.  [default: by the name of the "
    "file, else table]",
)
@click.option("--output", "-o", type=click.Path(path_type=Path), help="File to write to.")
@click.option("--labels", is_flag=True, help="Head the columns of csv and xlsx by labels.")
@click.option("--json", "as_json", is_flag=True, help="The same as --format json.")
@click.option(
    "--param",
    "-p",
    multiple=True,
    metavar="NAME=TEXT",
    help="Value of :NAME; NAME:=JSON for a number, a list and so on.",
)
@reaches_platform
def command(text: str, **chosen: Any) -> None:
    """Run a query, or a search from FIND on. QUERY is a text, or - to read it from the input."""
    text = sys.stdin.read() if text == "-" else text
    output: Path | None = chosen["output"]
    kind = "json" if chosen["as_json"] else chosen["kind"] or _kind_of(output)
    if kind == "xlsx" and output is None and sys.stdout.isatty():
        raise click.UsageError("A workbook is no text for a terminal; name a file with --output.")
    asked: dict[str, Any] = {
        "q": text,
        "params": dict(map(_param, chosen["param"])),
    }
    if kind in _STREAMS:
        asked |= {"format": kind, "headers": "labels" if chosen["labels"] else "names"}
    with connected(Where(chosen["url"], chosen["data"], chosen["tenant"])) as client:
        try:
            _answer(client, asked, kind, output)
        except ServerRefused as error:
            raise click.ClickException(problems_in_words(text, error.problems)) from error


def _param(written: str) -> tuple[str, Json]:
    name, _, value = written.partition("=")
    if not name.endswith(":"):
        return name, value
    try:
        return name.removesuffix(":"), read_json(value)
    except (DecodeError, ValueError) as error:
        raise click.UsageError(f"The value of {name.removesuffix(':')} is not JSON.") from error


def _kind_of(output: Path | None) -> str:
    suffix = "" if output is None else output.suffix.removeprefix(".").lower()
    return suffix if suffix in ("json", *_STREAMS) else "table"


def _answer(client: Client, asked: dict[str, Any], kind: str, output: Path | None) -> None:
    if kind in _STREAMS:
        marks_end = kind == "ndjson"
        download(client.http, "POST", "/api/query", output, marks_end=marks_end, json=asked)
        return
    answer = client.ask("POST", "/api/query", json=asked)
    shown = write_json(answer) if kind == "json" else _shown(answer)
    if output is None:
        click.echo(shown)
    else:
        output.write_text(f"{shown}\n", encoding="utf-8")


def _shown(answer: dict[str, Any]) -> str:
    if "search_records" in answer:
        return _found(answer)
    if "plan" in answer:
        return "\n".join(answer["plan"]["says"])
    records = answer["records"]
    if not records:
        return f"{answer['total']} records"
    told = f"{len(records)} of {answer['total']} records"
    return f"{_table(records)}\n{told}"


def _found(answer: dict[str, Any]) -> str:
    """Give what a search found: a table for each object."""
    by_object: dict[str, list[dict[str, Any]]] = {}
    for record in answer["search_records"]:
        by_object.setdefault(record.pop("attributes")["type"], []).append(record)
    tables = [
        f"{one['object']}: {one['given']} of {one['total']} records\n{_table(records)}"
        for one in answer["objects"]
        if (records := by_object.get(one["object"]))
    ]
    if not answer["complete"]:
        tables.append("More records match than were looked at; more letters find better ones.")
    return "\n\n".join(tables) or "0 records"


def _table(records: list[dict[str, Any]]) -> str:
    rows = [dict(_columns("", record)) for record in records]
    told = dict.fromkeys(head for row in rows for head in row)
    # A record without the parent has no fields of it to show.
    heads = [one for one in told if not any(other.startswith(f"{one}.") for other in told)]
    return text_table(heads, [[row.get(head) for head in heads] for row in rows])


def _columns(above: str, record: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    """Yield the columns of a record; the fields of a parent are columns of their own."""
    for name, value in record.items():
        parent = isinstance(value, dict) and "id" in value and not value.keys() <= {"id", "name"}
        if parent:
            asked = {inner: part for inner, part in value.items() if inner != "id"}
            yield from _columns(f"{above}{name}.", asked)
        else:
            yield f"{above}{name}", value
