"""`crm query "SELECT …"`: ask in the query language."""

from __future__ import annotations

from typing import Any

import click

from fieldstone.errors import Span
from fieldstone.metadata.values import write_json
from fieldstone.platform.client import ServerRefused, Where, connected, reaches_platform
from fieldstone.platform.text_table import text_table


@click.command()
@click.argument("text", metavar="QUERY")
@click.option("--json", "as_json", is_flag=True, help="Print the answer as JSON.")
@click.option("--param", "-p", multiple=True, metavar="NAME=VALUE", help="Value of :NAME.")
@reaches_platform
def command(text: str, *, as_json: bool, param: tuple[str, ...], **where: Any) -> None:
    """Run a query and show the rows."""
    params = dict(one.partition("=")[::2] for one in param)
    with connected(Where(**where)) as client:
        try:
            answer = client.ask("POST", "/api/query", json={"q": text, "params": params})
        except ServerRefused as error:
            click.echo(excerpt(text, error.problem.at), err=True)
            raise
    if as_json:
        click.echo(write_json(answer))
        return
    click.echo(_shown(answer))


def _shown(answer: dict[str, Any]) -> str:
    records = answer["records"]
    if not records:
        return f"{answer['total']} records"
    heads = list(records[0])
    rows = [[record.get(head) for head in heads] for record in records]
    told = f"{len(records)} of {answer['total']} records"
    return f"{text_table(heads, rows)}\n{told}"


def excerpt(text: str, at: Span | str | None) -> str:
    """Give the line of a query that is at fault with carets below the place."""
    lines = text.splitlines()
    if not isinstance(at, Span) or not 0 < at.line <= len(lines):
        return text
    carets = "^" * max(1, min(at.length, len(lines[at.line - 1]) - at.column + 1))
    return f"{lines[at.line - 1]}\n{' ' * (at.column - 1)}{carets}"
