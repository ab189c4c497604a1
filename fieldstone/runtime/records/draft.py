"""A record on its way into the database: what was asked for, and what is wrong with it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from fieldstone.errors import Problem
from fieldstone.ids import RecordId
from fieldstone.metadata.catalog import Field
from fieldstone.metadata.field_types.field_type import is_blank
from fieldstone.metadata.values import Json

Data = dict[str, Json]
"""Values of one record by field key, as stored."""


@dataclass(frozen=True, slots=True)
class StoredRecord:
    """A record as it lies in its heap. data holds the long values too."""

    id: RecordId
    version: int
    owner_id: int | None
    data: Data
    created_at: datetime | None = None
    updated_at: datetime | None = None
    deleted_at: datetime | None = None


@dataclass(slots=True)
class Draft:
    """One record to be written. It is filled and checked step by step, then stored.

    given: what the caller asked for, stored values by field, None to clear.
    before: the record as it is, None for a new one. data: how it will be.
    version: the version the caller has seen; None if that does not matter to them.
    number: its place in the caller's list.
    """

    id: RecordId
    given: Mapping[Field, Json]
    number: int = 0
    before: StoredRecord | None = None
    version: int | None = None
    owner_id: int | None = None
    data: Data = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)

    @property
    def is_new(self) -> bool:
        """Whether the record is to be created."""
        return self.before is None

    def value(self, of: Field) -> Json:
        """Give the value that a field will have; None if it has none."""
        return self.data.get(of.key)

    def put(self, of: Field, value: Json) -> None:
        """Give a field a stored value; None takes it away."""
        if is_blank(value):
            self.data.pop(of.key, None)
        else:
            self.data[of.key] = value

    def changes(self, of: Field) -> bool:
        """Tell whether a field will have another value than before."""
        before = self.before.data.get(of.key) if self.before else None
        return before != self.value(of)

    def changed_keys(self) -> list[str]:
        """Give the keys whose values differ from before."""
        old = self.before.data if self.before else {}
        return [k for k in {**old, **self.data} if old.get(k) != self.data.get(k)]

    def refuse(self, code: str, message: str, at: Field | None, hint: str | None = None) -> None:
        """Note a problem, at a field where it belongs to one."""
        self.problems.append(Problem(code, message, f"/{at.name}" if at else "", hint))


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one record of a call. problems is empty if it was written."""

    id: RecordId | None
    version: int
    operation: str
    problems: tuple[Problem, ...] = ()
    details: Mapping[str, Any] | None = None
