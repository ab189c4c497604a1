"""The kind object: what an administrator says of a kind of record."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, Final, Literal

import msgspec
from msgspec import Meta

from fieldstone.errors import Problem
from fieldstone.metadata.component import Component
from fieldstone.metadata.held_fields import held_names
from fieldstone.metadata.kinds.kind import Kind
from fieldstone.metadata.names import (
    CUSTOM_SUFFIX,
    MAX_NAME_LENGTH,
    NAME,
    keys_of,
    plural_of,
    slug_of,
)
from fieldstone.metadata.scope import Scope

Label = Annotated[str, Meta(min_length=1, max_length=120)]
Name = Annotated[str, Meta(min_length=1, max_length=MAX_NAME_LENGTH)]


@dataclass(frozen=True, slots=True)
class ObjectBody:
    """An object. Only the label is needed; the rest follows from it.

    plural_label also gives the address of its lists. prefix begins its records' ids.
    name_field is the field that names a record. aliases are other names it is found by.
    sharing: who sees records where nothing else says so: the owner alone, everybody, everybody who
    may change them too, or whoever sees the record that they are parts of. about: whether each of
    its records is a person, or tells of dealings with people and goes with them when they are
    erased. holds: what its records are: records as people write them, settings in a list, settings
    with a value for everybody, for a profile or for one person, or metadata, which changes with the
    setup alone.
    """

    label: Label
    plural_label: Annotated[str, Meta(max_length=120)] = ""
    prefix: Annotated[str, Meta(pattern="^([a-z][a-z0-9]{0,39})?$")] = ""
    name_field: Annotated[str, Meta(max_length=MAX_NAME_LENGTH)] = "name"
    aliases: tuple[Name, ...] = ()
    description: Annotated[str, Meta(max_length=4000)] = ""
    icon: Annotated[str, Meta(max_length=60)] = ""
    in_navigation: bool = True
    junction: bool = False
    sharing: Literal["private", "read", "read_write", "parent"] = "read_write"
    about: Literal["things", "person", "dealings"] = "things"
    holds: Literal["records", "list_settings", "settings", "metadata"] = "records"

    @property
    def plural(self) -> str:
        """The plural label, guessed where none is given."""
        return self.plural_label or plural_of(self.label)

    def slug_for(self, name: str) -> str:
        """Give what the lists of an object of this name are called in addresses.

        A plural without a Latin letter or digit leaves nothing; then it is the name.
        """
        return slug_of(self.plural) or slug_of(name.removesuffix(CUSTOM_SUFFIX))


class ObjectKind(Kind[ObjectBody]):
    """A kind of record, such as Company or Project__c."""

    name = "object"
    body_class = ObjectBody

    def needs(self, component: Component) -> Iterator[tuple[str, str]]:
        """Yield the fields that it has because of what it holds."""
        for name in held_names(component.body.get("holds")):
            yield "field", f"{component.name}.{name}"

    def check(self, component: Component, scope: Scope) -> Iterator[Problem]:
        """Yield a bad name, and names, addresses and prefixes that another object has."""
        yield from check_name(component.name)
        if self.read(component).sharing == "parent" and component.name not in scope.worked_out(
            _parts
        ):
            message = f"{component.name} is part of nothing that could decide who sees it."
            hint = "Give it a master-detail field first."
            yield Problem("metadata.no_parent", message, "/sharing", hint)
        taken = scope.worked_out(_all_claims)
        for claim, pointer in dict.fromkeys(_claims(component, self.read(component))):
            for other in taken.get((claim, pointer), ()):
                if other.key != component.key:
                    what = claim.split(" ", 1)[1]
                    message = f"{what} is taken by the object {other.name}."
                    yield Problem("metadata.name_taken", message, pointer, _HINTS[pointer])


_HINTS: Final = {
    "/name": "Choose another name.",
    "/plural_name": "Choose another plural.",
    "/prefix": "Choose another prefix, or leave it out.",
}


def _parts(scope: Scope) -> frozenset[str]:
    """Give the names of the objects whose records are parts of others."""
    masters = (one for one in scope.of_kind("field") if one.body.get("type") == "master_detail")
    owners = (scope.object_name(one.name.partition(".")[0]) for one in masters)
    return frozenset(name for name in owners if name is not None)


def _all_claims(scope: Scope) -> dict[tuple[str, str], list[Component]]:
    """Give, for each claim, the objects that make it."""
    found: dict[tuple[str, str], list[Component]] = {}
    for component in scope.of_kind(ObjectKind.name):
        body = msgspec.convert(dict(component.body), ObjectBody)
        for claim in set(_claims(component, body)):
            found.setdefault(claim, []).append(component)
    return found


def _claims(component: Component, body: ObjectBody) -> Iterator[tuple[str, str]]:
    for name in (component.name, *body.aliases):
        for key in claimed_spellings(name, is_own=component.package is None):
            yield f"name {key}", "/name"
    yield f"address {body.slug_for(component.name)}", "/plural_name"
    if body.prefix:
        yield f"prefix {body.prefix}", "/prefix"


def claimed_spellings(name: str, *, is_own: bool) -> tuple[str, ...]:
    """Give the folded spellings that a name keeps from all others.

    is_own: whether it is a tenant's own, which would be confused with one of a package that
    differs by __c alone; packages bring both, such as Contract__c beside Contract.
    """
    return keys_of(name) if is_own else keys_of(name)[:1]


def check_name(name: str) -> Iterator[Problem]:
    """Yield what is wrong with the name of an object or a field."""
    if not NAME.fullmatch(name) or len(name) > MAX_NAME_LENGTH:
        yield Problem(
            "metadata.bad_name",
            f"{name[:100]!r} cannot be a name.",
            "/name",
            f"Use letters, digits and single underscores, at most {MAX_NAME_LENGTH} characters, "
            "a letter first.",
        )


def object_key(name: str) -> tuple[str, str]:
    """Give kind and name of an object, as depends_on yields them."""
    return ObjectKind.name, name
