"""The kind permission_set: what those to whom it is given may see and do."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Annotated, Final, Literal

from msgspec import Meta

from fieldstone.errors import Problem
from fieldstone.metadata.component import Component
from fieldstone.metadata.kinds.field import SYSTEM_NAMES
from fieldstone.metadata.kinds.kind import Kind
from fieldstone.metadata.kinds.object import Label, Name, check_name, object_key
from fieldstone.metadata.permission_set import FieldLevel, ObjectRight, TypeGrant
from fieldstone.metadata.rights import EVERY_AREA, Action, SetupArea
from fieldstone.metadata.scope import Scope
from fieldstone.metadata.values import fold

MOST_SETS: Final = 1_000
EVERYTHING: Final = "all"

SetupWord = Literal[
    "all", "objects", "people", "permissions", "storage", "organization", "privacy", "audit"
]
"""The names of the areas, and a word for all of them, those to come included."""

FullName = Annotated[str, Meta(pattern=r"^[^.]{1,80}\.[^.]{1,80}$")]


@dataclass(frozen=True, slots=True)
class PermissionSetBody:
    """A permission set. What several sets of a person allow adds up.

    all_objects, all_fields: for every object and field, those to come included, unless objects or
    fields name it: then what stands there holds in this set. fields: by full names, such as
    {"Deal.value": "read"}. includes: other sets that are given along. is_profile: a person has at
    most one such set. unmask: masked fields, by full names, whose values are seen whole where they
    may be read; all_unmask: of every masked field. record_types: by full names, such as
    {"Deal.Renewal": "default"}, which types new records may have; where a set names none of an
    object, it allows all of those whose records it lets make. actions: what is allowed by itself.
    setup: what may be set up, or "all". kept: what a package says besides and nothing here asks.
    """

    label: Label
    description: Annotated[str, Meta(max_length=4000)] = ""
    is_profile: bool = False
    includes: Annotated[tuple[Name, ...], Meta(max_length=100)] = ()
    all_objects: tuple[ObjectRight, ...] = ()
    objects: Mapping[Name, tuple[ObjectRight, ...]] = field(default_factory=dict)
    all_fields: FieldLevel = FieldLevel.NONE
    fields: Mapping[FullName, FieldLevel] = field(default_factory=dict)
    record_types: Mapping[FullName, TypeGrant] = field(default_factory=dict)
    actions: tuple[Action, ...] = ()
    unmask: tuple[FullName, ...] = ()
    all_unmask: bool = False
    setup: tuple[SetupWord, ...] = ()
    kept: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    @property
    def areas(self) -> frozenset[SetupArea]:
        """What may be set up, each area by its name."""
        if EVERYTHING in self.setup:
            return EVERY_AREA
        return frozenset(map(SetupArea, self.setup))


class PermissionSetKind(Kind[PermissionSetBody]):
    """Rights under a name, such as Sales_User, to be given to people."""

    name = "permission_set"
    body_class = PermissionSetBody
    area = SetupArea.PERMISSIONS

    def depends_on(self, component: Component) -> Iterator[tuple[str, str]]:
        """Yield the sets that are included, and the objects, fields and record types named."""
        body = self.read(component)
        yield from self.needs(component)
        yield from (object_key(name) for name in body.objects)
        yield from (("record_type", name) for name in body.record_types)
        for name in (*body.fields, *body.unmask):
            owner, _, own = name.partition(".")
            if fold(own) in SYSTEM_NAMES:
                yield object_key(owner)
            else:
                yield "field", name

    def needs(self, component: Component) -> Iterator[tuple[str, str]]:
        """Yield the sets that are included: a set goes on without an object that is removed."""
        yield from ((self.name, name) for name in self.read(component).includes)

    def check(self, component: Component, scope: Scope) -> Iterator[Problem]:
        """Yield a bad name, a set that includes itself, and one too many."""
        yield from check_name(component.name)
        included = scope.worked_out(_includes)
        if len(included) > MOST_SETS:
            message = f"There are at most {MOST_SETS:,} permission sets."
            yield Problem("metadata.too_many", message, "", "Remove those that nobody has.")
        mine, seen = fold(component.name), set[str]()
        ahead = list(included.get(mine, ()))
        while ahead:
            one = ahead.pop()
            if one == mine:
                message = f"{component.name} would include itself."
                yield Problem("metadata.cycle", message, "/includes", "Leave one of the sets out.")
                return
            if one not in seen:
                seen.add(one)
                ahead.extend(included.get(one, ()))


def _includes(scope: Scope) -> dict[str, tuple[str, ...]]:
    """Give for every set those that it includes, all by their folded names."""
    found: dict[str, tuple[str, ...]] = {}
    for component in scope.of_kind(PermissionSetKind.name):
        names = component.body.get("includes") or ()
        assert isinstance(names, list | tuple)
        found[fold(component.name)] = tuple(fold(str(name)) for name in names)
    return found
