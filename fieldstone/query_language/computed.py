"""Calculated values in statements: what they read, and the forms in which they are asked for.

A calculated value has no slot and no JSON. Where a field is compared by its JSON, it is compared in
the same form, so that constants are bound alike.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import (
    ColumnElement,
    FromClause,
    Numeric,
    String,
    Text,
    bindparam,
    cast,
    func,
    type_coerce,
)

from fieldstone.ids import ObjectId
from fieldstone.metadata.calculation import Kind
from fieldstone.metadata.catalog import Field, ObjectDef
from fieldstone.metadata.field_types.stored import constant
from fieldstone.query_language.columns import INSTANT_FORMAT, JsonText, stored
from fieldstone.query_language.formula.compile import compile_expression
from fieldstone.query_language.formula.sql_values import SQL_TYPES, number_sql
from fieldstone.query_language.formula.typed import Read
from fieldstone.query_language.functions.look_up import Sought
from fieldstone.query_language.held_ids import read_at
from fieldstone.query_language.plan import (
    AggregateRef,
    FieldRef,
    Leaf,
    Parameter,
    RolledUp,
    SourceTable,
)

_TEXT_FORMS: Final = {
    Kind.DATE: "YYYY-MM-DD",
    Kind.DATETIME: INSTANT_FORMAT,
    Kind.TIME: "HH24:MI:SS.MS",
}


@dataclass(frozen=True, slots=True)
class Groups:
    """What values of groups are made of.

    aggregate: gives the SQL of an aggregate. look_up: gives a value of the viewer's own record, or
    of what is above it, by the place of that: the tables of rows are not those of their groups.
    """

    aggregate: Callable[[AggregateRef, Kind], ColumnElement[Any]]
    look_up: Callable[[int, ColumnElement[Any]], ColumnElement[Any]]


class Values:
    """The calculated values of some sources, each an aliased table.

    subquery: gives a roll-up of children, and what stands beside a key that is looked up.
    """

    def __init__(
        self,
        sources: tuple[SourceTable, ...],
        aliases: tuple[FromClause, ...],
        objects: Mapping[ObjectId, ObjectDef],
        subquery: Callable[[RolledUp | Sought], ColumnElement[Any]],
        groups: Groups | None = None,
    ) -> None:
        self._sources = sources
        self._aliases = aliases
        self._objects = objects
        self._subquery = subquery
        self._groups = groups

    def comparable(self, ref: FieldRef) -> ColumnElement[Any]:
        """Give what is compared and ordered by; null where there is no value."""
        value, kind = self._value(ref)
        if kind.is_text:
            return _folded(value)
        return self._known(value, kind, ref.field)

    def value(self, ref: FieldRef) -> ColumnElement[Any]:
        """Give what is compared with another calculated value; null where there is none."""
        value, kind = self._value(ref)
        if kind.is_text:
            return _folded(value)
        return value

    def formula_value(self, ref: FieldRef) -> ColumnElement[Any]:
        """Give the value as formulas take it: blank rather than null where a text is missing."""
        return self._value(ref)[0]

    def text(self, ref: FieldRef) -> ColumnElement[str]:
        """Give the value as the text that a record would store."""
        value, kind = self._value(ref)
        return cast(self._known(value, kind, ref.field), Text)

    def shown(self, ref: FieldRef) -> ColumnElement[Any]:
        """Give the value as callers see it, as JSON text, JSON or a number."""
        value, kind = self._value(ref)
        known = self._known(value, kind, ref.field)
        if kind in _TEXT_FORMS:
            return type_coerce(constant('"').concat(known).concat(constant('"')), JsonText())
        return func.trim_scale(known, type_=Numeric()) if kind.is_number else known

    def _known(self, value: ColumnElement[Any], kind: Kind, field: Field) -> ColumnElement[Any]:
        """Give a value as it would stand in JSON; null where there is none."""
        if kind.is_text:
            return func.nullif(value, constant(""), type_=Text())
        if kind is Kind.PERCENT:
            return value * number_sql(100)
        if kind in _TEXT_FORMS:
            return func.to_char(value, constant(_TEXT_FORMS[kind]), type_=Text()).collate("C")
        return value

    def _value(self, ref: FieldRef) -> tuple[ColumnElement[Any], Kind]:
        assert ref.computed is not None
        found = compile_expression(ref.computed, self._read)
        return found.value, kind_of(ref)

    def _aggregate(self, ref: AggregateRef, kind: Kind) -> ColumnElement[Any]:
        assert self._groups is not None, "groups alone have aggregates"
        return self._groups.aggregate(ref, kind)

    def _read(self, read: Read) -> ColumnElement[Any]:
        match read.source:
            case Parameter(name):
                return _parameter(name, read.shape.kind)
            case Leaf(source, field, part):
                return self._beside_groups(source, self._leaf(source, field, part))
            case AggregateRef() as ref:
                return self._aggregate(ref, read.shape.kind)
            case RolledUp(source):
                return self._beside_groups(source, self._subquery(read.source))
            case Sought():
                return self._subquery(read.source)
            case _:
                raise AssertionError(read.source)

    def _beside_groups(self, source: int, value: ColumnElement[Any]) -> ColumnElement[Any]:
        """Give a value of a source's row, which groups have none of: they look it up."""
        return value if self._groups is None else self._groups.look_up(source, value)

    def _leaf(self, source: int, field: Field, part: str | None) -> ColumnElement[Any]:
        source, field = read_at(self._sources, source, field)
        table = self._aliases[source]
        if field.column is not None:
            return self._column(source, field, table.c[field.column])
        calculation = field.type.calculation if part is None else field.type.parts[part]
        assert calculation is not None
        return calculation.sql(stored(table, field))

    def _column(self, source: int, field: Field, column: ColumnElement[Any]) -> ColumnElement[Any]:
        kind = field.type.calculation
        assert kind is not None
        if kind.kind is Kind.DATETIME:
            utc = func.timezone(constant("UTC"), column)
            return func.date_trunc(constant("milliseconds"), utc, type_=SQL_TYPES[Kind.DATETIME])
        if kind.kind is not Kind.ID:
            return cast(column, SQL_TYPES[kind.kind])
        obj = self._sources[source].object
        prefix = self._objects[field.references[0]].prefix if field.references else obj.prefix
        text = constant(f"{prefix}_").concat(func.to_hex(column))
        return func.coalesce(text, constant(""), type_=String())


def _folded(text: ColumnElement[Any]) -> ColumnElement[Any]:
    """Give a text in which case does not count, ordered by code point; null where it is blank.

    Functions may give a text of the collation "C", in which only the letters of English have cases.
    """
    lower = func.lower(text.collate("default"))
    return func.nullif(lower, constant(""), type_=Text()).collate("C")


def kind_of(ref: FieldRef) -> Kind:
    """Give the kind of a calculated value."""
    calculation = ref.field.type.calculation
    assert calculation is not None
    return calculation.kind


def _parameter(name: str, kind: Kind) -> ColumnElement[Any]:
    return cast(bindparam(name, type_=SQL_TYPES[kind], required=False), SQL_TYPES[kind])
