"""`crm undo VERSION`: put back what a change of metadata made different."""

from __future__ import annotations

from pathlib import Path

import click

from fieldstone.platform.client import Where, connected, reaches_platform
from fieldstone.platform.plan_words import apply_after_asking


@click.command()
@click.argument("version", type=click.IntRange(1))
@click.option("--yes", is_flag=True, help="Undo it without asking, losses included.")
@reaches_platform
def command(version: int, *, yes: bool, url: str | None, data: Path | None, tenant: str) -> None:
    """Undo the change of a number that `crm changes` tells."""
    with connected(Where(url, data, tenant)) as client:
        apply_after_asking(client, {"undo": version}, yes=yes)
