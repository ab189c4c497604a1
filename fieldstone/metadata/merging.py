"""Three-way merging of declarations: what two sides made of a common base, as one.

Objects are merged key by key. Lists whose elements can be told apart are merged by element, in the
order of whoever changed the order; how an element is told apart is said by _NAMING. All else, and
what means something only as a whole, such as a condition, is one value: if both sides changed it
and not alike, it is a clash, to be settled by choosing a side.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from fieldstone.metadata.values import Json, JsonObject

WHOLE: Final = frozenset({"where", "derive", "roll_up", "share_with", "owned_by", "default"})
"""Keys of bodies whose values mean something only as a whole."""

_NAMING: Final = ("value", "name", "field", "relation", "path", "id", "label")
"""Keys by which the elements of a list are told apart: the first that all of them have."""

ElementId = Hashable
_Elements = tuple[Mapping[ElementId, Json], Mapping[ElementId, Json], Mapping[ElementId, Json]]


class Missing:
    """Stands for a value that one side does not have."""

    def __repr__(self) -> str:
        return "MISSING"


MISSING: Final = Missing()
Side = Json | Missing


class Choice(StrEnum):
    """Whose value a clash is settled by: the one that comes, or the one that is there."""

    THEIRS = "theirs"
    OURS = "ours"


@dataclass(frozen=True, slots=True)
class Clash:
    """A place that both sides changed, and not alike.

    at: a pointer, in which elements of lists stand with what tells them apart. is_order: whether
    both have the same elements and changed their order; the values are what tells them apart.
    """

    at: str
    base: Side
    theirs: Side
    ours: Side
    is_order: bool = False


@dataclass(frozen=True, slots=True)
class Merged:
    """What came of merging; what clashes and is not settled is as it is on our side."""

    body: JsonObject
    clashes: tuple[Clash, ...]


def merge_bodies(
    base: JsonObject, theirs: JsonObject, ours: JsonObject, choices: Mapping[str, Choice]
) -> Merged:
    """Merge two bodies that came of a common one. choices: how clashes are settled, by place."""
    merger = _Merger(choices)
    found = merger.merge(listed(base), listed(theirs), listed(ours), "")
    assert isinstance(found, Mapping)
    return Merged(found, tuple(merger.clashes))


def listed(value: Json) -> Json:
    """Give a value with its sequences as lists, so that equal ones are equal."""
    if isinstance(value, Mapping):
        return {key: listed(part) for key, part in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [listed(part) for part in value]
    return value


class _Merger:
    """Merges one pair of bodies, and gathers what clashes."""

    def __init__(self, choices: Mapping[str, Choice]) -> None:
        self._choices = choices
        self.clashes: list[Clash] = []

    def merge(self, base: Side, theirs: Side, ours: Side, at: str) -> Side:
        """Give the value of one place, MISSING for none."""
        if theirs in (ours, base):
            return ours
        if ours == base:
            return theirs
        if at.rpartition("/")[2] not in WHOLE:
            if isinstance(theirs, Mapping) and isinstance(ours, Mapping):
                return self._objects(base if isinstance(base, Mapping) else {}, theirs, ours, at)
            if isinstance(theirs, list) and isinstance(ours, list):
                before = base if isinstance(base, list) else []
                found = _told_apart(before, theirs, ours)
                if found is not None:
                    return self._lists(found, at)
        return self._settled(Clash(at, base, theirs, ours))

    def _settled(self, clash: Clash) -> Side:
        self.clashes.append(clash)
        return clash.theirs if self._choices.get(clash.at) is Choice.THEIRS else clash.ours

    def _objects(
        self, base: JsonObject, theirs: JsonObject, ours: JsonObject, at: str
    ) -> JsonObject:
        found = {
            key: self.merge(
                base.get(key, MISSING),
                theirs.get(key, MISSING),
                ours.get(key, MISSING),
                f"{at}/{_escaped(key)}",
            )
            for key in dict.fromkeys((*ours, *theirs))
        }
        return {key: value for key, value in found.items() if not isinstance(value, Missing)}

    def _lists(self, sides: _Elements, at: str) -> list[Json]:
        base, theirs, ours = sides
        merged = {
            one: self.merge(
                base.get(one, MISSING),
                theirs.get(one, MISSING),
                ours.get(one, MISSING),
                f"{at}/{_escaped(_shown(one))}",
            )
            for one in dict.fromkeys((*ours, *theirs))
        }
        kept = {one: value for one, value in merged.items() if not isinstance(value, Missing)}
        return [kept[one] for one in self._order(sides, kept, at)]

    def _order(self, sides: _Elements, kept: Mapping[ElementId, Json], at: str) -> list[ElementId]:
        """Give the elements that stay, in the order of the side that changed it."""
        base, theirs, ours = sides
        shared = set(base) & set(theirs) & set(ours)
        was, comes, stands = ([i for i in side if i in shared] for side in (base, theirs, ours))
        first, second = list(theirs), list(ours)
        if stands != was:
            first, second = second, first
            if comes not in (was, stands):
                names = [[_shown(one) for one in side] for side in (was, comes, stands)]
                self.clashes.append(Clash(at, names[0], names[1], names[2], is_order=True))
                if self._choices.get(at) is Choice.THEIRS:
                    first, second = second, first
        return _woven([i for i in first if i in kept], [i for i in second if i in kept])


def _woven(first: Sequence[ElementId], second: Sequence[ElementId]) -> list[ElementId]:
    """Put what only the second has into the first, each after what stands before it there."""
    result = list(first)
    known = set(first)
    place = 0
    for one in second:
        if one in known:
            place = result.index(one) + 1
        else:
            result.insert(place, one)
            place += 1
    return result


def _told_apart(base: list[Json], theirs: list[Json], ours: list[Json]) -> _Elements | None:
    """Give the elements of each list by what tells them apart; None where nothing does."""
    for naming in (None, *_NAMING):
        found = []
        for one in (base, theirs, ours):
            ids = [_element_id(element, naming, place) for place, element in enumerate(one)]
            if None in ids or len(set(ids)) < len(ids):
                break
            found.append(dict(zip(ids, one, strict=True)))
        else:
            return found[0], found[1], found[2]
    return None


def _element_id(element: Json, naming: str | None, place: int) -> ElementId | None:
    """Tell an element apart: a text by itself, an object by a key, a list or a gap by its place."""
    if isinstance(element, str):
        return element
    if isinstance(element, bool | None):
        return None
    if isinstance(element, Mapping):
        if not element:
            return ("gap", place)
        said = element.get(naming) if naming is not None else None
        return said if isinstance(said, str) else None
    if isinstance(element, Sequence):
        return ("part", place)
    return ("number", element) if naming is None else None


def _shown(one: ElementId) -> str:
    return str(one[1]) if isinstance(one, tuple) else str(one)


def _escaped(key: str) -> str:
    return key.replace("~", "~0").replace("/", "~1")
