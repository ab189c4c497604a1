"""Records of custom metadata types as somebody fills them in: what is typed is declared."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from fieldstone.errors import Problem, Several
from fieldstone.ids import BadId, RecordId, parse_id
from fieldstone.metadata.catalog import Field, Holds, ObjectDef
from fieldstone.metadata.changes import Key, Proposal
from fieldstone.metadata.component import Component
from fieldstone.metadata.held_fields import DEVELOPER_NAME, MASTER_LABEL
from fieldstone.metadata.kinds.registry import METADATA_RECORD
from fieldstone.metadata.names import component_name
from fieldstone.metadata.values import Json, fold
from fieldstone.runtime.metadata_changes import change_metadata
from fieldstone.runtime.metadata_records import ids_by_key
from fieldstone.runtime.records.draft import Outcome
from fieldstone.runtime.records.write import Incoming, UnknownRecord, load
from fieldstone.runtime.transactions import Transaction

_VALUES: Final = "/values"


async def declare_record(tx: Transaction, obj: ObjectDef, incoming: Incoming) -> Outcome:
    """Declare a record of metadata as its form says, and give what became of its row.

    tx must have been opened by Database.change_metadata. Raises Several with the places of fields,
    and all that change_metadata raises.
    """
    if incoming.problems:
        raise Several(incoming.problems)
    said = {one.name: value for one, value in incoming.values.items()}
    old = None if incoming.id is None else await _own_name(tx, obj, incoming.id)
    before = None if old is None else tx.catalog.find_declared(*_key(obj, old))
    body: dict[str, Any] = {} if before is None else _body_of(before.body)
    label = said.get(MASTER_LABEL) or body.get("label") or ""
    own = str(said.get(DEVELOPER_NAME) or old or component_name(str(label)))
    stays = {
        name: value
        for name, value in body.get("values", {}).items()
        if obj.find_field(name) not in incoming.values
    }
    values = {**stays, **await _values(tx, obj, incoming.values)}
    told = {name: value for name, value in values.items() if value is not None}
    body |= {"object": obj.name, "label": label, "values": told}
    package = None if before is None else before.package
    made = Component(METADATA_RECORD.name, f"{obj.name}.{own}", body, package)
    renames = () if old is None or old == own else ((_key(obj, old), made.name),)
    try:
        applied = await change_metadata(tx, Proposal(upserts=(made,), renames=renames))
    except Several as error:
        raise Several(_of_form(one) for one in error.problems) from error
    after = tx.under(applied.catalog)
    known = await ids_by_key(after, obj.get_field(DEVELOPER_NAME), [own])
    verb = "created" if old is None else "updated" if applied.plan.changes else "unchanged"
    return Outcome(known[fold(own)], 1, verb)


async def remove_record(tx: Transaction, obj: ObjectDef, number: RecordId) -> None:
    """Remove the declaration of a record of metadata, and so its row.

    tx must have been opened by Database.change_metadata. Raises UnknownRecord, StillReferenced.
    """
    own = await _own_name(tx, obj, number)
    await change_metadata(tx, Proposal(removals=(_key(obj, own),)))


def _key(obj: ObjectDef, own: str) -> Key:
    return METADATA_RECORD.name, fold(f"{obj.name}.{own}")


def _body_of(body: Any) -> dict[str, Any]:
    """Give a body that was read as it is declared."""
    said = {"values": dict(body.values), "protected": body.protected, "label": body.label}
    return said | ({"description": body.description} if body.description else {})


async def _own_name(tx: Transaction, obj: ObjectDef, number: RecordId) -> str:
    """Give the name of the record of a row. Raises UnknownRecord."""
    found = (await load(tx, obj, [number])).get(number)
    name = None if found is None else found.data.get(obj.get_field(DEVELOPER_NAME).key)
    if not isinstance(name, str):
        raise UnknownRecord(f"There is no such {obj.label}.")
    return name


async def _values(tx: Transaction, obj: ObjectDef, values: Mapping[Field, Json]) -> dict[str, Json]:
    """Give values as a declaration has them: of a reference to metadata, the name of that."""
    found: dict[str, Json] = {}
    for one, value in values.items():
        if one.is_system or one.name in (MASTER_LABEL, DEVELOPER_NAME):
            continue
        found[one.name] = await _name_of(tx, one, value) if one.is_reference else value
    return found


async def _name_of(tx: Transaction, field: Field, value: Json) -> Json:
    try:
        prefix, number = parse_id(str(value))
    except BadId:
        return value
    target = tx.catalog.by_prefix.get(prefix)
    if target is None or target.holds is not Holds.METADATA:
        return value
    return await _own_name(tx, target, RecordId(number))


def _of_form(problem: Problem) -> Problem:
    """Give a problem of a declaration at the field of the form."""
    at = problem.at
    return replace(problem, at=at.removeprefix(_VALUES)) if isinstance(at, str) else problem
