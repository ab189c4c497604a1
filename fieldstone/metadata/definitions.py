"""Definitions as callers write them: one object with its fields inside, in one JSON object.

{"name": "Project", "plural_name": "Projects", "fields": [{"name": "budget", "type": "currency"}]}
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from fieldstone.errors import Problem, Several
from fieldstone.ids import ObjectId
from fieldstone.metadata.catalog import Catalog, Field, ObjectDef
from fieldstone.metadata.component import Component
from fieldstone.metadata.names import custom_name, label_of, suggestion
from fieldstone.metadata.values import Json, JsonObject

INVALID: Final = "metadata.invalid"
_RENAMED: Final = {"plural_name": "plural_label"}


def object_components(definition: JsonObject, package: str | None = None) -> tuple[Component, ...]:
    """Split an object's definition into the object and its fields.

    A tenant's own object gets the suffix __c; a package's keeps its name. Raises Several with
    every problem of the outer shape; what the kinds find wrong comes from plan_changes.
    """
    problems = list(_shape_problems(definition))
    if problems:
        raise Several(problems)
    given = str(definition["name"])
    name = given if package is not None else custom_name(given)
    body: dict[str, Json] = {
        _RENAMED.get(key, key): value
        for key, value in definition.items()
        if key not in ("name", "fields")
    }
    body.setdefault("label", label_of(given))
    fields = definition.get("fields", ())
    assert isinstance(fields, list | tuple)
    parts = [field_component(name, field, package) for field in fields if isinstance(field, dict)]
    return (Component("object", name, body, package), *parts)


def field_component(owner: str, definition: JsonObject, package: str | None = None) -> Component:
    """Give the component of one field of an object, out of its flat definition with a name."""
    body = {key: value for key, value in definition.items() if key != "name"}
    return Component("field", f"{owner}.{definition['name']}", {"object": owner, **body}, package)


def changed_object(component: Component, changes: JsonObject) -> Component:
    """Give an object's component as it reads with some of its definition changed.

    The name is left to a rename and the fields to their own addresses; null takes a key away.
    """
    if "fields" in changes:
        message = "Fields are changed one by one."
        hint = "Use /api/objects/{object}/fields/{field}."
        raise Several([Problem(INVALID, message, "/fields", hint)])
    renamed = {_RENAMED.get(key, key): value for key, value in changes.items() if key != "name"}
    return _merged(component, renamed)


def changed_field(component: Component, changes: JsonObject) -> Component:
    """Give a field's component as it reads with some of its definition changed."""
    given = {key: value for key, value in changes.items() if key not in ("name", "object")}
    return _merged(component, given)


def _merged(component: Component, changes: JsonObject) -> Component:
    body = {**component.body, **changes}
    kept = {key: value for key, value in body.items() if value is not None}
    return replace(component, body=kept)


def field_problems(definition: Json, pointer: str) -> Iterator[Problem]:
    """Yield what is wrong with the outer shape of a field's definition."""
    if not isinstance(definition, dict):
        yield Problem(INVALID, "A field must be an object.", pointer)
    elif not isinstance(definition.get("name"), str) or not definition["name"]:
        yield Problem(INVALID, "The field has no name.", f"{pointer}/name")
    elif "object" in definition:
        message = "The field belongs to the object that it stands in."
        yield Problem(INVALID, message, f"{pointer}/object", "Leave object out.")


def _shape_problems(definition: JsonObject) -> Iterator[Problem]:
    if not isinstance(definition.get("name"), str) or not definition["name"]:
        hint = suggestion("name", (key for key in definition if key != "name"))
        yield Problem(INVALID, "The object has no name.", "/name", hint)
    fields = definition.get("fields", [])
    if not isinstance(fields, list | tuple):
        yield Problem(INVALID, "fields must be a list.", "/fields")
        return
    seen: set[str] = set()
    for number, field in enumerate(fields):
        yield from field_problems(field, f"/fields/{number}")
        name = str(field.get("name", "")).lower() if isinstance(field, dict) else ""
        if name and name in seen:
            message = f"The field {name} stands there twice."
            yield Problem("metadata.name_taken", message, f"/fields/{number}/name")
        seen.add(name)


def show_field(field: Field, component: Component | None) -> dict[str, Json]:
    """Give a field as callers see it: its definition, and what followed from it."""
    declared = {k: v for k, v in component.body.items() if k != "object"} if component else {}
    return {
        "name": field.name,
        "label": field.label,
        "type": field.type.name,
        "required": field.required,
        "unique": field.unique,
        **declared,
        "system": field.is_system,
        "read_only": field.read_only,
        "indexed": field.slot is not None or field.is_system,
        "described": field.type.describe(field.options),
    }


def show_object(
    obj: ObjectDef, catalog: Catalog, components: dict[tuple[str, str], Component]
) -> dict[str, Json]:
    """Give an object as callers see it, with its fields and its relations in both directions."""
    relations: list[Json] = [
        {
            "direction": "to",
            "name": field.name,
            "object": catalog.by_id[target].name,
            "as": written,
            "field": field.name,
            "type": field.type.name,
        }
        for field in obj.own_fields
        for target, written in _targets(field, catalog)
    ]
    relations += [
        {
            "direction": "from",
            "name": child.name,
            "object": child.object.name,
            "as": child.object.name,
            "field": child.field.name,
            "type": child.field.type.name,
        }
        for child in catalog.children_of(obj)
    ]
    fields: list[Json] = [
        show_field(field, components.get(("field", f"{obj.name}.{field.name}".lower())))
        for field in obj.fields
    ]
    return {
        "id": obj.name,
        "name": obj.name,
        "label": obj.label,
        "plural_name": obj.plural_label,
        "slug": obj.slug,
        "prefix": obj.prefix,
        "name_field": obj.name_field,
        "aliases": list(obj.aliases),
        "description": obj.description,
        "icon": obj.icon,
        "package": obj.package,
        "custom": obj.package is None,
        "in_navigation": obj.in_navigation,
        "created_at": obj.created_at.isoformat() if obj.created_at else None,
        "fields": fields,
        "relations": relations,
    }


def _targets(field: Field, catalog: Catalog) -> Iterator[tuple[ObjectId, str]]:
    """Yield the objects that a reference may point to, each by the name its definition says."""
    written = getattr(field.options, "targets", ())
    for number, target in enumerate(field.references):
        name = written[number] if number < len(written) else catalog.by_id[target].name
        yield target, name
