"""A package as it can be applied: what cannot be as it was declared is made simpler, or left out.

Whatever is wrong is told by planning itself, with the place of each problem; what had to give is
told in the report. So one bad part never keeps out all the others.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Final

from fieldstone.errors import Problem, Several
from fieldstone.integrations.salesforce.mapping import MappedPackage
from fieldstone.integrations.salesforce.permission_sets import not_wider
from fieldstone.integrations.salesforce.report import Line
from fieldstone.metadata.changes import Key
from fieldstone.metadata.component import Component
from fieldstone.metadata.kinds.field import split_name
from fieldstone.metadata.kinds.registry import FIELD, OBJECT
from fieldstone.metadata.values import Json, fold

GENTLE_ROUNDS: Final = 12
"""Rounds in which parts of components give way; after them a component that is wrong goes."""

MOST_ROUNDS: Final = 60
Components = tuple[Component, ...]
Attempt = Callable[[Components], Awaitable[tuple[Problem, ...]]]
"""Plans components and gives what is wrong with them, at the places that places_of gives."""

_PLACE: Final = re.compile(r"/(\d+)((?:/[^/]+)*)")
_WORD: Final = re.compile(r"\w+")
_CALCULATED: Final = ("formula", "roll_up", "blanks_as")
_DEPENDENT: Final = ("controlled_by", "valid_for")
_OPTIONAL: Final[Mapping[str, frozenset[str]]] = {
    FIELD.name: frozenset(
        {
            *("default", "default_formula", "child_name", "unique", "external_id", "mask"),
            *("encrypted", "start", "lines", *_DEPENDENT),
        }
    ),
    OBJECT.name: frozenset({"sharing", "prefix", "in_navigation"}),
    "validation_rule": frozenset({"field"}),
}
"""What components of a kind can be without, and still be what they are."""

_ENTRIES: Final[Mapping[str, frozenset[str]]] = {
    "layout": frozenset(
        {
            *("sections", "related_lists", "links", "actions", "highlights"),
            *("record_types", "permission_sets"),
        }
    ),
    "compact_layout": frozenset({"fields"}),
    "field_set": frozenset({"fields"}),
    "list_view": frozenset({"columns", "where", "sort"}),
    "record_type": frozenset({"picklists", "business_process", "compact_layout"}),
    "quick_action": frozenset({"fields", "defaults", "reference"}),
    "app": frozenset({"tabs", "permission_sets"}),
    "permission_set": frozenset({"objects", "fields", "record_types", "includes"}),
    "translation": frozenset(
        {
            *("fields", "rules", "record_types", "links", "field_sets", "actions", "layouts"),
            *("apps", "tabs", "picklists"),
        }
    ),
}
"""The parts of which components of a kind can lose one entry, and keep all the others."""

_CARRIES: Final = frozenset({"field", "relation"})
"""What an entry of a list is about; without it the entry goes."""

Way = tuple[str, ...]
"""Keys and numbers that lead to a place in a body."""


async def settle(mapped: MappedPackage, attempt: Attempt) -> tuple[Components, tuple[Line, ...]]:
    """Give the components of a package that can be applied, and the lines of its report.

    Raises Several with problems that are not of any of its components, and with what is left
    wrong after some rounds.
    """
    components = {one.key: one for one in mapped.components}
    lines = list(mapped.lines)
    problems: tuple[Problem, ...] = ()
    for number_of_round in range(MOST_ROUNDS):
        tried = tuple(components.values())
        problems = await attempt(tried)
        if not problems:
            return tried, tuple(lines)
        by_component = _by_component(problems, list(components))
        if not by_component:
            break
        gently = number_of_round < GENTLE_ROUNDS
        giving_way = _at_the_root(by_component, components) if gently else by_component
        for key, told in giving_way.items():
            made = _simpler(components[key], told)
            if not gently or made.component == components[key]:
                made = _Simpler(None, _why(told))
            number = mapped.line_of[key]
            if made.component is None:
                del components[key]
            else:
                components[key] = made.component
            line = lines[number]
            lines[number] = line.noting(made.note) if made.works else line.failed(made.note)
    raise Several(problems)


def places_of(components: Components) -> dict[Key, str]:
    """Give the place of each component: its number."""
    return {one.key: f"/{number}" for number, one in enumerate(components)}


def _by_component(
    problems: Iterable[Problem], keys: list[Key]
) -> Mapping[Key, list[tuple[Way, Problem]]]:
    """Give the problems of each component with the places in its body that they are about."""
    found: dict[Key, list[tuple[Way, Problem]]] = {}
    for problem in problems:
        place = _PLACE.match(problem.at) if isinstance(problem.at, str) else None
        if place is not None and int(place[1]) < len(keys):
            way = (one.replace("~1", "/").replace("~0", "~") for one in place[2].split("/")[1:])
            found.setdefault(keys[int(place[1])], []).append((tuple(way), problem))
    return found


def _at_the_root(
    found: Mapping[Key, list[tuple[Way, Problem]]], components: Mapping[Key, Component]
) -> Mapping[Key, list[tuple[Way, Problem]]]:
    """Leave out formulas that are wrong for another one of these that they use.

    All of them are there where they use each other in a circle.
    """
    messages = {key: {problem.message for _, problem in told} for key, told in found.items()}
    wrong = {fold(split_name(key[1])[1]): key for key in found if key[0] == FIELD.name}

    def follows(key: Key) -> bool:
        body = components[key].body
        told = fold(" ".join(str(body.get(part, "")) for part in ("formula", "condition")))
        used = (wrong[name] for name in _WORD.findall(told) if name in wrong)
        return any(one != key and messages[one] & messages[key] for one in used)

    roots = {key: told for key, told in found.items() if not follows(key)}
    return roots or found


@dataclass(frozen=True, slots=True)
class _Simpler:
    """What is left of a component, and why. works: whether it does what it is for all the same."""

    component: Component | None
    note: str
    works: bool = False


def _simpler(component: Component, told: list[tuple[Way, Problem]]) -> _Simpler:
    """Give a component without what is wrong with it.

    A field keeps its place without its formula, so that what names it can stay; a rule that cannot
    be asked stays to be mended, and is not active.
    """
    parts = {way[0] if way else "" for way, _ in told}
    why = _why(told)
    if component.kind == FIELD.name and parts <= {"formula", "roll_up"}:
        simpler = _without(component, *_CALCULATED)
        made = replace(simpler, body={**simpler.body, "read_only": True})
        return _Simpler(made, f"{why} The field is there, without values.")
    optional = _OPTIONAL.get(component.kind, frozenset())
    if parts and parts <= optional:
        gone = parts | (set(_DEPENDENT) if parts & set(_DEPENDENT) else set())
        words = ", ".join(sorted(gone & component.body.keys())).replace("_", " ")
        return _Simpler(_without(component, *gone), f"Without {words}: {why}", works=True)
    is_active_rule = component.kind == "validation_rule" and bool(component.body.get("active"))
    if is_active_rule and parts == {"condition"}:
        made = replace(component, body={**component.body, "active": False})
        return _Simpler(made, f"{why} The rule is there and not active.")
    if parts <= _ENTRIES.get(component.kind, frozenset()):
        body = _left(component.body, [way for way, _ in told])
        if component.kind == "permission_set":
            body = not_wider(component.body, body)
        return _Simpler(replace(component, body=body), f"Left out of it: {why}", works=True)
    return _Simpler(None, why)


def _why(told: list[tuple[Way, Problem]]) -> str:
    return " ".join(dict.fromkeys(problem.message for _, problem in told))


def _left(value: Mapping[str, Json], ways: list[Way]) -> dict[str, Json]:
    """Give what is left of a body without what stands at some places."""
    gone = {way[0] for way in ways if len(way) == 1}
    return {key: _inner(one, key, ways) for key, one in value.items() if key not in gone}


def _inner(value: Json, key: str, ways: list[Way]) -> Json:
    """Give what is left of a value. ways: of all that is around it; key: under which it lies."""
    below = [way[1:] for way in ways if way[0] == key and len(way) > 1]
    if not below:
        return value
    if isinstance(value, Mapping):
        return _left(value, below)
    if isinstance(value, list | tuple):
        gone = {way[0] for way in below if len(way) == 1 or way[1:] in {(one,) for one in _CARRIES}}
        kept = ((str(number), one) for number, one in enumerate(value) if str(number) not in gone)
        return [_inner(one, number, below) for number, one in kept]
    return value


def _without(component: Component, *keys: str) -> Component:
    body: dict[str, Json] = {key: one for key, one in component.body.items() if key not in keys}
    return replace(component, body=body)
