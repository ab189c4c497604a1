"""`crm sharing`: how open objects are, and the rules that open some of their records."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import quote

import click

from fieldstone.metadata.sharing import Sharing
from fieldstone.metadata.values import read_json
from fieldstone.platform.client import Where, connected, pages_of, reaches_platform
from fieldstone.platform.commands.previews import previews, tell_preview
from fieldstone.platform.text_table import text_table

_RULES = "/api/metadata/components/sharing_rule"


@click.group()
def command() -> None:
    """Show and change who sees which records."""


@command.command("list")
@reaches_platform
def list_sharing(*, url: str | None, data: Path | None, tenant: str) -> None:
    """List how open objects are, but for those that everybody sees and changes."""
    with connected(Where(url, data, tenant)) as client:
        found = pages_of(client, "/api/metadata/components/object", "components")
    default = Sharing.READ_WRITE.value
    rows = [[one["name"], one.get("sharing", default)] for one in found]
    click.echo(text_table(["Object", "Sharing"], [row for row in rows if row[1] != default]))


@command.command("set")
@click.argument("object_name", metavar="OBJECT")
@click.argument("sharing", type=click.Choice([one.value for one in Sharing]))
@previews
@reaches_platform
def set_sharing(
    object_name: str,
    sharing: str,
    *,
    preview: bool,
    url: str | None,
    data: Path | None,
    tenant: str,
) -> None:
    """Say how open an object's records are."""
    with connected(Where(url, data, tenant)) as client:
        if preview:
            said = {"kind": "object", "name": object_name, "sharing": sharing}
            tell_preview(client, {"components": [said]})
            return
        path = f"/api/objects/{quote(object_name, safe='')}"
        client.ask("PATCH", path, json={"sharing": sharing})
    click.echo(f"{object_name} is shared as {sharing}.")


@command.command("rules")
@reaches_platform
def list_rules(*, url: str | None, data: Path | None, tenant: str) -> None:
    """List the sharing rules."""
    with connected(Where(url, data, tenant)) as client:
        found = pages_of(client, _RULES, "components")
    rows = [
        [
            one["name"],
            one["object"],
            _which(one),
            _party(one["share_with"]),
            one.get("access", "read"),
        ]
        for one in found
    ]
    click.echo(text_table(["Rule", "Object", "Which", "With", "May"], rows))


@command.command("rule")
@click.argument("file", type=click.File("r"))
@previews
@reaches_platform
def put_rule(file: Any, *, preview: bool, url: str | None, data: Path | None, tenant: str) -> None:
    """Make or change a sharing rule, a JSON object in FILE (- for what comes in)."""
    rule = read_json(file.read())
    if not isinstance(rule, dict) or not isinstance(rule.get("name"), str):
        raise click.ClickException("The file must be a JSON object with a name.")
    with connected(Where(url, data, tenant)) as client:
        if preview:
            tell_preview(client, {"components": [{**rule, "kind": "sharing_rule"}]})
            return
        known = {one["name"] for one in pages_of(client, _RULES, "components")}
        if rule["name"] in known:
            client.ask("PUT", f"{_RULES}/{quote(rule['name'], safe='')}", json=rule)
        else:
            client.ask("POST", _RULES, json=rule)
    click.echo(f"The rule {rule['name']} holds.")


@command.command("delete-rule")
@click.argument("name")
@previews
@reaches_platform
def delete_rule(
    name: str, *, preview: bool, url: str | None, data: Path | None, tenant: str
) -> None:
    """Put a sharing rule in the bin."""
    with connected(Where(url, data, tenant)) as client:
        if preview:
            tell_preview(client, {"removals": [{"kind": "sharing_rule", "name": name}]})
            return
        client.ask("DELETE", f"{_RULES}/{quote(name, safe='')}")
    click.echo(f"There is no rule {name} any more.")


@command.command("preview")
@click.argument("file", type=click.File("r"))
@reaches_platform
def preview_file(file: Any, *, url: str | None, data: Path | None, tenant: str) -> None:
    """Tell what many changes at once, a JSON object in FILE, would take and give."""
    said = read_json(file.read())
    if not isinstance(said, dict):
        raise click.ClickException("The file must be a JSON object.")
    with connected(Where(url, data, tenant)) as client:
        tell_preview(client, said)


def _which(rule: dict[str, Any]) -> str:
    owners = rule.get("owned_by")
    return f"where {rule.get('where')}" if not owners else f"owned by {_party(owners)}"


def _party(said: dict[str, Any]) -> str:
    [(kind, named)] = [(kind, named) for kind, named in said.items() if named is not None]
    return "everyone" if kind == "everyone" else f"{kind} {named}"
