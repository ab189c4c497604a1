"""What permission sets say of objects and fields, kept true while these are renamed or replaced."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace

from fieldstone.metadata.component import Component
from fieldstone.metadata.names import keys_of
from fieldstone.metadata.values import fold

_OBJECTS = "objects"
_FIELDS = "fields"
_INCLUDES = "includes"
_UNMASK = "unmask"


def renamed(grants: Component, target: Component, name: str) -> Component:
    """Give a permission set as it reads once a component, itself perhaps, is called otherwise."""
    if target.kind == "object":
        return _after_object(grants, target.name, name)
    if target.kind == "field":
        owner, _, old = target.name.partition(".")
        return _after_field(grants, owner, old, name.partition(".")[2] or name)
    return _after_set(grants, target.name, name) if target.kind == grants.kind else grants


def without(grants: Component, made: Iterable[Component]) -> Component:
    """Give a permission set without what it says of objects and fields that were made anew.

    It was said of others, which had these names before.
    """
    objects = {fold(one.name) for one in made if one.kind == "object"}
    fields = {fold(one.name) for one in made if one.kind == "field"}

    def is_field(name: str) -> bool:
        return fold(name) in fields or fold(name.partition(".")[0]) in objects

    body = dict(grants.body)
    for key, is_meant in ((_OBJECTS, lambda name: fold(name) in objects), (_FIELDS, is_field)):
        said = body.get(key)
        if isinstance(said, Mapping):
            body[key] = {name: value for name, value in said.items() if not is_meant(name)}
    unmask = body.get(_UNMASK)
    if isinstance(unmask, list | tuple):
        body[_UNMASK] = [name for name in unmask if not is_field(str(name))]
    return grants if body == dict(grants.body) else replace(grants, body=body)


def _after_object(grants: Component, old: str, new: str) -> Component:
    """Give a permission set as it reads once an object is called otherwise."""

    def of_field(name: str) -> str:
        owner, _, own = name.partition(".")
        return f"{new}.{own}" if fold(owner) in keys_of(old) else name

    def of_object(name: str) -> str:
        return new if fold(name) in keys_of(old) else name

    return _following(grants, of_object, of_field)


def _after_field(grants: Component, owner: str, old: str, new: str) -> Component:
    """Give a permission set as it reads once a field of an object is called otherwise."""

    def of_field(name: str) -> str:
        said_owner, _, own = name.partition(".")
        mine = fold(said_owner) in keys_of(owner) and fold(own) in keys_of(old)
        return f"{owner}.{new}" if mine else name

    return _following(grants, lambda name: name, of_field)


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
    body = dict(grants.body)
    for key, follow in ((_OBJECTS, of_object), (_FIELDS, of_field)):
        said = body.get(key)
        if isinstance(said, Mapping):
            body[key] = {follow(name): value for name, value in said.items()}
    unmask = body.get(_UNMASK)
    if isinstance(unmask, list | tuple):
        body[_UNMASK] = [of_field(str(name)) for name in unmask]
    return replace(grants, body=body)
