"""The rules of advice: from how an object is asked for to what would serve it. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from fieldstone.ids import FieldId
from fieldstone.metadata.catalog import Field, ObjectDef, ObjectIndex
from fieldstone.metadata.slots import SlotKind, free_slot
from fieldstone.query_language.index_advice import (
    AdviceKind,
    advice_id,
    column_of,
    fields_of_index,
    has_own_heap,
    serves,
)
from fieldstone.runtime.storage.usage import DAYS_KEPT, Asked

LEAST_TIMES: Final = 3
"""What was asked for fewer times in thirty days is not worth a word."""

MUCH_LESS: Final = 2
"""A field gives way only to one that is asked for more than so many times as often."""

UNUSED_DAYS: Final = 14
MOST_INDEXES: Final = 5
SLOW_MS: Final = 2.0
"""A query that takes less has no need of an index on two fields."""

STRONG_WEEK: Final = 50
STRONG_SAVES_MS: Final = 1_000.0
STRONG_ROWS: Final = 1_000
_QUICK_MS: Final = 0.5
_SHARE_READ: Final = 0.05
_ENTRY_BYTES: Final = 34
_WIDTH_BYTES: Final[Mapping[SlotKind, int]] = {
    SlotKind.TEXT: 24,
    SlotKind.NUMBER: 8,
    SlotKind.TIME: 8,
    SlotKind.REFERENCE: 8,
}


@dataclass(frozen=True, slots=True)
class Demand:
    """How often something was asked for.

    times, filtered, sorted: in thirty days; week: in the last seven; spent_ms: in these, by the
    queries in question. weight: times, of which a week makes a half.
    """

    times: int = 0
    filtered: int = 0
    sorted: int = 0
    week: int = 0
    spent_ms: float = 0.0
    weight: float = 0.0

    @property
    def each_ms(self) -> float:
        """How long one of them took."""
        return self.spent_ms / self.week if self.week else 0.0

    @property
    def after_ms(self) -> float:
        """How long one of them may take with an index: an estimate, for none can be sure."""
        return min(self.each_ms, _QUICK_MS + self.each_ms * _SHARE_READ)

    @property
    def saves_ms(self) -> float:
        """What an index may save in a week."""
        return self.week * (self.each_ms - self.after_ms)


@dataclass(frozen=True, slots=True)
class ObjectFacts:
    """What the rules know of an object.

    rows: about how many. taken: the slots that any field has, those in the bin included. bound:
    fields that cannot do without a slot. busy: whether a job is at work on how it is stored.
    """

    obj: ObjectDef
    rows: int
    taken: frozenset[str]
    bound: frozenset[int]
    asked: tuple[Asked, ...]
    busy: bool = False


@dataclass(frozen=True, slots=True)
class Days:
    """today, and the first day of which anything is known of how objects are asked for."""

    today: date
    first: date

    @property
    def watched(self) -> int:
        """Of how many days it is known, thirty at most."""
        return min(DAYS_KEPT, (self.today - self.first).days)


@dataclass(frozen=True, slots=True)
class Advice:
    """One thing that would serve how an object is asked for.

    gives_way: the field whose slot is passed on, with its own demand, where none is free.
    obstacle: why it cannot be had; None if it can. cost_bytes: what it takes, or frees if negative.
    index: what is to be dropped. strong: whether it may be applied without anybody asked.
    """

    kind: AdviceKind
    obj: ObjectDef
    fields: tuple[Field, ...]
    demand: Demand
    cost_bytes: int
    gives_way: tuple[Field, Demand] | None = None
    obstacle: str | None = None
    index: ObjectIndex | None = None
    busy: bool = False
    strong: bool = False

    @property
    def id(self) -> str:
        """What it is called."""
        if self.index is not None:
            return advice_id(self.kind, self.obj, (self.index.name,))
        return advice_id(self.kind, self.obj, (field.name for field in self.fields))


def advise_on(facts: ObjectFacts, days: Days) -> list[Advice]:
    """Give the advice on one object, what saves most first."""
    found = [*_slots(facts, days), *_indexes(facts), *_drops(facts, days)]
    return sorted(found, key=lambda one: (-one.demand.saves_ms, -one.demand.weight, one.id))


def first_to_apply(advice: Iterable[Advice], rejected: frozenset[str]) -> Advice | None:
    """Give what is to be applied without anybody asked; None for nothing.

    rejected: ids of what was undone lately.
    """
    found = [one for one in advice if one.strong and one.obstacle is None and not one.busy]
    return next((one for one in found if one.id not in rejected), None)


def demand_of_field(asked: Iterable[Asked], field_id: FieldId) -> Demand:
    """Add up how often a field was filtered and sorted by."""
    return _sum([one for one in asked if field_id in one.use.fields], field_id)


def _sum(asked: list[Asked], last: FieldId | None = None) -> Demand:
    def times(one: Asked, *, sorted_by: bool) -> int:
        given = one.use.sorted if sorted_by else (*one.use.equal, *one.use.ranged)
        return one.times if last in given else 0

    return Demand(
        times=sum(one.times for one in asked),
        filtered=sum(times(one, sorted_by=False) for one in asked),
        sorted=sum(times(one, sorted_by=True) for one in asked),
        week=sum(one.week for one in asked),
        spent_ms=sum(one.spent_ms for one in asked),
        weight=sum(one.weight for one in asked),
    )


def _slots(facts: ObjectFacts, days: Days) -> Iterator[Advice]:
    obj = facts.obj
    demands = {one.id: demand_of_field(facts.asked, one.id) for one in obj.own_fields}
    for field in obj.own_fields:
        kind, mine = field.type.slot, demands[field.id]
        if kind is None or field.slot is not None or field.is_calculated or not field.is_declared:
            continue
        if mine.times < LEAST_TIMES:
            continue
        giver = None if free_slot(kind, facts.taken) else _giver(facts, kind, demands)
        worth = giver is not None and mine.weight > MUCH_LESS * giver[1].weight
        has_room = giver is None and free_slot(kind, facts.taken) is not None
        yield Advice(
            AdviceKind.SLOT,
            obj,
            (field,),
            mine,
            facts.rows * (2 * _WIDTH_BYTES[kind] + _ENTRY_BYTES),
            gives_way=giver if worth else None,
            obstacle=None if has_room or worth else _no_slot(kind),
            busy=facts.busy or field.filling is not None,
            strong=_is_strong(facts, mine) and (has_room or _nobody_minds(giver, days)),
        )


def _giver(
    facts: ObjectFacts, kind: SlotKind, demands: Mapping[FieldId, Demand]
) -> tuple[Field, Demand] | None:
    """Give the field of a kind that is asked for least of those that can do without their slot."""
    kept = facts.bound | {one for index in facts.obj.indexes for one in index.fields}
    lent = [one for one in facts.obj.own_fields if one.slot and one.type.slot is kind]
    willing = [(one, demands[one.id]) for one in lent if one.id not in kept]
    return min(willing, key=lambda pair: (pair[1].weight, _need(pair[0])), default=None)


def _need(field: Field) -> tuple[int, int]:
    """Rank fields that nobody asked for by how likely somebody will; 0 gives way first."""
    return int(field.unique or field.external_id or field.name == "name"), -field.id


def _nobody_minds(giver: tuple[Field, Demand] | None, days: Days) -> bool:
    return giver is not None and giver[1].times == 0 and days.watched >= UNUSED_DAYS


def _indexes(facts: ObjectFacts) -> Iterator[Advice]:
    """Yield the indexes that an own heap lacks for the ways it is asked in."""
    if not has_own_heap(facts.obj):
        return
    wanted: dict[tuple[Field, ...], list[Asked]] = {}
    for one in facts.asked:
        fields = fields_of_index(facts.obj, one.use)
        if fields:
            wanted.setdefault(fields, []).append(one)
    full = len(facts.obj.indexes) >= MOST_INDEXES
    for fields, asked in wanted.items():
        demand = _sum(asked, fields[-1].id)
        if demand.times < LEAST_TIMES or demand.each_ms < SLOW_MS:
            continue
        yield Advice(
            AdviceKind.INDEX,
            facts.obj,
            fields,
            demand,
            index_bytes(facts.rows, fields),
            obstacle="it has as many more indexes as it may" if full else None,
            busy=facts.busy,
            strong=_is_strong(facts, demand),
        )


def _drops(facts: ObjectFacts, days: Days) -> Iterator[Advice]:
    """Yield the indexes made on advice that nobody has used of late, or whose fields are gone."""
    since = days.today - timedelta(days=UNUSED_DAYS)
    by_id = {field.id: field for field in facts.obj.fields}
    for index in facts.obj.indexes:
        fields = tuple(by_id[one] for one in index.fields if one in by_id)
        gone = len(fields) < len(index.fields) or not all(map(column_of, fields))
        used = any(one.last >= since and serves(index, one.use) for one in facts.asked)
        if gone or (not used and index.made_on <= since and days.first <= since):
            demand = _sum([one for one in facts.asked if serves(index, one.use)])
            freed = -index_bytes(facts.rows, fields)
            yield Advice(
                AdviceKind.DROP,
                facts.obj,
                fields,
                demand,
                freed,
                index=index,
                busy=facts.busy,
                strong=True,
            )


def index_bytes(rows: int, fields: Iterable[Field]) -> int:
    """Estimate the size of an index."""
    kinds = [field.type.slot or SlotKind.REFERENCE for field in fields]
    return rows * (_ENTRY_BYTES + sum(_WIDTH_BYTES[kind] for kind in kinds))


def _is_strong(facts: ObjectFacts, demand: Demand) -> bool:
    return (
        demand.week >= STRONG_WEEK
        and demand.saves_ms >= STRONG_SAVES_MS
        and facts.rows >= STRONG_ROWS
    )


def _no_slot(kind: SlotKind) -> str:
    name = kind.name.lower()
    return f"all {name} slots are lent, and to no field that is asked for much less"
