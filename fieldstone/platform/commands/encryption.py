"""`crm encryption`: under which keys encrypted values are, a new key, and sealing with it."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path

import click

from fieldstone.platform.client import Where, connected, reaches_platform
from fieldstone.platform.encryption_keys import add_key, key_file
from fieldstone.platform.settings import load_settings
from fieldstone.platform.text_table import text_table


@click.group()
def command() -> None:
    """Show the keys of encrypted fields, and change them."""


@command.command("status")
@reaches_platform
def status(url: str | None, data: Path | None, tenant: str) -> None:
    """List the keys with how many values are under each."""
    with connected(Where(url, data, tenant)) as client:
        found = client.ask("GET", "/api/encryption")
    rows = [
        [one["id"], _state(one), one["made_on"] or "", one["values"], one["values_in_log"]]
        for one in found["keys"]
    ]
    click.echo(text_table(["Key", "State", "Made on", "In records", "In the log"], rows))
    fields = [
        [f"{one['object']}.{one['field']}", one["encrypted"], one["values"]]
        for one in found["fields"]
    ]
    if fields:
        click.echo(text_table(["Field", "Encrypted", "Values"], fields))
    if found["rotation"] is not None and found["rotation"]["state"] in {"waiting", "running"}:
        words = found["rotation"]["words"] or "It waits."
        click.echo(f"Job {found['rotation']['job']} seals values anew. {words}")


@command.command("new-key")
@click.option("--data", type=click.Path(path_type=Path), help="Of this data directory.")
def new_key(data: Path | None) -> None:
    """Put a new key in front of the file of keys; servers seal with it once they start again."""
    path = key_file(load_settings(os.environ, {} if data is None else {"data": data}))
    name = add_key(path, datetime.now(UTC).date())
    click.echo(f"{path} has the new key {name}. Keep a copy of it apart from the database.")
    click.echo("Start the servers again, then run: crm encryption rotate")


@command.command("rotate")
@reaches_platform
def rotate(url: str | None, data: Path | None, tenant: str) -> None:
    """Have all values sealed with the current key."""
    with connected(Where(url, data, tenant)) as client:
        job = client.ask("POST", "/api/encryption/rotate")["job"]
    click.echo(f"Job {job} seals the values anew.")


def _state(one: dict[str, object]) -> str:
    if not one["is_there"]:
        return "missing"
    return "current" if one["is_current"] else "opens only"
