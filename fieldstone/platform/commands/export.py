"""`crm export Contact`: write records to a file or to the terminal."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import click

from fieldstone.platform.client import Where, connected, reaches_platform
from fieldstone.platform.downloads import download


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
@click.option("--labels", is_flag=True, help="Head the columns of csv and xlsx by labels.")
@reaches_platform
def command(object_name: str, output: Path | None, **chosen: Any) -> None:
    """Export the records of OBJECT as CSV, NDJSON or a workbook."""
    asked = {
        "object": object_name,
        "where": chosen["where"],
        "fields": chosen["fields"],
        "order_by": chosen["order_by"],
        "format": chosen["kind"],
        "headers": "labels" if chosen["labels"] else "names",
    }
    if chosen["kind"] == "xlsx" and output is None and sys.stdout.isatty():
        raise click.UsageError("A workbook is no text for a terminal; name a file with --output.")
    with connected(Where(chosen["url"], chosen["data"], chosen["tenant"])) as client:
        download(client.http, "GET", "/api/export", output, params=asked)
