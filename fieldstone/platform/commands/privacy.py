"""`crm privacy`: legal holds, retention policies, and everything about one person."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any
from urllib.parse import quote

import click

from fieldstone.platform.client import Client, Where, connected, reaches_platform
from fieldstone.platform.text_table import text_table

_API = "/api/privacy"
_PAUSE_S = 0.5


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


@command.command("find")
@click.argument("person")
@click.option("--keep", multiple=True, help="A record that is to be left as it is.")
@reaches_platform
def find_person(
    person: str, *, keep: tuple[str, ...], url: str | None, data: Path | None, tenant: str
) -> None:
    """Show all that is found about a person, given by the id of a contact, lead or user."""
    with connected(Where(url, data, tenant)) as client:
        found = _look(client, person, keep)
    click.echo(f"{found['name']} {' '.join(found['addresses'])}")
    rows = [
        [one["id"], one["type"], one["name"] or "", one["found_by"], one["outcome"]]
        for one in found["records"]
    ]
    click.echo(text_table(["Id", "Type", "Name", "Found by", "If erased"], rows))
    if found["definitions"]:
        click.echo(f"To be changed by hand: {', '.join(found['definitions'])}.")
    if found["held"]:
        click.echo(f"{found['held']} of them are under legal hold.")


@command.command("export")
@click.argument("person")
@click.argument("file", type=click.Path(path_type=Path))
@reaches_platform
def export_person(
    person: str, file: Path, *, url: str | None, data: Path | None, tenant: str
) -> None:
    """Write everything about a person to a ZIP file."""
    with connected(Where(url, data, tenant)) as client:
        made = client.ask("POST", f"{_API}/requests", json={"kind": "export", "person": person})
        told = _ended_request(client, made["id"])
        with client.http.stream("GET", told["report"]["url"]) as answer, file.open("wb") as target:
            answer.raise_for_status()
            for chunk in answer.iter_bytes():
                target.write(chunk)
    click.echo(f"Wrote {file}: {told['report']['bytes']:,} bytes, SHA-256 {told['digest']}.")


@command.command("erase")
@click.argument("person")
@click.option("--anonymise", is_flag=True, help="Keep the records, without who it is.")
@click.option("--reason", default="", help="Why: it is kept with the proof.")
@click.option("--keep", multiple=True, help="A record that is to be left as it is.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@reaches_platform
def erase_person(
    person: str,
    *,
    anonymise: bool,
    reason: str,
    keep: tuple[str, ...],
    yes: bool,
    url: str | None,
    data: Path | None,
    tenant: str,
) -> None:
    """Erase a person everywhere, for good, and print the proof."""
    kind = "anonymise" if anonymise else "erase"
    with connected(Where(url, data, tenant)) as client:
        found = _look(client, person, keep)
        for one in found["counts"]:
            click.echo(f"{one['count']} {one['object']}: {one['outcome']}")
        if not yes:
            click.confirm(f"Make {found['name']} be forgotten?", abort=True)
        body = {"kind": kind, "person": person, "reason": reason, "plan": found["plan"]}
        made = client.ask("POST", f"{_API}/requests", json={**body, "keep": list(keep)})
        told = _ended_request(client, made["id"])
    click.echo(json.dumps(told["report"], indent=2))
    click.echo(f"SHA-256 {told['digest']}")


@command.command("requests")
@reaches_platform
def list_requests(*, url: str | None, data: Path | None, tenant: str) -> None:
    """List what was asked about people, the newest first."""
    with connected(Where(url, data, tenant)) as client:
        found = _all(client, f"{_API}/requests", "requests")
    rows = [
        [one["id"], one["kind"], one["person"], one["state"], one["asked_at"][:16], one["reason"]]
        for one in found
    ]
    click.echo(text_table(["Id", "Kind", "Person", "State", "Asked", "Reason"], rows))


def _look(client: Client, person: str, keep: tuple[str, ...]) -> dict[str, Any]:
    address = f"{_API}/people/{quote(person, safe='')}"
    found: dict[str, Any] = client.ask("GET", address, params={"keep": ",".join(keep)})
    return found


def _ended_request(client: Client, request: str) -> dict[str, Any]:
    """Wait for a request to end. Raises ClickException if it could not be done."""
    while True:
        told: dict[str, Any] = client.ask("GET", f"{_API}/requests/{quote(request, safe='')}")
        if told["state"] == "done":
            return told
        if told["state"] in ("failed", "cancelled"):
            why = [one["message"] for one in told["problems"] or ()]
            raise click.ClickException(" ".join(why) or f"The request {told['state']}.")
        time.sleep(_PAUSE_S)


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
