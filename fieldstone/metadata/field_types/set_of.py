"""Sets of texts: what the types whose values are JSON arrays share."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement

from fieldstone.metadata.field_types.field_type import SET, FieldType, OptionsT
from fieldstone.metadata.field_types.stored import StoredJson, folded_json
from fieldstone.metadata.values import Json, fold


class SetOf(FieldType[OptionsT, tuple[str, ...]]):
    """Several texts without doubles, kept as a JSON array.

    sql gives jsonb: an array, equal to another where it holds the same texts in the same order.
    INCLUDES asks includes() for each of its groups; EXCLUDES is that no group is included.
    """

    operators = SET

    def encode(self, value: tuple[str, ...]) -> list[str]:
        return list(value)

    def decode(self, stored: Json) -> tuple[str, ...]:
        assert isinstance(stored, Sequence)
        return tuple(str(member) for member in stored)

    def sql(self, stored: StoredJson, options: OptionsT) -> ColumnElement[Any]:
        return folded_json(stored)

    def sql_operand(self, value: tuple[str, ...], options: OptionsT) -> list[str]:
        return [fold(member) for member in value]

    def includes(
        self, stored: StoredJson, value: tuple[str, ...], options: OptionsT
    ) -> ColumnElement[bool]:
        """Give the SQL condition that a stored set holds every text of value."""
        held: ColumnElement[bool] = self.sql(stored, options).contains(
            self.sql_operand(value, options)
        )
        return held
