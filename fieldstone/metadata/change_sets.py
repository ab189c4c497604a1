"""Change sets: several changes of metadata as one JSON object, planned and applied together.

{"components": [{"kind": "field", "name": "Deal.next_step", "type": "text"}],
 "rename": [{"kind": "object", "name": "Deal", "to": "Opportunity"}],
 "remove": [{"kind": "field", "name": "Deal.old"}],
 "restore": [{"kind": "object", "name": "Project__c"}],
 "convert": [{"kind": "field", "name": "Deal.size", "values": {"huge": 1000}}]}

convert says what becomes of values where a field gets another type, or other options.

A component is its body with kind and name in it; one that is there already is declared anew, as a
whole. An object may have its fields inside, as for POST /api/objects.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any, Final

from jsonschema import Draft202012Validator

from fieldstone.errors import Problem, Several
from fieldstone.metadata.changes import Key, Proposal
from fieldstone.metadata.component import Component, StoredComponent
from fieldstone.metadata.conversions import Instruction
from fieldstone.metadata.definitions import read_definition
from fieldstone.metadata.kinds.field import split_name
from fieldstone.metadata.kinds.registry import FIELD, KINDS, OBJECT
from fieldstone.metadata.names import MAX_NAME_LENGTH, suggestion
from fieldstone.metadata.schemas import problems_of
from fieldstone.metadata.values import Json, JsonObject, JsonSchema, fold

MOST_CHANGES: Final = 10_000
MOST_RENAMES: Final = 100
"""Every one of them is looked for in all that is declared."""
MOST_VALUES: Final = 1_000
CODE: Final = "metadata.invalid"
_NAME: Final[JsonSchema] = {
    "type": "string",
    "minLength": 1,
    "maxLength": 2 * MAX_NAME_LENGTH + 1,
}
_NAMED: Final[JsonSchema] = {"kind": {"type": "string"}, "name": _NAME}


def _list_of(properties: JsonSchema, *, is_closed: bool, most: int = MOST_CHANGES) -> JsonSchema:
    one: JsonSchema = {"type": "object", "properties": properties, "required": [*properties]}
    if is_closed:
        one["additionalProperties"] = False
    return {"type": "array", "items": one, "maxItems": most}


PARTS: Final[JsonSchema] = {
    "components": _list_of(_NAMED, is_closed=False),
    "remove": _list_of(_NAMED, is_closed=True),
    "restore": _list_of(_NAMED, is_closed=True),
    "rename": _list_of({**_NAMED, "to": _NAME}, is_closed=True, most=MOST_RENAMES),
    "convert": _list_of(
        {**_NAMED, "values": {"type": "object", "maxProperties": MOST_VALUES}}, is_closed=True
    ),
}
"""The JSON Schema of each part of a change set."""

_SCHEMA: Final[JsonSchema] = {
    "type": "object",
    "properties": PARTS,
    "additionalProperties": False,
    "minProperties": 1,
}
_VALIDATOR: Final = Draft202012Validator(_SCHEMA)


def read_change_set(said: JsonObject, stored: Iterable[StoredComponent]) -> Proposal:
    """Read a change set. Raises Several with every problem of its shape.

    stored: all components of the tenant. Whoever ships one that is declared anew still does.
    """
    found = list(problems_of(_VALIDATOR, said, CODE)) or list(_unknown_kinds(said))
    if found:
        raise Several(found)
    packages = {row.component.key: row.component.package for row in stored if not row.deleted_at}
    components: dict[Key, Component] = {}
    pointers: dict[Key, str] = {}
    problems: list[Problem] = []
    for number, one in enumerate(_part(said, "components")):
        at = f"/components/{number}"
        made, places, wrong = _read(one)
        problems += [problem.below(at) for problem in wrong]
        for component in made:
            if component.key in components:
                message = f"{component.name} stands in this change set twice."
                problems.append(Problem(CODE, message, f"{at}/name"))
            components[component.key] = replace(component, package=packages.get(component.key))
            pointers[component.key] = at + places[component.key]
    return Proposal(
        upserts=tuple(components.values()),
        removals=tuple(_key(one) for one in _part(said, "remove")),
        restores=tuple(_key(one) for one in _part(said, "restore")),
        renames=tuple((_key(one), str(one["to"])) for one in _part(said, "rename")),
        conversions={_key(one): Instruction(one["values"]) for one in _part(said, "convert")},
        pointers=pointers,
        problems=tuple(problems),
    )


def _part(said: JsonObject, name: str) -> Any:
    return said.get(name, ())


def _unknown_kinds(said: JsonObject) -> Iterator[Problem]:
    for part in PARTS:
        for number, one in enumerate(_part(said, part)):
            if (kind := one["kind"]) not in KINDS:
                message = f"There is no kind {kind[:40]!r}."
                hint = suggestion(kind, KINDS)
                yield Problem("metadata.unknown_kind", message, f"/{part}/{number}/kind", hint)


def _key(one: JsonObject) -> Key:
    return str(one["kind"]), fold(str(one["name"]))


def _read(one: JsonObject) -> tuple[tuple[Component, ...], dict[Key, str], tuple[Problem, ...]]:
    """Give the components that one entry stands for, with their places in it."""
    kind, name = str(one["kind"]), str(one["name"])
    if kind == OBJECT.name and "fields" in one:
        definition = read_definition(_without(one, "kind", "package"), "")
        return definition.components, dict(definition.pointers), definition.problems
    body = _without(one, "kind", "name", "package")
    if kind == FIELD.name:
        body.setdefault("object", split_name(name)[0])
    component = Component(kind, name, body)
    return (component,), {component.key: ""}, ()


def _without(one: JsonObject, *names: str) -> dict[str, Json]:
    return {key: value for key, value in one.items() if key not in names}
