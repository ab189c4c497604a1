"""Sample data for a new database: declared in builtin_objects/demo, written as any caller writes.

Each file there is called as an object is and holds its records by a key, by which other records
refer to them. A text such as `today-3 10:30` or `today+14` stands for a day seen from the day of
loading, in the tenant's time zone; a weekend moves to the working day beyond it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, time, timedelta
from importlib.resources import files
from pathlib import PurePath
from typing import Final
from zoneinfo import ZoneInfo

from sqlalchemy import Integer, select
from sqlalchemy.dialects.postgresql import JSONB

from fieldstone.ids import format_id
from fieldstone.metadata.catalog import Field, ObjectDef
from fieldstone.metadata.tables import CHANGE
from fieldstone.metadata.values import Json, JsonObject, write_json
from fieldstone.metadata.yaml_text import read_yaml
from fieldstone.platform.app import Engine
from fieldstone.platform.middleware.tenant import DEFAULT_TENANT
from fieldstone.platform.tenants import SETUP
from fieldstone.runtime.moments import zone_of
from fieldstone.runtime.records.reading import read_values
from fieldstone.runtime.records.write import incoming_of, write
from fieldstone.runtime.statements import parameter, prepare
from fieldstone.runtime.transactions import Transaction

CAUSE: Final = {"setup": "demo"}
_DAY: Final = re.compile(r"today(?P<days>[+-]\d{1,4})?(?: (?P<hour>\d\d):(?P<minute>\d\d))?")
_SATURDAY: Final = 5
_USED: Final = prepare(
    select(CHANGE.c.seq)
    .where(
        CHANGE.c.tenant_id == parameter("tenant", Integer()),
        CHANGE.c.cause.is_distinct_from(parameter("setup", JSONB())),
    )
    .limit(1)
)

Records = dict[str, JsonObject]


def declared_records() -> Mapping[str, Records]:
    """Give the sample records by their keys, by the objects that they are of."""
    found: dict[str, Records] = {}
    for file in (files("fieldstone.builtin_objects") / "demo").iterdir():
        records = read_yaml(file.read_text(encoding="utf-8"))
        assert isinstance(records, dict), file.name
        found[PurePath(file.name).stem] = records
    return dict(sorted(found.items()))


async def add_demo(engine: Engine, tenant_name: str = DEFAULT_TENANT) -> int:
    """Add the sample records to a tenant in which nobody has written yet; how many they are.

    The tenant is held alone, so that of several processes that start together one adds them.
    """
    tenant = await engine.directory.get(tenant_name)
    viewer = await engine.administrators.get(tenant)
    async with engine.database.change_metadata(tenant, viewer, CAUSE) as tx:
        if await tx.value(_USED, tenant=tenant.id, setup=write_json(SETUP)) is not None:
            return 0
        return await _add_all(tx)


async def _add_all(tx: Transaction) -> int:
    """Write object by object, each after those that its records refer to."""
    waiting = {tx.catalog.get_object(name): of for name, of in declared_records().items()}
    ids: dict[str, str] = {}
    while waiting:
        ready = [obj for obj, of in waiting.items() if _referred(obj, of) <= ids.keys() | of.keys()]
        assert ready, f"These refer to nothing, or in a circle: {[obj.name for obj in waiting]}"
        for obj in ready:
            await _add_in_rounds(tx, obj, waiting.pop(obj), ids)
    return len(ids)


async def _add_in_rounds(
    tx: Transaction, obj: ObjectDef, records: Records, ids: dict[str, str]
) -> None:
    """Write the records of one object, those that refer to others of them in later rounds."""
    while records:
        now = {key: one for key, one in records.items() if _referred(obj, {key: one}) <= ids.keys()}
        assert now, f"These refer to each other: {[*records]}"
        ids |= await _add(tx, obj, now, ids)
        records = {key: one for key, one in records.items() if key not in now}


async def _add(
    tx: Transaction, obj: ObjectDef, records: Records, ids: Mapping[str, str]
) -> dict[str, str]:
    """Write some records of one object; give their ids by their keys."""
    sent = [
        {name: _value(tx, obj.get_field(name), value, ids) for name, value in record.items()}
        for record in records.values()
    ]
    incoming = [incoming_of(read_values(obj, one, tx.rights)) for one in sent]
    outcomes = await write(tx, obj, incoming)
    numbers = [outcome.id for outcome in outcomes if outcome.id is not None]
    return {
        key: format_id(obj.prefix, number) for key, number in zip(records, numbers, strict=True)
    }


def _referred(obj: ObjectDef, records: Records) -> set[str]:
    """Give the keys of the records that some records refer to."""
    return {
        key
        for record in records.values()
        for name, value in record.items()
        if obj.get_field(name).is_reference
        for key in _keys(value)
    }


def _keys(value: Json) -> Iterator[str]:
    yield from map(str, value if isinstance(value, list | tuple) else [value])


def _value(tx: Transaction, field: Field, value: Json, ids: Mapping[str, str]) -> Json:
    """Give a declared value as a caller would send it."""
    if field.is_reference:
        return [ids[key] for key in _keys(value)] if isinstance(value, list) else ids[str(value)]
    moment = None
    if isinstance(value, str):
        moment = write_moment(value, tx.now, zone_of(tx))
    return value if moment is None else moment


def write_moment(text: str, now: datetime, zone: ZoneInfo) -> str | None:
    """Give the day that a declared text means, or the instant; None if it is any other text."""
    written = _DAY.fullmatch(text)
    if written is None:
        return None
    days = int(written["days"] or 0)
    day = _working_day(now.astimezone(zone).date() + timedelta(days), days)
    if written["hour"] is None:
        return day.isoformat()
    at = time(int(written["hour"]), int(written["minute"]), tzinfo=zone)
    return datetime.combine(day, at).astimezone(UTC).isoformat()


def _working_day(day: date, days: int) -> date:
    """Move a past weekend back to Friday and a coming one on to Monday; today stays."""
    beyond = max(0, day.weekday() - _SATURDAY + 1)
    if not beyond or not days:
        return day
    return day - timedelta(beyond) if days < 0 else day + timedelta(3 - beyond)
