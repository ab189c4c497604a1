"""`crm operator`: tokens with which an operator acts over the network."""

from __future__ import annotations

import json
from pathlib import Path

import click

from fieldstone.platform.client import Where, connected, reaches_platform
from fieldstone.platform.commands.audit import show_head, show_verified, some, verified
from fieldstone.platform.text_table import text_table

ADDRESS = "/api/platform/tokens"
AUDIT = "/api/platform/audit"


@click.group()
def command() -> None:
    """Make and take back tokens of operators, who are of no tenant, and tell what they did."""


@command.command("token")
@click.argument("name")
@click.option("--expires-at", help="Until when it holds, such as 2030-01-31T00:00:00Z.")
@reaches_platform
def make_token(
    name: str, expires_at: str | None, url: str | None, data: Path | None, tenant: str
) -> None:
    """Make a token and print it, this once; FIELDSTONE_TOKEN has commands use it."""
    with connected(Where(url, data, tenant)) as client:
        made = client.ask("POST", ADDRESS, json={"name": name, "expires_at": expires_at})
    click.echo(made["token"])


@command.command("tokens")
@reaches_platform
def list_tokens(url: str | None, data: Path | None, tenant: str) -> None:
    """List the tokens that hold."""
    with connected(Where(url, data, tenant)) as client:
        found = client.ask("GET", ADDRESS)["tokens"]
    rows = [
        [one["name"], one["created_at"][:10], (one["used_at"] or "never")[:16], one["id"]]
        for one in found
    ]
    click.echo(text_table(["Name", "Created", "Used", "Id"], rows))


@command.command("revoke")
@click.argument("id_")
@reaches_platform
def revoke_token(id_: str, url: str | None, data: Path | None, tenant: str) -> None:
    """Take a token back, by its id."""
    with connected(Where(url, data, tenant)) as client:
        client.ask("DELETE", f"{ADDRESS}/{id_}")
    click.echo("It is taken back.")


@command.command("audit")
@click.option("--of", "name", default="", help="The tenant that it was done to.")
@click.option("--what", default="", help="Such as create, suspend or export, with commas.")
@click.option("--who", default="", help="Which operator did it.")
@click.option("--from", "since", default="", help="Not before this day or instant.")
@click.option("--until", default="", help="Before this day or instant.")
@click.option("--limit", default=50, show_default=True, help="Entries, the newest first.")
@click.option("--json", "as_json", is_flag=True, help="Lines of JSON.")
@reaches_platform
def list_operations(
    *,
    name: str,
    what: str,
    who: str,
    since: str,
    until: str,
    limit: int,
    as_json: bool,
    url: str | None,
    data: Path | None,
    tenant: str,
) -> None:
    """List what operators did, to all tenants, the newest first."""
    said = {"tenant": name, "what": what, "who": who, "from": since, "until": until}
    asked = {key: value for key, value in said.items() if value}
    with connected(Where(url, data, tenant)) as client:
        found = some(client, AUDIT, "entries", asked, limit)
    if as_json:
        for one in found:
            click.echo(json.dumps(one, ensure_ascii=False))
        return
    rows = [
        [one["at"][:19], one["what"], one["tenant"] or "", one["by"], json.dumps(one["details"])]
        for one in found
    ]
    click.echo(text_table(["When (UTC)", "What", "Tenant", "By", "Details"], rows))


@command.command("head")
@reaches_platform
def head(url: str | None, data: Path | None, tenant: str) -> None:
    """Print the newest seal over what operators did, to be kept elsewhere."""
    with connected(Where(url, data, tenant)) as client:
        show_head(client, AUDIT)


@command.command("verify")
@click.option(
    "--heads",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="A file with what crm operator head printed, a line each.",
)
@reaches_platform
def verify(heads: Path | None, url: str | None, data: Path | None, tenant: str) -> None:
    """Compare what operators did with the seals over it; the exit status is 1 where it differs."""
    with connected(Where(url, data, tenant)) as client:
        show_verified(verified(client, AUDIT, heads))
