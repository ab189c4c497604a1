"""`crm apply FILE`: plan a change set, show the plan, and apply it."""

from __future__ import annotations

from pathlib import Path

import click

from fieldstone.platform.client import Where, connected, reaches_platform
from fieldstone.platform.plan_words import apply_after_asking, read_change_set


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--yes", is_flag=True, help="Apply it without asking, losses included.")
@reaches_platform
def command(file: Path, *, yes: bool, url: str | None, data: Path | None, tenant: str) -> None:
    """Show what a change set would do, and do it once you agree. FILE is YAML or JSON."""
    with connected(Where(url, data, tenant)) as client:
        apply_after_asking(client, read_change_set(file), yes=yes)
