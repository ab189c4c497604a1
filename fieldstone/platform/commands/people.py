"""`crm people`: who may sign in to a tenant."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import quote

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
        found = _find(client, email)
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
        found = _find(client, email)
        if not found["is_active"]:
            client.ask("PATCH", f"/api/people/{found['id']}", json={"is_active": True})
        path = f"/api/people/{found['id']}/invitation"
        told = client.ask("POST", path, json={"resets_factors": True})
        click.echo(f"{str(client.http.base_url).rstrip('/')}{told['address']}")


@command.command("service")
@click.argument("name")
@click.option("--administrator", is_flag=True, help="It may do everything.")
@reaches_platform
def add_service_user(
    name: str, *, administrator: bool, url: str | None, data: Path | None, tenant: str
) -> None:
    """Make a member that is no person; prints the address by which apps and tokens name it."""
    with connected(Where(url, data, tenant)) as client:
        said = {"name": name, "is_administrator": administrator}
        click.echo(client.ask("POST", "/api/service-users", json=said)["email"])


@command.command("tokens")
@click.argument("email")
@reaches_platform
def list_tokens(email: str, url: str | None, data: Path | None, tenant: str) -> None:
    """List the tokens of a service user."""
    with connected(Where(url, data, tenant)) as client:
        found = client.ask("GET", f"/api/people/{_find(client, email)['id']}/tokens")["tokens"]
    rows = [
        [
            one["name"],
            " ".join(one["scopes"] or ["api"]),
            one["used_at"] or "never",
            one["expires_at"] or "never",
            one["id"],
        ]
        for one in found
    ]
    click.echo(text_table(["Name", "Scopes", "Used", "Ends", "Id"], rows))


@command.command("token")
@click.argument("email")
@click.option("--name", required=True, help="What the token is for.")
@click.option("--scope", "scopes", multiple=True, required=True, help="How far it reaches.")
@click.option("--expires-at", help="When it ends, such as 2027-01-31T00:00:00Z.")
@reaches_platform
def make_token(
    email: str,
    *,
    name: str,
    scopes: tuple[str, ...],
    expires_at: str | None,
    url: str | None,
    data: Path | None,
    tenant: str,
) -> None:
    """Make a token that acts as a service user; prints it, this once."""
    with connected(Where(url, data, tenant)) as client:
        said = {"name": name, "scopes": list(scopes), "expires_at": expires_at}
        path = f"/api/people/{_find(client, email)['id']}/tokens"
        click.echo(client.ask("POST", path, json=said)["token"])


@command.command("revoke-token")
@click.argument("email")
@click.argument("token")
@reaches_platform
def revoke_token(email: str, token: str, url: str | None, data: Path | None, tenant: str) -> None:
    """Take a token of a service user back, by its id."""
    with connected(Where(url, data, tenant)) as client:
        client.ask("DELETE", f"/api/people/{_find(client, email)['id']}/tokens/{quote(token)}")
    click.echo("The token is taken back.")


def _find(client: Client, email: str) -> dict[str, object]:
    wanted = email.strip().lower()
    found = next((one for one in _people(client) if one["email"] == wanted), None)
    if found is None:
        raise click.ClickException(f"Nobody signs in as {email}.")
    return found


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
    if person["is_service"]:
        return "service user"
    return "active" if person["has_password"] else "invited"
