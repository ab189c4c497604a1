"""`crm views Deal [VIEW]`: the views of an object's list, and the records that one shows."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import quote

import click

from fieldstone.metadata.values import write_json
from fieldstone.platform.client import Where, connected, reaches_platform
from fieldstone.platform.text_table import text_table


@click.command()
@click.argument("object_name", metavar="OBJECT")
@click.argument("view", required=False)
@click.option("--limit", default=50, show_default=True, help="How many records are shown.")
@click.option("--query", "as_query", is_flag=True, help="Show the query of the view instead.")
@click.option("--json", "as_json", is_flag=True, help="Show the answer as JSON.")
@reaches_platform
def command(
    object_name: str, view: str | None, limit: int, *, as_query: bool, as_json: bool, **where: Any
) -> None:
    """List the views of an object, or the records of one.

    VIEW is its name. The query of a view is for crm query, such as crm query "$(crm views Deal
    Large_Deals --query)" -o deals.xlsx.
    """
    url: str | None = where["url"]
    data: Path | None = where["data"]
    address = f"/api/objects/{quote(object_name, safe='')}/views"
    one = "" if view is None else f"{address}/{quote(view, safe='')}"
    path = one or address
    if one and not as_query:
        path = f"{one}/records?limit={limit}"
    with connected(Where(url, data, where["tenant"])) as client:
        answer = client.ask("GET", path)
    if as_json:
        click.echo(write_json(answer))
    elif as_query and one:
        click.echo(answer["query"])
    elif one:
        click.echo(_records(answer))
    else:
        click.echo(_views(answer["views"]))


def _views(views: list[dict[str, Any]]) -> str:
    rows = [
        [one["name"], one["label"], "you" if one["personal"] else "others", one["where"] or ""]
        for one in views
    ]
    return text_table(["Name", "Label", "Kept for", "Where"], rows) if rows else "No views."


def _records(answer: dict[str, Any]) -> str:
    records = answer["records"]
    if not records:
        return "No records."
    heads = list(records[0])
    table = text_table(heads, [[record.get(head) for head in heads] for record in records])
    return f"{table}\nMore follow." if answer["next"] else table
