"""Quick actions: a few fields that make a record, or change the one that they were called from.

An action is offered to those who may do what it does. Its defaults are formulas over the record
that it was called from, worked out for whoever does it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from fieldstone.errors import FieldstoneError, NotFound
from fieldstone.ids import RecordId, format_id
from fieldstone.metadata.calculation import Value
from fieldstone.metadata.catalog import Declared, Field, ObjectDef
from fieldstone.metadata.kinds.quick_action import QuickActionBody
from fieldstone.metadata.kinds.registry import QUICK_ACTION
from fieldstone.metadata.values import Json, fold
from fieldstone.runtime.records.levels import seen_of
from fieldstone.runtime.records.worked_out import work_out
from fieldstone.runtime.records.write import Incoming, UnknownRecord, write
from fieldstone.runtime.transactions import Transaction

CREATE: Final = "create"


class UnknownAction(NotFound):
    """No quick action of this name, or none that the viewer may do."""

    code = "action.unknown"


@dataclass(frozen=True, slots=True)
class QuickAction:
    """An action that the viewer may do.

    name: without that of its object. source: whose records it is called from; None for anywhere.
    target: what it makes or changes. reference: what gets the record that it was called from.
    fields: what it asks for. defaults: formulas for fields that the viewer may write.
    """

    name: str
    label: str
    makes: bool
    source: ObjectDef | None
    target: ObjectDef
    reference: Field | None
    fields: tuple[Field, ...]
    defaults: Mapping[Field, str]
    message: str = ""
    description: str = ""


def actions_of(
    tx: Transaction, obj: ObjectDef | None, chosen: Sequence[str] = ()
) -> list[QuickAction]:
    """Give the actions of an object's records, or those of everywhere, that the viewer may do.

    chosen: the names of those that a layout shows, as Deal.Win, or Log for one of everywhere, in
    its order.
    """
    every = tx.catalog.declared.get(QUICK_ACTION.name, {})
    if chosen:
        named = (every.get(fold(name)) for name in chosen)
        bound = (_chosen(tx, obj, one) for one in named if one is not None)
        return [one for one in bound if one is not None]
    own = [one for one in every.values() if one.object_id == (None if obj is None else obj.id)]
    own = [one for one in own if (one.body.object is None) == (obj is None)]
    found = [one for one in (_bound(tx, obj, declared) for declared in own) if one is not None]
    return sorted(found, key=lambda one: fold(one.label))


def get_action(tx: Transaction, obj: ObjectDef | None, name: str) -> QuickAction:
    """Give an action by its own name. Raises UnknownAction."""
    for one in actions_of(tx, obj):
        if fold(one.name) == fold(name):
            return one
    raise UnknownAction(f"There is no action {name[:80]}.")


async def default_values(
    tx: Transaction, action: QuickAction, number: RecordId | None
) -> dict[Field, Json]:
    """Give what an action puts in where nobody says anything else, as stored values.

    number: the record that it is called from. Raises UnknownRecord.
    """
    obj = action.source or action.target
    texts = {field.name: text for field, text in action.defaults.items()}
    values = await work_out(tx, obj, number, texts) if texts else {}
    found: dict[Field, Json] = {}
    for field in action.defaults:
        if field.name in values:
            stored = _stored(field, values[field.name])
            if stored is not None:
                found[field] = stored
    if action.reference is not None and action.source is not None and number is not None:
        found[action.reference] = format_id(action.source.prefix, number)
    return found


async def carry_out(
    tx: Transaction, action: QuickAction, number: RecordId | None, sent: Incoming
) -> RecordId:
    """Do what an action does, with what was sent over its defaults; give the record's id.

    tx must be open for writing. Raises Several, and what writing a record raises.
    """
    if action.source is not None and number is not None:
        await _check_seen(tx, action.source, number)
    values = {**await default_values(tx, action, number), **sent.values}
    incoming = replace(sent, values=values, id=None if action.makes else number)
    [outcome] = await write(tx, action.target, [incoming])
    assert outcome.id is not None
    return outcome.id


async def _check_seen(tx: Transaction, obj: ObjectDef, number: RecordId) -> None:
    if not await seen_of(tx, obj, [number]):
        raise UnknownRecord(f"There is no {obj.label} {format_id(obj.prefix, number)}.")


def _chosen(tx: Transaction, obj: ObjectDef | None, declared: Declared) -> QuickAction | None:
    """Give an action that the layout of an object names; None if it is one of another object."""
    if declared.body.object is None:
        return _bound(tx, None, declared)
    is_own = obj is not None and declared.object_id == obj.id
    return _bound(tx, obj, declared) if is_own else None


def _bound(tx: Transaction, obj: ObjectDef | None, declared: Declared) -> QuickAction | None:
    """Give an action with its names bound; None where the viewer may not do it."""
    body: QuickActionBody = declared.body
    makes = body.action == CREATE
    target = tx.catalog.find_object(body.target) if body.target else obj
    if target is None or not tx.rights.may_read_object(target.id):
        return None
    may = tx.rights.may_create if makes else tx.rights.may_edit_object
    reference = target.find_field(body.reference) if body.reference and makes else None
    if not may(target.id) or (reference and not tx.rights.may_edit_field(reference.id)):
        return None
    return QuickAction(
        name=declared.name,
        label=body.label,
        makes=makes,
        source=obj,
        target=target,
        reference=reference,
        fields=tuple(one for one in _writable(tx, target, body.fields) if one is not reference),
        defaults={
            field: text
            for name, text in body.defaults.items()
            for field in _writable(tx, target, (name,))
        },
        message=body.message,
        description=body.description,
    )


def _writable(tx: Transaction, obj: ObjectDef, names: Sequence[str]) -> Iterator[Field]:
    for name in names:
        field = obj.find_field(name)
        if field is not None and not field.read_only and tx.rights.may_edit_field(field.id):
            yield field


def _stored(field: Field, value: Value) -> Json:
    """Give the stored form of what a default gives; none of one that does not fit."""
    calculation = field.type.calculation
    if calculation is None or value is None:
        return None
    try:
        found = calculation.write(value)
        if found is None:
            return None
        return field.type.encode(field.type.accept(found, field.options))
    except FieldstoneError:
        return None
