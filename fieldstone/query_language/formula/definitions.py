"""The formulas of a catalog, checked: what a metadata change must not break."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial

from fieldstone.errors import FieldstoneError, Problem
from fieldstone.metadata.catalog import Catalog
from fieldstone.query_language.formula.record_scope import default_expression, field_expression
from fieldstone.query_language.formula.rule_scope import rule_condition
from fieldstone.query_language.formula.typed import Typed


@dataclass(frozen=True, slots=True)
class WrongFormula:
    """A formula that cannot be worked out. kind, name: of the component; key: of its body."""

    kind: str
    name: str
    key: str
    problem: Problem


def wrong_formulas(catalog: Catalog) -> Iterator[WrongFormula]:
    """Yield every formula that cannot be worked out, with what is wrong with it.

    Formula fields that use each other in a circle are among them.
    """
    for obj in catalog.objects:
        for field in obj.own_fields:
            if field.formula is not None:
                work = partial(field_expression, field, obj, catalog)
                yield from _wrong("field", f"{obj.name}.{field.name}", "formula", work)
            if field.default_formula is not None:
                work = partial(default_expression, field, obj, catalog)
                yield from _wrong("field", f"{obj.name}.{field.name}", "default_formula", work)
        for rule in catalog.validation_rules.get(obj.id, ()):
            work = partial(rule_condition, rule.condition, obj, catalog)
            yield from _wrong("validation_rule", f"{obj.name}.{rule.name}", "condition", work)


def _wrong(kind: str, name: str, key: str, work: Callable[[], Typed]) -> Iterator[WrongFormula]:
    try:
        work()
    except FieldstoneError as error:
        yield WrongFormula(kind, name, key, error.problem)
