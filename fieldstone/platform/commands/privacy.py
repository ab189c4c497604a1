"""`crm privacy`: legal holds, retention policies, and everything about one person."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import quote

import click

from fieldstone.platform.client import Client, Where, connected, reaches_platform
from fieldstone.platform.text_table import text_table

_API = "/api/privacy"


@click.group()
def command() -> None:
    """See to personal data: what may not be lost, what may not be kept, and people."""


@command.command("holds")
@reaches_platform
def list_holds(*, url: str | None, data: Path | None, tenant: str) -> None:
    """List the legal holds, the newest first."""
    with connected(Where(url, data, tenant)) as client:
        found = _all(client, f"{_API}/holds", "holds")
    rows = [
        [one["id"], one["name"], one["records"], one["placed_at"][:10], _ended(one)]
        for one in found
    ]
    click.echo(text_table(["Id", "Name", "Records", "Placed", "Ended"], rows))


@command.command("hold")
@click.argument("name")
@click.argument("records", nargs=-1, metavar="[RECORD]...")
@click.option("--reason", default="", help="Why nothing may be lost.")
@click.option("--alone", is_flag=True, help="Without what points to the records.")
@reaches_platform
def place_hold(
    name: str,
    records: tuple[str, ...],
    *,
    reason: str,
    alone: bool,
    url: str | None,
    data: Path | None,
    tenant: str,
) -> None:
    """Place a legal hold on records, or put more of them under one given by its id."""
    body: dict[str, Any] = {"records": list(records), "along": not alone}
    with connected(Where(url, data, tenant)) as client:
        if name.startswith("hold_"):
            client.ask("POST", f"{_API}/holds/{quote(name, safe='')}/records", json=body)
            placed = client.ask("GET", f"{_API}/holds/{quote(name, safe='')}")
        else:
            said = {"name": name, "reason": reason, **body}
            placed = client.ask("POST", f"{_API}/holds", json=said)
    click.echo(f"{placed['id']} {placed['name']}: {placed['records']} records are held.")


@command.command("release")
@click.argument("hold")
@click.argument("record", required=False)
@click.option("--reason", default="", help="Why it ends.")
@reaches_platform
def release(
    hold: str,
    record: str | None,
    *,
    reason: str,
    url: str | None,
    data: Path | None,
    tenant: str,
) -> None:
    """End a legal hold, or take one record out of it."""
    address = f"{_API}/holds/{quote(hold, safe='')}"
    with connected(Where(url, data, tenant)) as client:
        if record is not None:
            client.ask("DELETE", f"{address}/records/{quote(record, safe='')}")
            click.echo(f"{record} is held by {hold} no more.")
            return
        ended = client.ask("POST", f"{address}/end", json={"reason": reason})
    click.echo(f"{ended['name']} has ended.")


@command.command("retention")
@reaches_platform
def show_retention(*, url: str | None, data: Path | None, tenant: str) -> None:
    """Show the retention policies, and what each would do now."""
    with connected(Where(url, data, tenant)) as client:
        found = client.ask("GET", f"{_API}/retention")["policies"]
    rows = [
        [
            one["name"],
            " ".join(filter(None, (one["of"], one["object"]))),
            one["days"],
            one["action"] or "forget",
            "100,000+" if one["due"] is None else one["due"],
            one["held"],
            "yes" if one["active"] else "no",
        ]
        for one in found
    ]
    heads = ["Name", "Of", "Days", "Action", "Due now", "Held", "Active"]
    click.echo(text_table(heads, rows))


@command.command("retain")
@click.option("--yes", is_flag=True, help="Do not ask.")
@reaches_platform
def retain(*, yes: bool, url: str | None, data: Path | None, tenant: str) -> None:
    """Carry the active retention policies out now."""
    with connected(Where(url, data, tenant)) as client:
        if not yes:
            click.confirm("Remove everything that is due now?", abort=True)
        begun = client.ask("POST", f"{_API}/retention/run")
    click.echo(f"Job {begun['job']} does it: {begun['url']}")


def _all(client: Client, address: str, member: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    params: dict[str, str] = {}
    while True:
        page = client.ask("GET", address, params=params)
        found.extend(page[member])
        if page["next"] is None:
            return found
        params = {"cursor": page["next"]}


def _ended(one: dict[str, Any]) -> str:
    return "" if one["ended_at"] is None else str(one["ended_at"])[:10]
