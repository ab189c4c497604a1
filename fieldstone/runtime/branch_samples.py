"""Sample data of a branch: some records of its parent, with everything masked that somebody wrote.

What a value may be is decided by its type, and what is not known to tell nothing is left out:
choices, numbers, days and references stay, texts and addresses are made up, all else is dropped.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

from fieldstone.ids import BadId, format_id, parse_id
from fieldstone.metadata.catalog import Catalog, Field, Holds, ObjectDef
from fieldstone.metadata.encryption import EncryptedType
from fieldstone.metadata.masking import is_masked
from fieldstone.metadata.record_types import RECORD_TYPE
from fieldstone.metadata.rights import Rights
from fieldstone.metadata.values import Json, JsonObject, read_json
from fieldstone.runtime.making_order import in_order_of_making
from fieldstone.runtime.queries import Question, answer
from fieldstone.runtime.records.reading import read_values
from fieldstone.runtime.records.write import Incoming, incoming_of, write
from fieldstone.runtime.transactions import Transaction

MOST_SAMPLES: Final = 200
_USER: Final = "User"
_ROUNDS: Final = 3
"""So often the records are fetched that others refer to, and those that these refer to."""

_TELLING_NOTHING: Final = frozenset(
    {"checkbox", "number", "currency", "percent", "date", "datetime", "time", "record_type"}
)
_CHOICES: Final = frozenset({"picklist", "multi_select"})
_REFERENCES: Final = frozenset({"lookup", "master_detail", "polymorphic"})

Rows = dict[str, dict[str, dict[str, Json]]]
"""Records by their ids in the parent, by the names of their objects."""


def _text(field: Field, number: int) -> str:
    length = int(getattr(field.options, "length", 255))
    return f"{field.label} {number}"[-length:]


def _lines(field: Field, number: int) -> str:
    return f"{field.label} {number}"


def _email(field: Field, number: int) -> str:
    return f"{field.name}.{number}@example.com"


def _phone(field: Field, number: int) -> str:
    return f"+1 202 555 01{number % 100:02}"


def _url(field: Field, number: int) -> str:
    return f"https://www{number}.example.com"


def _person(field: Field, number: int) -> Json:
    return {"first_name": "Person", "last_name": str(number)}


_MADE_UP: Final[Mapping[str, Callable[[Field, int], Json]]] = {
    "text": _text,
    "long_text": _lines,
    "rich_text": _lines,
    "email": _email,
    "phone": _phone,
    "url": _url,
    "person_name": _person,
}


async def take_samples(tx: Transaction, count: int) -> Rows:
    """Give the newest records of each object, at most so many, as the viewer may read them.

    Those that they refer to come along. Nothing that somebody wrote is among the values.
    """
    found: Rows = {}
    objects = [obj for obj in tx.catalog.objects if _is_taken(obj, tx.rights)]
    for obj in objects if count else ():
        found[obj.name] = await _newest(tx, obj, count)
    for _ in range(_ROUNDS if count else 0):
        for obj in objects:
            wanted = [*_wanted(found, tx.catalog, obj)][: count * _ROUNDS]
            if wanted:
                found[obj.name] |= await _of_ids(tx, obj, wanted)
    return _masked(found, tx.catalog)


async def put_samples(tx: Transaction, samples: Rows) -> int:
    """Write samples into a branch, with what they refer to as far as it came along; how many.

    What the rules of the branch refuse is left out.
    """
    ids: dict[str, str] = {}
    later: list[tuple[ObjectDef, str, dict[str, Json]]] = []
    objects = [obj for obj in tx.catalog.objects if samples.get(obj.name)]
    for obj in in_order_of_making(objects):
        rows = samples[obj.name]
        ready: dict[str, Mapping[str, Json]] = {}
        for key, row in rows.items():
            values, missing = _resolved(obj, row, ids)
            ready[key] = values
            if missing:
                later.append((obj, key, missing))
        ids |= await _written(tx, obj, ready)
    for obj in objects:
        await _complete(tx, obj, [(k, row) for o, k, row in later if o is obj and k in ids], ids)
    return len(ids)


def _is_taken(obj: ObjectDef, rights: Rights) -> bool:
    """Tell whether records come along; those that are declared are there by their components."""
    entered = obj.holds is not Holds.METADATA and obj.name != _USER
    return entered and rights.may_read_object(obj.id)


def _fields(obj: ObjectDef) -> Iterator[Field]:
    """Yield the fields of which something comes along."""
    for field in obj.own_fields:
        known = field.type.name in _TELLING_NOTHING | _CHOICES | _REFERENCES | _MADE_UP.keys()
        secret = isinstance(field.type, EncryptedType) or field.mask is not None
        if known and not (secret or field.read_only or field.is_calculated):
            yield field


async def _newest(tx: Transaction, obj: ObjectDef, count: int) -> dict[str, dict[str, Json]]:
    newest: list[Json] = [{"field": "id", "descending": True}]
    return await _asked(tx, obj, {"order_by": newest, "limit": count})


async def _of_ids(
    tx: Transaction, obj: ObjectDef, ids: Sequence[str]
) -> dict[str, dict[str, Json]]:
    where = {"field": "id", "op": "in", "value": list(ids)}
    return await _asked(tx, obj, {"where": where, "limit": len(ids)})


async def _asked(tx: Transaction, obj: ObjectDef, asked: JsonObject) -> dict[str, dict[str, Json]]:
    names = [field.name for field in _fields(obj) if tx.rights.may_read_field(field.id)]
    question = Question.from_json({"object": obj.name, "fields": ["id", *names], **asked})
    rows: list[Any] = [read_json(text) for text in (await answer(tx, question)).records]
    return {row["id"]: {name: row.get(name) for name in names} for row in rows}


def _wanted(found: Rows, catalog: Catalog, obj: ObjectDef) -> Iterator[str]:
    """Yield the ids of records of an object that others refer to and that are not there yet."""
    seen = set(found[obj.name])
    for name, rows in found.items():
        fields = [one for one in catalog.get_object(name).own_fields if obj.id in one.references]
        for row in rows.values():
            for field in fields:
                target = _id_of(row.get(field.name))
                if target is not None and target not in seen and _prefix(target) == obj.prefix:
                    seen.add(target)
                    yield target


def _id_of(value: Json) -> str | None:
    """Give the id that a reference holds, however it is shown."""
    if isinstance(value, Mapping):
        value = value.get("id")
    return value if isinstance(value, str) else None


def _prefix(text: str) -> str | None:
    try:
        return parse_id(text)[0]
    except BadId:
        return None


def _masked(found: Rows, catalog: Catalog) -> Rows:
    """Give the records with every value masked, and numbered from 1 on in each object."""
    return {
        name: {
            key: _masked_row(catalog.get_object(name), row, number)
            for number, (key, row) in enumerate(rows.items(), 1)
        }
        for name, rows in found.items()
    }


def _masked_row(obj: ObjectDef, row: Mapping[str, Json], number: int) -> dict[str, Json]:
    masked = {
        field.name: _masked_value(field, row[field.name], number)
        for field in _fields(obj)
        if row.get(field.name) is not None and not _follows(field, row)
    }
    if RECORD_TYPE in masked:
        # A record type has another id in a branch, and the same name.
        found = obj.record_type(masked[RECORD_TYPE])
        masked[RECORD_TYPE] = found.name if found else None
    return {name: value for name, value in masked.items() if value is not None}


def _follows(field: Field, row: Mapping[str, Json]) -> bool:
    """Tell whether a made-up value would contradict those that it follows from."""
    sources = field.derivation.fields if field.derivation else ()
    return field.type.name in _MADE_UP and any(row.get(one) is not None for one in sources)


def _masked_value(field: Field, value: Json, number: int) -> Json:
    kind = field.type.name
    if is_masked(value):
        return None
    if kind in _REFERENCES:
        return _id_of(value)
    if kind in _MADE_UP:
        return _MADE_UP[kind](field, number)
    if field.personal:
        return None
    return _offered(field, value) if kind in _CHOICES else value


def _offered(field: Field, value: Json) -> Json:
    """Give of a choice what its definition offers; anything else somebody wrote."""
    offered = {choice.value for choice in field.options.choices}
    if isinstance(value, list):
        return [one for one in value if one in offered]
    return value if value in offered else None


def _resolved(
    obj: ObjectDef, row: Mapping[str, Json], ids: Mapping[str, str]
) -> tuple[dict[str, Json], dict[str, Json]]:
    """Give a record with the ids that its targets got, and what refers to those still to come."""
    values: dict[str, Json] = {}
    missing: dict[str, Json] = {}
    for name, value in row.items():
        if obj.get_field(name).type.name not in _REFERENCES:
            values[name] = value
        elif str(value) in ids:
            values[name] = ids[str(value)]
        else:
            missing[name] = value
    return values, missing


async def _written(
    tx: Transaction, obj: ObjectDef, rows: Mapping[str, Mapping[str, Json]]
) -> dict[str, str]:
    """Write records; give the new ids by the old ones."""
    outcomes = await write(tx, obj, _incoming(tx, obj, rows.values()), partly=True)
    return {
        key: format_id(obj.prefix, one.id)
        for key, one in zip(rows, outcomes, strict=True)
        if one.id is not None and not one.problems
    }


def _incoming(
    tx: Transaction, obj: ObjectDef, rows: Iterable[Mapping[str, Json]]
) -> list[Incoming]:
    return [incoming_of(read_values(obj, row, tx.rights)) for row in rows]


async def _complete(
    tx: Transaction,
    obj: ObjectDef,
    rows: Sequence[tuple[str, dict[str, Json]]],
    ids: Mapping[str, str],
) -> None:
    """Set the references whose targets came after their records."""
    changes = []
    for key, row in rows:
        values = {name: ids[str(value)] for name, value in row.items() if str(value) in ids}
        if values:
            number = parse_id(ids[key])[1]
            changes.append(incoming_of(read_values(obj, values, tx.rights), id=number))
    if changes:
        await write(tx, obj, changes, partly=True)
