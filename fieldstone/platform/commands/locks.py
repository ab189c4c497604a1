"""`crm locks`: which records are locked; locking one and unlocking it."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import quote

import click

from fieldstone.platform.client import Where, connected, reaches_platform
from fieldstone.platform.text_table import text_table


@click.group()
def command() -> None:
    """Show which records are locked, lock one, or unlock it."""


@command.command("list")
@click.option("--object", "of_object", help="Only the records of an object, such as Deal.")
@reaches_platform
def list_locks(*, of_object: str | None, url: str | None, data: Path | None, tenant: str) -> None:
    """List the records that are locked, the latest lock first."""
    asked: dict[str, str | int] = {"limit": 500, **({"object": of_object} if of_object else {})}
    rows: list[list[object]] = []
    with connected(Where(url, data, tenant)) as client:
        while True:
            page = client.ask("GET", "/api/locks", params=asked)
            rows += [
                [one["object"], one["record"], one["at"], one["by"] or "", one["reason"]]
                for one in page["locks"]
            ]
            if page["next"] is None:
                break
            asked["cursor"] = page["next"]
    click.echo(text_table(["Object", "Record", "Since", "By", "Reason"], rows))


@command.command("lock")
@click.argument("object_name")
@click.argument("record")
@click.option("--reason", default="", help="Why, as people are told.")
@reaches_platform
def lock(
    object_name: str,
    record: str,
    *,
    reason: str,
    url: str | None,
    data: Path | None,
    tenant: str,
) -> None:
    """Lock a record of an object, such as Deal deal_54f8b6e78401000."""
    with connected(Where(url, data, tenant)) as client:
        client.ask("PUT", _address(object_name, record), json={"reason": reason})
    click.echo(f"{record} is locked.")


@command.command("unlock")
@click.argument("object_name")
@click.argument("record")
@reaches_platform
def unlock(
    object_name: str, record: str, *, url: str | None, data: Path | None, tenant: str
) -> None:
    """Unlock a record of an object."""
    with connected(Where(url, data, tenant)) as client:
        client.ask("DELETE", _address(object_name, record))
    click.echo(f"{record} is unlocked.")


def _address(object_name: str, record: str) -> str:
    return f"/api/records/{quote(object_name, safe='')}/{quote(record, safe='')}/lock"
