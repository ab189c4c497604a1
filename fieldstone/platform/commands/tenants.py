"""`crm tenants`: make tenants and lead them through their lives, as the operator."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import click

from fieldstone.platform.client import Client, Where, checked, connected, reaches_platform
from fieldstone.platform.text_table import text_table

ADDRESS = "/api/platform/tenants"
_LOOK_EVERY_S = 0.5


@click.group()
def command() -> None:
    """Make tenants, and suspend, delete, limit and look at them."""


@command.command("list")
@reaches_platform
def list_tenants(url: str | None, data: Path | None, tenant: str) -> None:
    """List all tenants."""
    with connected(Where(url, data, tenant)) as client:
        found = _all(client)
    rows = [
        [one["name"], one["label"], one["status"], one["plan"], one["created_at"][:10]]
        for one in found
    ]
    click.echo(text_table(["Name", "Label", "Status", "Plan", "Created"], rows))


@command.command("create")
@click.argument("name")
@click.option("--label", help="How it is called.  [default: the name]")
@click.option("--plan", help="Its plan.  [default: that of FIELDSTONE_PLAN]")
@reaches_platform
def create_tenant(
    name: str,
    label: str | None,
    plan: str | None,
    *,
    url: str | None,
    data: Path | None,
    tenant: str,
) -> None:
    """Make a tenant with the CRM in it."""
    with connected(Where(url, data, tenant)) as client:
        said = {"name": name, "label": label, "plan": plan}
        made = client.ask("POST", ADDRESS, json=said)
    click.echo(f"Tenant {made['name']} is ready; name it in X-Tenant or with --tenant.")


@command.command("show")
@click.argument("name")
@reaches_platform
def show_tenant(name: str, url: str | None, data: Path | None, tenant: str) -> None:
    """Show one tenant, and what was done to it."""
    with connected(Where(url, data, tenant)) as client:
        found = client.ask("GET", f"{ADDRESS}/{name}")
        events = client.ask("GET", f"{ADDRESS}/{name}/events")["events"]
    for key, value in found.items():
        if value not in (None, "", {}):
            told = json.dumps(value) if isinstance(value, dict) else value
            click.echo(f"{key:<12}{told}")
    rows = [[one["at"][:19], one["what"], one["by"], json.dumps(one["details"])] for one in events]
    click.echo("\n" + text_table(["When", "What", "By", "Details"], rows))


@command.command("suspend")
@click.argument("name")
@click.option("--reason", default="", help="Told to everybody who tries to get in.")
@reaches_platform
def suspend_tenant(name: str, reason: str, url: str | None, data: Path | None, tenant: str) -> None:
    """Let nobody in; jobs wait, and nothing is lost."""
    with connected(Where(url, data, tenant)) as client:
        client.ask("POST", f"{ADDRESS}/{name}/suspend", json={"reason": reason})
    click.echo(f"Tenant {name} is suspended.")


@command.command("resume")
@click.argument("name")
@reaches_platform
def resume_tenant(name: str, url: str | None, data: Path | None, tenant: str) -> None:
    """Let people in again."""
    with connected(Where(url, data, tenant)) as client:
        client.ask("POST", f"{ADDRESS}/{name}/resume")
    click.echo(f"Tenant {name} is open again.")


@command.command("delete")
@click.argument("name")
@click.option("--now", is_flag=True, help="Purge it at once; nothing brings it back.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.option("--wait", is_flag=True, help="With --now: wait until it is purged.")
@reaches_platform
def delete_tenant(
    name: str,
    *,
    now: bool,
    yes: bool,
    wait: bool,
    url: str | None,
    data: Path | None,
    tenant: str,
) -> None:
    """Delete a tenant; it can be brought back until it is purged."""
    if not yes:
        lost = " and everything in it for good" if now else ""
        click.confirm(f"Delete the tenant {name}{lost}?", abort=True)
    with connected(Where(url, data, tenant)) as client:
        found = client.ask("DELETE", f"{ADDRESS}/{name}", params={"now": "yes" if now else "no"})
        if found["job"] is None:
            click.echo(f"Tenant {name} is deleted; crm tenants undelete {name} brings it back.")
            return
        click.echo(f"Job {found['job']} purges the tenant {name}.")
        if wait:
            click.echo(json.dumps(wait_for(client, found["job"])))


@command.command("undelete")
@click.argument("name")
@reaches_platform
def undelete_tenant(name: str, url: str | None, data: Path | None, tenant: str) -> None:
    """Bring a deleted tenant back as it was."""
    with connected(Where(url, data, tenant)) as client:
        found = client.ask("POST", f"{ADDRESS}/{name}/undelete")
    click.echo(f"Tenant {name} is {found['status']} again.")


@command.command("export")
@click.argument("name")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@reaches_platform
def export_tenant(name: str, file: Path, url: str | None, data: Path | None, tenant: str) -> None:
    """Write everything in a tenant to one archive, without secrets."""
    with (
        connected(Where(url, data, tenant)) as client,
        client.http.stream("GET", f"{ADDRESS}/{name}/archive") as answer,
    ):
        if not answer.is_success:
            answer.read()
            checked(answer)
        with file.open("wb") as kept:
            for chunk in answer.iter_bytes():
                kept.write(chunk)
    with ZipFile(file) as archive:
        found = json.loads(archive.read("manifest.json"))
    rows = sum(one["rows"] for one in found["members"])
    click.echo(f"{file} holds {rows:,} rows in {len(found['members'])} parts.")


@command.command("restore")
@click.argument("name")
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--label", help="How it is called.  [default: the name]")
@reaches_platform
def restore_tenant(
    name: str,
    file: Path,
    label: str | None,
    *,
    url: str | None,
    data: Path | None,
    tenant: str,
) -> None:
    """Make a tenant out of an archive, all of it or nothing."""
    with connected(Where(url, data, tenant)) as client, file.open("rb") as body:
        fields = {"label": label} if label else {}
        files = {"file": (file.name, body, "application/zip")}
        made = client.ask("POST", f"{ADDRESS}/{name}/restore", files=files, data=fields)
    told = made["restored"]
    click.echo(f"Tenant {name} is restored: {told['rows']:,} rows and {told['files']:,} files.")


@command.command("usage")
@click.argument("name")
@click.option("--reconcile", is_flag=True, help="Prove it by the change log and the tables.")
@reaches_platform
def show_usage(
    name: str, *, reconcile: bool, url: str | None, data: Path | None, tenant: str
) -> None:
    """Show what a tenant uses of what it may use."""
    with connected(Where(url, data, tenant)) as client:
        asked = {"reconcile": "yes" if reconcile else "no"}
        found = client.ask("GET", f"{ADDRESS}/{name}/usage", params=asked)
    rows = [
        [
            one["name"],
            one["current"],
            "none" if one["limit"] is None else one["limit"],
            one["state"],
        ]
        for one in found["usage"]
    ]
    click.echo(text_table(["What", "Used", "Limit", "State"], rows))
    proof = found["proof"]
    if proof is not None:
        for key in ("records", "storage_bytes"):
            told = ", ".join(f"{where} {count}" for where, count in proof[key].items())
            click.echo(f"{key}: {told}")
        if not proof["agree"]:
            raise click.ClickException("They do not agree.")
        click.echo("They agree.")


@command.command("limits")
@click.argument("name")
@click.argument("changes", nargs=-1)
@click.option("--plan", help="Give it this plan.")
@reaches_platform
def change_limits(
    name: str,
    changes: tuple[str, ...],
    plan: str | None,
    *,
    url: str | None,
    data: Path | None,
    tenant: str,
) -> None:
    """Show or change what a tenant may use, such as records=50000 or as_of=off.

    A number is a limit, on and off are for features; users= and as_of=plan leave it to the plan.
    """
    limits, features = read_changes(changes)
    with connected(Where(url, data, tenant)) as client:
        if changes or plan:
            said: dict[str, Any] = {"limits": limits, "features": features, "plan": plan}
            client.ask("PATCH", f"{ADDRESS}/{name}", json=said)
        found = client.ask("GET", f"{ADDRESS}/{name}")
    click.echo(f"plan {found['plan']}")
    for key, value in sorted({**found["limits"], **found["features"]}.items()):
        told = {True: "on", False: "off"}.get(value, value) if isinstance(value, bool) else value
        click.echo(f"{key} {told}")


def read_changes(changes: tuple[str, ...]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Read limits and features as they are typed. Raises click.UsageError."""
    limits: dict[str, Any] = {}
    features: dict[str, Any] = {}
    for change in changes:
        key, sign, text = change.partition("=")
        if not sign:
            raise click.UsageError(f"{change!r} must be like records=50000 or as_of=off.")
        if text in {"on", "off"}:
            features[key] = text == "on"
        elif text == "plan":
            features[key] = None
        elif text == "":
            limits[key] = None
        elif text.isascii() and text.isdigit():
            limits[key] = int(text)
        else:
            raise click.UsageError(f"{text!r} is neither a whole number nor on or off.")
    return limits, features


def wait_for(client: Client, job: int) -> Any:
    """Wait for a job of the platform and give its result. Raises click.ClickException."""
    while True:
        found = client.ask("GET", f"/api/platform/jobs/{job}")
        if found["state"] == "done":
            return found["result"]
        if found["state"] in {"failed", "cancelled"}:
            raise click.ClickException(f"Job {job} {found['state']}: {json.dumps(found['result'])}")
        time.sleep(_LOOK_EVERY_S)


def _all(client: Client) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    cursor: int | None = 0
    while cursor is not None:
        page = client.ask("GET", ADDRESS, params={"cursor": cursor})
        found.extend(page["tenants"])
        cursor = page["next"]
    return found
