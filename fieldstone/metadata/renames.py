"""Renaming a component: its own name, and every place in other components that says it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from fieldstone.metadata import grants
from fieldstone.metadata.component import Component
from fieldstone.metadata.kinds.field import split_name
from fieldstone.metadata.kinds.registry import OWNED, PERMISSION_SET, get_kind
from fieldstone.metadata.named_places import FormulaNames, followed, means
from fieldstone.metadata.scope import Scope
from fieldstone.metadata.values import Json, fold

_FORMULAS: Final = {
    "field": ("formula", "default_formula", "visible_if", "required_if"),
    "validation_rule": ("condition",),
}
"""Where the bodies of components hold formulas."""

_FIELDS_NAMED: Final[Mapping[str, Mapping[str, tuple[str, ...]]]] = {
    "attach_rule": {"object": ("field", "source"), "target": ("target_field",)},
}
"""Where the bodies of components name fields, by what names the object of those."""


def renamed(
    component: Component,
    target: Component,
    name: str,
    scope: Scope,
    formulas: FormulaNames | None = None,
) -> Component:
    """Give a component as it reads once target is called name. Records are not touched."""
    places = get_kind(component.kind).places
    if places:
        found = followed(component, places, (target, name), scope, formulas)
        return _called(found, target, name, scope)
    found = _renamed(component, target, name, scope)
    keys = [
        key for key in _FORMULAS.get(component.kind, ()) if isinstance(found.body.get(key), str)
    ]
    roll_up = found.body.get("roll_up") if component.kind == "field" else None
    if formulas is None or not (keys or roll_up):
        return found
    owner = split_name(component.name)[0]
    formulas_after: dict[str, Json] = {
        key: formulas.renamed(str(found.body[key]), owner, target, name) for key in keys
    }
    if isinstance(roll_up, dict):
        formulas_after["roll_up"] = formulas.renamed_roll_up(roll_up, owner, target, name)
    return replace(found, body={**found.body, **formulas_after})


def _called(component: Component, target: Component, name: str, scope: Scope) -> Component:
    """Give a component by its name once target is called name: its own, or its object's."""
    if component.key == target.key:
        return replace(component, name=name)
    if target.kind != "object":
        return component
    before, point, own = component.name.partition(".")
    if component.kind == "translation" and scope.object_name(own) == target.name:
        return replace(component, name=f"{before}.{name}")
    is_part = point and component.kind != "translation"
    if is_part and scope.object_name(before) == target.name:
        return replace(component, name=f"{name}.{own}")
    return component


def _renamed(component: Component, target: Component, name: str, scope: Scope) -> Component:
    if component.kind == PERMISSION_SET.name:
        return grants.renamed(component, target, name, scope)
    if target.kind == "object":
        return _after_object(component, target, name, scope)
    if target.kind == "field":
        return _after_field(component, target, split_name(name)[1] or name, scope)
    if component.key == target.key:
        return replace(component, name=name)
    return component


def _after_object(component: Component, target: Component, new: str, scope: Scope) -> Component:
    old = target.name

    def follow(value: Json) -> Json:
        if isinstance(value, str):
            return new if means(value, target, scope) else value
        if isinstance(value, list | tuple):
            return [follow(part) for part in value]
        return value

    if component.kind == "object":
        return replace(component, name=new) if fold(component.name) == fold(old) else component
    body = dict(component.body)
    for place in ("object", "references", "target"):
        if place in body:
            body[place] = follow(body[place])
    for side in ("left", "right"):
        end = body.get(side)
        if isinstance(end, dict):
            body[side] = {**end, "object": follow(end.get("object"))}
    owner, own = split_name(component.name)
    named = component.kind in OWNED and scope.object_name(owner) == old
    return replace(component, name=f"{new}.{own}" if named else component.name, body=body)


def _after_field(component: Component, target: Component, new: str, scope: Scope) -> Component:
    old = target.name
    owner, own = split_name(old)

    def follow(value: Json) -> Json:
        same = isinstance(value, str) and means(f"{owner}.{value}", target, scope)
        return new if same else value

    body = dict(component.body)
    if component.kind == "field":
        same_object = fold(split_name(component.name)[0]) == fold(owner)
        derive = body.get("derive")
        if same_object and isinstance(derive, dict):
            sources = derive.get("fields", ())
            assert isinstance(sources, list | tuple)
            body["derive"] = {**derive, "fields": [follow(source) for source in sources]}
        if same_object and "controlled_by" in body:
            body["controlled_by"] = follow(body["controlled_by"])
        mine = fold(component.name) == fold(old)
        return replace(component, name=f"{owner}.{new}" if mine else component.name, body=body)
    is_owner = component.kind == "object" and fold(component.name) == fold(owner)
    if is_owner and fold(str(body.get("name_field", "name"))) == fold(own):
        body["name_field"] = new
    if component.kind == "validation_rule" and scope.object_name(str(body["object"])) == owner:
        body["field"] = follow(body.get("field"))
    for side, keys in _FIELDS_NAMED.get(component.kind, {}).items():
        if scope.object_name(str(body.get(side))) == owner:
            body.update({key: follow(body[key]) for key in keys if key in body})
    return replace(component, body=body)
