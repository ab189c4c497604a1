"""`crm usage`: what the tenant uses of what its plan gives, for its own administrators."""

from __future__ import annotations

from pathlib import Path

import click

from fieldstone.platform.client import Where, connected, reaches_platform
from fieldstone.platform.text_table import text_table


@click.command()
@reaches_platform
def command(url: str | None, data: Path | None, tenant: str) -> None:
    """Show what the organization uses, its limits, and what its plan leaves out."""
    with connected(Where(url, data, tenant)) as client:
        found = client.ask("GET", "/api/usage")
    click.echo(f"Plan {found['plan']}")
    rows = [
        [
            one["name"],
            f"{one['current']:,}",
            "none" if one["limit"] is None else f"{one['limit']:,}",
            one["state"],
        ]
        for one in found["usage"]
    ]
    click.echo(text_table(["What", "Used", "Limit", "State"], rows))
    if off := [name for name, is_on in found["features"].items() if not is_on]:
        click.echo(f"Not in the plan: {', '.join(off)}.")
