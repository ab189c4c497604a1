"""All live components of a tenant, found by any of their names."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar, cast

from fieldstone.metadata.component import Component
from fieldstone.metadata.names import keys_of
from fieldstone.metadata.values import fold

T = TypeVar("T")


class Scope:
    """Components as they would stand after a change; objects are also found by their aliases."""

    def __init__(self, components: Iterable[Component]) -> None:
        self._by_key = {component.key: component for component in components}
        self._objects: dict[str, str] = {}
        self._worked_out: dict[Callable[[Scope], object], object] = {}
        short: dict[str, str] = {}
        for component in self.of_kind("object"):
            aliases = component.body.get("aliases") or ()
            assert isinstance(aliases, list | tuple)
            for name in (component.name, *map(str, aliases)):
                full, *others = keys_of(name)
                self._objects.setdefault(full, component.name)
                short.update((key, component.name) for key in others if key not in short)
        # An object's own full name wins over another's short one, as in the catalog.
        self._objects = short | self._objects

    def __iter__(self) -> Iterator[Component]:
        return iter(self._by_key.values())

    def of_kind(self, kind: str) -> Iterator[Component]:
        """Yield the components of one kind."""
        return (component for component in self._by_key.values() if component.kind == kind)

    def object_name(self, name: str) -> str | None:
        """Give the real name of the object that a name or alias means; None if there is none."""
        return self._objects.get(fold(name))

    def find(self, kind: str, name: str) -> Component | None:
        """Give the component that a name means; None if there is none."""
        if kind == "object":
            name = self.object_name(name) or name
        elif kind == "field":
            owner, _, own = name.partition(".")
            name = f"{self.object_name(owner) or owner}.{own}"
            return self._by_key.get((kind, fold(name))) or self._by_alias(name)
        return self._by_key.get((kind, fold(name)))

    def _by_alias(self, name: str) -> Component | None:
        """Give the field that a full name means by an alias."""
        return self.worked_out(_fields_by_alias).get(fold(name))

    def worked_out(self, work: Callable[[Scope], T]) -> T:
        """Give what a function works out of all components; it is asked once."""
        if work not in self._worked_out:
            self._worked_out[work] = work(self)
        return cast(T, self._worked_out[work])

    def names_of(self, kind: str, owner: str = "") -> list[str]:
        """Give the names by which the components of a kind are written; of fields, an owner's."""
        if kind == "object":
            aliases = (component.body.get("aliases") for component in self.of_kind(kind))
            told = (alias for some in aliases if isinstance(some, list | tuple) for alias in some)
            return [*(component.name for component in self.of_kind(kind)), *map(str, told)]
        if kind == "field":
            before = f"{fold(self.object_name(owner) or owner)}."
            found = (one.name for one in self.of_kind(kind) if fold(one.name).startswith(before))
            return [name.partition(".")[2] for name in found]
        return [component.name for component in self.of_kind(kind)]


def _fields_by_alias(scope: Scope) -> dict[str, Component]:
    found: dict[str, Component] = {}
    for component in scope.of_kind("field"):
        owner = component.name.partition(".")[0]
        aliases = component.body.get("aliases") or ()
        assert isinstance(aliases, list | tuple)
        for alias in aliases:
            found.setdefault(fold(f"{owner}.{alias}"), component)
    return found
