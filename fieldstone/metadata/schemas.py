"""JSON Schemas of data classes, and their complaints as problems in plain words."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec
from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError

from fieldstone.errors import Problem
from fieldstone.metadata.names import suggestion
from fieldstone.metadata.values import Json, JsonSchema

DIALECT = "https://json-schema.org/draft/2020-12/schema"
_WORDS = {
    "string": "a text",
    "number": "a number",
    "integer": "a whole number",
    "boolean": "true or false",
    "array": "a list",
    "object": "an object",
    "null": "empty",
}
_HOW = {
    "string": "Write it between quotation marks.",
    "number": "Write it without quotation marks, such as 12.5.",
    "integer": "Write it without quotation marks, such as 12.",
    "boolean": "Write true or false, without quotation marks.",
    "array": 'Write a list, such as ["a", "b"].',
    "object": 'Write an object, such as {"name": "value"}.',
}
_LIMITS = {
    "minLength": "Use {} characters or more.",
    "maxLength": "Use {} characters or fewer.",
    "minItems": "List {} or more.",
    "maxItems": "List {} or fewer.",
    "minimum": "Use {} or more.",
    "maximum": "Use {} or less.",
    "pattern": "It must match {}.",
    "enum": "It is one of {}.",
}


def schema_of(cls: type[Any]) -> JsonSchema:
    """Give the JSON Schema of a data class; names it does not know are refused."""
    schemas, components = msgspec.json.schema_components([cls], ref_template="#/$defs/{name}")
    definition = dict(components.pop(cls.__name__)) if cls.__name__ in components else schemas[0]
    definition["additionalProperties"] = False
    if components:
        definition["$defs"] = components
    return {"$schema": DIALECT, **definition}


def problems_of(validator: Draft202012Validator, value: Json, code: str) -> Iterator[Problem]:
    """Yield what a schema finds wrong with a value, in order of place."""
    found = sorted(validator.iter_errors(value), key=lambda error: [str(p) for p in error.path])
    for error in found:
        yield from _problems(error, code)


def _problems(error: ValidationError, code: str) -> Iterator[Problem]:
    # The library's attributes are typed as anything a schema may hold; here they are known.
    rule: Any = error.validator_value
    instance: Any = error.instance
    schema: Any = error.schema
    pointer = "".join(f"/{part}" for part in error.absolute_path)
    inner = list(_of_one_alternative(error))
    if inner:
        for one in inner:
            yield from _problems(one, code)
    elif error.validator == "additionalProperties":
        known = tuple(schema["properties"])
        for name in sorted(set(instance) - set(known)):
            hint = suggestion(name, known) or f"Known are: {', '.join(known)}."
            yield Problem(code, f"{name} is not known here.", f"{pointer}/{name}", hint)
    elif error.validator == "required":
        for name in rule:
            if name not in instance:
                yield Problem(code, f"{name} is missing.", f"{pointer}/{name}", f"Add {name}.")
    elif error.validator == "type":
        kinds = [rule] if isinstance(rule, str) else list(rule)
        words = " or ".join(_WORDS[kind] for kind in kinds)
        message = f"{_subject(error)} must be {words}."
        yield Problem(code, message, pointer, _HOW.get(kinds[0]))
    else:
        message = f"{_subject(error)}: {_sentence(error.message)}"
        yield Problem(code, message, pointer, _limit(str(error.validator), rule))


def _of_one_alternative(error: ValidationError) -> Iterator[ValidationError]:
    """Yield what is wrong with a value by the one alternative that its kind leaves.

    What may be left out is an alternative to empty.
    """
    branches: dict[object, list[ValidationError]] = {}
    for inner in error.context or () if error.validator == "anyOf" else ():
        branches.setdefault(inner.relative_schema_path[0], []).append(inner)
    fitting = [
        found
        for found in branches.values()
        if not any(one.validator == "type" and not one.relative_path for one in found)
    ]
    if len(fitting) == 1:
        yield from fitting[0]


def _limit(keyword: str, rule: object) -> str | None:
    """Give the hint that follows from a limit of a schema."""
    words = _LIMITS.get(keyword)
    told = ", ".join(map(str, rule)) if isinstance(rule, list | tuple) else str(rule)
    return words.format(told) if words is not None else None


def _subject(error: ValidationError) -> str:
    return str(error.absolute_path[-1]) if error.absolute_path else "This"


def _sentence(message: str) -> str:
    return (message if len(message) < 300 else message[:300] + "…").rstrip(".") + "."
