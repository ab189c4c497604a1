"""`crm package list`: what is installed, and what could be."""

from __future__ import annotations

from pathlib import Path

import click

from fieldstone.platform.client import Where, connected, reaches_platform
from fieldstone.platform.text_table import text_table


@click.command()
@reaches_platform
def command(*, url: str | None, data: Path | None, tenant: str) -> None:
    """List the packages that are installed, and those that could be."""
    with connected(Where(url, data, tenant)) as client:
        found = client.ask("GET", "/api/packages")
    rows = [[one["name"], one["version"], one["label"]] for one in found["packages"]]
    click.echo(text_table(["Installed", "Version", "Label"], rows))
    others = [
        [one["install"], one["name"], one["version"], one["uploaded_at"] or "with the product"]
        for one in found["available"]
        if not one["is_installed"]
    ]
    if others:
        click.echo("")
        click.echo(text_table(["Available as", "Package", "Version", "Since"], others))
