"""`crm export Contact`: write records to a file or to the terminal."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

import click
import httpx

from fieldstone.platform.client import (
    ServerUnreachable,
    Where,
    checked,
    connected,
    reaches_platform,
)


@click.command()
@click.argument("object_name", metavar="OBJECT")
@click.option("--where", default="", help="Condition, as in the query language.")
@click.option("--fields", default="", help="Fields with commas between; all where missing.")
@click.option("--order-by", default="", help="Order, such as 'name DESC'.")
@click.option(
    "--format",
    "kind",
    type=click.Choice(["csv", "ndjson", "xlsx"]),
    default="csv",
    show_default=True,
    help="What is written.",
)
@click.option("--output", "-o", type=click.Path(path_type=Path), help="File to write to.")
@reaches_platform
def command(object_name: str, output: Path | None, **chosen: Any) -> None:
    """Export the records of OBJECT as CSV, NDJSON or a workbook."""
    asked = {
        "object": object_name,
        "where": chosen["where"],
        "fields": chosen["fields"],
        "order_by": chosen["order_by"],
        "format": chosen["kind"],
    }
    if chosen["kind"] == "xlsx" and output is None and sys.stdout.isatty():
        raise click.UsageError("A workbook is no text for a terminal; name a file with --output.")
    with connected(Where(chosen["url"], chosen["data"], chosen["tenant"])) as client:
        _write(client.http, asked, output)


def _write(http: httpx.Client, asked: dict[str, str], output: Path | None) -> None:
    try:
        with http.stream("GET", "/api/export", params=asked) as answer:
            if not answer.is_success:
                answer.read()
                checked(answer)
            with _opened(output) as file:
                for chunk in answer.iter_bytes():
                    file.write(chunk)
    except httpx.TransportError as error:
        raise ServerUnreachable(
            f"No server answers at {http.base_url}.",
            hint="Start one with ./crm serve, or name another with --url.",
        ) from error


@contextmanager
def _opened(output: Path | None) -> Iterator[BinaryIO]:
    if output is None:
        yield sys.stdout.buffer
        return
    with output.open("wb") as file:
        yield file
