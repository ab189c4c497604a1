"""What a metadata change means for the records that are there, told before it is made.

Records are asked for as the viewer sees them: who sees part of the records is told of that part.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Final

from fieldstone.errors import BadValue, InvalidInput
from fieldstone.metadata.catalog import Catalog, Field, ObjectDef
from fieldstone.metadata.changes import MetadataPlan
from fieldstone.metadata.component import Component
from fieldstone.metadata.component_change import ComponentChange
from fieldstone.metadata.field_types.field_type import BadOption
from fieldstone.metadata.kinds.registry import FIELD, OBJECT, RECORD_TYPE, VALIDATION_RULE
from fieldstone.metadata.values import Json, JsonObject, fold, read_json
from fieldstone.runtime.conversion.outcomes import MOST_VALUES, Outcome
from fieldstone.runtime.encryption.sealing import unique_key
from fieldstone.runtime.metadata_changes import Applied
from fieldstone.runtime.queries import MOST_COUNTED, MOST_PER_PAGE, Question, answer
from fieldstone.runtime.transactions import Transaction

_TOLD: Final = 5
_HELD: Final = "held"
_COUNTED: Final = "times"
_TIMES: Final[JsonObject] = {
    "expression": {"function": "COUNT", "arguments": [{"field": "id"}]},
    "alias": _COUNTED,
}


class Severity(StrEnum):
    """How much a change does to records.

    LOSS: they, or values of theirs, go to the bin; it must be confirmed. BREAK: they stay, and
    whoever changes them next must mend them. REFUSED: the change cannot be made because of them.
    NOTE: what else becomes of some; nothing is lost that anybody made.
    """

    LOSS = "loss"
    BREAK = "break"
    REFUSED = "refused"
    NOTE = "note"


@dataclass(frozen=True, slots=True)
class Impact:
    """What a change of one component means for records.

    key: kind, colon and name, by which a loss is confirmed. records: how many; is_cut: whether
    there may be more. samples: some of them, or some of their values with how many have each.
    """

    severity: Severity
    key: str
    records: int
    message: str
    is_cut: bool = False
    samples: tuple[JsonObject, ...] = field(default=())

    @property
    def is_loss(self) -> bool:
        """Whether it must be confirmed."""
        return self.severity is Severity.LOSS

    def as_json(self) -> JsonObject:
        """Give it as callers see it."""
        return {
            "severity": self.severity,
            "key": self.key,
            "records": self.records,
            "at_least": self.is_cut,
            "message": self.message,
            "samples": self.samples,
        }


def key_of(component: Component) -> str:
    """Give the key by which a loss is confirmed, such as field:Deal.next_step."""
    return f"{component.kind}:{component.name}"


async def impact_of(
    tx: Transaction, applied: Applied, outcomes: Sequence[Outcome]
) -> tuple[Impact, ...]:
    """Tell what a change means for records. tx: of the catalog before it.

    outcomes: what becomes of the values that become others.
    """
    before, after = tx.catalog, applied.catalog
    found: list[Impact | None] = [*await losses(tx, applied.plan, outcomes)]
    rules = [one for one in applied.plan.changes if one.after and _is_rule(one.after)]
    found += [await _ruled(tx, one) for one in rules]
    found += [one for outcome in outcomes async for one in _after_conversion(tx, outcome)]
    for old, new in _fields_that_stay(before, after):
        obj = before.by_id[old.object_id]
        if tx.rights.may_read_object(obj.id) and tx.rights.may_read_field(old.id):
            found += [one async for one in _changed(tx, obj, old, new)]
    return tuple(sorted((one for one in found if one is not None), key=_order))


async def losses(
    tx: Transaction, plan: MetadataPlan, outcomes: Iterable[Outcome]
) -> tuple[Impact, ...]:
    """Tell what a plan takes of the records: what has to be confirmed."""
    removed = [one.before for one in plan.changes if one.operation == "remove" and one.before]
    gone = {one.key for one in removed}
    types = [one for one in removed if one.kind == RECORD_TYPE.name]
    found = [await _removed(tx, one, gone) for one in removed]
    found += [await _untyped(tx, one, gone) for one in types]
    found += [_converted(one) for one in outcomes]
    return tuple(one for one in found if one is not None)


async def _untyped(
    tx: Transaction, component: Component, gone: set[tuple[str, str]]
) -> Impact | None:
    """Tell of the records that are of a record type that goes."""
    owner, _, own = component.name.partition(".")
    obj = tx.catalog.find_object(owner)
    held = obj and obj.type_field
    if obj is None or not held or (OBJECT.name, fold(obj.name)) in gone:
        return None
    if not (tx.rights.may_read_object(obj.id) and tx.rights.may_read_field(held.id)):
        return None
    count = await _count(tx, obj, {"field": held.name, "op": "=", "value": own})
    message = f"{count.of(obj)} would have no record type any more."
    return _loss(component, count, message)


def _converted(outcome: Outcome) -> Impact | None:
    """Tell of the values that are lost, or lose something, because they become others."""
    if not outcome.lost:
        return None
    move = outcome.move
    count = _Count(outcome.lost, is_cut=outcome.is_cut)
    message = f"{count.of(move.obj)} {count.have} a value that {move.new.label} cannot keep whole."
    samples = tuple(one.as_json() for one in outcome.broken[:_TOLD])
    return Impact(Severity.LOSS, outcome.key, count.records, message, count.is_cut, samples)


async def _after_conversion(tx: Transaction, outcome: Outcome) -> AsyncIterator[Impact]:
    """Yield what a field would not take of what its values become."""
    old, new, obj = outcome.move.old, outcome.move.new, outcome.move.obj
    emptied = sum(one.records for one in outcome.broken if one.converted.value is None)
    if new.required:
        blank = _NONE if old.required else await _count(tx, obj, {"not": _filled(old)})
        count = _Count(emptied + blank.records, is_cut=outcome.is_cut or blank.is_cut)
        if count.records:
            message = f"{count.of(obj)} would have no value in {new.label}."
            yield _impact(Severity.BREAK, outcome.key, count, message)
    if not new.unique:
        return
    held: dict[str, HeldValue] = {}
    for one in outcome.became:
        if (value := one.converted.value) is not None:
            key = unique_key(new, value)
            held[key] = HeldValue(value, one.records + (held[key].records if key in held else 0))
    double = [one for one in held.values() if one.records > 1]
    if double:
        count = _Count(sum(one.records for one in double), is_cut=outcome.is_cut)
        message = f"{count.of(obj)} would share a value of {new.label}, which must be unique."
        samples = _samples(double)
        yield Impact(Severity.REFUSED, outcome.key, count.records, message, outcome.is_cut, samples)


def _order(impact: Impact) -> tuple[int, int, str]:
    rank = (Severity.REFUSED, Severity.LOSS, Severity.BREAK).index(impact.severity)
    return rank, -impact.records, impact.key


def _is_rule(component: Component) -> bool:
    return component.kind == VALIDATION_RULE.name


async def _removed(
    tx: Transaction, component: Component, gone: set[tuple[str, str]]
) -> Impact | None:
    """Tell of the records, or values, that go with an object or a field."""
    if component.kind == OBJECT.name:
        obj = tx.catalog.find_object(component.name)
        if obj is None or not tx.rights.may_read_object(obj.id):
            return None
        count = await _count(tx, obj)
        return _loss(component, count, f"{count.of(obj)} would go to the bin with the object.")
    if component.kind != FIELD.name:
        return None
    owner, _, own = component.name.partition(".")
    obj = tx.catalog.find_object(owner)
    known = obj and obj.find_field(own)
    if obj is None or not known or (OBJECT.name, fold(obj.name)) in gone or known.is_calculated:
        return None
    if not (tx.rights.may_read_object(obj.id) and tx.rights.may_read_field(known.id)):
        return None
    count = await _count(tx, obj, _filled(known))
    message = f"The values that {count.of(obj)} {count.have} in {known.label} would go."
    return _loss(component, count, message)


def _loss(component: Component, count: _Count, message: str) -> Impact | None:
    return _impact(Severity.LOSS, key_of(component), count, message) if count.records else None


def _impact(severity: Severity, key: str, count: _Count, message: str) -> Impact:
    return Impact(severity, key, count.records, message, count.is_cut)


async def _ruled(tx: Transaction, change: ComponentChange) -> Impact | None:
    """Tell of the records that a new or changed validation rule would refuse as they are."""
    after = change.after
    if after is None or (change.before is not None and change.before.body == after.body):
        return None
    rule = VALIDATION_RULE.read(after)
    obj = tx.catalog.find_object(rule.object)
    if not rule.active or obj is None or not tx.rights.may_read_object(obj.id):
        return None
    count = await _count(tx, obj, rule.condition)
    message = f"{count.of(obj)} would not pass the rule as they are."
    return _impact(Severity.BREAK, key_of(after), count, message) if count.records else None


def _fields_that_stay(before: Catalog, after: Catalog) -> Iterator[tuple[Field, Field]]:
    """Yield the fields with values of their own that are there before and after, and differ."""
    now = {one.id: one for obj in after.objects for one in obj.own_fields}
    for obj in before.objects:
        for old in obj.own_fields:
            new = now.get(old.id)
            # Of record types it is told when they go themselves.
            if new is None or not old.is_declared or new.key != old.key:
                continue
            if old.is_calculated or new.is_calculated:
                continue
            if (old.type, old.options, old.required, old.unique) != (
                new.type,
                new.options,
                new.required,
                new.unique,
            ):
                yield old, new


async def _changed(
    tx: Transaction, obj: ObjectDef, old: Field, new: Field
) -> AsyncIterator[Impact]:
    """Yield what a changed field means for the values that there are."""
    key = f"{FIELD.name}:{obj.name}.{new.name}"
    if new.required and not old.required:
        count = await _count(tx, obj, {"not": _filled(old)})
        if count.records:
            message = f"{count.of(obj)} {count.have} no value in {new.label}."
            yield _impact(Severity.BREAK, key, count, message)
    wants_unique = new.unique and not old.unique
    if old.options == new.options and not wants_unique:
        return
    values, is_cut = await load_held(tx, obj, old)
    if wants_unique and (double := [one for one in values if one.records > 1]):
        count = _Count(sum(one.records for one in double))
        message = f"{count.of(obj)} share a value of {new.label}, which must be unique."
        yield Impact(Severity.REFUSED, key, count.records, message, is_cut, _samples(double))
    wrong = [one for one in values if not _takes(new, one.value)]
    if wrong:
        count = _Count(sum(one.records for one in wrong))
        message = f"{count.of(obj)} {count.have} a value that {new.label} would not take."
        yield Impact(Severity.BREAK, key, count.records, message, is_cut, _samples(wrong))


@dataclass(frozen=True, slots=True)
class HeldValue:
    """A value, and how many records hold it."""

    value: Json
    records: int


def _samples(held: list[HeldValue]) -> tuple[JsonObject, ...]:
    most = sorted(held, key=lambda one: -one.records)[:_TOLD]
    return tuple({"value": one.value, "records": one.records} for one in most)


def _takes(field: Field, value: Json) -> bool:
    try:
        field.type.accept(value, field.options)
    except (BadValue, BadOption):
        return False
    return True


async def load_held(tx: Transaction, obj: ObjectDef, field: Field) -> tuple[list[HeldValue], bool]:
    """Give the values of a field with how many records hold each, and whether there are more."""
    held: JsonObject = {"field": field.name, "alias": _HELD}
    asked: JsonObject = {"object": obj.name, "fields": [held], "where": _filled(field)}
    grouped = {**asked, "fields": [held, _TIMES], "group_by": [field.name]}
    for question in (grouped, asked):
        try:
            return await _pages(tx, question)
        except InvalidInput:
            # Long texts are not grouped, and masked values serve for nothing.
            continue
    return [], False


async def _pages(tx: Transaction, asked: JsonObject) -> tuple[list[HeldValue], bool]:
    found: list[HeldValue] = []
    cursor: str | None = None
    while True:
        question = Question.from_json({**asked, "limit": MOST_PER_PAGE, "cursor": cursor})
        page = await answer(tx, replace(question, counts=False))
        for record in page.records:
            row = read_json(record)
            assert isinstance(row, Mapping)
            found.append(HeldValue(row[_HELD], _number(row.get(_COUNTED, 1))))
        cursor = page.next
        if cursor is None or len(found) >= MOST_VALUES:
            return found, cursor is not None


@dataclass(frozen=True, slots=True)
class _Count:
    """How many records there are. is_cut: whether there are more, which nobody counted."""

    records: int
    is_cut: bool = False

    def of(self, obj: ObjectDef) -> str:
        """Give it in words."""
        if self.records == 1:
            return f"1 {obj.label}"
        more = "More than " if self.is_cut else ""
        return f"{more}{self.records:,} {obj.plural_label}"

    @property
    def have(self) -> str:
        """Give the verb that goes with it."""
        return "has" if self.records == 1 else "have"


_NONE: Final = _Count(0)


async def _count(tx: Transaction, obj: ObjectDef, where: Json = None) -> _Count:
    """Count records; none where the question cannot be asked of the catalog as it is."""
    asked: JsonObject = {"object": obj.name, "fields": ["id"], "limit": 1}
    try:
        question = Question.from_json(asked if where is None else {**asked, "where": where})
        page = await answer(tx, question)
    except InvalidInput:
        return _NONE
    return _Count(MOST_COUNTED, is_cut=True) if page.total is None else _Count(page.total)


def _filled(field: Field) -> JsonObject:
    return {"field": field.name, "op": "!=", "value": None}


def _number(value: Json) -> int:
    assert isinstance(value, int)
    return value


def losses_of(impacts: Iterable[Impact]) -> dict[str, int]:
    """Give what has to be confirmed: how many records each loss takes, by its key."""
    return {one.key: one.records for one in impacts if one.is_loss}
