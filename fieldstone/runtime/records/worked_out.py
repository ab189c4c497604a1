"""Formulas over one record, worked out for whoever looks at it: they read what the viewer reads."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from fieldstone.errors import FieldstoneError
from fieldstone.ids import RecordId, format_id
from fieldstone.metadata.calculation import Value
from fieldstone.metadata.catalog import ObjectDef
from fieldstone.query_language.formula.check import check
from fieldstone.query_language.formula.evaluate import evaluate
from fieldstone.query_language.formula.parse import parse_formula
from fieldstone.query_language.formula.record_scope import RecordScope
from fieldstone.query_language.formula.typed import Failed, Typed
from fieldstone.runtime.per_catalog import PerCatalog
from fieldstone.runtime.records import store
from fieldstone.runtime.records.draft import Draft
from fieldstone.runtime.records.filling import fill
from fieldstone.runtime.records.formula_values import FormulaValues
from fieldstone.runtime.records.heap_statements import load_rows
from fieldstone.runtime.records.levels import seen_of
from fieldstone.runtime.records.write import UnknownRecord
from fieldstone.runtime.transactions import Transaction

_UNSTORED: Final = RecordId(0)
_READ: Final[PerCatalog[tuple[Typed, ...]]] = PerCatalog(2_000)
"""Formulas as a viewer may read them; () for one that they may not, or that is wrong."""


async def work_out(
    tx: Transaction, obj: ObjectDef, number: RecordId | None, formulas: Mapping[str, str]
) -> dict[str, Value]:
    """Give the values of formulas by their names; of one that fails, none.

    number: the record; None for a new one of the object. What names something that the viewer may
    not read is left out. Raises UnknownRecord.
    """
    read = {name: one for name, text in formulas.items() for one in _typed(tx, obj, text)}
    if not read:
        return {}
    draft = await _draft(tx, obj, number)
    values = (await FormulaValues.load(tx, [draft], read.values(), seen_only=True)).reader(draft)
    worked_out: dict[str, Value] = {}
    for name, expression in read.items():
        try:
            worked_out[name] = evaluate(expression, values)
        except Failed:
            worked_out[name] = None
    return worked_out


def _typed(tx: Transaction, obj: ObjectDef, text: str) -> tuple[Typed, ...]:
    def read() -> tuple[Typed, ...]:
        try:
            return (check(parse_formula(text), RecordScope(tx.catalog, obj, tx.rights)),)
        except FieldstoneError:
            return ()

    return _READ.get(tx.catalog, (tx.rights.digest, obj.id, text), read)


async def _draft(tx: Transaction, obj: ObjectDef, number: RecordId | None) -> Draft:
    """Give a record as it is. Raises UnknownRecord."""
    before = None
    if number is not None:
        rows = await tx.rows(load_rows(obj.heap, tx.tenant.id, obj.id), ids=[number])
        if not rows or not await seen_of(tx, obj, [number]):
            raise UnknownRecord(f"There is no {obj.label} {format_id(obj.prefix, number)}.")
        before = store.stored_record(rows[0])
    draft = Draft(number or _UNSTORED, {}, before=before)
    await fill(tx, obj, [draft], seen_only=True)
    return draft
