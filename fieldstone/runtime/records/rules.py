"""Validation rules, asked of records that are about to be written."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from fieldstone.metadata.catalog import ObjectDef, ValidationRule
from fieldstone.query_language.formula.evaluate import evaluate
from fieldstone.query_language.formula.rule_scope import rule_condition
from fieldstone.query_language.formula.typed import Failed, Typed
from fieldstone.runtime.per_catalog import PerCatalog
from fieldstone.runtime.records.draft import Draft
from fieldstone.runtime.records.formula_values import FormulaValues
from fieldstone.runtime.transactions import Transaction

VIOLATED: Final = "rule.violated"
FAILED: Final = "rule.failed"
_KEPT: Final = 2_000
_CONDITIONS: Final[PerCatalog[Typed]] = PerCatalog(_KEPT)


async def check_rules(tx: Transaction, obj: ObjectDef, drafts: Sequence[Draft]) -> None:
    """Note every rule that a record violates, each with the message of the rule.

    A rule that fails, as by a division by zero, refuses the record too: it cannot tell that the
    record is right.
    """
    rules = tx.catalog.validation_rules.get(obj.id, ())
    if not rules or not drafts:
        return
    conditions = [(rule, _condition(tx, obj, rule)) for rule in rules]
    values = await FormulaValues.load(tx, drafts, [condition for _, condition in conditions])
    for draft in drafts:
        read = values.reader(draft)
        for rule, condition in conditions:
            try:
                if evaluate(condition, read) is True:
                    draft.refuse(VIOLATED, rule.message, rule.field)
            except Failed as failure:
                message = f"The rule {rule.name} cannot be worked out: {failure}"
                draft.refuse(FAILED, message, rule.field)


def _condition(tx: Transaction, obj: ObjectDef, rule: ValidationRule) -> Typed:
    def make() -> Typed:
        return rule_condition(rule.condition, obj, tx.catalog)

    return _CONDITIONS.get(tx.catalog, (obj.id, rule.name), make)
