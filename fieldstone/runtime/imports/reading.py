"""Rows of texts become values by field, as the mapping says; every problem of a row is kept.

The same few texts stand in many rows, so what a text was read as is remembered for each column.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from fieldstone.errors import BadValue, FieldstoneError, Problem
from fieldstone.metadata.catalog import Field, ObjectDef
from fieldstone.metadata.field_types.field_type import is_blank
from fieldstone.metadata.values import Json
from fieldstone.runtime.imports.ledger import fingerprint
from fieldstone.runtime.imports.mapping import ColumnMapping
from fieldstone.runtime.imports.source import Row
from fieldstone.runtime.records.draft import Data
from fieldstone.runtime.records.reading import Values, is_sent_back

_REMEMBERED: Final = 4096
_Read = Json | Problem


@dataclass(slots=True)
class ReadRow:
    """One row of a file. data: the values by field key, as they would be stored.

    named: references that are given by the name of their record; they are resolved later. print:
    the digest of data, where it is worked out while the row before is written.
    """

    number: int
    texts: list[str]
    values: Values
    data: Data = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    named: list[tuple[Field, str]] = field(default_factory=list)
    print: bytes | None = None

    def put(self, of: Field, value: Json) -> None:
        """Give a field a value."""
        self.print = None
        self.values[of] = value
        if not of.is_system:
            self.data[of.key] = value


class RowReader:
    """Reads rows of one file for one object of one catalog. width: how many columns it has."""

    def __init__(
        self,
        obj: ObjectDef,
        mapping: Sequence[ColumnMapping],
        width: int,
        *,
        prints: bool = False,
    ) -> None:
        self._prints = prints
        self.obj = obj
        self._width = width
        plain = [one for one in mapping if not one.target.part]
        self._columns = [_ColumnReader(one.column, one.target.field) for one in plain]
        whole: dict[Field, list[tuple[int, str]]] = {}
        for one in mapping:
            if one.target.part:
                place = (one.column, one.target.part)
                whole.setdefault(one.target.field, []).append(place)
        self._parts = list(whole.items())
        self.fields = (*(one.field for one in self._columns), *whole)

    def read(self, rows: Sequence[Row]) -> list[ReadRow]:
        """Read rows, column by column."""
        read = [ReadRow(number, texts, {}) for number, texts in rows]
        for row in read:
            if len(row.texts) > self._width:
                row.problems.append(_too_wide(row.texts, self._width))
        for column in self._columns:
            column.fill(read)
        for of, places in self._parts:
            for row in read:
                _put_parts(row, of, places)
        if self._prints:
            for row in read:
                row.print = fingerprint(row.data)
        return read


def _too_wide(texts: Sequence[str], width: int) -> Problem:
    """Nobody can tell which cell was cut in two, so nothing of such a row is believed."""
    beyond = ", ".join(repr(text[:80]) for text in texts[width:] if text)
    return Problem(
        "import.too_many_cells",
        f"The row has {len(texts)} cells, but there are {width} columns; beyond them: {beyond}.",
        hint="A cell that holds the delimiter needs quotation marks.",
    )


def _put_parts(row: ReadRow, of: Field, places: Sequence[tuple[int, str]]) -> None:
    sent = {part: text for place, part in places if (text := row.texts[place].strip())}
    if not sent:
        return
    try:
        row.put(of, of.type.encode(of.type.accept(sent, of.options)))
    except FieldstoneError as error:
        row.problems.append(error.problem.below(f"/{of.name}"))


class _ColumnReader:
    """Reads the texts of one column."""

    def __init__(self, place: int, of: Field) -> None:
        self.field = of
        self._place = place
        self._by_name = len(of.references) == 1
        self._remembered: dict[str, _Read] = {"": None}

    def fill(self, rows: Sequence[ReadRow]) -> None:
        """Put the column's value, or what is wrong with it, into every row."""
        of, place, remembered = self.field, self._place, self._remembered
        is_system, key = of.is_system, of.key
        for row in rows:
            text = row.texts[place]
            found = remembered[text] if text in remembered else self._look(text)
            if found is None:
                continue
            if isinstance(found, Problem):
                self._note(row, text, found)
            else:
                row.values[of] = found
                if not is_system:
                    row.data[key] = found

    def _note(self, row: ReadRow, text: str, problem: Problem) -> None:
        """A reference that is no id may be a name."""
        if self._by_name:
            row.named.append((self.field, text.strip()))
        else:
            row.problems.append(problem)

    def _look(self, text: str) -> _Read:
        found = self._read(text.strip())
        if len(self._remembered) < _REMEMBERED:
            self._remembered[text] = found
        return found

    def _read(self, text: str) -> _Read:
        of = self.field
        if not text or of.column == "id":
            return text or None
        if is_sent_back(of, text):
            return None
        try:
            value: Json = of.type.encode(of.type.parse(text, of.options))
        except BadValue as error:
            problem = error.problem
            return Problem(problem.code, problem.message, f"/{of.name}", problem.hint)
        except FieldstoneError as error:
            return error.problem.below(f"/{of.name}")
        return None if is_blank(value) else value
