"""`crm changes`: the history of metadata."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import click

from fieldstone.platform.client import Where, connected, reaches_platform
from fieldstone.platform.plan_words import change_in_words
from fieldstone.platform.text_table import text_table

_NAMED: Final = 3


@click.command()
@click.argument("version", type=click.IntRange(1), required=False)
@click.option("--limit", default=20, help="How many, the newest first.")
@reaches_platform
def command(
    version: int | None, *, limit: int, url: str | None, data: Path | None, tenant: str
) -> None:
    """List the changes of metadata, newest first, or show all of the one with a number."""
    with connected(Where(url, data, tenant)) as client:
        if version is not None:
            one = client.ask("GET", f"/api/metadata/changes/{version}")
            click.echo("\n".join(line for c in one["changes"] for line in change_in_words(c)))
            return
        page = client.ask("GET", "/api/metadata/changes", params={"limit": limit})
    rows = [
        [one["version"], one["at"][:16].replace("T", " "), one["by_name"], _summary(one)]
        for one in page["changes"]
    ]
    click.echo(text_table(["Number", "When", "By", "What"], rows))


def _summary(one: dict[str, Any]) -> str:
    told = [next(iter(change_in_words(change))) for change in one["changes"][:_NAMED]]
    more = one["count"] - len(told)
    return ", ".join([*told, *([f"and {more} more"] if more else [])])
