"""Options: what a definition says of a field beside its name and type, checked and made typed."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import MISSING, Field, fields
from decimal import Decimal
from functools import lru_cache
from typing import Any, Final, get_type_hints

import msgspec

from fieldstone.errors import InvalidInput, Problem, Several
from fieldstone.metadata.field_types.field_type import BadOption, FieldType
from fieldstone.metadata.names import suggestion
from fieldstone.metadata.values import Json, JsonSchema, read_json, write_json

_PLACE: Final = re.compile(r" - at `\$(?P<path>.*)`$")
_STEP: Final = re.compile(r"\.(\w+)|\[(\d+)\]|\[\.\.\.\]")
_KEPT: Final = 10_000
_DECIMAL: Final = {"type": "string", "format": "decimal"}


def option_names(field_type: FieldType[Any, Any]) -> tuple[str, ...]:
    """Give the names of a type's options, in the order in which its data class lists them."""
    return tuple(option.name for option in _options(field_type))


def options_schema(field_type: FieldType[Any, Any]) -> JsonSchema:
    """Give the JSON Schema of a type's options: one object without references to elsewhere.

    Its properties and required may be merged into the schema of a whole field definition.
    """
    cls = field_type.options_class
    (_, parts) = msgspec.json.schema_components([cls], ref_template="{name}")
    schema: JsonSchema = _inline(parts[cls.__name__], parts)
    wanted = set(option_names(field_type))
    properties = schema.get("properties", {})
    assert isinstance(properties, dict)
    return {
        "type": "object",
        "properties": {name: part for name, part in properties.items() if name in wanted},
        "required": schema.get("required", []),
    }


def build_options(field_type: FieldType[Any, Any], said: Mapping[str, Json]) -> Any:
    """Make a type's options of what a definition says of them.

    said: only keys that are not the definition's own. Raises Several with every problem that can
    be told apart, each at a JSON pointer such as /length, or one InvalidInput.
    """
    problems = list(_unknown(field_type, said))
    try:
        options = msgspec.convert(said, field_type.options_class)
    except msgspec.ValidationError:
        problems = [*_misfits(field_type, said), *problems]
    except InvalidInput as error:
        problems = [*error.problems, *problems]
    else:
        if not problems:
            return options
    raise Several(problems)


def options_as_said(field_type: FieldType[Any, Any], said: Mapping[str, Json]) -> Any:
    """Give the options that build_options makes, but the same ones for the same words.

    Catalogs are built anew with every change, and nearly all that is said in them was said before.
    """
    return _as_said(field_type, write_json(said))


@lru_cache(maxsize=_KEPT)
def _as_said(field_type: FieldType[Any, Any], text: str) -> Any:
    said = read_json(text)
    assert isinstance(said, dict)
    return build_options(field_type, said)


def _options(field_type: FieldType[Any, Any]) -> Iterator[Field[Any]]:
    return (option for option in fields(field_type.options_class) if option.init)


def _misfits(field_type: FieldType[Any, Any], said: Mapping[str, Json]) -> Iterator[Problem]:
    """Tell every option that does not fit, where converting all at once tells only the first."""
    hints = get_type_hints(field_type.options_class, include_extras=True)
    for option in _options(field_type):
        if option.name in said:
            try:
                msgspec.convert(said[option.name], hints[option.name])
            except msgspec.ValidationError as error:
                yield _problem(option.name, str(error))
        elif option.default is MISSING and option.default_factory is MISSING:
            yield _missing(field_type, option.name)


def _unknown(field_type: FieldType[Any, Any], said: Mapping[str, Json]) -> Iterator[Problem]:
    known = option_names(field_type)
    for name in said:
        if name not in known:
            told = f"A field of type {field_type.name} has no option {name[:80]}."
            hint = suggestion(name, known) or (
                f"Its options are {', '.join(known)}." if known else "It has no options."
            )
            yield Problem(BadOption.code, told, _pointer(name), hint)


def _missing(field_type: FieldType[Any, Any], name: str) -> Problem:
    told = f"A field of type {field_type.name} needs the option {name}."
    return Problem(BadOption.code, told, _pointer(name))


def _problem(name: str, told: str) -> Problem:
    place = _PLACE.search(told)
    inner = place["path"] if place else ""
    reason = _PLACE.sub("", told).replace("`", "")
    reason = reason[:1].lower() + reason[1:]
    steps = [step[1] or step[2] for step in _STEP.finditer(inner) if step[1] or step[2]]
    pointer = _pointer(name) + "".join(_pointer(step) for step in steps)
    return Problem(BadOption.code, f"The option {name} cannot be used: {reason}.", pointer)


def _pointer(step: str) -> str:
    return "/" + step.replace("~", "~0").replace("/", "~1")


def _inline(part: Any, parts: Mapping[str, Any]) -> Any:
    """Put the schemas that are referred to in their places; a Decimal is a number here."""
    if isinstance(part, list | tuple):
        return [_inline(inner, parts) for inner in part]
    if not isinstance(part, dict):
        return part
    if part == _DECIMAL:
        return {"type": "number"}
    if "$ref" in part:
        rest = {key: inner for key, inner in part.items() if key != "$ref"}
        return {**_inline(parts[part["$ref"]], parts), **_inline(rest, parts)}
    schema = {key: _inline(inner, parts) for key, inner in part.items() if not _is_note(key, inner)}
    if isinstance(schema.get("default"), str) and _is_number(schema):
        schema["default"] = Decimal(schema["default"])
    return schema


def _is_number(schema: Any) -> bool:
    """Tell whether a schema allows numbers; msgspec writes the default of a Decimal as a text."""
    return schema.get("type") == "number" or {"type": "number"} in schema.get("anyOf", ())


def _is_note(key: str, inner: Any) -> bool:
    """Tell the names and docstrings of data classes, which mean nothing to callers."""
    return key in {"title", "description"} and isinstance(inner, str)
