"""`crm storage`: where the records of each object lie, and moving them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from fieldstone.platform.client import Where, connected, reaches_platform
from fieldstone.platform.text_table import text_table


@click.group()
def command() -> None:
    """Show where records lie, and move them."""


@command.command("status")
@reaches_platform
def status(url: str | None, data: Path | None, tenant: str) -> None:
    """List the objects with their rows, heaps and slots."""
    with connected(Where(url, data, tenant)) as client:
        found = client.ask("GET", "/api/storage")
    rows = [
        [_rows(one), one["object"], one["heap"], *_slots(one), _work(one)]
        for one in found["objects"]
    ]
    heads = ("Rows", "Object", "Heap", "Text", "Number", "Time", "Reference", "At work")
    click.echo(text_table(heads, rows))


@command.command("promote")
@click.argument("name")
@reaches_platform
def promote(name: str, url: str | None, data: Path | None, tenant: str) -> None:
    """Move an object's records to a heap of their own."""
    _move(Where(url, data, tenant), name, "promote")


@command.command("demote")
@click.argument("name")
@reaches_platform
def demote(name: str, url: str | None, data: Path | None, tenant: str) -> None:
    """Move an object's records back to the shared heap."""
    _move(Where(url, data, tenant), name, "demote")


def _move(where: Where, name: str, verb: str) -> None:
    with connected(where) as client:
        job = client.ask("POST", f"/api/storage/{name}/{verb}")["job"]
    click.echo(f"Job {job} moves the records of {name}.")


def _rows(one: dict[str, Any]) -> str:
    return f"{one['rows']}" if one["rows_exact"] else f"about {one['rows']}"


def _slots(one: dict[str, Any]) -> list[str]:
    kinds = ("text", "number", "time", "reference")
    return [f"{one['slots'][kind]['used']} of {one['slots'][kind]['of']}" for kind in kinds]


def _work(one: dict[str, Any]) -> str:
    return f"{one['work']['doing']}, job {one['work']['job']}" if one["work"] else ""
