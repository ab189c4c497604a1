"""The conditions of fields: whether forms show a field, and whether it must have a value.

Hiding is presentation. A field that is hidden keeps what it holds, and nobody is asked for it; the
API shows and takes it like any other. A condition that cannot be worked out hides nothing and
demands nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from dataclasses import field as dataclass_field
from typing import Final

from fieldstone.ids import RecordId
from fieldstone.metadata.calculation import Value
from fieldstone.metadata.catalog import Catalog, Field, ObjectDef
from fieldstone.metadata.values import Json
from fieldstone.query_language.formula.evaluate import Reading, evaluate
from fieldstone.query_language.formula.record_scope import FieldPath
from fieldstone.query_language.formula.rule_scope import Changed, Prior, rule_condition
from fieldstone.query_language.formula.typed import Apply, Failed, Read, Typed
from fieldstone.runtime.per_catalog import PerCatalog
from fieldstone.runtime.records import store
from fieldstone.runtime.records.draft import Draft
from fieldstone.runtime.records.filling import fill
from fieldstone.runtime.records.formula_values import FormulaValues
from fieldstone.runtime.records.heap_statements import load_rows
from fieldstone.runtime.records.levels import seen_of
from fieldstone.runtime.transactions import Transaction

_UNSTORED: Final = RecordId(0)
_KEPT: Final = 2_000


@dataclass(frozen=True, slots=True)
class FieldConditions:
    """The conditions of one field, checked; None where it has no such condition."""

    field: Field
    visible: Typed | None
    required: Typed | None

    @property
    def expressions(self) -> tuple[Typed, ...]:
        """Those that there are."""
        return tuple(one for one in (self.visible, self.required) if one is not None)


@dataclass(frozen=True, slots=True)
class Standing:
    """How a field stands in the form of a record."""

    visible: bool
    required: bool


@dataclass(frozen=True, slots=True)
class Judged:
    """How the fields of a record stand that have conditions.

    standings: in the order in which they were worked out. typed, kept: read the values of the
    record with what was typed, and as it is without that.
    """

    conditions: tuple[FieldConditions, ...] = ()
    standings: Mapping[Field, Standing] = dataclass_field(default_factory=dict)
    typed: Callable[[object], Value] | None = None
    kept: Callable[[object], Value] | None = None

    @property
    def linked(self) -> frozenset[Field]:
        """The fields that have conditions, and those that these read."""
        conditions = [expression for one in self.conditions for expression in one.expressions]
        read = {one for condition in conditions for one in fields_read(condition)}
        return frozenset(read | {one.field for one in self.conditions})

    def is_visible(self, one: Field) -> bool:
        """Tell whether forms show a field."""
        found = self.standings.get(one)
        return found is None or found.visible

    def is_required(self, one: Field) -> bool:
        """Tell whether a field must have a value."""
        found = self.standings.get(one)
        return one.required if found is None else found.required


_CONDITIONS: Final[PerCatalog[tuple[FieldConditions, ...]]] = PerCatalog(_KEPT)


def conditions_of(catalog: Catalog, obj: ObjectDef) -> tuple[FieldConditions, ...]:
    """Give the fields of an object that have conditions; each behind those that its own reads.

    Where fields read each other in a circle, they stand in their own order.
    """
    return _CONDITIONS.get(catalog, obj.id, lambda: tuple(_in_order(catalog, obj)))


async def judge(
    tx: Transaction, obj: ObjectDef, given: Mapping[Field, Json], number: RecordId | None
) -> Judged:
    """Work out how fields stand while somebody fills in a form.

    given: what differs from the record. number: the record; None for one that is to be made.
    What was typed into a field that is hidden does not count: others see what it keeps. Whether it
    is shown itself follows from what it keeps, lest it vanish under whoever empties it. Of parents
    that the viewer does not see, nothing is read.
    """
    conditions = conditions_of(tx.catalog, obj)
    if not conditions:
        return Judged()
    before = None
    if number is not None:
        rows = await tx.rows(load_rows(obj.heap, tx.tenant.id, obj.id), ids=[number])
        seen_one = rows and await seen_of(tx, obj, [number])
        before = store.stored_record(rows[0]) if seen_one else None
    typed = Draft(number or _UNSTORED, given, before=before)
    kept = Draft(typed.id, {}, before=before)
    await fill(tx, obj, [typed, kept], seen_only=True)
    expressions = [one for condition in conditions for one in condition.expressions]
    seen = Draft(typed.id, {}, before=before, owner_id=typed.owner_id, data=dict(typed.data))
    values = await FormulaValues.load(tx, [typed, kept, seen], expressions, seen_only=True)
    standings = dict(_standings(conditions, seen, kept, values.reader(seen)))
    return Judged(conditions, standings, values.reader(typed), values.reader(kept))


def _standings(
    conditions: Sequence[FieldConditions], seen: Draft, kept: Draft, read: Reading
) -> Iterator[tuple[Field, Standing]]:
    for one in conditions:
        typed, keeps = seen.value(one.field), kept.value(one.field)
        seen.put(one.field, keeps)
        visible = _holds(one.visible, read, otherwise=True)
        if visible:
            seen.put(one.field, typed)
        required = one.field.required or _holds(one.required, read, otherwise=False)
        yield one.field, Standing(visible, visible and required)


async def check_required(tx: Transaction, obj: ObjectDef, drafts: Sequence[Draft]) -> None:
    """Note every field that would be empty and must not be.

    A field that forms do not show is not demanded.
    """
    for plain in obj.own_fields:
        if plain.required and not plain.read_only and plain.visible_if is None:
            for draft in drafts:
                _demand(draft, plain)
    asked = [one for one in conditions_of(tx.catalog, obj) if _may_be_demanded(one)]
    lacking = [draft for draft in drafts if any(draft.value(one.field) is None for one in asked)]
    if not lacking:
        return
    expressions = [expression for one in asked for expression in one.expressions]
    values = await FormulaValues.load(tx, lacking, expressions)
    for draft in lacking:
        read = values.reader(draft)
        for one in asked:
            if _is_demanded(one, read):
                _demand(draft, one.field)


def _is_demanded(one: FieldConditions, read: Reading) -> bool:
    visible = _holds(one.visible, read, otherwise=True)
    return visible and (one.field.required or _holds(one.required, read, otherwise=False))


def _demand(draft: Draft, one: Field) -> None:
    noted = any(problem.at == f"/{one.name}" for problem in draft.problems)
    if draft.value(one) is None and not noted:
        message = f"{one.label} is required."
        draft.refuse("value.required", message, one, "Give it a value.")


def _may_be_demanded(one: FieldConditions) -> bool:
    asks = one.required is not None or (one.field.required and one.visible is not None)
    return asks and not one.field.read_only


def _holds(condition: Typed | None, read: Reading, *, otherwise: bool) -> bool:
    """Tell whether a condition holds; otherwise: where there is none, or it fails."""
    if condition is None:
        return otherwise
    try:
        return evaluate(condition, read) is True
    except Failed:
        return otherwise


def _in_order(catalog: Catalog, obj: ObjectDef) -> Iterator[FieldConditions]:
    waiting = {one.field: one for one in _checked(catalog, obj)}
    reads = {of: set(fields_read(one.visible)) for of, one in waiting.items()}
    begun: set[Field] = set()

    def settle(one: Field) -> Iterator[FieldConditions]:
        if one in begun or one not in waiting:
            return
        begun.add(one)
        for other in waiting:
            if other in reads[one]:
                yield from settle(other)
        yield waiting[one]

    for field in waiting:
        yield from settle(field)


def _checked(catalog: Catalog, obj: ObjectDef) -> Iterator[FieldConditions]:
    for one in obj.own_fields:
        visible, required = (
            None if text is None else rule_condition(text, obj, catalog)
            for text in (one.visible_if, one.required_if)
        )
        if visible is not None or required is not None:
            yield FieldConditions(one, visible, required)


def fields_read(expression: Typed | None) -> Iterator[Field]:
    """Yield the fields of the record itself that an expression reads, or leads through."""
    match expression:
        case Read(FieldPath() as path) | Read(Prior(path)) | Read(Changed(path)):
            if not path.of_user:
                yield path.steps[0].whole if path.steps else path.field
        case Apply(_, arguments):
            for part in arguments:
                yield from fields_read(part)
        case _:
            return
