"""Records of custom metadata types as rows, so that queries read them: they follow the setup.

What is declared is the truth. A row is found by its developer_name; one that comes back from the
bin of the setup comes back from that of the records, with every reference to it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from sqlalchemy import Text, select

from fieldstone.errors import Problem, Several
from fieldstone.ids import ObjectId, RecordId, format_id
from fieldstone.metadata.catalog import Catalog, Field, Holds, ObjectDef
from fieldstone.metadata.component import Component
from fieldstone.metadata.component_change import ComponentChange
from fieldstone.metadata.field_types.stored import member
from fieldstone.metadata.held_fields import DEVELOPER_NAME, MASTER_LABEL, PROFILE_SIGN, SETUP_OWNER
from fieldstone.metadata.kinds.field import split_name
from fieldstone.metadata.kinds.registry import METADATA_RECORD, PERMISSION_SET
from fieldstone.metadata.rights import ADMINISTRATOR
from fieldstone.metadata.tables import heap
from fieldstone.metadata.values import Json, fold
from fieldstone.runtime.encryption.sealing import unique_key
from fieldstone.runtime.records.delete import delete_any, restore_any
from fieldstone.runtime.records.heap_statements import of_object
from fieldstone.runtime.records.reading import read_values
from fieldstone.runtime.records.side_statements import WHO_HOLDS
from fieldstone.runtime.records.write import Incoming, UnknownRecord, incoming_of, write_any
from fieldstone.runtime.statements import Prepared, parameter, prepare
from fieldstone.runtime.transactions import Transaction


@dataclass(frozen=True, slots=True)
class _Row:
    """A record as it was and as it is to be, by its own name; None where there is none."""

    was: str | None
    component: Component | None
    is_back: bool

    @property
    def name(self) -> str | None:
        return None if self.component is None else split_name(self.component.name)[1]


async def follow_records(
    tx: Transaction, changes: Sequence[ComponentChange], after: Catalog
) -> None:
    """Bring rows up to what is declared, and settings to what profiles are called.

    Raises Several, StillReferenced and all that writing records raises.
    """
    system = tx.as_system().under(after)
    by_object: dict[ObjectId, list[_Row]] = {}
    for change in changes:
        component = change.after or change.before
        if component is None or component.kind != METADATA_RECORD.name:
            continue
        obj = after.find_object(split_name(component.name)[0])
        if obj is not None and obj.holds is Holds.METADATA:
            by_object.setdefault(obj.id, []).append(_row(change))
    for obj in _in_order(after, by_object):
        await _follow(system, obj, by_object[obj.id])
    await _follow_profiles(system, changes, after)


def _row(change: ComponentChange) -> _Row:
    gone = change.operation == "remove"
    before = change.before if change.operation == "change" or gone else None
    was = None if before is None else split_name(before.name)[1]
    return _Row(was, None if gone else change.after, change.operation == "restore")


def _in_order(catalog: Catalog, wanted: Iterable[ObjectId]) -> Iterator[ObjectDef]:
    """Yield objects, each after those that its records refer to, as far as there is no circle."""
    left, seen = list(wanted), set[ObjectId]()

    def visit(number: ObjectId) -> Iterator[ObjectDef]:
        if number in seen or number not in left:
            return
        seen.add(number)
        obj = catalog.by_id[number]
        for field in obj.own_fields:
            for target in field.references if field.is_reference else ():
                yield from visit(target)
        yield obj

    for number in left:
        yield from visit(number)


async def _follow(tx: Transaction, obj: ObjectDef, rows: Sequence[_Row]) -> None:
    names = {name for row in rows for name in (row.was, row.name) if name is not None}
    known = await ids_by_key(tx, obj.get_field(DEVELOPER_NAME), names)
    for row in rows:
        number = None if row.was is None else known.get(fold(row.was))
        if row.component is None and number is not None:
            await delete_any(tx, obj, number)
        if row.is_back and row.name is not None and fold(row.name) not in known:
            back = await _brought_back(tx, obj, row.name)
            known |= {} if back is None else {fold(row.name): back}
    live = [row for row in rows if row.component is not None]
    # Names that are exchanged, and records that refer to each other, are written in two steps.
    await _write(tx, obj, live, known, with_own=False)
    if any(field for field in obj.own_fields if obj.id in field.references):
        names = {row.name for row in live if row.name is not None}
        await _write(tx, obj, live, await ids_by_key(tx, obj.get_field(DEVELOPER_NAME), names))


async def _write(
    tx: Transaction,
    obj: ObjectDef,
    rows: Sequence[_Row],
    known: Mapping[str, RecordId],
    *,
    with_own: bool = True,
) -> None:
    incoming = [await _incoming(tx, obj, row, known, with_own=with_own) for row in rows]
    try:
        await write_any(tx, obj, incoming)
    except Several as error:
        raise Several(_told(error.problems, rows)) from error


async def _incoming(
    tx: Transaction,
    obj: ObjectDef,
    row: _Row,
    known: Mapping[str, RecordId],
    *,
    with_own: bool,
) -> Incoming:
    assert row.component is not None
    assert row.name is not None
    body = METADATA_RECORD.read(row.component)
    values = {**dict(_blanks(obj, body.values)), **body.values}
    sent: dict[str, Json] = {MASTER_LABEL: body.label, DEVELOPER_NAME: row.name}
    for name, said in values.items():
        field = obj.find_field(name)
        if field is None or field.read_only:
            continue
        if not field.is_reference or said is None:
            sent[name] = said
        elif with_own or obj.id not in field.references:
            sent[name] = await _target(tx, field, str(said))
    number = known.get(fold(row.was or row.name), known.get(fold(row.name)))
    return incoming_of(read_values(obj, sent, ADMINISTRATOR), id=number)


def _blanks(obj: ObjectDef, declared: Iterable[str]) -> Iterator[tuple[str, None]]:
    """Yield the fields that a declaration is silent about: they are blank, whatever the row had.

    A required field with a default keeps what it has, for nothing else would be taken.
    """
    named = {obj.find_field(name) for name in (MASTER_LABEL, DEVELOPER_NAME, *declared)}
    for field in obj.own_fields:
        is_entered = field.is_declared and not field.read_only and field.derivation is None
        if is_entered and field not in named and not (field.required and _has_default(field)):
            yield field.name, None


def _has_default(field: Field) -> bool:
    said = field.default is not None or field.default_formula is not None
    return said or field.type.default(field.options) is not None


async def _target(tx: Transaction, field: Field, said: str) -> str:
    """Give the id of the record of metadata that a value names; what it says where it is none."""
    for number in field.references:
        target = tx.catalog.by_id[number]
        if target.holds is Holds.METADATA:
            found = await ids_by_key(tx, target.get_field(DEVELOPER_NAME), [said])
            if fold(said) in found:
                return format_id(target.prefix, found[fold(said)])
    return said


def _told(problems: Iterable[Problem], rows: Sequence[_Row]) -> Iterator[Problem]:
    """Yield problems of rows as those of what is declared."""
    for problem in problems:
        place = str(problem.at or "").split("/")
        number = int(place[2]) if place[1:2] == ["records"] and place[2].isdigit() else 0
        component = rows[number].component
        assert component is not None
        message = f"{component.name}: {problem.message}"
        yield Problem("metadata.invalid", message, "", problem.hint)


async def ids_by_key(tx: Transaction, field: Field, keys: Iterable[str]) -> dict[str, RecordId]:
    """Give the ids of the live records that have these values in a unique field of text, folded."""
    wanted = {unique_key(field, key): fold(key) for key in keys}
    rows = await tx.rows(
        WHO_HOLDS,
        tenant=tx.tenant.id,
        object_id=[field.object_id] * len(wanted),
        field_id=[field.id] * len(wanted),
        value=list(wanted),
    )
    return {wanted[row["value"]]: RecordId(row["record_id"]) for row in rows}


async def _brought_back(tx: Transaction, obj: ObjectDef, name: str) -> RecordId | None:
    """Bring a row back from the bin; None if it has been purged."""
    field = obj.get_field(DEVELOPER_NAME)
    statement = _binned(obj.heap, tx.tenant.id, obj.id, field.key)
    number = await tx.value(statement, name=name)
    if number is not None:
        with suppress(UnknownRecord):
            await restore_any(tx, obj, RecordId(number))
            return RecordId(number)
    return None


@lru_cache(maxsize=256)
def _binned(heap_name: str, tenant_id: int, object_id: int, key: str) -> Prepared:
    table = heap(heap_name)
    return prepare(
        select(table.c.id)
        .where(
            of_object(table, tenant_id, object_id),
            table.c.deleted_at.is_not(None),
            member(table.c.data, key) == parameter("name", Text()),
        )
        .order_by(table.c.deleted_at.desc(), table.c.id.desc())
        .limit(1)
    )


async def _follow_profiles(
    tx: Transaction, changes: Sequence[ComponentChange], after: Catalog
) -> None:
    """Let settings of profiles hold for them under their new names."""
    names: Final = {
        change.before.name: change.after.name
        for change in changes
        if change.before is not None
        and change.after is not None
        and change.after.kind == PERMISSION_SET.name
        and change.after.name != change.before.name
    }
    settings = [obj for obj in after.objects if obj.holds is Holds.SETTINGS] if names else []
    for obj in settings:
        field = obj.get_field(SETUP_OWNER)
        held = {f"{PROFILE_SIGN}{old}": f"{PROFILE_SIGN}{new}" for old, new in names.items()}
        known = await ids_by_key(tx, field, held)
        found = {old: known[fold(old)] for old in held if fold(old) in known}
        await write_any(tx, obj, [Incoming({field: held[o]}, id=n) for o, n in found.items()])
