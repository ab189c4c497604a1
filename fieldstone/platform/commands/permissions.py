"""`crm permissions`: permission sets, and who has them."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import quote

import click

from fieldstone.platform.client import Where, connected, reaches_platform
from fieldstone.platform.commands.explain_access import explain_access
from fieldstone.platform.commands.previews import previews, tell_preview
from fieldstone.platform.text_table import text_table


@click.group()
def command() -> None:
    """Show permission sets, and give them to people."""


@command.command("list")
@click.option("--user", help="Only the sets of somebody: an id or an e-mail address.")
@reaches_platform
def list_sets(*, user: str | None, url: str | None, data: Path | None, tenant: str) -> None:
    """List the permission sets, or those that somebody has."""
    with connected(Where(url, data, tenant)) as client:
        if user is not None:
            found = client.ask("GET", f"/api/people/{quote(user, safe='@')}/permission-sets")
            rows = [
                [one["name"], one["label"], one["assigned_at"]] for one in found["permission_sets"]
            ]
            click.echo(text_table(["Name", "Label", "Since"], rows))
            return
        sets: list[dict[str, object]] = []
        cursor: str | None = "0"
        while cursor is not None:
            page = client.ask("GET", "/api/permission-sets", params={"cursor": cursor})
            sets.extend(page["permission_sets"])
            cursor = page["next"]
    rows = [
        [one["name"], one["label"], one["people"], one["package"] or "made here"] for one in sets
    ]
    click.echo(text_table(["Name", "Label", "People", "From"], rows))


@command.command("assign")
@click.argument("user")
@click.argument("name")
@previews
@reaches_platform
def assign(
    user: str, name: str, *, preview: bool, url: str | None, data: Path | None, tenant: str
) -> None:
    """Give somebody, by id or e-mail address, a permission set."""
    with connected(Where(url, data, tenant)) as client:
        if preview:
            tell_preview(client, {"people": [{"user": user, "give": [name]}]})
            return
        client.ask("PUT", _address(user, name))
    click.echo(f"{user} has {name}.")


@command.command("revoke")
@click.argument("user")
@click.argument("name")
@previews
@reaches_platform
def revoke(
    user: str, name: str, *, preview: bool, url: str | None, data: Path | None, tenant: str
) -> None:
    """Take a permission set from somebody, by id or e-mail address."""
    with connected(Where(url, data, tenant)) as client:
        if preview:
            tell_preview(client, {"people": [{"user": user, "take": [name]}]})
            return
        client.ask("DELETE", _address(user, name))
    click.echo(f"{user} has {name} no more.")


command.add_command(explain_access, "explain")


def _address(user: str, name: str) -> str:
    return f"/api/people/{quote(user, safe='@')}/permission-sets/{quote(name, safe='')}"
