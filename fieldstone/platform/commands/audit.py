"""`crm audit`: who did what, written to a file, and proof that nobody wrote it anew."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import click

from fieldstone.platform.client import Client, Where, connected, reaches_platform
from fieldstone.platform.downloads import download
from fieldstone.platform.text_table import text_table

ADDRESS: Final = "/api/audit"
_LOOK_EVERY_S: Final = 0.5
_ENDED: Final = frozenset({"done", "failed", "cancelled"})
_LONGEST: Final = 60


def _filtered(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command the options that narrow the audit."""
    for name, words in (
        ("until", "Before this day or instant."),
        ("from", "Not before this day or instant."),
        ("component", "How the component's name begins."),
        ("record", "The record that it is about, by id."),
        ("object", "The object whose records it is about."),
        ("user", "Whom it was done to: an id or an e-mail address."),
        ("who", "Who did it: an id or an e-mail address."),
        ("what", "What was done, such as update or signed_in; several with commas."),
        ("kind", "Kinds such as sign_in, permission or record, with commas."),
    ):
        command = click.option(f"--{name}", f"asked_{name}", default="", help=words)(command)
    return command


@click.group()
def command() -> None:
    """Tell who did what, and prove that it is so."""


@command.command("list")
@_filtered
@click.option("--limit", default=50, show_default=True, help="Entries, the newest first.")
@click.option("--json", "as_json", is_flag=True, help="Lines of JSON with all details.")
@reaches_platform
def list_entries(
    limit: int,
    *,
    as_json: bool,
    url: str | None,
    data: Path | None,
    tenant: str,
    **asked: str,
) -> None:
    """List what was done, the newest first."""
    with connected(Where(url, data, tenant)) as client:
        found = some(client, ADDRESS, "entries", _asked(asked), limit)
    if as_json:
        for entry in found:
            click.echo(json.dumps(entry, ensure_ascii=False))
        return
    rows = [[one["at"][:19], one["kind"], one["what"], _who(one), _about(one)] for one in found]
    click.echo(text_table(["When (UTC)", "Kind", "What", "Who", "About"], rows))


@command.command("export")
@_filtered
@click.option("--format", "kind", type=click.Choice(["csv", "ndjson"]), default="csv")
@click.option("--output", "-o", type=click.Path(path_type=Path), help="File to write to.")
@reaches_platform
def export(
    kind: str,
    output: Path | None,
    *,
    url: str | None,
    data: Path | None,
    tenant: str,
    **asked: str,
) -> None:
    """Write the audit to a file or to the terminal."""
    with connected(Where(url, data, tenant)) as client:
        params = {**_asked(asked), "format": kind}
        download(client.http, "GET", f"{ADDRESS}/export", output, params=params)


@command.command("head")
@reaches_platform
def head(url: str | None, data: Path | None, tenant: str) -> None:
    """Print the newest seal as JSON, to be kept elsewhere and given to verify --heads."""
    with connected(Where(url, data, tenant)) as client:
        show_head(client, ADDRESS)


def show_head(client: Client, address: str) -> None:
    """Print the newest seal of a chain. Raises click.ClickException."""
    found = client.ask("GET", f"{address}/seals", params={"limit": 1})["seals"]
    if not found:
        raise click.ClickException("Nothing is sealed yet; look again in some seconds.")
    click.echo(json.dumps({str(found[0]["number"]): found[0]["hash"]}))


@command.command("verify")
@click.option(
    "--heads",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="A file with what crm audit head printed, a line each.",
)
@reaches_platform
def verify(heads: Path | None, url: str | None, data: Path | None, tenant: str) -> None:
    """Compare the logs with the seals over them; the exit status is 1 where they differ."""
    with connected(Where(url, data, tenant)) as client:
        show_verified(verified(client, ADDRESS, heads))


