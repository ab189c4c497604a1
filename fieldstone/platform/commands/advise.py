"""`crm advise`: which fields queries ask for that have no slot, and lending them one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from fieldstone.platform.client import Where, connected, reaches_platform
from fieldstone.platform.text_table import text_table

_HEADS = ("Field", "Type", "Filtered", "Sorted", "What to do")


@click.command()
@click.option("--apply", "chosen", help="Lend this field a slot, such as Deal.next_step.")
@click.option("--instead-of", help="The field of the same object that gives its slot up.")
@reaches_platform
def command(
    chosen: str | None, instead_of: str | None, url: str | None, data: Path | None, tenant: str
) -> None:
    """Tell which fields would be served by a slot, by the queries of the last thirty days."""
    with connected(Where(url, data, tenant)) as client:
        if chosen is None:
            advice = client.ask("GET", "/api/storage/advice")["advice"]
            click.echo(_shown(advice))
            return
        obj, _, field = chosen.partition(".")
        path = f"/api/storage/{obj}/slots/{field}"
        job = client.ask("POST", path, json={"instead_of": instead_of})["job"]
    click.echo(f"Job {job} fills the slot; {chosen} is served by it once the job has ended.")


def _shown(advice: list[dict[str, Any]]) -> str:
    if not advice:
        return "Every field that queries filter or sort by has a slot."
    rows = [
        [
            f"{one['object']}.{one['field']}",
            one["type"],
            one["filtered"],
            one["sorted"],
            _what_to_do(one),
        ]
        for one in advice
    ]
    return text_table(_HEADS, rows)


def _what_to_do(one: dict[str, Any]) -> str:
    if one["being_lent"]:
        return "a job is at it"
    if one["slot_free"]:
        return f"--apply {one['object']}.{one['field']}"
    other = one["give_way"]
    if other is None:
        return f"no {one['slot_kind']} slot is free"
    return f"--instead-of {other['field']} (asked {other['filtered'] + other['sorted']} times)"
