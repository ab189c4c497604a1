"""`crm operator`: tokens with which an operator acts over the network."""

from __future__ import annotations

from pathlib import Path

import click

from fieldstone.platform.client import Where, connected, reaches_platform
from fieldstone.platform.text_table import text_table

ADDRESS = "/api/platform/tokens"


@click.group()
def command() -> None:
    """Make, list and take back tokens of operators, who are of no tenant."""


@command.command("token")
@click.argument("name")
@click.option("--expires-at", help="Until when it holds, such as 2030-01-31T00:00:00Z.")
@reaches_platform
def make_token(
    name: str, expires_at: str | None, url: str | None, data: Path | None, tenant: str
) -> None:
    """Make a token and print it, this once; FIELDSTONE_TOKEN has commands use it."""
    with connected(Where(url, data, tenant)) as client:
        made = client.ask("POST", ADDRESS, json={"name": name, "expires_at": expires_at})
    click.echo(made["token"])


@command.command("tokens")
@reaches_platform
def list_tokens(url: str | None, data: Path | None, tenant: str) -> None:
    """List the tokens that hold."""
    with connected(Where(url, data, tenant)) as client:
        found = client.ask("GET", ADDRESS)["tokens"]
    rows = [
        [one["name"], one["created_at"][:10], (one["used_at"] or "never")[:16], one["id"]]
        for one in found
    ]
    click.echo(text_table(["Name", "Created", "Used", "Id"], rows))


@command.command("revoke")
@click.argument("id_")
@reaches_platform
def revoke_token(id_: str, url: str | None, data: Path | None, tenant: str) -> None:
    """Take a token back, by its id."""
    with connected(Where(url, data, tenant)) as client:
        client.ask("DELETE", f"{ADDRESS}/{id_}")
    click.echo("It is taken back.")
