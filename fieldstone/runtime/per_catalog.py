"""What follows from a catalog, kept with it and gone with it, so that nothing is invalidated."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar
from weakref import ReferenceType, ref

from fieldstone.metadata.catalog import Catalog

V = TypeVar("V")
_Key = tuple[int, Hashable]


class PerCatalog(Generic[V]):
    """Values by catalog and key. most: how many in all; the least used fall out."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._values: OrderedDict[_Key, V] = OrderedDict()
        self._catalogs: dict[int, tuple[ReferenceType[Catalog], set[Hashable]]] = {}

    def __len__(self) -> int:
        return len(self._values)

    def get(self, catalog: Catalog, key: Hashable, make: Callable[[], V]) -> V:
        """Give the value of a key under a catalog, made now if it is not kept."""
        place = id(catalog), key
        found = self._values.get(place)
        if found is not None:
            self._values.move_to_end(place)
            return found
        made = make()
        self._keys_of(catalog).add(key)
        self._values[place] = made
        while len(self._values) > self._most:
            self._drop_oldest()
        return made

    def _keys_of(self, catalog: Catalog) -> set[Hashable]:
        identity = id(catalog)
        if identity not in self._catalogs:
            self._catalogs[identity] = ref(catalog, lambda _: self._forget(identity)), set()
        return self._catalogs[identity][1]

    def _drop_oldest(self) -> None:
        (identity, key), _ = self._values.popitem(last=False)
        self._catalogs[identity][1].discard(key)

    def _forget(self, identity: int) -> None:
        """Let go of all that a catalog had, before another object can take its place in memory."""
        for key in self._catalogs.pop(identity)[1]:
            self._values.pop((identity, key), None)
