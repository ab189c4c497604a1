"""`crm explain-access`: why somebody may do something with an object, field or record, or not."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import click

from fieldstone.platform.client import Where, connected, reaches_platform
from fieldstone.platform.text_table import text_table

_LONGEST_REASON: Final = 1_000


@click.command()
@click.option("--user", help="An id or an e-mail address; yourself where it is missing.")
@click.option("--object", "of_object", help="An object, such as Deal.")
@click.option("--field", help="A field of an object, such as Deal.value.")
@click.option("--record", help="A record by its id; with --field, that field of it.")
@reaches_platform
def explain_access(
    *,
    user: str | None,
    of_object: str | None,
    field: str | None,
    record: str | None,
    url: str | None,
    data: Path | None,
    tenant: str,
) -> None:
    """Tell why somebody may or may not do something with an object, a field or a record."""
    if sum(map(bool, (of_object, record or field))) != 1:
        raise click.UsageError("Say one of --object Deal, --field Deal.value and --record deal_….")
    said = {"record": record, "field": field} if record else {"object": field or of_object}
    asked = {name: value for name, value in {**said, "user": user}.items() if value}
    with connected(Where(url, data, tenant)) as client:
        told = client.ask("GET", "/api/access/explain", params=asked)
    rows = [
        [one["right"], "yes" if one["allowed"] else "no", one["words"]] for one in told["reasons"]
    ]
    click.echo(text_table(["Right", "Has it", "Because"], rows, _LONGEST_REASON))


command = explain_access
