"""An entry of the audit as one viewer is told it: who did what to what, when and why."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from fieldstone.ids import ObjectId, format_id
from fieldstone.metadata.field_types.datetime import write_instant
from fieldstone.metadata.values import Json, JsonObject, read_json
from fieldstone.runtime.access.parties import names_of_users
from fieldstone.runtime.audit.events import Event
from fieldstone.runtime.audit.log_statements import EVENTS, RECORDS
from fieldstone.runtime.audit.reading import kind_of
from fieldstone.runtime.records.history import changes_in
from fieldstone.runtime.transactions import Transaction

PREFIX: Final = "audit"
_USER: Final = "User"
_NAMING: Final = frozenset({"object", "query"})
"""Of an export, what names objects and fields."""


async def show_entries(tx: Transaction, rows: Sequence[Any], sealed: int) -> list[dict[str, Json]]:
    """Give entries as callers see them, with the names of people as far as the viewer sees them.

    sealed: the place up to which the logs are sealed.
    """
    numbers = {row[key] for row in rows for key in ("actor_id", "user_id")} - {None}
    names = await names_of_users(tx, sorted(numbers))
    return [{**_shown(tx, row, names), "sealed": row["seq"] <= sealed} for row in rows]


def _shown(tx: Transaction, row: Any, names: Mapping[int, str]) -> dict[str, Json]:
    cause = read_json(row["cause"]) if row["cause"] else {}
    return {
        "id": format_id(PREFIX, row["seq"]),
        "at": write_instant(row["at"]),
        "kind": kind_of(row).value,
        "what": row["what"],
        "by": _person(tx, row["actor_id"], names),
        "user": _person(tx, row["user_id"], names),
        "object": _object(tx, row),
        "record": _record(tx, row),
        "component": _component(row),
        "details": _details(tx, row),
        "address": row["address"] or None,
        "cause": cause,
    }


def _person(tx: Transaction, number: int | None, names: Mapping[int, str]) -> Json:
    if number is None:
        return None
    prefix = tx.catalog.get_object(_USER).prefix
    return {"id": format_id(prefix, number), "name": names.get(number)}


def _object(tx: Transaction, row: Any) -> str | None:
    obj = tx.catalog.by_id.get(ObjectId(row["object_id"] or 0))
    return None if obj is None else obj.name


def _record(tx: Transaction, row: Any) -> str | None:
    obj = tx.catalog.by_id.get(ObjectId(row["object_id"] or 0))
    if row["record_id"] is None:
        return None
    return format_id("record" if obj is None else obj.prefix, row["record_id"])


def _component(row: Any) -> Json:
    if row["component_kind"] is None:
        return None
    return {"kind": row["component_kind"], "name": row["component_name"]}


def _details(tx: Transaction, row: Any) -> JsonObject:
    """Give what an entry says beside that: values that the viewer may read, or declarations."""
    if row["log"] == EVENTS:
        details = _object_in(row["after"])
        return _export(tx, details) if row["what"] == Event.EXPORTED.value else details
    if row["log"] == RECORDS:
        obj = tx.catalog.by_id.get(ObjectId(row["object_id"]))
        changes = {} if obj is None else changes_in(tx, obj, row)
        return {"version": row["version"], "changes": changes}
    said = {"before": row["before"], "after": row["after"]}
    return {
        "version": row["version"],
        **{name: None if text is None else read_json(text) for name, text in said.items()},
    }


def _export(tx: Transaction, details: JsonObject) -> JsonObject:
    """Give what is said of an export without the names that are hidden from the viewer."""
    rights = tx.rights
    if not (rights.unreadable_objects or rights.unreadable_fields):
        return details
    obj = tx.catalog.find_object(str(details.get("object")))
    hidden = {"query"} if obj is not None and rights.may_read_object(obj.id) else _NAMING
    return {name: value for name, value in details.items() if name not in hidden}


def _object_in(text: str | None) -> JsonObject:
    found = read_json(text) if text else {}
    assert isinstance(found, dict), "details are an object"
    return found
