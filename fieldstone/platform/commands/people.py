"""`crm people`: who may sign in to a tenant."""

from __future__ import annotations

from pathlib import Path

import click

from fieldstone.platform.client import Client, Where, connected, reaches_platform
from fieldstone.platform.text_table import text_table


@click.group()
def command() -> None:
    """Let people sign in, and list who may."""


@command.command("list")
@reaches_platform
def list_people(url: str | None, data: Path | None, tenant: str) -> None:
    """List who may sign in."""
    with connected(Where(url, data, tenant)) as client:
        found = _people(client)
    rows = [
        [
            one["email"],
            "administrator" if one["is_administrator"] else "member",
            _state(one),
            one["id"],
        ]
        for one in found
    ]
    click.echo(text_table(["E-mail", "Role", "State", "Id"], rows))


@command.command("claim")
@click.argument("email")
@click.password_option("--password", help="Asked for where it is missing.")
@reaches_platform
def claim(email: str, *, password: str, url: str | None, data: Path | None, tenant: str) -> None:
    """Give the administrator an address and a password; from then on everybody signs in."""
    with connected(Where(url, data, tenant)) as client:
        said = {"email": email, "password": password}
        client.ask("POST", "/api/claim", json=said)
    click.echo(f"From now on people sign in to this tenant; you as {email}.")


@command.command("invite")
@click.argument("email")
@click.option("--name", required=True, help="Their name.")
@click.option("--administrator", is_flag=True, help="They set up objects, people and rules.")
@reaches_platform
def invite(
    email: str, *, name: str, administrator: bool, url: str | None, data: Path | None, tenant: str
) -> None:
    """Let somebody come in; prints the address to send them, which works once."""
    with connected(Where(url, data, tenant)) as client:
        said = {"email": email, "name": name, "is_administrator": administrator}
        told = client.ask("POST", "/api/people", json=said)
        click.echo(f"{str(client.http.base_url).rstrip('/')}{told['address']}")


@command.command("deactivate")
@click.argument("email")
@reaches_platform
def deactivate(email: str, url: str | None, data: Path | None, tenant: str) -> None:
    """Let somebody in no more; their sessions and tokens end at once."""
    with connected(Where(url, data, tenant)) as client:
        wanted = email.strip().lower()
        found = next((one for one in _people(client) if one["email"] == wanted), None)
        if found is None:
            raise click.ClickException(f"Nobody signs in as {email}.")
        client.ask("PATCH", f"/api/people/{found['id']}", json={"is_active": False})
    click.echo(f"{email} is let in no more.")


@command.command("recover")
@click.argument("email")
@reaches_platform
def recover(email: str, url: str | None, data: Path | None, tenant: str) -> None:
    """Let somebody in again who lost password or second factors; prints an address, good once.

    On the server itself it works for the last administrator too, whom nobody else can help.
    """
    with connected(Where(url, data, tenant)) as client:
        wanted = email.strip().lower()
        found = next((one for one in _people(client) if one["email"] == wanted), None)
        if found is None:
            raise click.ClickException(f"Nobody signs in as {email}.")
        if not found["is_active"]:
            client.ask("PATCH", f"/api/people/{found['id']}", json={"is_active": True})
        path = f"/api/people/{found['id']}/invitation"
        told = client.ask("POST", path, json={"resets_factors": True})
        click.echo(f"{str(client.http.base_url).rstrip('/')}{told['address']}")


def _people(client: Client) -> list[dict[str, object]]:
    found: list[dict[str, object]] = []
    cursor: str | None = "0"
    while cursor is not None:
        page = client.ask("GET", "/api/people", params={"cursor": cursor, "limit": 500})
        found.extend(page["people"])
        cursor = page["next"]
    return found


def _state(person: dict[str, object]) -> str:
    if not person["is_active"]:
        return "deactivated"
    return "active" if person["has_password"] else "invited"
