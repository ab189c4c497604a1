"""Renaming a component: its own name, and every place in other components that says it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Final, Protocol

from fieldstone.metadata import grants
from fieldstone.metadata.component import Component
from fieldstone.metadata.kinds.field import split_name
from fieldstone.metadata.kinds.registry import OWNED, PERMISSION_SET
from fieldstone.metadata.names import keys_of
from fieldstone.metadata.scope import Scope
from fieldstone.metadata.values import Json, JsonObject, fold


class FormulaNames(Protocol):
    """Knows the names in formulas, which are read above this room."""

    def renamed(self, text: str, owner: str, target: Component, name: str) -> str:
        """Give a formula over the records of owner as it reads once target is called name."""
        ...

    def renamed_roll_up(
        self, said: JsonObject, owner: str, target: Component, name: str
    ) -> JsonObject:
        """Give the roll_up of a field of owner as it reads once target is called name."""
        ...


_TERRITORY: Final = "territory"
_FORMULAS: Final = {
    "field": ("formula", "default_formula", "visible_if", "required_if"),
    "validation_rule": ("condition",),
}
"""Where the bodies of components hold formulas."""

_FIELDS_NAMED: Final[Mapping[str, Mapping[str, tuple[str, ...]]]] = {
    "attach_rule": {"object": ("field", "source"), "target": ("target_field",)},
    "retention_policy": {"object": ("since",)},
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
    found = _renamed(component, target, name, scope)
    keys = [
        key for key in _FORMULAS.get(component.kind, ()) if isinstance(found.body.get(key), str)
    ]
    roll_up = found.body.get("roll_up") if component.kind == "field" else None
    if formulas is None or not (keys or roll_up):
        return found
    owner = split_name(component.name)[0]
    followed: dict[str, Json] = {
        key: formulas.renamed(str(found.body[key]), owner, target, name) for key in keys
    }
    if isinstance(roll_up, dict):
        followed["roll_up"] = formulas.renamed_roll_up(roll_up, owner, target, name)
    return replace(found, body={**found.body, **followed})


def _renamed(component: Component, target: Component, name: str, scope: Scope) -> Component:
    if component.kind == PERMISSION_SET.name:
        return grants.renamed(component, target, name)
    if target.kind == "object":
        return _after_object(component, target.name, name, scope)
    if target.kind == "field":
        return _after_field(component, target.name, split_name(name)[1] or name, scope)
    if component.key == target.key:
        return replace(component, name=name)
    if target.kind == "role":
        return _after_role(component, target.name, name)
    return (
        _after_territory(component, target.name, name) if target.kind == _TERRITORY else component
    )


def _after_role(component: Component, old: str, new: str) -> Component:
    def follow(said: JsonObject) -> JsonObject:
        keys = ("parent", "role", "role_and_below")
        named = {k for k in keys if isinstance(v := said.get(k), str) and fold(v) == fold(old)}
        return {key: new if key in named else value for key, value in said.items()}

    if component.kind == "role":
        return replace(component, body=follow(component.body))
    if component.kind != "sharing_rule":
        return component
    body = dict(component.body)
    for place in ("owned_by", "share_with"):
        party = body.get(place)
        if isinstance(party, dict):
            body[place] = dict(follow(party))
    return replace(component, body=body)


def _after_territory(component: Component, old: str, new: str) -> Component:
    place = {_TERRITORY: "parent", "territory_rule": "territory"}.get(component.kind)
    said = None if place is None else component.body.get(place)
    if place is None or not isinstance(said, str) or fold(said) != fold(old):
        return component
    return replace(component, body={**component.body, place: new})


def _after_object(component: Component, old: str, new: str, scope: Scope) -> Component:
    def follow(value: Json) -> Json:
        if isinstance(value, str):
            return new if fold(value) in keys_of(old) else value
        if isinstance(value, list | tuple):
            return [follow(part) for part in value]
        return value

    if component.kind == "object":
        return replace(component, name=new) if fold(component.name) == fold(old) else component
    body = dict(component.body)
    for place in ("object", "references", "target", "along"):
        if place in body:
            body[place] = follow(body[place])
    capacity = body.get("capacity")
    if isinstance(capacity, dict):
        body["capacity"] = {str(follow(key)): most for key, most in capacity.items()}
    for side in ("left", "right"):
        end = body.get(side)
        if isinstance(end, dict):
            body[side] = {**end, "object": follow(end.get("object"))}
    owner, own = split_name(component.name)
    named = component.kind in OWNED and scope.object_name(owner) == old
    return replace(component, name=f"{new}.{own}" if named else component.name, body=body)


def _after_field(component: Component, old: str, new: str, scope: Scope) -> Component:
    owner, own = split_name(old)

    def follow(value: Json) -> Json:
        return new if isinstance(value, str) and fold(value) in keys_of(own) else value

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
