"""`crm plan FILE`: tell what a change set would do."""

from __future__ import annotations

from pathlib import Path

import click

from fieldstone.metadata.values import write_json
from fieldstone.platform.client import Where, connected, reaches_platform
from fieldstone.platform.plan_words import plan_in_words, read_change_set


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="Write the plan as JSON.")
@reaches_platform
def command(file: Path, *, as_json: bool, url: str | None, data: Path | None, tenant: str) -> None:
    """Tell what a change set would do, without doing it. FILE is YAML or JSON."""
    said = read_change_set(file)
    with connected(Where(url, data, tenant)) as client:
        plan = client.ask("POST", "/api/metadata/plan", content=write_json(said))
    click.echo(write_json(plan) if as_json else plan_in_words(plan))
