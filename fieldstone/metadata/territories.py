"""Territories: parts of the market, which records belong to them, and who works in them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from fieldstone.ids import ObjectId
from fieldstone.metadata.sharing import Level
from fieldstone.metadata.values import fold


@dataclass(frozen=True, slots=True)
class Territory:
    """One territory. parent: the one that it is part of. capacity: most records, by object."""

    id: int
    name: str
    label: str
    parent: int | None = None
    capacity: Mapping[ObjectId, int] = field(default_factory=dict, hash=False)
    is_active: bool = True


@dataclass(frozen=True, slots=True)
class TerritoryRule:
    """Gives the records of an object that meet where to a territory, if it has room.

    along: the objects whose records that hang on them go along. label: how people call it.
    """

    id: int
    name: str
    label: str
    object_id: ObjectId
    territory: int
    where: str
    level: Level
    along: tuple[ObjectId, ...] = ()


class TerritoryTree:
    """The territories of a tenant. Whoever works in one sees what belongs to those within it."""

    def __init__(self, territories: Iterable[Territory] = ()) -> None:
        self.by_id: Mapping[int, Territory] = {one.id: one for one in territories}
        self._by_name = {fold(one.name): one for one in self.by_id.values()}
        self._within: dict[int | None, list[int]] = {}
        for one in self.by_id.values():
            parent = one.parent if one.parent in self.by_id else None
            self._within.setdefault(parent, []).append(one.id)

    def __iter__(self) -> Iterator[Territory]:
        return iter(self.by_id.values())

    def __len__(self) -> int:
        return len(self.by_id)

    def find(self, name: str) -> Territory | None:
        """Give the territory of a name; None if there is none."""
        return self._by_name.get(fold(name))

    def children_of(self, territory: int | None) -> tuple[Territory, ...]:
        """Give the territories right within one, in order of label; for None, the outermost."""
        found = (self.by_id[one] for one in self._within.get(territory, ()))
        return tuple(sorted(found, key=lambda one: (fold(one.label), one.id)))

    def reached_from(self, territories: Iterable[int]) -> frozenset[int]:
        """Give some territories with all that lie within them, however deep."""
        found: set[int] = set()
        waiting = [one for one in territories if one in self.by_id]
        while waiting:
            one = waiting.pop()
            if one not in found:
                found.add(one)
                waiting.extend(self._within.get(one, ()))
        return frozenset(found)
