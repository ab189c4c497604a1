"""`crm roles`: the hierarchy, and who stands where in it."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import quote

import click

from fieldstone.platform.client import Client, Where, connected, pages_of, reaches_platform
from fieldstone.platform.commands.previews import previews, tell_preview
from fieldstone.platform.text_table import text_table

_ROLES = "/api/metadata/components/role"


@click.group()
def command() -> None:
    """Show and change the hierarchy of roles, and give roles to people."""


@command.command("list")
@reaches_platform
def list_roles(*, url: str | None, data: Path | None, tenant: str) -> None:
    """List the roles from the top down."""
    with connected(Where(url, data, tenant)) as client:
        found = pages_of(client, "/api/roles", "roles")
    rows = [["  " * one["depth"] + one["label"], one["name"], one["people"]] for one in found]
    click.echo(text_table(["Role", "Name", "People"], rows))


@command.command("create")
@click.argument("name")
@click.option("--label", help="How people call it.  [default: the name]")
@click.option("--below", help="The name of the role above it; without it, it stands at the top.")
@reaches_platform
def create(
    name: str,
    *,
    label: str | None,
    below: str | None,
    url: str | None,
    data: Path | None,
    tenant: str,
) -> None:
    """Make a role that nobody has yet."""
    with connected(Where(url, data, tenant)) as client:
        client.ask("POST", _ROLES, json={"name": name, "label": label or name, "parent": below})
    click.echo(f"There is a role {name}.")


@command.command("move")
@click.argument("name")
@click.option("--below", help="The name of the role above it; without it, it stands at the top.")
@previews
@reaches_platform
def move(
    name: str,
    *,
    below: str | None,
    preview: bool,
    url: str | None,
    data: Path | None,
    tenant: str,
) -> None:
    """Put a role below another one."""
    with connected(Where(url, data, tenant)) as client:
        if preview:
            said = {"kind": "role", "name": name, "parent": below}
            tell_preview(client, {"components": [said]})
            return
        path = f"{_ROLES}/{quote(name, safe='')}"
        client.ask("PUT", path, json=_without_package(client.ask("GET", path)) | {"parent": below})
    click.echo(f"{name} stands {f'below {below}' if below else 'at the top'}.")


@command.command("delete")
@click.argument("name")
@previews
@reaches_platform
def delete(name: str, *, preview: bool, url: str | None, data: Path | None, tenant: str) -> None:
    """Put a role in the bin."""
    with connected(Where(url, data, tenant)) as client:
        if preview:
            tell_preview(client, {"removals": [{"kind": "role", "name": name}]})
            return
        client.ask("DELETE", f"{_ROLES}/{quote(name, safe='')}")
    click.echo(f"There is no role {name} any more.")


@command.command("people")
@click.argument("name")
@reaches_platform
def people(name: str, *, url: str | None, data: Path | None, tenant: str) -> None:
    """List who has a role."""
    with connected(Where(url, data, tenant)) as client:
        found = pages_of(client, f"/api/roles/{quote(name, safe='')}/people", "people")
    click.echo(text_table(["Person", "Id"], [[one["name"], one["id"]] for one in found]))


@command.command("give")
@click.argument("user")
@click.argument("name")
@previews
@reaches_platform
def give(
    user: str, name: str, *, preview: bool, url: str | None, data: Path | None, tenant: str
) -> None:
    """Give somebody, by id or e-mail address, a role in the place of the one they have."""
    with connected(Where(url, data, tenant)) as client:
        if not _put(client, user, name, preview=preview):
            return
    click.echo(f"{user} has the role {name}.")


@command.command("take")
@click.argument("user")
@previews
@reaches_platform
def take(user: str, *, preview: bool, url: str | None, data: Path | None, tenant: str) -> None:
    """Take the role from somebody, by id or e-mail address."""
    with connected(Where(url, data, tenant)) as client:
        if not _put(client, user, None, preview=preview):
            return
    click.echo(f"{user} has no role any more.")


def _put(client: Client, user: str, role: str | None, *, preview: bool) -> bool:
    """Give somebody a role, or tell what that would change; whether it was done."""
    if preview:
        tell_preview(client, {"people": [{"user": user, "role": role}]})
        return False
    client.ask("PUT", f"/api/people/{quote(user, safe='@')}/role", json={"role": role})
    return True


def _without_package(component: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in component.items() if name != "package"}
