"""Records as a package brings them, taken out of a tenant.

A record is known again by the value of an external id or another unique field; one that has none is
called by a name that the package gives it, so that others can refer to it all the same.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from fieldstone.ids import ObjectId, RecordId, parse_id
from fieldstone.metadata.catalog import Catalog, Field, ObjectDef
from fieldstone.metadata.field_types.set_of import SetOf
from fieldstone.metadata.packages import BadPackage
from fieldstone.metadata.record_sets import MOST_IN_FILE, MOST_RECORDS, RecordSet
from fieldstone.metadata.values import Json, read_json
from fieldstone.runtime.queries import Question, answer
from fieldstone.runtime.records.checks import is_unique
from fieldstone.runtime.transactions import Transaction

_AT_ONCE: Final = 500
_STAYING: Final = frozenset({"file", "image", "record_type"})
"""Types whose values mean something in one tenant alone."""

NamesHere = Mapping[RecordId, str]
"""What a package calls records, by their numbers in this tenant."""

Called = Mapping[tuple[ObjectId, RecordId], str]
"""The same for the records that a package has no other way to tell, by their objects as well."""


@dataclass(frozen=True, slots=True)
class WantedRecords:
    """Records that a package is to bring. where: a filter in JSON; None for all."""

    object: str
    where: Json = None


async def take_records(
    tx: Transaction, wanted: Iterable[WantedRecords], names: NamesHere
) -> tuple[RecordSet, ...]:
    """Give records as a package brings them, in order of their keys or names.

    names: what the package calls records of its own already. Raises BadPackage.
    """
    taken: list[_Taken] = []
    for one in _of_each_object(wanted, tx.catalog):
        taken.append(await _asked(tx, one, MOST_RECORDS - sum(len(other.rows) for other in taken)))
    called = {
        (one.obj.id, parse_id(row["id"])[1]): names.get(parse_id(row["id"])[1], row["id"])
        for one in taken
        for row in one.rows
        if not _has_key(one, row)
    }
    return tuple(part for one in taken for part in _parts(_written(one, called, tx.catalog)))


def _of_each_object(wanted: Iterable[WantedRecords], catalog: Catalog) -> list[WantedRecords]:
    """Give what is wanted of each object once, whatever name it has there, and however often."""
    filters: dict[str, list[Json]] = {}
    for one in wanted:
        filters.setdefault(catalog.get_object(one.object).name, []).append(one.where)
    return [
        WantedRecords(name, None if None in several else _any_of(several))
        for name, several in filters.items()
    ]


def _any_of(filters: list[Json]) -> Json:
    return {"or": filters} if len(filters) > 1 else filters[0]


def known_by(obj: ObjectDef) -> Field | None:
    """Give the field by which records of an object are known everywhere."""
    known = (
        one for one in obj.own_fields if is_unique(one) and not one.references and _is_carried(one)
    )
    return next(iter(sorted(known, key=lambda one: not one.external_id)), None)


def _is_carried(one: Field) -> bool:
    if one.read_only or one.is_calculated or one.type.name in _STAYING:
        return False
    return not isinstance(one.type, SetOf) and one.mask is None and one.encryption is None


@dataclass(frozen=True, slots=True)
class _Taken:
    """Rows of one object as they were asked for. key: by which they are known, where one is."""

    obj: ObjectDef
    key: Field | None
    fields: tuple[Field, ...]
    rows: tuple[dict[str, Any], ...]


async def _asked(tx: Transaction, wanted: WantedRecords, most: int) -> _Taken:
    """Read what is wanted of an object. most: how many records the package may still bring."""
    obj = tx.catalog.get_object(wanted.object)
    key = known_by(obj)
    fields = tuple(one for one in obj.own_fields if _is_carried(one))
    shown = [name for one in fields for name in _shown(one, tx.catalog)]
    asked: dict[str, Json] = {
        "object": obj.name,
        "fields": ["id", *dict.fromkeys([*([key.name] if key else []), *shown])],
        "order_by": [{"field": key.name if key else "id"}],
        "limit": most + 1,
    }
    if wanted.where is not None:
        asked["where"] = wanted.where
    question = replace(Question.from_json(asked), page_size=_AT_ONCE)
    rows: list[dict[str, Any]] = []
    while True:
        page = await answer(tx, question)
        rows += (_read(text) for text in page.records)
        if len(rows) > most:
            raise BadPackage(f"A package brings at most {MOST_RECORDS:,} records.")
        if page.next is None:
            return _Taken(obj, key, fields, tuple(rows))
        question = replace(question, cursor=page.next)


def _read(text: str) -> dict[str, Any]:
    row: Any = read_json(text)
    return dict(row)


def _has_key(one: _Taken, row: Mapping[str, Any]) -> bool:
    return one.key is not None and row.get(one.key.name) is not None


def _written(one: _Taken, called: Called, catalog: Catalog) -> RecordSet:
    """Give all records of one object: by their keys, and by names where they have none."""
    keyed: list[Mapping[str, Any]] = []
    named: dict[str, Mapping[str, Any]] = {}
    for row in one.rows:
        record = _record(row, one.fields, catalog, called)
        if _has_key(one, row):
            keyed.append(record)
        else:
            named[called[one.obj.id, parse_id(row["id"])[1]]] = record
    key = one.key.name if one.key is not None and keyed else None
    return RecordSet(one.obj.name, key, tuple(keyed), named)


def _parts(whole: RecordSet) -> Iterator[RecordSet]:
    """Give a set in as many files as it takes."""
    named = sorted(whole.named.items())
    starts = range(0, max(len(whole.records), len(named), 1), MOST_IN_FILE)
    for part, start in enumerate(starts, 1):
        records = whole.records[start : start + MOST_IN_FILE]
        own = dict(named[start : start + MOST_IN_FILE])
        yield RecordSet(whole.object, whole.key if records else None, records, own, part)


def _shown(one: Field, catalog: Catalog) -> list[str]:
    """Give what is asked of a field: its value or, of a reference, its target with its key."""
    if not one.references:
        return [one.name]
    target = _target(one, catalog)
    if target is None:
        return []
    key = known_by(target)
    return [f"{one.name}.id", *([f"{one.name}.{key.name}"] if key is not None else [])]


def _target(one: Field, catalog: Catalog) -> ObjectDef | None:
    """Give the one object that a field refers to; None where there are several, or people."""
    if len(one.references) != 1:
        return None
    target = catalog.by_id[one.references[0]]
    return None if target.name == "User" else target


def _record(
    row: Mapping[str, Any], fields: Sequence[Field], catalog: Catalog, called: Called
) -> dict[str, Json]:
    found: dict[str, Json] = {}
    for one in fields:
        value = row.get(one.name)
        if one.references:
            target = _target(one, catalog)
            said = _said(value, target, called) if target and isinstance(value, Mapping) else None
            if said is not None:
                found[one.name] = said
        elif value is not None:
            found[one.name] = value
    return found


def _said(value: Mapping[str, Any], target: ObjectDef, called: Called) -> dict[str, Json] | None:
    """Give how a package says a record: by the name that it has there, or by its key."""
    name = called.get((target.id, parse_id(value["id"])[1]))
    if name is not None:
        return {target.name: name}
    key = known_by(target)
    known = None if key is None else value.get(key.name)
    return None if key is None or known is None else {f"{target.name}.{key.name}": known}
