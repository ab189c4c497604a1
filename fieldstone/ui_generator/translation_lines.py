"""What there is to translate: a line for each label, with its place in a translation."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from fieldstone.metadata.catalog import Catalog, Field, ObjectDef
from fieldstone.metadata.field_types.choice import ChoiceOptions
from fieldstone.metadata.values import Json, JsonObject, fold

Way = tuple[str, ...]
"""Keys that lead to a text in the body of a translation."""

GENERAL: Final = "-"
"""Stands in addresses in the place of an object for what belongs to none."""

_PARTS: Final = (
    ("record_type", "record_types", "Record type"),
    ("list_view", "list_views", "View"),
    ("quick_action", "actions", "Action"),
    ("web_link", "links", "Link"),
    ("field_set", "field_sets", "Field set"),
)


@dataclass(frozen=True, slots=True)
class Line:
    """A text to translate. group: under which it stands. what: tells it from the others there."""

    way: Way
    group: str
    what: str
    own: str

    @property
    def input(self) -> str:
        """The name of its input: the way as a JSON pointer (RFC 6901)."""
        return "".join("/" + key.replace("~", "~0").replace("/", "~1") for key in self.way)


def lines_of(catalog: Catalog, obj: ObjectDef) -> Iterator[Line]:
    """Yield what an object and its parts are called, but for the values of picklists."""
    yield Line(("label",), "Object", "One", obj.label)
    yield Line(("plural_label",), "Object", "Several", obj.plural_label)
    for one in obj.own_fields:
        if not one.is_declared:
            continue
        yield Line(("fields", one.name, "label"), "Fields", one.name, one.label)
        if one.help:
            yield Line(("fields", one.name, "help"), "Fields", f"{one.name}, help", one.help)
        if one.references:
            words = f"{one.name}, related list"
            yield Line(("fields", one.name, "child_label"), "Fields", words, obj.plural_label)
    for rule in catalog.validation_rules.get(obj.id, ()):
        yield Line(("rules", rule.name), "Messages", rule.name, rule.message)
    for kind, key, noun in _PARTS:
        for part in catalog.declared_for(kind, obj):
            yield Line((key, part.name), f"{noun}s", part.name, part.body.label)
    for layout in catalog.declared_for("layout", obj):
        for label in dict.fromkeys(s.label for s in layout.body.sections if s.label):
            yield Line(("layouts", layout.name, "sections", label), "Sections", layout.name, label)


def lines_of_field(of: Field) -> Iterator[Line]:
    """Yield the texts of the values of a picklist of one object."""
    for one in of.options.choices:
        yield Line(("fields", of.name, "options", one.value), of.label, one.value, one.label)


def picklists_of(obj: ObjectDef) -> list[Field]:
    """Give the fields whose values are their own, each of which has a page of lines."""
    return [
        one
        for one in obj.own_fields
        if isinstance(one.options, ChoiceOptions)
        and one.options.value_set is None
        and one.is_declared
    ]


def general_lines(catalog: Catalog) -> Iterator[Line]:
    """Yield what belongs to no object: apps, tabs, actions and the values of shared picklists."""
    for kind, noun in (("app", "Apps"), ("tab", "Tabs")):
        for part in catalog.declared.get(kind, {}).values():
            yield Line((noun.lower(), part.name), noun, part.name, part.body.label or part.name)
    for part in catalog.declared.get("quick_action", {}).values():
        if part.object_id is None:
            yield Line(("actions", part.name), "Actions", part.name, part.body.label)
    for shared in catalog.value_sets.values():
        for said in _listed(shared.body.get("options")):
            value = str(said.get("value")) if isinstance(said, Mapping) else str(said)
            label = str(said.get("label") or value) if isinstance(said, Mapping) else value
            yield Line(("picklists", shared.name, value), f"Values of {shared.label}", value, label)


def text_at(body: Mapping[str, Any], way: Way) -> str:
    """Give what a translation says at a place; "" for nothing. Case does not count."""
    found: Any = body
    for key in way:
        if not isinstance(found, Mapping):
            return ""
        known = {fold(name): value for name, value in found.items()}
        found = known.get(fold(key))
    return found if isinstance(found, str) else ""


def with_texts(body: JsonObject, texts: Mapping[Way, str]) -> dict[str, Json]:
    """Give the body of a translation with other texts at some places; what is empty is left out."""
    found = _copied(body)
    assert isinstance(found, dict)
    for way, text in texts.items():
        _put(found, way, text)
    return found


def _put(body: dict[str, Json], way: Way, text: str) -> None:
    first, *rest = way
    key = next((name for name in body if fold(name) == fold(first)), first)
    if not rest:
        body.pop(key, None)
        if text:
            body[key] = text
        return
    below = body.setdefault(key, {})
    assert isinstance(below, dict)
    _put(below, tuple(rest), text)
    if not below:
        del body[key]


def _copied(said: Json) -> Json:
    if isinstance(said, Mapping):
        return {key: _copied(value) for key, value in said.items()}
    return said


def _listed(said: Json) -> list[Json]:
    return list(said) if isinstance(said, list | tuple) else []