@command.command("redactions")
@click.option("--how", default="", help="Such as erased, cut or rewritten; several with commas.")
@click.option("--limit", default=50, show_default=True, help="How many, the newest first.")
@reaches_platform
def list_redactions(how: str, limit: int, url: str | None, data: Path | None, tenant: str) -> None:
    """List the entries that lost something since they were written, and how much."""
    with connected(Where(url, data, tenant)) as client:
        found = some(client, f"{ADDRESS}/redactions", "redactions", {"how": how}, limit)
    rows = [[one["at"][:19], one["how"], one["log"], one["entry"], one["entries"]] for one in found]
    click.echo(text_table(["When (UTC)", "How", "Log", "Entry", "Entries"], rows))


def verified(client: Client, address: str, heads: Path | None) -> Any:
    """Have a chain of seals verified, and give what was found. Raises click.ClickException."""
    job = client.ask("POST", f"{address}/verify", json={"heads": _heads_in(heads)})
    return _result_of(client, job["url"])


def show_verified(result: Any) -> None:
    """Print what verifying found. Raises click.ClickException where the chain is broken."""
    told = f"{result['entries']:,} entries under {result['seals']:,} seals"
    if not result["whole"]:
        broken = result["broken"]
        place = f" {broken['entry']}" if broken["entry"] else ""
        raise click.ClickException(f"Broken at seal {broken['seal']}{place}: {broken['words']}")
    click.echo(f"The audit is whole: {told}, {result['witnessed']:,} of them witnessed.")
    if result["removed"] or result["erased"]:
        gone = f"{result['removed']:,} entries were forgotten after their time"
        click.echo(f"{gone}, and the values of {result['erased']:,} were erased.")
    if result["removed_unsealed"]:
        gone = f"{result['removed_unsealed']:,} entries were taken away before they were sealed"
        click.echo(f"Warning: {gone}.", err=True)
    if result["rewritten"]:
        names = ", ".join(one["entry"] for one in result["rewritten"])
        count = result["redactions"]["rewritten"]
        click.echo(f"Warning: {count:,} entries say something else than before: {names}.", err=True)
    if result["unsealed"]:
        click.echo(f"{result['unsealed']:,} entries are not sealed yet.")


def _heads_in(file: Path | None) -> dict[str, str]:
    found: dict[str, str] = {}
    for line in file.read_text().splitlines() if file else ():
        if line.strip():
            found.update(json.loads(line))
    return found


def _result_of(client: Client, job: str) -> Any:
    """Wait for the job at an address and give its result. Raises click.ClickException."""
    while (found := client.ask("GET", job))["state"] not in _ENDED:
        time.sleep(_LOOK_EVERY_S)
    if found["state"] != "done":
        raise click.ClickException(
            f"Job {found['id']} {found['state']}: {json.dumps(found['result'])}"
        )
    return found["result"]


def some(
    client: Client, address: str, name: str, asked: dict[str, str], limit: int
) -> list[dict[str, Any]]:
    """Give the newest entries of a list that has pages, up to a limit."""
    found: list[dict[str, Any]] = []
    cursor: str | None = ""
    while cursor is not None and len(found) < limit:
        params = {**asked, "cursor": cursor, "limit": min(limit - len(found), 500)}
        page = client.ask("GET", address, params=params)
        found += page[name]
        cursor = page["next"]
    return found


def _asked(given: dict[str, str]) -> dict[str, str]:
    return {name.removeprefix("asked_"): value for name, value in given.items() if value}


def _who(entry: dict[str, Any]) -> str:
    by = entry["by"]
    return "" if by is None else by["name"] or by["id"]


def _about(entry: dict[str, Any]) -> str:
    """Give in a few words what an entry is about."""
    if entry["component"]:
        return f"{entry['component']['kind']} {entry['component']['name']}"
    if entry["record"]:
        return f"{entry['object'] or ''} {entry['record']}".strip()
    user = entry["user"]
    told = [] if user is None else [user["name"] or user["id"]]
    details = entry["details"]
    told += [
        str(details[key])
        for key in ("permission_set", "role", "name", "email", "object")
        if details.get(key)
    ]
    return " ".join(told)[:_LONGEST]
