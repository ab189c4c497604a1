"""`crm where-used Deal.amount`: who names a component."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import quote

import click

from fieldstone.platform.client import Where, connected, reaches_platform
from fieldstone.platform.text_table import text_table


@click.command()
@click.argument("name", metavar="[KIND:]NAME")
@reaches_platform
def command(name: str, url: str | None, data: Path | None, tenant: str) -> None:
    """List the components that name a component, such as Deal.amount or role:Sales.

    Without a kind, a name with a point is a field's, and any other an object's.
    """
    kind, _, own = name.rpartition(":")
    kind = kind or ("field" if "." in own else "object")
    path = f"/api/metadata/where-used/{quote(kind, safe='')}/{quote(own, safe='')}"
    with connected(Where(url, data, tenant)) as client:
        found = client.ask("GET", path)
    rows = [[one["kind"], one["name"], ", ".join(one["places"])] for one in found["uses"]]
    click.echo(text_table(["Kind", "Name", "Where"], rows) if rows else "No component names it.")
    if found["queries"] is not None:
        click.echo(f"Queries of the last thirty days that asked by it: {found['queries']:,}.")
