"""`crm advise`: slots and indexes that would serve queries: what they are, applied, undone."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import click

from fieldstone.platform.client import Where, connected, reaches_platform
from fieldstone.platform.text_table import text_table

_ADVICE: Final = "/api/storage/advice"
_HEADS: Final = ("At", "Advice", "By", "State")
_STATES: Final = {
    "at_work": "at work, job {job}",
    "in_effect": "in effect",
    "without_effect": "without effect",
    "undoing": "being undone, job {undo_job}",
    "undone": "undone",
}


@click.group(invoke_without_command=True)
@click.option(
    "--auto",
    type=click.Choice(["on", "off"]),
    help="Whether strong advice is applied without anybody asked.",
)
@reaches_platform
@click.pass_context
def command(
    context: click.Context, auto: str | None, url: str | None, data: Path | None, tenant: str
) -> None:
    """Tell what slots and indexes would serve the queries of the last thirty days."""
    if context.invoked_subcommand is not None:
        return
    with connected(Where(url, data, tenant)) as client:
        if auto is not None:
            client.ask("PUT", f"{_ADVICE}/automatic", json={"automatic": auto == "on"})
        found = client.ask("GET", _ADVICE)
    click.echo(_shown(found))


@command.command("apply")
@click.argument("advice")
@click.option("--instead-of", help="The field of the same object that gives its slot up.")
@reaches_platform
def apply(
    advice: str, instead_of: str | None, url: str | None, data: Path | None, tenant: str
) -> None:
    """Do what advice says, by its id; a job does it while work goes on."""
    with connected(Where(url, data, tenant)) as client:
        done = client.ask("POST", f"{_ADVICE}/{advice}/apply", json={"instead_of": instead_of})
    click.echo(f"Job {done['job']} does it. To take it back: crm advise undo {done['advice']}")


@command.command("undo")
@click.argument("advice")
@reaches_platform
def undo(advice: str, url: str | None, data: Path | None, tenant: str) -> None:
    """Take back what was applied, by its id."""
    with connected(Where(url, data, tenant)) as client:
        done = client.ask("POST", f"{_ADVICE}/{advice}/undo")
    click.echo(f"Job {done['job']} does it." if done["job"] else "There was nothing left to do.")


@command.command("history")
@click.option("--limit", default=20, help="How many, the newest first.")
@reaches_platform
def history(limit: int, url: str | None, data: Path | None, tenant: str) -> None:
    """List what was applied, by whom, and what stands of it."""
    with connected(Where(url, data, tenant)) as client:
        actions = client.ask("GET", f"{_ADVICE}/history", params={"limit": limit})["actions"]
    if not actions:
        click.echo("Nothing was applied yet.")
        return
    click.echo(text_table(_HEADS, [_line(one) for one in actions]))


def _shown(found: dict[str, Any]) -> str:
    parts = [_paragraph(one) for one in found["advice"]]
    if not parts:
        parts = ["Every field that queries filter or sort by is served."]
    return "\n\n".join([*parts, _automatic(found)])


def _paragraph(one: dict[str, Any]) -> str:
    lines = [one["id"], f"  {one['reason']}", f"  {one['effect']}", f"  {one['cost']}"]
    if one["at_work"]:
        lines.append("  A job is at work on this object.")
    elif one["obstacle"] is None:
        lines.append(f"  crm advise apply {one['id']}")
    return "\n".join(lines)


def _automatic(found: dict[str, Any]) -> str:
    if found["automatic"]:
        return "Strong advice is applied by itself, one at a time (--auto off to be asked first)."
    return "Nothing is applied without you (--auto on lets strong advice be applied by itself)."


def _line(one: dict[str, Any]) -> list[str]:
    by = "by itself" if one["automatic"] else one["by"] or ""
    return [
        one["at"][:16].replace("T", " "),
        one["advice"],
        by,
        _STATES[one["state"]].format(**one),
    ]
