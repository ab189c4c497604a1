"""What an expression gives for a record, tried while somebody writes it."""

from __future__ import annotations

from fieldstone.ids import RecordId
from fieldstone.metadata.calculation import Value
from fieldstone.metadata.catalog import ObjectDef
from fieldstone.query_language.formula.evaluate import evaluate
from fieldstone.query_language.formula.typed import Typed
from fieldstone.runtime.records import store
from fieldstone.runtime.records.draft import Draft
from fieldstone.runtime.records.formula_values import FormulaValues
from fieldstone.runtime.records.heap_statements import load_rows
from fieldstone.runtime.transactions import Transaction


async def try_expression(
    tx: Transaction, obj: ObjectDef, expression: Typed, number: RecordId
) -> Value:
    """Give what an expression is for a stored record. Raises Failed."""
    rows = await tx.rows(load_rows(obj.heap, tx.tenant.id, obj.id), ids=[number])
    stored = store.stored_record(rows[0])
    draft = Draft(number, {}, before=stored, owner_id=stored.owner_id, data=dict(stored.data))
    values = await FormulaValues.load(tx, [draft], [expression], seen_only=True)
    return evaluate(expression, values.reader(draft))
