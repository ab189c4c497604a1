"""`crm explain-access`: why somebody may or may not do something with an object or a field."""

from __future__ import annotations

from pathlib import Path

import click

from fieldstone.platform.client import Where, connected, reaches_platform
from fieldstone.platform.text_table import text_table


@click.command()
@click.option("--user", help="An id or an e-mail address; yourself where it is missing.")
@click.option("--object", "of_object", help="An object, such as Deal.")
@click.option("--field", help="A field of an object, such as Deal.value.")
@reaches_platform
def explain_access(
    *,
    user: str | None,
    of_object: str | None,
    field: str | None,
    url: str | None,
    data: Path | None,
    tenant: str,
) -> None:
    """Tell why somebody may or may not do something with an object or a field."""
    if bool(of_object) == bool(field):
        raise click.UsageError("Say either --object Deal or --field Deal.value.")
    asked = {"object": field or of_object or "", **({"user": user} if user else {})}
    with connected(Where(url, data, tenant)) as client:
        told = client.ask("GET", "/api/access/explain", params=asked)
    rows = [
        [one["right"], "yes" if one["allowed"] else "no", one["words"]] for one in told["reasons"]
    ]
    click.echo(text_table(["Right", "Has it", "Because"], rows))


command = explain_access
