"""What a plan of metadata changes says, in lines for a terminal."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import click

from fieldstone.metadata.values import JsonObject, write_json
from fieldstone.metadata.yaml_text import BadYaml, read_yaml
from fieldstone.platform.client import Client

_SIGNS: Final = {"create": "+", "change": "~", "remove": "-", "restore": "+"}
_WIDEST: Final = 60
_MOST_VALUES: Final = 12


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
    became = [line for one in plan["conversions"] for line in _conversion(one)]
    going = {(one["kind"], one["name"]) for one in plan["changes"] if one["operation"] == "remove"}
    touched = [line for one in plan["touches"] for line in _touched(one, going)]
    parts = (("Values:", became), ("Records:", impact), ("Touches:", touched))
    told = [line for title, some in parts if some for line in ("", title, *some)]
    return "\n".join([*lines, *told])


def _touched(one: Mapping[str, Any], going: Collection[tuple[str, str]]) -> Iterator[str]:
    """Yield who notices that a component changes or goes, but for what goes with it."""
    if one["queries"]:
        yield f"  {one['name']}: {one['queries']:,} queries of the last thirty days"
    for client in one["clients"]:
        told = f"{client['times']:,} times, last on {client['last_day']}"
        yield f"  {one['name']}: asked for by {client['name']} {told}"
    staying = [used for used in one["named_by"] if (used["kind"], used["name"]) not in going]
    for used in staying[:_MOST_VALUES]:
        yield f"  {one['name']}: {used['kind'].replace('_', ' ')} {used['name']}"


def _conversion(one: Mapping[str, Any]) -> Iterator[str]:
    """Yield what becomes of the values of a field, the first ones of them."""
    least = "at least " if one["at_least"] else ""
    lost = [f"{least}{one[key]:,} {key}" for key in ("emptied", "shortened") if one[key]]
    told = [*lost, *(["in the background"] if one["in_background"] else [])]
    what = f"{one['field']}: {one['from']} → {one['to']}"
    yield "  " + ", ".join((what, *told))
    for held in one["values"][:_MOST_VALUES]:
        became = _short(held["becomes"]) if held["becomes"] is not None else "nothing"
        mark = "" if held["whole"] else " !"
        yield f"    {_short(held['value'])} → {became} ({held['records']:,}){mark}"


_SEVERITIES: Final = {"loss": "loss", "break": "to mend", "refused": "in the way", "note": "note"}


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
        # The digest of a package tells nobody anything.
        if one["at"] == "/name" or (change["kind"], one["at"]) == ("package", "/digest"):
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
    click.echo(applied_in_words(done))


def applied_in_words(done: Mapping[str, Any]) -> str:
    """Give what came of applying a plan: the number of the change, or the job that makes it."""
    if "job" in done:
        begun = f"Job {done['job']} applies it: so many values become others."
        return f"{begun}\nGET {done['url']} tells how far it is."
    return f"Applied: change {done['version']}. crm undo {done['version']} takes it back."
