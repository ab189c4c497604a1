"""The values of a picklist as lines of text: `EMEA = Europe` is a value with a label of its own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from fieldstone.metadata.values import Json, fold

_BETWEEN: Final = " = "


def choices_as_text(options: Sequence[Json]) -> str:
    """Give the values of a picklist that may be chosen, one a line, with labels of their own."""
    return "\n".join(
        _line_of(one) for one in map(_choice, options) if one.get("active") is not False
    )


def choices_typed(text: str, before: Json) -> list[Json]:
    """Give the values that lines say, each with what it was before beside its label.

    Records may hold what is not among them any more: that stays, and is not offered.
    """
    known = [_choice(one) for one in before] if isinstance(before, list) else []
    by_line = {fold(text): one for one in known for text in (_line_of(one), str(one["value"]))}
    chosen: dict[str, dict[str, Json]] = {}
    for line in filter(None, (one.strip() for one in text.split("\n"))):
        value, between, label = (part.strip() for part in line.partition(_BETWEEN))
        said = by_line.get(fold(line)) or {**by_line.get(fold(value), {"value": value})}
        if between and label and fold(line) not in by_line:
            said = {**said, "label": label}
        if fold(line) == fold(str(said["value"])):
            said = {key: held for key, held in said.items() if key != "label"}
        said = {key: held for key, held in said.items() if key != "active"}
        chosen.setdefault(fold(str(said["value"])), said)
    gone = (one for one in known if fold(str(one["value"])) not in chosen)
    return [*chosen.values(), *({**one, "active": False} for one in gone)]


def _choice(option: Json) -> dict[str, Json]:
    return dict(option) if isinstance(option, Mapping) else {"value": str(option)}


def _line_of(choice: Mapping[str, Json]) -> str:
    value, label = str(choice["value"]), choice.get("label")
    return f"{value}{_BETWEEN}{label}" if label and label != value else value
