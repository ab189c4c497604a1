"""What the caller did not say is filled in: what was there, defaults, derived values."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final, TypeAlias

from fieldstone.errors import FieldstoneError
from fieldstone.metadata.catalog import Field, ObjectDef
from fieldstone.metadata.values import Json
from fieldstone.query_language.formula.evaluate import evaluate
from fieldstone.query_language.formula.record_scope import default_expression
from fieldstone.query_language.formula.typed import Failed, Typed
from fieldstone.runtime.encryption.sealing import sealed_value
from fieldstone.runtime.per_catalog import PerCatalog
from fieldstone.runtime.records.dependent import drop_defaults
from fieldstone.runtime.records.derivations import derive
from fieldstone.runtime.records.draft import Draft
from fieldstone.runtime.records.formula_values import FormulaValues, paths_read
from fieldstone.runtime.records.record_types import type_given, usual_values
from fieldstone.runtime.transactions import Transaction

_KEPT: Final = 2_000
Default: TypeAlias = tuple[Field, Typed]
_DEFAULTS: Final[PerCatalog[Typed]] = PerCatalog(_KEPT)


async def fill(
    tx: Transaction, obj: ObjectDef, drafts: Sequence[Draft], *, seen_only: bool = False
) -> None:
    """Work out how each record will be, before anything is checked.

    seen_only: whether defaults read of parents what the viewer sees, and no more.
    """
    stored = [field for field in obj.own_fields if not field.is_calculated]
    defaults = {f.key: value for f in stored if (value := _default(f)) is not None}
    for draft in drafts:
        if draft.before is not None:
            draft.data.update(draft.before.data)
            draft.owner_id = draft.before.owner_id
        else:
            chosen = type_given(obj, draft.given, tx.rights)
            draft.data.update(usual_values(obj, chosen, defaults))
            draft.owner_id = tx.viewer.user_id
        data = draft.data
        for field, value in draft.given.items():
            if value is None and draft.is_new and field is obj.type_field:
                continue  # as if nothing were said
            if not field.key:
                draft.owner_id = _owner(value)
            elif value and field.encryption is not None:
                data[field.key] = sealed_value(tx, draft, field, value)
            elif value:
                data[field.key] = value
            else:
                draft.put(field, sealed_value(tx, draft, field, value))
    new = [draft for draft in drafts if draft.is_new]
    await _calculate_defaults(tx, obj, new, seen_only=seen_only)
    drop_defaults(obj, new)
    derive(obj, drafts)


async def _calculate_defaults(
    tx: Transaction, obj: ObjectDef, new: Sequence[Draft], *, seen_only: bool
) -> None:
    """Give new records the defaults that are formulas, in the order of the fields."""
    fields = [field for field in obj.own_fields if field.default_formula is not None]
    if not fields or not new:
        return
    for stage in _stages([(field, _default_formula(tx, obj, field)) for field in fields]):
        read = [expression for _, expression in stage]
        values = await FormulaValues.load(tx, new, read, seen_only=seen_only)
        for draft in new:
            for field, expression in stage:
                if field not in draft.given:
                    _put_default(draft, field, expression, values)


def _stages(defaults: Sequence[Default]) -> Iterator[list[Default]]:
    """Part defaults, so that none reads a parent to which one of the same part points."""
    stage: list[Default] = []
    for field, expression in defaults:
        stepped = {path.steps[0].id for path in paths_read(expression) if path.steps}
        if any(one.id in stepped for one, _ in stage):
            yield stage
            stage = []
        stage.append((field, expression))
    yield stage


def _put_default(draft: Draft, field: Field, expression: Typed, values: FormulaValues) -> None:
    """Put in what a default gives; one that fails or does not fit gives nothing."""
    calculation = field.type.calculation
    assert calculation is not None
    try:
        found = calculation.write(evaluate(expression, values.reader(draft)))
        if found is not None:
            draft.put(field, field.type.encode(field.type.accept(found, field.options)))
    except (Failed, FieldstoneError):
        return


def _default_formula(tx: Transaction, obj: ObjectDef, field: Field) -> Typed:
    def make() -> Typed:
        return default_expression(field, obj, tx.catalog)

    return _DEFAULTS.get(tx.catalog, field.id, make)


def _default(field: Field) -> Json:
    """Give the stored form of a field's default; the type may have one of its own."""
    if field.default is None:
        return field.type.default(field.options)
    return field.type.encode(field.type.accept(field.default, field.options))


def _owner(value: Json) -> int | None:
    return int(str(value).rpartition("_")[2], 16) if value else None
