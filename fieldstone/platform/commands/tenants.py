"""`crm tenants`: list and make tenants."""

from __future__ import annotations

from pathlib import Path

import click

from fieldstone.platform.client import Where, connected, reaches_platform
from fieldstone.platform.text_table import text_table


@click.group()
def command() -> None:
    """List and make tenants."""


@command.command("list")
@reaches_platform
def list_tenants(url: str | None, data: Path | None, tenant: str) -> None:
    """List all tenants."""
    with connected(Where(url, data, tenant)) as client:
        found = client.ask("GET", "/api/platform/tenants")["tenants"]
    rows = [[one["name"], one["label"], one["status"], one["created_at"][:10]] for one in found]
    click.echo(text_table(["Name", "Label", "Status", "Created"], rows))


@command.command("create")
@click.argument("name")
@click.option("--label", help="How it is called.  [default: the name]")
@reaches_platform
def create_tenant(
    name: str, label: str | None, url: str | None, data: Path | None, tenant: str
) -> None:
    """Make a tenant with the CRM in it."""
    with connected(Where(url, data, tenant)) as client:
        made = client.ask("POST", "/api/platform/tenants", json={"name": name, "label": label})
    click.echo(f"Tenant {made['name']} is ready; name it in X-Tenant or with --tenant.")
