"""Compound values: what the types share whose JSON is an object of a few texts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from fieldstone.errors import BadValue
from fieldstone.metadata.field_types.text import check_text, one_line, read_stored_text
from fieldstone.metadata.names import suggestion
from fieldstone.metadata.values import Json, JsonSchema


@dataclass(frozen=True, slots=True)
class Part:
    """One text of a compound value. lines: whether it may hold line breaks."""

    name: str
    length: int
    lines: bool = False


def parts_schema(parts: tuple[Part, ...]) -> JsonSchema:
    """Give the JSON Schema of an object of these texts, none of which must be there."""
    texts = {part.name: {"type": ["string", "null"], "maxLength": part.length} for part in parts}
    return {"type": "object", "properties": texts, "additionalProperties": False}


def read_parts(value: Json, parts: tuple[Part, ...]) -> dict[str, str]:
    """Give the texts of a JSON object, "" for those it lacks. Raises BadValue."""
    if not isinstance(value, Mapping):
        names = ", ".join(part.name for part in parts)
        raise BadValue("This must be a JSON object.", hint=f"It may hold {names}.")
    known = {part.name for part in parts}
    for name in value:
        if name not in known:
            raise BadValue(
                f"There is no part {name[:80]}.", at=f"/{name[:80]}", hint=suggestion(name, known)
            )
    return {part.name: _read_part(value.get(part.name), part) for part in parts}


def encode_parts(value: object, parts: tuple[Part, ...]) -> dict[str, str]:
    """Give the parts of a value that say something."""
    return {part.name: text for part in parts if (text := getattr(value, part.name))}


def decode_parts(stored: Json) -> dict[str, str]:
    """Read stored texts back."""
    assert isinstance(stored, Mapping)
    return {name: read_stored_text(text) for name, text in stored.items()}


def _read_part(value: Json, part: Part) -> str:
    if value is None:
        return ""
    try:
        text = check_text(value, part.length)
    except BadValue as error:
        raise BadValue(error.problem.message, at=f"/{part.name}", hint=error.problem.hint) from None
    if not part.lines:
        return one_line(text)
    return "\n".join(line.strip() for line in text.strip().splitlines())
