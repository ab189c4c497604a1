"""`crm branches`: make branches to try things in, compare them, and merge them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import click

from fieldstone.platform.client import Where, connected, reaches_platform
from fieldstone.platform.plan_words import change_in_words, plan_in_words
from fieldstone.platform.text_table import text_table

ADDRESS = "/api/branches"


@click.group()
def command() -> None:
    """Make branches to try things in, compare them, and merge them."""


@command.command("list")
@reaches_platform
def list_branches(url: str | None, data: Path | None, tenant: str) -> None:
    """List the branches of the tenant."""
    with connected(Where(url, data, tenant)) as client:
        found = client.ask("GET", ADDRESS)["branches"]
    rows = [
        [one["name"], one["tenant"], one["created_at"][:10], (one["merged_at"] or "")[:10]]
        for one in found
    ]
    click.echo(text_table(["Name", "Tenant", "Made", "Merged"], rows))


@command.command("make")
@click.argument("name")
@click.option("--samples", default=20, show_default=True, help="Masked records of each object.")
@reaches_platform
def make_branch(
    name: str, samples: int, *, url: str | None, data: Path | None, tenant: str
) -> None:
    """Make a branch: a tenant of its own with this metadata and masked sample data."""
    with connected(Where(url, data, tenant)) as client:
        made = client.ask("POST", ADDRESS, json={"name": name, "samples": samples})
    click.echo(f"Branch {name} is the tenant {made['tenant']}, with {made['records']:,} records.")
    if made["address"]:
        click.echo(f"Your invitation to it: {made['address']}")


@command.command("compare")
@click.argument("name")
@reaches_platform
def compare_branch(name: str, url: str | None, data: Path | None, tenant: str) -> None:
    """Tell what a branch made different, and what its parent did since."""
    with connected(Where(url, data, tenant)) as client:
        found = client.ask("GET", f"{ADDRESS}/{name}")
    for title, key in ((f"In {name}:", "changes"), ("Here since:", "since")):
        click.echo(title)
        lines = [line for one in found[key] for line in change_in_words(one)]
        click.echo("\n".join(f"  {line}" for line in lines or ["nothing"]))


@command.command("merge")
@click.argument("name")
@click.option("--update", is_flag=True, help="Bring the branch up to date instead.")
@click.option("--theirs", multiple=True, help="A conflict that what comes wins; all for each.")
@click.option("--ours", multiple=True, help="A conflict that what is there wins; all for each.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@reaches_platform
def merge_branch(
    name: str,
    *,
    update: bool,
    theirs: tuple[str, ...],
    ours: tuple[str, ...],
    yes: bool,
    url: str | None,
    data: Path | None,
    tenant: str,
) -> None:
    """Bring the changes of a branch here; the plan is shown first."""
    address, said = f"{ADDRESS}/{name}", {"into": "branch" if update else "parent"}
    with connected(Where(url, data, tenant)) as client:
        plan = client.ask("POST", f"{address}/plan", json=said)
        choices = chosen(plan["conflicts"], theirs, ours)
        if choices:
            plan = client.ask("POST", f"{address}/plan", json={**said, "choices": choices})
        click.echo(plan_in_words(plan))
        _refuse_open(plan["conflicts"])
        if not plan["changes"]:
            return
        if not yes:
            click.confirm("Merge this?", abort=True)
        agreed = {"choices": choices, "digest": plan["digest"], "confirm": plan["confirm"]}
        done = client.ask("POST", f"{address}/merge", json={**said, **agreed})
    click.echo(f"Merged: change {done['version']}.")


@command.command("delete")
@click.argument("name")
@click.option("--yes", is_flag=True, help="Do not ask.")
@reaches_platform
def delete_branch(name: str, *, yes: bool, url: str | None, data: Path | None, tenant: str) -> None:
    """Delete a branch with all that is in it."""
    if not yes:
        click.confirm(f"Delete the branch {name} and everything in it for good?", abort=True)
    with connected(Where(url, data, tenant)) as client:
        job = client.ask("DELETE", f"{ADDRESS}/{name}")["job"]
    told = f"Job {job} deletes the branch {name}." if job else f"The branch {name} is gone."
    click.echo(told)


def chosen(
    conflicts: Iterable[Mapping[str, Any]], theirs: tuple[str, ...], ours: tuple[str, ...]
) -> dict[str, str]:
    """Give the choice for each conflict that one was made for."""
    found: dict[str, str] = {}
    for one in conflicts:
        for side, keys in (("theirs", theirs), ("ours", ours)):
            if one["key"] in keys or "all" in keys:
                found.setdefault(one["key"], side)
    return found


def _refuse_open(conflicts: Iterable[Mapping[str, Any]]) -> None:
    """Tell what no side is chosen for, and end there. Raises ClickException."""
    lines = [f"  {one['key']}: {one['message']}" for one in conflicts if one["choice"] is None]
    if lines:
        told = "\n".join(lines)
        raise click.ClickException(f"Choose with --theirs or --ours:\n{told}")
