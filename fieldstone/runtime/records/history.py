"""The history of one record, as the change log tells it to one viewer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fieldstone.ids import RecordId, format_id
from fieldstone.metadata.catalog import Field, ObjectDef
from fieldstone.metadata.masking import masked
from fieldstone.metadata.values import Json, read_json
from fieldstone.runtime.encryption.opening import open_value
from fieldstone.runtime.records.levels import levels_of
from fieldstone.runtime.records.side_statements import HISTORY
from fieldstone.runtime.records.write import UnknownRecord
from fieldstone.runtime.transactions import Transaction


async def history_page(
    tx: Transaction, obj: ObjectDef, record_id: RecordId, limit: int, before: int
) -> tuple[list[dict[str, Json]], str | None]:
    """Give the newest changes of a record before a place in the log, and the next such place.

    Each change tells the fields that the viewer is shown, by their present names. Raises
    UnknownRecord for a record of another object or one that never was.
    """
    rows = await tx.rows(HISTORY, tenant=tx.tenant.id, id=record_id, before=before, most=limit + 1)
    rows = [row for row in rows if row["object_id"] == obj.id]
    if not rows or not await levels_of(tx, obj, [record_id]):
        raise UnknownRecord(f"There is no {obj.label} {format_id(obj.prefix, record_id)}.")
    page = rows[:limit]
    after = str(page[-1]["seq"]) if len(rows) > limit else None
    return [_shown(tx, obj, row) for row in page], after


def _shown(tx: Transaction, obj: ObjectDef, row: Any) -> dict[str, Json]:
    return {
        "at": row["at"].isoformat(),
        "by": _user(tx, row["actor_id"]),
        "operation": row["operation"],
        "version": row["version"],
        "cause": read_json(row["cause"]) if row["cause"] else {},
        "changes": changes_in(tx, obj, row),
    }


def changes_in(tx: Transaction, obj: ObjectDef, row: Any) -> dict[str, Json]:
    """Give what an entry of the change log says of the fields that the viewer may read."""
    before, after = _values(row["before"]), _values(row["after"])

    def told(field: Field, key: str, values: Mapping[str, Json]) -> Json:
        value = _outside(tx, key, values.get(key))
        return _told(tx, field, open_value(tx, field, row["record_id"], value))

    changes: dict[str, Json] = {}
    for field in obj.fields:
        key = next((one for one in _keys_of(field) if one in before or one in after), None)
        if key is not None and tx.rights.may_show_field(field.id):
            changes[field.name] = {
                "before": told(field, key, before),
                "after": told(field, key, after),
            }
    return changes


def _keys_of(field: Field) -> tuple[str, ...]:
    """Give the keys under which the log tells of a field, those before its conversions included."""
    if field.column == "owner_id":
        return ("owner",)
    return (field.key, *(one.key for one in field.earlier)) if field.key else ()


def _told(tx: Transaction, field: Field, value: Json) -> Json:
    """Give a value as the viewer sees it: behind its mask where it has one for them."""
    if value is None or field.mask is None or not tx.rights.is_masked(field.id):
        return value
    return masked(str(value), field.mask)


def _values(text: str | None) -> Mapping[str, Json]:
    value = read_json(text) if text else {}
    assert isinstance(value, dict)
    return value


def _outside(tx: Transaction, key: str, value: Json) -> Json:
    return _user(tx, value) if key == "owner" else value


def _user(tx: Transaction, number: Json) -> str | None:
    user = tx.catalog.find_object("User")
    return format_id(user.prefix, number) if user and isinstance(number, int) else None
