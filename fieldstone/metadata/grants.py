"""What permission sets say of objects and fields, kept true while these are renamed or replaced."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace

from fieldstone.metadata.component import Component
from fieldstone.metadata.named_places import means
from fieldstone.metadata.scope import Scope
from fieldstone.metadata.values import fold

_OBJECTS = "objects"
_FIELDS = "fields"
_INCLUDES = "includes"
_UNMASK = "unmask"
_TYPES = "record_types"


def renamed(grants: Component, target: Component, name: str, scope: Scope) -> Component:
    """Give a permission set as it reads once a component, itself perhaps, is called otherwise."""
    if target.kind == "object":
        return _after_object(grants, target, name, scope)
    if target.kind in ("field", "record_type"):
        return _after_part(grants, target, name, scope)
    return _after_set(grants, target.name, name) if target.kind == grants.kind else grants


def without(grants: Component, made: Iterable[Component]) -> Component:
    """Give a permission set without what it says of objects and fields that were made anew.

    It was said of others, which had these names before.
    """
    objects = {fold(one.name) for one in made if one.kind == "object"}
    fields = {fold(one.name) for one in made if one.kind == "field"}
    types = {fold(one.name) for one in made if one.kind == "record_type"}

    def is_field(name: str) -> bool:
        return fold(name) in fields or fold(name.partition(".")[0]) in objects

    def is_type(name: str) -> bool:
        return fold(name) in types or fold(name.partition(".")[0]) in objects

    body = dict(grants.body)
    for key, is_meant in (
        (_OBJECTS, lambda name: fold(name) in objects),
        (_FIELDS, is_field),
        (_TYPES, is_type),
    ):
        said = body.get(key)
        if isinstance(said, Mapping):
            body[key] = {name: value for name, value in said.items() if not is_meant(name)}
    unmask = body.get(_UNMASK)
    if isinstance(unmask, list | tuple):
        body[_UNMASK] = [name for name in unmask if not is_field(str(name))]
    return grants if body == dict(grants.body) else replace(grants, body=body)


def _after_object(grants: Component, target: Component, new: str, scope: Scope) -> Component:
    """Give a permission set as it reads once an object is called otherwise."""

    def of_field(name: str) -> str:
        owner, _, own = name.partition(".")
        return f"{new}.{own}" if means(owner, target, scope) else name

    def of_object(name: str) -> str:
        return new if means(name, target, scope) else name

    # An object's own name leads those of its fields and of its record types alike.
    return _with_keys(_following(grants, of_object, of_field), _TYPES, of_field)


def _after_part(grants: Component, target: Component, name: str, scope: Scope) -> Component:
    """Give a permission set as it reads once a field or a record type is called otherwise."""
    new = f"{target.name.partition('.')[0]}.{name.partition('.')[2] or name}"

    def follow(said: str) -> str:
        return new if means(said, target, scope) else said

    if target.kind == "record_type":
        return _with_keys(grants, _TYPES, follow)
    return _following(grants, lambda said: said, follow)


def _after_set(grants: Component, old: str, new: str) -> Component:
    """Give a permission set as it reads once a set, itself perhaps, is called otherwise."""
    included = grants.body.get(_INCLUDES)
    body = grants.body
    if isinstance(included, list | tuple):
        followed = [new if fold(str(name)) == fold(old) else name for name in included]
        body = {**body, _INCLUDES: followed}
    return replace(grants, name=new if fold(grants.name) == fold(old) else grants.name, body=body)


def _following(
    grants: Component, of_object: Callable[[str], str], of_field: Callable[[str], str]
) -> Component:
    body = dict(_with_keys(_with_keys(grants, _OBJECTS, of_object), _FIELDS, of_field).body)
    unmask = body.get(_UNMASK)
    if isinstance(unmask, list | tuple):
        body[_UNMASK] = [of_field(str(name)) for name in unmask]
    return replace(grants, body=body)


def _with_keys(grants: Component, key: str, follow: Callable[[str], str]) -> Component:
    """Give a permission set in which what it says under a key is said of other names."""
    said = grants.body.get(key)
    if not isinstance(said, Mapping):
        return grants
    return replace(grants, body={**grants.body, key: {follow(n): v for n, v in said.items()}})
