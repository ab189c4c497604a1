"""`crm teams`: groups of people with whom records are shared."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import quote

import click

from fieldstone.platform.client import Client, Where, connected, pages_of, reaches_platform
from fieldstone.platform.commands.previews import previews, tell_preview
from fieldstone.platform.text_table import text_table

_TEAMS = "/api/teams"


@click.group()
def command() -> None:
    """Show and change teams, and who is in them."""


@command.command("list")
@reaches_platform
def list_teams(*, url: str | None, data: Path | None, tenant: str) -> None:
    """List the teams by name."""
    with connected(Where(url, data, tenant)) as client:
        found = pages_of(client, _TEAMS, "teams")
    names = {one["id"]: one["name"] for one in found}
    rows = [[one["name"], names.get(one["parent"]), one["people"], one["id"]] for one in found]
    click.echo(text_table(["Team", "Within", "People", "Id"], rows))


@command.command("create")
@click.argument("name")
@click.option("--within", help="The team that it stands in, by id or name.")
@click.option("--description", default="", help="What it is for.")
@reaches_platform
def create(
    name: str,
    *,
    within: str | None,
    description: str,
    url: str | None,
    data: Path | None,
    tenant: str,
) -> None:
    """Make a team without people."""
    with connected(Where(url, data, tenant)) as client:
        said = {"name": name, "description": description}
        said |= {"parent": _team(client, within)["id"]} if within else {}
        click.echo(client.ask("POST", _TEAMS, json=said)["id"])


@command.command("delete")
@click.argument("team")
@previews
@reaches_platform
def delete(team: str, *, preview: bool, url: str | None, data: Path | None, tenant: str) -> None:
    """Take a team away, with what was shared with it."""
    with connected(Where(url, data, tenant)) as client:
        if preview:
            tell_preview(client, {"teams": [{"team": team, "delete": True}]})
            return
        client.ask("DELETE", f"{_TEAMS}/{_team(client, team)['id']}")
    click.echo(f"There is no team {team} any more.")


@command.command("people")
@click.argument("team")
@reaches_platform
def people(team: str, *, url: str | None, data: Path | None, tenant: str) -> None:
    """List who is in a team itself."""
    with connected(Where(url, data, tenant)) as client:
        found = pages_of(client, f"{_TEAMS}/{_team(client, team)['id']}/people", "people")
    click.echo(text_table(["Person", "Id"], [[one["name"], one["id"]] for one in found]))


@command.command("add")
@click.argument("team")
@click.argument("users", nargs=-1, required=True)
@previews
@reaches_platform
def add(
    team: str,
    users: tuple[str, ...],
    *,
    preview: bool,
    url: str | None,
    data: Path | None,
    tenant: str,
) -> None:
    """Put people, by id or e-mail address, into a team."""
    with connected(Where(url, data, tenant)) as client:
        if preview:
            tell_preview(client, {"teams": [{"team": team, "add": users}]})
            return
        path = f"{_TEAMS}/{_team(client, team)['id']}/people"
        added = client.ask("POST", path, json={"users": users})["added"]
    click.echo(f"{added} added to {team}.")


@command.command("remove")
@click.argument("team")
@click.argument("users", nargs=-1, required=True)
@previews
@reaches_platform
def remove(
    team: str,
    users: tuple[str, ...],
    *,
    preview: bool,
    url: str | None,
    data: Path | None,
    tenant: str,
) -> None:
    """Take people, by id or e-mail address, out of a team."""
    with connected(Where(url, data, tenant)) as client:
        if preview:
            tell_preview(client, {"teams": [{"team": team, "remove": users}]})
            return
        path = f"{_TEAMS}/{_team(client, team)['id']}/people"
        for user in users:
            client.ask("DELETE", f"{path}/{quote(user, safe='@')}")
    click.echo(f"{', '.join(users)} taken out of {team}.")


def _team(client: Client, text: str) -> dict[str, Any]:
    """Give a team by id or name."""
    if text.startswith("team_"):
        found: dict[str, Any] = client.ask("GET", f"{_TEAMS}/{quote(text, safe='')}")
        return found
    page = client.ask("GET", _TEAMS, params={"q": text})
    for one in page["teams"]:
        if one["name"].casefold() == text.casefold():
            return dict(one)
    raise click.ClickException(f"There is no team {text}.")
