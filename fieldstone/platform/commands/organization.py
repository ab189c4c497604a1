"""`crm organization`: what the organization is set to, and how to change it."""

from __future__ import annotations

from pathlib import Path

import click

from fieldstone.metadata.values import Json
from fieldstone.platform.client import Where, connected, reaches_platform
from fieldstone.platform.text_table import text_table


@click.command()
@click.argument("changes", nargs=-1, metavar="[NAME=VALUE]...")
@reaches_platform
def command(changes: tuple[str, ...], url: str | None, data: Path | None, tenant: str) -> None:
    """Show the organization, or change it: time_zone=Europe/Berlin fiscal_month=4."""
    asked = dict(map(_change, changes))
    with connected(Where(url, data, tenant)) as client:
        if asked:
            found = client.ask("PATCH", "/api/organization", json=asked)
        else:
            found = client.ask("GET", "/api/organization")
    click.echo(text_table(["Setting", "Value"], [[name, str(one)] for name, one in found.items()]))


def _change(written: str) -> tuple[str, Json]:
    name, equals, value = written.partition("=")
    if not equals:
        raise click.BadParameter(f"{written!r} is not written as name=value.")
    if not value:
        return name, None
    return name, int(value) if name == "fiscal_month" and value.isdigit() else value
