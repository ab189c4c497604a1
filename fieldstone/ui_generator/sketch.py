"""Sketches: an object's fields as lines of text, their types guessed from what they are called.

"Due date" is a date, "Amount" money, "Company" a lookup where there is such an object, and
"Status: New, Active, Ended" a picklist. A type can be said in brackets, and a star at the end of
the name makes a field required.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from fieldstone.metadata.catalog import Catalog
from fieldstone.metadata.field_types.registry import UnknownType, get_field_type
from fieldstone.metadata.names import slug_of
from fieldstone.metadata.values import Json, JsonObject, fold

MOST_LINES: Final = 200
_LINE: Final = re.compile(
    r"(?P<label>[^:(*]+?)\s*(?P<star>\*?)\s*(?:\((?P<type>[^)]*)\))?\s*(?P<more>\*?)\s*"
    r"(?::(?P<options>.*))?"
)
_GUESSES: Final = (
    ("date", r"\b(date|day|deadline|birthday|due|until|since|expires?|starts?|ends?)\b"),
    ("datetime", r"\b(date and time|at|timestamp|meeting time|appointment)\b"),
    ("currency", r"\b(amount|price|cost|budget|value|revenue|salary|fee|total|balance|paid)\b"),
    ("percent", r"\b(percent|percentage|rate|share|discount|probability|%)"),
    ("email", r"\be-?mail\b"),
    ("phone", r"\b(phone|mobile|fax|telephone|cell)\b"),
    ("url", r"\b(url|web ?site|link|homepage|page)\b"),
    ("address", r"\baddress\b"),
    ("long_text", r"\b(notes?|description|comments?|details|remarks?|summary|text)\b"),
    ("number", r"\b(number|count|quantity|qty|size|hours|days|age|score|weight|employees|seats)\b"),
    ("checkbox", r"^(is|has|can|may|must|needs)\b|\?$|\b(active|done|paid|approved|confirmed)$"),
    ("image", r"\b(photo|picture|image|logo)\b"),
    ("file", r"\b(file|attachment|document|contract)\b"),
)


@dataclass(frozen=True, slots=True)
class SketchedField:
    """One line, understood. why: what the type was told from; "" where a person said it."""

    definition: JsonObject
    label: str
    told: str
    why: str


def read_sketch(text: str, catalog: Catalog) -> tuple[SketchedField, ...]:
    """Read lines into definitions of fields."""
    lines = [line.strip() for line in text.splitlines()[:MOST_LINES]]
    return tuple(_field(line, catalog) for line in lines if line)


def object_definition(
    label: str, plural: str, description: str, fields: Sequence[SketchedField]
) -> JsonObject:
    """Give the definition of an object, with a field that names its records if none does."""
    own: list[Json] = [field.definition for field in fields]
    if not any(isinstance(one, dict) and one["name"] == "name" for one in own):
        own.insert(0, {"name": "name", "label": "Name", "type": "text", "required": True})
    definition: dict[str, Json] = {"name": name_of_object(label), "label": label, "fields": own}
    if plural:
        definition["plural_name"] = plural
    if description:
        definition["description"] = description
    return definition


def name_of_object(label: str) -> str:
    """Give the name of an object by its label: Site visit gives SiteVisit."""
    words = re.findall(r"[A-Za-z0-9]+", label)
    return "".join(word[:1].upper() + word[1:] for word in words)


def name_of_field(label: str) -> str:
    """Give the name of a field by its label: Due date gives due_date."""
    name = slug_of(label)
    return f"field_{name}" if name[:1].isdigit() else name


def _field(line: str, catalog: Catalog) -> SketchedField:
    match = _LINE.fullmatch(line)
    label = match["label"].strip() if match else line[:120]
    definition: dict[str, Json] = {"name": name_of_field(label), "label": label}
    options = [part.strip() for part in (match["options"] or "").split(",")] if match else []
    told, why = _type_of(label, (match["type"] or "").strip() if match else "", options, catalog)
    definition |= told
    if match and (match["star"] or match["more"]):
        definition["required"] = True
    return SketchedField(definition, label, _in_words(told), why)


def _type_of(
    label: str, said: str, options: list[str], catalog: Catalog
) -> tuple[dict[str, Json], str]:
    offered = [option for option in options if option]
    if said:
        return _said(said, offered, catalog), ""
    if offered:
        return {"type": "picklist", "options": list(offered)}, "the values after the colon"
    target = catalog.find_object(label) or catalog.find_object(name_of_object(label))
    if target is not None:
        return {"type": "lookup", "references": target.name}, f"the object {target.label}"
    for name, pattern in _GUESSES:
        if re.search(pattern, fold(label)):
            return {"type": name}, "its name"
    return {"type": "text"}, ""


def _said(said: str, offered: list[str], catalog: Catalog) -> dict[str, Json]:
    target = catalog.find_object(said)
    if target is not None:
        return {"type": "lookup", "references": target.name}
    try:
        name = get_field_type(said).name
    except UnknownType:
        return {"type": said}
    return {"type": name, "options": list(offered)} if offered else {"type": name}


def _in_words(definition: JsonObject) -> str:
    try:
        label = get_field_type(str(definition["type"])).label
    except UnknownType:
        return str(definition["type"])
    target = definition.get("references")
    return f"{label} \u2192 {target}" if target else label
