"""What a plan of metadata changes says, in lines for a terminal."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import click

from fieldstone.metadata.values import JsonObject, write_json
from fieldstone.metadata.yaml_text import BadYaml, read_yaml
from fieldstone.platform.client import Client

_SIGNS: Final = {"create": "+", "change": "~", "remove": "-", "restore": "+"}
_WIDEST: Final = 60


def read_change_set(path: Path) -> JsonObject:
    """Read a change set of a YAML or JSON file. Raises UsageError."""
    try:
        said = read_yaml(path.read_text(encoding="utf-8"))
    except BadYaml as error:
        raise click.UsageError(f"{path}: {error}") from error
    except (OSError, UnicodeDecodeError) as error:
        raise click.UsageError(f"{path} cannot be read: {error}") from error
    if not isinstance(said, Mapping):
        raise click.UsageError(f"{path} holds no change set: write components, remove, … in it.")
    return said


def plan_in_words(plan: Mapping[str, Any]) -> str:
    """Give what a plan would do, change by change, and what it means for records."""
    lines = [line for change in plan["changes"] for line in change_in_words(change)]
    if not lines:
        return "Nothing would change."
    impact = [f"  {_SEVERITIES[one['severity']]}: {_impact(one)}" for one in plan["impact"]]
    return "\n".join([*lines, *(["", "Records:", *impact] if impact else [])])


_SEVERITIES: Final = {"loss": "loss", "break": "to mend", "refused": "in the way"}


def _impact(one: Mapping[str, Any]) -> str:
    held = [f"{_short(s['value'])} ({s['records']:,})" for s in one["samples"] if "value" in s]
    more = " or more" if one["at_least"] else ""
    message: str = one["message"]
    return message + more + (f" {', '.join(held)}" if held else "")


def change_in_words(change: Mapping[str, Any]) -> Iterator[str]:
    """Yield a change of one component: a line of its own, and one for each difference."""
    kind = change["kind"].replace("_", " ")
    was = f" (was {change['name_before']})" if "name_before" in change else ""
    yield f"{_SIGNS[change['operation']]} {kind} {change['name']}{was}"
    for one in change.get("differences", ()):
        if one["at"] == "/name":
            continue
        place = one["at"].removeprefix("/")
        sides = [_short(one[side]) if side in one else "nothing" for side in ("before", "after")]
        yield f"    {place}: {sides[0]} → {sides[1]}"


def _short(value: object) -> str:
    text = write_json(value)
    return text if len(text) <= _WIDEST else text[: _WIDEST - 1] + "…"


def apply_after_asking(client: Client, said: JsonObject, *, yes: bool) -> None:
    """Plan what is said, show the plan, and apply it once that is agreed to."""
    plan = client.ask("POST", "/api/metadata/plan", content=write_json(said))
    click.echo(plan_in_words(plan))
    if not plan["changes"]:
        return
    if not yes:
        click.confirm("Apply this?", abort=True)
    agreed = {**said, "digest": plan["digest"], "confirm": plan["confirm"]}
    done = client.ask("POST", "/api/metadata/apply", content=write_json(agreed))
    click.echo(f"Applied: change {done['version']}. crm undo {done['version']} takes it back.")
