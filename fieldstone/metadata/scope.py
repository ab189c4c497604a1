"""All live components of a tenant, found by any of their names."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from fieldstone.metadata.component import Component
from fieldstone.metadata.names import keys_of
from fieldstone.metadata.values import fold


class Scope:
    """Components as they would stand after a change; objects are also found by their aliases."""

    def __init__(self, components: Iterable[Component]) -> None:
        self._by_key = {component.key: component for component in components}
        self._objects: dict[str, str] = {}
        for component in self.of_kind("object"):
            aliases = component.body.get("aliases") or ()
            assert isinstance(aliases, list | tuple)
            for name in (component.name, *map(str, aliases)):
                for key in keys_of(name):
                    self._objects.setdefault(key, component.name)

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
        return self._by_key.get((kind, fold(name)))
