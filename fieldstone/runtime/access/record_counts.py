"""How many records people would lose and gain, object by object, if they stood elsewhere."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any, Final

from fieldstone.ids import ObjectId
from fieldstone.metadata.access_difference import (
    Class,
    Deciding,
    Difference,
    Reach,
    RuleKey,
    Sides,
    compare,
    reach_of,
)
from fieldstone.metadata.catalog import Catalog, ObjectDef
from fieldstone.metadata.compiled_rights import compile_rights
from fieldstone.metadata.rights import Rights
from fieldstone.metadata.sharing import Level
from fieldstone.metadata.standing import Standing, with_record_access
from fieldstone.query_language.access_classes import (
    EDITED,
    OWNER,
    RECORDS,
    SEEN,
    CountedClasses,
    counted_classes,
    steps_to_whole,
)
from fieldstone.runtime.access.everybody import Everybody
from fieldstone.runtime.moments import moment_of
from fieldstone.runtime.statements import prepare
from fieldstone.runtime.transactions import QueryTimeout, Transaction

MOST_CLASSES: Final = 200_000
TIMEOUT_S: Final = 15.0

Groups = dict[tuple[ObjectId, Level], dict[Sides, list[int]]]


@dataclass(frozen=True, slots=True)
class Side:
    """One side of a change: the catalog, and where everybody stands."""

    catalog: Catalog
    people: Everybody


@dataclass(frozen=True, slots=True)
class RecordChange:
    """What people would lose and gain of the records of an object.

    difference: None where the records could not be counted in time.
    """

    object: ObjectDef
    level: Level
    difference: Difference | None

    @property
    def words(self) -> Iterator[str]:
        """The same as sentences."""
        verb = "see" if self.level is Level.READ else "change"
        if self.difference is None:
            yield f"It takes too long to count who would {verb} other {self.object.plural_label}."
            return
        for people, records, how in (
            (self.difference.losers, self.difference.lost, f"no longer {verb}"),
            (self.difference.gainers, self.difference.gained, f"newly {verb}"),
        ):
            if people:
                yield f"{count_people(len(people))} would {how} {self._records(records)}."

    def _records(self, number: int) -> str:
        return f"{number:,} {self.object.label if number == 1 else self.object.plural_label}"


def count_people(number: int) -> str:
    """Give a number of people in words."""
    return "1 person" if number == 1 else f"{number:,} people"


async def record_changes(tx: Transaction, before: Side, after: Side) -> list[RecordChange]:
    """Give what members would lose and gain, one entry for each object and level that change.

    Everything is counted, whoever asks: to be told to administrators alone.
    """
    groups = await asyncio.to_thread(_groups, before, after)
    owners_move = _owners(before.people) != _owners(after.people)
    found: list[RecordChange] = []
    for obj in before.catalog.objects:
        wanted = {
            level: groups[obj.id, level]
            for level in Level
            if _may_differ(groups[obj.id, level], owners_move=owners_move)
        }
        if wanted and obj.id in after.catalog.by_id:
            found += await _of_object(tx, before, after, obj, wanted)
    return found


async def _of_object(
    tx: Transaction,
    before: Side,
    after: Side,
    obj: ObjectDef,
    wanted: Mapping[Level, dict[Sides, list[int]]],
) -> list[RecordChange]:
    steps = (
        steps_to_whole(before.catalog, obj),
        steps_to_whole(after.catalog, after.catalog.by_id[obj.id]),
    )
    told_apart = any(_is_part(reach) for one in wanted.values() for sides in one for reach in sides)
    catalogs = (before.catalog, after.catalog)
    counted = counted_classes(catalogs, obj, steps if told_apart else (), MOST_CLASSES + 1)
    moment = moment_of(tx)
    values = {one.name: one.read(0, moment) for one in counted.parameters}
    try:
        rows = await replace(tx, timeout_s=TIMEOUT_S).rows(prepare(counted.statement), **values)
    except QueryTimeout:
        rows = None
    if rows is None or len(rows) > MOST_CLASSES:
        return [RecordChange(obj, level, None) for level in wanted]
    reading = _Reading(counted, steps if told_apart else None)
    places = before.people.place_of, after.people.place_of

    def compared() -> list[RecordChange]:
        return [
            RecordChange(obj, level, compare(people, reading.classes(rows, level), places))
            for level, people in wanted.items()
        ]

    return [one for one in await asyncio.to_thread(compared) if one.difference]


@dataclass(frozen=True, slots=True)
class _Reading:
    """Reads the rows of a count. steps: to what decides before and after; None for nothing."""

    counted: CountedClasses
    steps: tuple[int, int] | None

    def classes(self, rows: list[Any], level: Level) -> Iterator[Class]:
        """Yield the classes of a level."""
        shared = SEEN if level is Level.READ else EDITED
        for row in rows:
            if self.steps is None:
                yield Class(Deciding(), Deciding(), row[RECORDS])
                continue
            before, after = (self._deciding(row, step, shared) for step in self.steps)
            yield Class(before, after, row[RECORDS])

    def _deciding(self, row: Any, step: int, shared: str) -> Deciding:
        met = tuple(key for column, key in self.counted.rules[step] if row[column])
        return Deciding(
            row[f"{OWNER}{step}"], _rule_set(met), _number_set(tuple(row[f"{shared}{step}"]))
        )


@lru_cache(maxsize=1_000)
def _rule_set(met: tuple[RuleKey, ...]) -> frozenset[RuleKey]:
    return frozenset(met)


@lru_cache(maxsize=10_000)
def _number_set(numbers: tuple[int, ...]) -> frozenset[int]:
    return frozenset(numbers)


def _groups(before: Side, after: Side) -> Groups:
    """Give members by what they reach of each object on both sides."""
    alike: dict[tuple[Standing, Standing], list[int]] = defaultdict(list)
    for user in before.people.sets:
        alike[before.people.standing_of(user), after.people.standing_of(user)].append(user)
    rights = _RightsOf(before.catalog), _RightsOf(after.catalog)
    found: Groups = defaultdict(dict)
    for standings, users in alike.items():
        mine = [of(standing) for of, standing in zip(rights, standings, strict=True)]
        for obj in before.catalog.objects:
            for level in Level:
                sides = reach_of(mine[0], obj.id, level), reach_of(mine[1], obj.id, level)
                found[obj.id, level].setdefault(sides, []).extend(users)
    return found


class _RightsOf:
    """Works out the rights of many standings, those of the same sets once."""

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog
        self._of_sets: dict[frozenset[int], Rights] = {}

    def __call__(self, standing: Standing) -> Rights:
        """Give the rights of a standing."""
        sets = standing.sets
        if sets not in self._of_sets:
            self._of_sets[sets] = compile_rights(self._catalog, sets)
        return with_record_access(self._of_sets[sets], self._catalog, standing.place)


def _owners(people: Everybody) -> tuple[object, ...]:
    return people.roles, people.teams, people.above


def _may_differ(groups: Mapping[Sides, list[int]], *, owners_move: bool) -> bool:
    """Tell whether anybody might see other records."""
    return any(
        before != after or (owners_move and (_is_part(before) or _is_part(after)))
        for before, after in groups
    )


def _is_part(reach: Reach | None) -> bool:
    return reach is not None and not reach.is_whole
