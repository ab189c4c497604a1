"""`crm shares`: with whom one record is shared."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

import click

from fieldstone.platform.client import Client, Where, connected, reaches_platform
from fieldstone.platform.text_table import text_table

_WITH: Final = "team:Partners, role:Sales, role_and_below:Sales, user:ben@acme.example or everyone"


@click.group()
def command() -> None:
    """Show with whom a record is shared, share it, and end that."""


@command.command("list")
@click.argument("object_name", metavar="OBJECT")
@click.argument("record")
@reaches_platform
def list_shares(
    object_name: str, record: str, *, url: str | None, data: Path | None, tenant: str
) -> None:
    """List with whom a record is shared by hand."""
    with connected(Where(url, data, tenant)) as client:
        told = client.ask("GET", _address(object_name, record))
    click.echo(_table(told))


@command.command("add")
@click.argument("object_name", metavar="OBJECT")
@click.argument("record")
@click.argument("party", metavar="WITH")
@click.option("--edit", is_flag=True, help="They may change it as well.")
@click.option("--along", multiple=True, help="An object whose records go along, such as Deal.")
@click.option("--reason", default="", help="Why.")
@reaches_platform
def add(
    object_name: str,
    record: str,
    party: str,
    *,
    edit: bool,
    along: tuple[str, ...],
    reason: str,
    url: str | None,
    data: Path | None,
    tenant: str,
) -> None:
    """Share a record. WITH is team:Partners, role:Sales, user:ben@acme.example, everyone."""
    with connected(Where(url, data, tenant)) as client:
        said = {
            "with": _party(client, party),
            "access": "edit" if edit else "read",
            "along": along,
            "reason": reason,
        }
        told = client.ask("POST", _address(object_name, record), json=said)
    click.echo(_table(told))


@command.command("end")
@click.argument("object_name", metavar="OBJECT")
@click.argument("record")
@click.argument("party", metavar="WITH")
@reaches_platform
def end(
    object_name: str, record: str, party: str, *, url: str | None, data: Path | None, tenant: str
) -> None:
    """End a share. WITH is an id or a name that the list tells, such as team:Partners."""
    with connected(Where(url, data, tenant)) as client:
        path = _address(object_name, record)
        found = [one["with"] for one in client.ask("GET", path)["shares"]]
        ids = [one["id"] for one in found if party in _names(one)]
        if len(ids) > 1:
            raise click.ClickException(f"Several are called {party}. Name one by its id.")
        client.ask("DELETE", f"{path}/{quote(ids[0] if ids else party, safe='')}")
    click.echo(f"It is shared with {party} no more.")


def _party(client: Client, text: str) -> dict[str, Any]:
    kind, _, named = text.partition(":")
    if kind == "everyone":
        return {"everyone": True}
    if kind not in ("team", "role", "role_and_below", "user") or not named:
        raise click.UsageError(f"Share with {_WITH}.")
    return {kind: _user(client, named) if kind == "user" and "@" in named else named}


def _names(party: dict[str, Any]) -> tuple[str, ...]:
    """Give how the party of a share may be called."""
    return party["id"], party["name"], f"{party['kind']}:{party['name']}"


def _user(client: Client, email: str) -> str:
    """Give the id of the user of an address, whom the caller sees."""
    said = {"q": "SELECT id FROM User WHERE email = :email", "params": {"email": email}}
    found = client.ask("POST", "/api/query", json=said)["records"]
    if not found:
        raise click.ClickException(f"You see nobody of the address {email}.")
    return str(found[0]["id"])


def _address(object_name: str, record: str) -> str:
    return f"/api/records/{quote(object_name, safe='')}/{quote(record, safe='')}/shares"


def _table(told: dict[str, Any]) -> str:
    rows = [
        [one["with"]["name"], one["access"], one["along"], one["reason"], one["with"]["id"]]
        for one in told["shares"]
    ]
    return text_table(["With", "May", "Along", "Reason", "Id"], rows)
