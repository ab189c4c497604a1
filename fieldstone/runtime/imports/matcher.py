"""What an import needs of whoever tells duplicates; intelligence/matching gives it."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from fieldstone.metadata.catalog import Field, ObjectDef
from fieldstone.metadata.values import Json
from fieldstone.runtime.records.draft import Data


@dataclass(slots=True, eq=False)
class Known:
    """A record that is there, or a row that is about to become one.

    data: values by field key. row: its number in the file; None for a record from before.
    record_id and version: None until the row is written. is_changing: whether a row is being
    merged into it.
    """

    data: Data
    record_id: int | None = None
    version: int | None = None
    row: int | None = None
    is_changing: bool = False


@dataclass(frozen=True, slots=True)
class Match:
    """Two that may be one. confidence: 0 to 1. certain: whether nothing speaks against it.

    reasons: what is alike, in words. brings: keys of values that only the newcomer has.
    """

    known: Known
    confidence: float
    certain: bool
    reasons: tuple[str, ...] = ()
    brings: frozenset[str] = frozenset()


class Matching(Protocol):
    """What is known of one object's records, for the length of an import."""

    def remember(self, known: Known) -> None:
        """Let newcomers be compared with this one from now on."""
        ...

    def forget(self, known: Known) -> None:
        """Take back what was remembered."""
        ...

    def forget_all(self) -> None:
        """Begin anew."""
        ...

    def find(self, data: Data) -> Match | None:
        """Give the most likely double of a newcomer; None if none is likely."""
        ...

    def lookups(self, newcomers: Sequence[Data]) -> Mapping[Field, Collection[str]]:
        """Give, for fields with a slot, the slot values under which doubles may be stored."""
        ...


class Matcher(Protocol):
    """Begins a matching: one per import."""

    def begin(self, obj: ObjectDef, mapped: Collection[Field]) -> Matching:
        """Give an empty matching for an object. mapped: the fields that the file fills."""
        ...


def brings_nothing(newcomer: Data, known: Mapping[str, Json]) -> bool:
    """Tell whether a record has every value of a newcomer already."""
    return all(known.get(key) == value for key, value in newcomer.items())
