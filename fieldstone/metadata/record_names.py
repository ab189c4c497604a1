"""Records of packages under the names of here: what was renamed since, and what was removed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from fieldstone.metadata.changes import Key
from fieldstone.metadata.component import StoredComponent
from fieldstone.metadata.kinds.registry import FIELD, OBJECT
from fieldstone.metadata.package_changes import Shipped, live_shipped
from fieldstone.metadata.record_sets import RecordSet
from fieldstone.metadata.values import Json, fold

NamesHere = Mapping[Key, str | None]
"""What components are called here, by the keys under which they were shipped; None if removed."""


@dataclass(frozen=True, slots=True)
class LocalRecords:
    """Records of one file as they are called here. path: of the file."""

    path: str
    records: RecordSet


def names_here(
    rows: Sequence[StoredComponent], shipped: Iterable[Shipped]
) -> dict[Key, str | None]:
    """Give what was shipped as it is called here."""
    live = {row.id: row.component.name for row in rows if row.deleted_at is None}
    return {key: live.get(one.id) for key, one in live_shipped(rows, shipped).items()}


def under_names_here(
    sets: Iterable[RecordSet], names: NamesHere
) -> tuple[list[LocalRecords], list[str]]:
    """Give records as they are called here, and sentences about those that cannot come."""
    found: list[LocalRecords] = []
    left_out: list[str] = []
    for one in sets:
        here = names.get((OBJECT.name, fold(one.object)), one.object)
        key = None if one.key is None else _field_here(one.object, one.key, names)
        gone = one.object if here is None else f"{one.object}.{one.key}"
        records = one.records if one.key is None or key is not None else ()
        if here is None or len(records) < len(one.records):
            count = one.count if here is None else len(one.records)
            left_out.append(f"{count:,} records of {one.object} stay out: {gone} was removed here.")
        if here is not None and (records or one.named):
            told = replace(
                one,
                object=here,
                key=key,
                records=tuple(dict(_values(one.object, each, names)) for each in records),
                named={n: dict(_values(one.object, each, names)) for n, each in one.named.items()},
            )
            found.append(LocalRecords(one.path, told))
    return found, left_out


def _values(owner: str, record: Mapping[str, Any], names: NamesHere) -> Iterator[tuple[str, Json]]:
    """Yield what a record says, but for what has no field here any more."""
    for name, value in record.items():
        here = _field_here(owner, name, names)
        said = _reference_here(value, names) if isinstance(value, Mapping) else value
        if here is not None and said is not None:
            yield here, said


def _reference_here(said: Mapping[str, Any], names: NamesHere) -> Json:
    """Give how a record is said here; None if what it is told by was removed."""
    if len(said) != 1:
        return dict(said)
    [(place, value)] = said.items()
    owner, _, own = place.partition(".")
    here = names.get((OBJECT.name, fold(owner)), owner)
    key = _field_here(owner, own, names) if own else ""
    if here is None or key is None:
        return None
    return {f"{here}.{key}" if key else here: value}


def _field_here(owner: str, name: str, names: NamesHere) -> str | None:
    """Give the own name of a field here."""
    found = names.get((FIELD.name, fold(f"{owner}.{name}")), name)
    return None if found is None else found.rpartition(".")[2]
