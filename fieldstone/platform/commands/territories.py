"""`crm territories`: what territories hold, who works in them, and giving records out anew."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import quote

import click

from fieldstone.platform.client import Where, connected, reaches_platform
from fieldstone.platform.text_table import text_table


@click.group()
def command() -> None:
    """Show territories, say who works in them, and give records out anew."""


@command.command("list")
@reaches_platform
def list_territories(*, url: str | None, data: Path | None, tenant: str) -> None:
    """List the territories with their people, records and capacities."""
    asked: dict[str, str | int] = {"limit": 500}
    rows: list[list[object]] = []
    with connected(Where(url, data, tenant)) as client:
        while True:
            page = client.ask("GET", "/api/territories", params=asked)
            for one in page["territories"]:
                held = (
                    f"{name} {told['held']:,}"
                    + ("" if told["capacity"] is None else f" of {told['capacity']:,}")
                    for name, told in one["records"].items()
                )
                label = f"{'  ' * one['depth']}{one['label']}"
                state = "" if one["active"] else "resting"
                rows.append([label, one["name"], one["people"], ", ".join(held), state])
            if page["next"] is None:
                break
            asked["cursor"] = page["next"]
    click.echo(text_table(["Territory", "Name", "People", "Records", ""], rows))


@command.command("people")
@click.argument("name")
@reaches_platform
def people(name: str, *, url: str | None, data: Path | None, tenant: str) -> None:
    """List who works in a territory."""
    asked: dict[str, str | int] = {"limit": 500}
    rows: list[list[object]] = []
    with connected(Where(url, data, tenant)) as client:
        while True:
            page = client.ask("GET", _people(name), params=asked)
            rows += [[one["id"], one["name"] or ""] for one in page["people"]]
            if page["next"] is None:
                break
            asked["cursor"] = page["next"]
    click.echo(text_table(["Id", "Name"], rows))


@command.command("add")
@click.argument("name")
@click.argument("users", nargs=-1, required=True)
@reaches_platform
def add(
    name: str, users: tuple[str, ...], *, url: str | None, data: Path | None, tenant: str
) -> None:
    """Have people, by their ids, work in a territory."""
    with connected(Where(url, data, tenant)) as client:
        told = client.ask("POST", _people(name), json={"users": list(users)})
    click.echo(f"Added {told['added']}.")


@command.command("remove")
@click.argument("name")
@click.argument("user")
@reaches_platform
def remove(name: str, user: str, *, url: str | None, data: Path | None, tenant: str) -> None:
    """Have somebody work in a territory no more."""
    with connected(Where(url, data, tenant)) as client:
        client.ask("DELETE", f"{_people(name)}/{quote(user, safe='')}")
    click.echo(f"{user} works in {name} no more.")


@command.command("records")
@click.argument("name")
@click.argument("object_name", metavar="OBJECT")
@reaches_platform
def records(
    name: str, object_name: str, *, url: str | None, data: Path | None, tenant: str
) -> None:
    """List the records of an object that are in a territory."""
    asked: dict[str, str | int] = {"limit": 500, "object": object_name}
    rows: list[list[object]] = []
    with connected(Where(url, data, tenant)) as client:
        while True:
            page = client.ask(
                "GET", f"/api/territories/{quote(name, safe='')}/records", params=asked
            )
            rows += [
                [
                    one["id"],
                    one["name"] or "",
                    "a rule" if one["by_rule"] else "hand",
                    one["access"],
                ]
                for one in page["records"]
            ]
            if page["next"] is None:
                break
            asked["cursor"] = page["next"]
    click.echo(text_table(["Id", "Name", "Given by", "Access"], rows))


@command.command("preview")
@click.option("--object", "object_name", help="Of one object alone.")
@reaches_platform
def preview(object_name: str | None, *, url: str | None, data: Path | None, tenant: str) -> None:
    """Tell what giving all records out anew would move; nothing is done."""
    with connected(Where(url, data, tenant)) as client:
        said = {"object": object_name} if object_name else {}
        told = client.ask("POST", "/api/territories/preview", json=said)
    for one in told["objects"]:
        for words in one["words"]:
            click.echo(words)


@command.command("assign")
@reaches_platform
def assign(*, url: str | None, data: Path | None, tenant: str) -> None:
    """Give all records that rules are about out anew, in the background."""
    with connected(Where(url, data, tenant)) as client:
        told = client.ask("POST", "/api/territories/assign")
    for one in told["jobs"]:
        click.echo(f"Job {one['job']} does it.")


def _people(name: str) -> str:
    return f"/api/territories/{quote(name, safe='')}/people"
