"""VLOOKUP as SQL: for each row, the first record of another object that has a key.

Several may have it, as names need not differ: the oldest counts, so that the answer stays the same.
"""

from __future__ import annotations

from typing import Any, Final, Protocol

from sqlalchemy import ColumnElement, Float, FromClause, Text, case, cast, func, select

from fieldstone.metadata.catalog import Field
from fieldstone.metadata.field_types.stored import constant
from fieldstone.metadata.slots import TEXT_SLOT_LENGTH
from fieldstone.query_language.columns import stored
from fieldstone.query_language.formula.sql_values import number_sql
from fieldstone.query_language.plan import FieldRef, LookedUp

_FOLDED_SLOTS: Final = frozenset({"text", "email", "url", "auto_number", "person_name"})
"""The types whose slot begins with the text of the value, in which case does not count."""
_LARGEST: Final = "1e300"
"""What a slot of numbers cannot hold is in no record."""


class LookUpRows(Protocol):
    """The records that are looked at, as tables of the statement."""

    @property
    def aliases(self) -> tuple[FromClause, ...]:
        """Their sources."""
        ...

    def joined(self) -> FromClause:
        """Give the tables joined along the references."""
        ...

    def filtered(self) -> list[ColumnElement[bool]]:
        """Give all conditions of the rows."""
        ...

    def formula_value(self, ref: FieldRef) -> ColumnElement[Any]:
        """Give a calculated value as formulas have it."""
        ...


def looked_up_sql(
    looked: LookedUp, rows: LookUpRows, key: ColumnElement[Any]
) -> ColumnElement[Any]:
    """Give what stands beside a key; null where no record has it. rows: looked.rows."""
    own = rows.aliases[0]
    value = rows.formula_value(looked.result)
    found = select(own.c.id.label("id"), value.label("value")).select_from(rows.joined())
    found = found.where(*rows.filtered(), *_has(own, looked.key.field, key))
    # OFFSET keeps PostgreSQL from walking all records in the order of their ids for the first one.
    having = found.correlate_except(None).offset(constant(0)).subquery()
    first = select(having.c.value).order_by(having.c.id).limit(constant(1))
    return first.correlate_except(having).scalar_subquery()


def _has(own: FromClause, field: Field, key: ColumnElement[Any]) -> list[ColumnElement[bool]]:
    """Give the conditions that a record has a key: its value itself, and its slot for an index."""
    calculation = field.type.calculation
    assert calculation is not None
    held = calculation.sql(stored(own, field))
    slot = None if field.slot is None or field.slot not in own.c else own.c[field.slot]
    if calculation.kind.is_number:
        near = cast(case((func.abs(key) < number_sql(_LARGEST), key)), Float)
        return [held == key, *([] if slot is None else [slot == near])]
    wanted = _folded(key)
    tests = [_folded(held) == wanted]
    if slot is not None and field.type.name in _FOLDED_SLOTS:
        tests.append(slot == func.left(wanted, constant(TEXT_SLOT_LENGTH), type_=Text()))
    return tests


def _folded(text: ColumnElement[Any]) -> ColumnElement[Any]:
    return func.lower(text.collate("default"), type_=Text()).collate("C")
