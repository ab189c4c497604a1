"""`crm package load-sample`: make the records that a package of Salesforce brings along."""

from __future__ import annotations

from pathlib import Path

import click

from fieldstone.platform.client import Where, connected, reaches_platform
from fieldstone.platform.commands.package_import import zip_of
from fieldstone.platform.text_table import text_table

_ADDRESS = "/api/salesforce-packages/sample-data"


@click.command()
@click.argument("path", type=click.Path(path_type=Path, exists=True))
@reaches_platform
def command(path: Path, url: str | None, data: Path | None, tenant: str) -> None:
    """Load the sample data in PATH, a folder or a zip: trees and plans of sf data, and CSV files.

    Records refer to each other as the files say. Those that are there already stay as they are.
    """
    file = (f"{path.resolve().stem}.zip", zip_of(path), "application/zip")
    with connected(Where(url, data, tenant)) as client:
        done = client.ask("POST", _ADDRESS, files={"file": file})
    rows = [[name, f"{n['made']:,}", f"{n['found']:,}"] for name, n in done["objects"].items()]
    click.echo(text_table(["Object", "New", "There already"], rows))
    for note in done["notes"]:
        click.echo(note)
