"""Dry runs: what batches that were not kept would have left behind for those after them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from fieldstone.errors import Problem
from fieldstone.metadata.catalog import Field, ObjectDef
from fieldstone.runtime.encryption.sealing import unique_key
from fieldstone.runtime.imports.reading import ReadRow
from fieldstone.runtime.imports.stored import key_of
from fieldstone.runtime.records.checks import NOT_UNIQUE, is_unique


@dataclass(slots=True)
class Rehearsal:
    """Remembers records that are in no database: by id, by the import's key, by unique value."""

    _ids: set[int] = field(default_factory=set)
    _by_key: dict[Any, int] = field(default_factory=dict)
    _claims: dict[tuple[int, str], int] = field(default_factory=dict)

    @property
    def by_key(self) -> Mapping[Any, int]:
        """Give the ids of these records by their keys."""
        return self._by_key

    def has(self, record_id: int | None) -> bool:
        """Tell whether a record was only tried to be made."""
        return record_id in self._ids

    def note(self, obj: ObjectDef, key: Field | None, row: ReadRow, created: int | None) -> None:
        """Remember a row that was written. created: the id of its record if that is new."""
        for claim in _claims(obj, row):
            self._claims.setdefault(claim, row.number)
        if created is None:
            return
        self._ids.add(created)
        found = None if key is None else key_of(key, row.values.get(key))
        if found is not None:
            self._by_key[found] = created

    def problems(self, obj: ObjectDef, row: ReadRow) -> list[Problem]:
        """Give what would be wrong with a new record: values that an earlier row has taken."""
        taken = [
            (of_id, self._claims[of_id, value])
            for of_id, value in _claims(obj, row)
            if (of_id, value) in self._claims
        ]
        fields = {int(of.id): of for of in obj.own_fields}
        return [
            Problem(
                NOT_UNIQUE,
                f"{fields[of_id].label} is the same as that of row {number}.",
                f"/{fields[of_id].name}",
            )
            for of_id, number in taken
        ]


def _claims(obj: ObjectDef, row: ReadRow) -> list[tuple[int, str]]:
    return [
        (int(of.id), unique_key(of, row.data[of.key]))
        for of in obj.own_fields
        if is_unique(of) and row.data.get(of.key) is not None
    ]
