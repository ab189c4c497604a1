"""Legal holds: what they name is neither purged nor erased, nor lost to retention, until they end.

Nobody but who sees to personal data learns of one: a record under hold is changed and deleted as
ever, and what it was stays in the change log and in the recycle bin.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import BigInteger, Boolean, DateTime, Integer, Text, func, null, select, update
from sqlalchemy.dialects.postgresql import insert

from fieldstone.errors import Conflict, InvalidInput, NotFound
from fieldstone.ids import BadId, ObjectId, RecordId, format_id, parse_id
from fieldstone.metadata.catalog import ObjectDef
from fieldstone.metadata.privacy_tables import HELD_RECORD, LEGAL_HOLD
from fieldstone.runtime.audit.events import Event, note_event, note_record_event
from fieldstone.runtime.privacy.office import check_office
from fieldstone.runtime.records.heap_statements import load_rows, lock_rows
from fieldstone.runtime.statements import incoming, parameter, prepare
from fieldstone.runtime.transactions import Transaction

PREFIX: Final = "hold"
MOST_AT_ONCE: Final = 1_000
LONGEST_NAME: Final = 120
LONGEST_REASON: Final = 2_000
_TENANT: Final = parameter("tenant", Integer())
_ID: Final = parameter("id", BigInteger())
_NOW: Final = parameter("now", DateTime(timezone=True))
_ACTOR: Final = parameter("actor", BigInteger())
_REASON: Final = parameter("reason", Text())
_BEFORE: Final = parameter("before", BigInteger())
_MOST: Final = parameter("most", Integer())
_MINE: Final = (LEGAL_HOLD.c.tenant_id == _TENANT, LEGAL_HOLD.c.id == _ID)
_IN: Final = (HELD_RECORD.c.tenant_id == _TENANT, HELD_RECORD.c.hold_id == _ID)
_NOT_ENDED: Final = HELD_RECORD.c.ended_at.is_(None)
_COUNT: Final = (
    select(func.count())
    .where(
        HELD_RECORD.c.tenant_id == LEGAL_HOLD.c.tenant_id,
        HELD_RECORD.c.hold_id == LEGAL_HOLD.c.id,
        _NOT_ENDED,
    )
    .scalar_subquery()
)
_WHOLE: Final = select(LEGAL_HOLD, _COUNT.label("records"))
_ONE: Final = prepare(_WHOLE.where(*_MINE))
_PAGE: Final = prepare(
    _WHOLE.where(LEGAL_HOLD.c.tenant_id == _TENANT, LEGAL_HOLD.c.id < _BEFORE)
    .order_by(LEGAL_HOLD.c.id.desc())
    .limit(_MOST)
)
_PLACE: Final = prepare(
    insert(LEGAL_HOLD).values(
        tenant_id=_TENANT,
        id=_ID,
        name=parameter("name", Text()),
        reason=_REASON,
        placed_at=_NOW,
        placed_by=_ACTOR,
    )
)
_END: Final = prepare(
    update(LEGAL_HOLD)
    .where(*_MINE, LEGAL_HOLD.c.ended_at.is_(None))
    .values(ended_at=_NOW, ended_by=_ACTOR, end_reason=_REASON)
)
_END_RECORDS: Final = prepare(
    update(HELD_RECORD).where(*_IN, _NOT_ENDED).values(ended_at=_NOW, ended_by=_ACTOR)
)
_END_RECORD: Final = prepare(
    update(HELD_RECORD)
    .where(*_IN, _NOT_ENDED, HELD_RECORD.c.record_id == parameter("record", BigInteger()))
    .values(ended_at=_NOW, ended_by=_ACTOR)
)
_RECORDS: Final = prepare(
    select(HELD_RECORD)
    .where(*_IN, _NOT_ENDED, HELD_RECORD.c.record_id > parameter("after", BigInteger()))
    .order_by(HELD_RECORD.c.record_id)
    .limit(_MOST)
)


def _held() -> Any:
    x = incoming(HELD_RECORD, "record_id", "object_id")
    along = parameter("along", Boolean())
    columns = ["tenant_id", "hold_id", "record_id", "object_id", "along", "held_at", "held_by"]
    rows = select(_TENANT, _ID, x.c.record_id, x.c.object_id, along, _NOW, _ACTOR)
    fresh = insert(HELD_RECORD).from_select(columns, rows)
    again = {"along": fresh.excluded.along, "ended_at": null(), "ended_by": null()}
    return fresh.on_conflict_do_update(
        index_elements=["tenant_id", "hold_id", "record_id"], set_=again
    )


_HOLD: Final = prepare(_held())


class UnknownHold(NotFound):
    """No legal hold of this id."""

    code = "privacy.unknown_hold"


class HoldEnded(Conflict):
    """A legal hold that ended, and is only remembered."""

    code = "privacy.hold_ended"


class BadHold(InvalidInput):
    """What is said of a legal hold cannot be."""

    code = "privacy.bad_hold"


@dataclass(frozen=True, slots=True)
class Hold:
    """A legal hold. records: how many it names now."""

    id: int
    name: str
    reason: str
    placed_at: datetime
    placed_by: int | None
    ended_at: datetime | None = None
    ended_by: int | None = None
    end_reason: str | None = None
    records: int = 0

    @property
    def text(self) -> str:
        """Its id as callers see it."""
        return format_id(PREFIX, self.id)


@dataclass(frozen=True, slots=True)
class HeldRecord:
    """A record that a hold names. along: whether what points to it is held as well."""

    object: ObjectDef
    id: RecordId
    along: bool
    held_at: datetime
    held_by: int | None


async def place_hold(tx: Transaction, name: str, reason: str) -> Hold:
    """Begin a legal hold, which names nothing yet. Raises NoPrivacyOffice, BadHold."""
    check_office(tx)
    if not name.strip() or len(name) > LONGEST_NAME:
        raise BadHold(f"A name has 1 to {LONGEST_NAME} characters.", at="/name")
    number = tx.minter.mint()
    await tx.run(
        _PLACE,
        tenant=tx.tenant.id,
        id=number,
        name=name.strip(),
        reason=_checked(reason),
        now=tx.now,
        actor=tx.viewer.user_id,
    )
    await note_event(tx, None, Event.HOLD_PLACED, hold=format_id(PREFIX, number))
    return await get_hold(tx, number)


async def get_hold(tx: Transaction, number: int) -> Hold:
    """Give one legal hold. Raises NoPrivacyOffice, UnknownHold."""
    check_office(tx)
    row = await tx.row(_ONE, tenant=tx.tenant.id, id=number)
    if row is None:
        raise UnknownHold(f"There is no legal hold {format_id(PREFIX, number)}.")
    return _hold(row)


async def list_holds(tx: Transaction, before: int, most: int) -> list[Hold]:
    """Give the newest legal holds before one, those that ended included."""
    check_office(tx)
    rows = await tx.rows(_PAGE, tenant=tx.tenant.id, before=before, most=most)
    return [_hold(row) for row in rows]


async def hold_records(
    tx: Transaction, number: int, texts: Sequence[str], *, along: bool = True
) -> int:
    """Put records under a hold, given by their ids; how many. along: with what points to them.

    Raises UnknownHold, HoldEnded, BadHold.
    """
    await _open(tx, number)
    if len(texts) > MOST_AT_ONCE:
        raise BadHold(f"A call names at most {MOST_AT_ONCE} records.", at="/records")
    found = [await _find(tx, text, f"/records/{n}") for n, text in enumerate(texts)]
    named = {record: obj.id for obj, record in found}
    if named:
        await tx.run(
            _HOLD,
            tenant=tx.tenant.id,
            id=number,
            record_id=list(named),
            object_id=list(named.values()),
            along=along,
            now=tx.now,
            actor=tx.viewer.user_id,
        )
        hold, count = format_id(PREFIX, number), len(named)
        await note_event(tx, None, Event.RECORDS_HELD, hold=hold, records=count, along=along)
    return len(named)


async def let_go(tx: Transaction, number: int, text: str) -> None:
    """Take one record out of a hold. Raises UnknownHold, HoldEnded, BadHold."""
    await _open(tx, number)
    obj, record = _read(tx, text, "/record")
    ended = await tx.run(
        _END_RECORD,
        tenant=tx.tenant.id,
        id=number,
        record=record,
        now=tx.now,
        actor=tx.viewer.user_id,
    )
    if not ended:
        raise UnknownHold(f"{text[:80]} is not under this hold.")
    hold = format_id(PREFIX, number)
    await note_record_event(tx, obj, record, Event.RECORD_LET_GO, hold=hold)


async def end_hold(tx: Transaction, number: int, reason: str) -> Hold:
    """End a legal hold: what it names may be lost again. Raises UnknownHold, HoldEnded, BadHold."""
    await _open(tx, number)
    said = {"tenant": tx.tenant.id, "id": number, "now": tx.now, "actor": tx.viewer.user_id}
    await tx.run(_END, reason=_checked(reason), **said)
    await tx.run(_END_RECORDS, **said)
    await note_event(tx, None, Event.HOLD_ENDED, hold=format_id(PREFIX, number))
    return await get_hold(tx, number)


async def list_held(tx: Transaction, number: int, after: int, most: int) -> list[HeldRecord]:
    """Give the records that a hold names, in order of id behind one. Raises UnknownHold."""
    await get_hold(tx, number)
    rows = await tx.rows(_RECORDS, tenant=tx.tenant.id, id=number, after=after, most=most)
    return [_held_record(tx, row) for row in rows if row["object_id"] in tx.catalog.by_id]


async def _open(tx: Transaction, number: int) -> None:
    hold = await get_hold(tx, number)
    if hold.ended_at is not None:
        raise HoldEnded(f"{hold.name} has ended.", hint="Place a new hold.")


def _read(tx: Transaction, text: str, at: str) -> tuple[ObjectDef, RecordId]:
    try:
        prefix, number = parse_id(text)
    except BadId as error:
        raise BadHold(f"{text[:80]} is not the id of a record.", at=at) from error
    obj = tx.catalog.by_prefix.get(prefix)
    if obj is None:
        raise BadHold(f"{text[:80]} is of no object that there is.", at=at)
    return obj, number


async def _find(tx: Transaction, text: str, at: str) -> tuple[ObjectDef, RecordId]:
    """Find a record, live or in the bin."""
    obj, number = _read(tx, text, at)
    where = (obj.heap, tx.tenant.id, obj.id)
    for statement in (load_rows(*where), lock_rows(*where, deleted=True)):
        if await tx.row(statement, ids=[number]) is not None:
            return obj, number
    raise BadHold(f"There is no {obj.label} {text[:80]}.", at=at)


def _checked(reason: str) -> str:
    if len(reason) > LONGEST_REASON:
        raise BadHold(f"A reason has at most {LONGEST_REASON} characters.", at="/reason")
    return reason.strip()


def _hold(row: Any) -> Hold:
    return Hold(
        row["id"],
        row["name"],
        row["reason"],
        row["placed_at"],
        row["placed_by"],
        row["ended_at"],
        row["ended_by"],
        row["end_reason"],
        row["records"],
    )


def _held_record(tx: Transaction, row: Any) -> HeldRecord:
    obj = tx.catalog.by_id[ObjectId(row["object_id"])]
    number = RecordId(row["record_id"])
    return HeldRecord(obj, number, row["along"], row["held_at"], row["held_by"])
