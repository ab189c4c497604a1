"""Rows of texts become values by field, as the mapping says; every problem of a row is kept.

The same few texts stand in many rows, so what a text was read as is remembered for each column.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from fieldstone.errors import BadValue, FieldstoneError, Problem
from fieldstone.metadata.catalog import Field, ObjectDef
from fieldstone.metadata.field_types.field_type import is_blank
from fieldstone.metadata.values import Json
from fieldstone.runtime.imports.mapping import ColumnMapping
from fieldstone.runtime.records.draft import Data
from fieldstone.runtime.records.reading import Values

_REMEMBERED: Final = 4096
_Read = Json | Problem


@dataclass(slots=True)
class ReadRow:
    """One row of a file. named: references that are given by the name of their record."""

    number: int
    texts: list[str]
    values: Values
    problems: list[Problem] = field(default_factory=list)
    named: list[tuple[Field, str]] = field(default_factory=list)

    @property
    def data(self) -> Data:
        """The values by field key, as they would be stored; nothing of what is empty."""
        return {f.key: v for f, v in self.values.items() if not f.is_system and v is not None}


class RowReader:
    """Reads rows of one file for one object of one catalog."""

    def __init__(self, obj: ObjectDef, mapping: Sequence[ColumnMapping]) -> None:
        self.obj = obj
        plain = [one for one in mapping if not one.target.part]
        self._columns = [_ColumnReader(one.column, one.target.field) for one in plain]
        whole: dict[Field, list[tuple[int, str]]] = {}
        for one in mapping:
            if one.target.part:
                place = (one.column, one.target.part)
                whole.setdefault(one.target.field, []).append(place)
        self._parts = list(whole.items())
        self.fields = (*(one.field for one in self._columns), *whole)

    def read(self, number: int, texts: list[str]) -> ReadRow:
        """Read one row."""
        row = ReadRow(number, texts, {})
        for column in self._columns:
            text = texts[column.place].strip()
            if text:
                _put(row, column, text)
        for of, places in self._parts:
            sent = {part: texts[place].strip() for place, part in places if texts[place].strip()}
            if sent:
                _put_parts(row, of, sent)
        return row


def _put(row: ReadRow, column: _ColumnReader, text: str) -> None:
    found = column.read(text)
    if isinstance(found, Problem):
        if column.by_name:
            row.named.append((column.field, text))
        else:
            row.problems.append(found)
    elif column.field.column != "id":
        row.values[column.field] = found
    else:
        row.values[column.field] = text


def _put_parts(row: ReadRow, of: Field, sent: dict[str, str]) -> None:
    try:
        value = of.type.encode(of.type.accept(sent, of.options))
    except FieldstoneError as error:
        row.problems.append(error.problem.below(f"/{of.name}"))
    else:
        row.values[of] = value


class _ColumnReader:
    """Reads the texts of one column. by_name: whether a text may be the name of a record."""

    def __init__(self, place: int, of: Field) -> None:
        self.place = place
        self.field = of
        self.by_name = len(of.references) == 1
        self._remembered: dict[str, _Read] = {}
        self._parse: Callable[[str, Any], Any] = of.type.parse

    def read(self, text: str) -> _Read:
        """Give the stored form of a text that is not blank, or what is wrong with it."""
        found = self._remembered.get(text, _UNKNOWN)
        if found is not _UNKNOWN:
            return found
        found = self._read(text)
        if len(self._remembered) < _REMEMBERED:
            self._remembered[text] = found
        return found

    def _read(self, text: str) -> _Read:
        of = self.field
        try:
            value: Json = of.type.encode(self._parse(text, of.options))
        except BadValue as error:
            problem = error.problem
            return Problem(problem.code, problem.message, f"/{of.name}", problem.hint)
        except FieldstoneError as error:
            return error.problem.below(f"/{of.name}")
        return None if is_blank(value) else value


_UNKNOWN: Final = Problem("", "")
