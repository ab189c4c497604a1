"""`crm objects`: every object of a tenant."""

from __future__ import annotations

from pathlib import Path

import click

from fieldstone.platform.client import Where, connected, reaches_platform
from fieldstone.platform.text_table import text_table


@click.command()
@reaches_platform
def command(url: str | None, data: Path | None, tenant: str) -> None:
    """List the objects."""
    with connected(Where(url, data, tenant)) as client:
        found = client.ask("GET", "/api/objects")
    rows = [
        [one["name"], one["label"], f"/{one['slug']}", one["package"] or "custom"]
        for one in found["objects"]
    ]
    click.echo(text_table(["Name", "Label", "Address", "From"], rows))
