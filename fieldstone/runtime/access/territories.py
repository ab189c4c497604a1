"""Who works in which territory, and what each holds. Territories themselves are components."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import ARRAY, BigInteger, Integer, delete, func, select
from sqlalchemy.dialects.postgresql import insert

from fieldstone.errors import Forbidden, InvalidInput, NotFound
from fieldstone.ids import RecordId, format_id
from fieldstone.metadata.catalog import ObjectDef
from fieldstone.metadata.names import suggestion
from fieldstone.metadata.rights import SetupArea
from fieldstone.metadata.sharing import Level
from fieldstone.metadata.tables import RECORD_SHARE, heap
from fieldstone.metadata.territories import Territory, TerritoryTree
from fieldstone.metadata.territory_tables import TERRITORY_PERSON
from fieldstone.runtime.audit.events import Event, note_event
from fieldstone.runtime.imports.stored import name_of
from fieldstone.runtime.records.heap_statements import living_ids
from fieldstone.runtime.records.write import load
from fieldstone.runtime.statements import parameter, prepare
from fieldstone.runtime.transactions import Transaction

MOST_AT_ONCE: Final = 1_000
_P: Final = TERRITORY_PERSON.c
_S: Final = RECORD_SHARE.c
_TENANT: Final = parameter("tenant", Integer())
_TERRITORY: Final = parameter("territory", Integer())
_USERS: Final = parameter("users", ARRAY(BigInteger))
_IN: Final = (_P.tenant_id == _TENANT, _P.territory_id == _TERRITORY)
_JOIN: Final = prepare(
    insert(TERRITORY_PERSON)
    .from_select(
        ["tenant_id", "territory_id", "user_id"],
        select(_TENANT, _TERRITORY, func.unnest(_USERS)),
    )
    .on_conflict_do_nothing()
)
_LEAVE: Final = prepare(delete(TERRITORY_PERSON).where(*_IN, _P.user_id == func.any(_USERS)))
_PEOPLE: Final = prepare(
    select(_P.user_id)
    .where(*_IN, _P.user_id > parameter("after", BigInteger()))
    .order_by(_P.user_id)
    .limit(parameter("most", Integer()))
)
_COUNTS: Final = prepare(
    select(_P.territory_id, func.count().label("people"))
    .where(_P.tenant_id == _TENANT)
    .group_by(_P.territory_id)
)


@dataclass(frozen=True, slots=True)
class HeldRecord:
    """A live record in a territory. name: "" where it may not be told. since: when it came."""

    id: RecordId
    name: str
    by_rule: bool
    level: Level
    since: datetime


class UnknownTerritory(NotFound):
    """No territory of this name."""

    code = "territory.unknown"


class BadTerritoryPeople(InvalidInput):
    """Somebody who is not there, or too many at once."""

    code = "territory.bad_people"


def check_territories(tx: Transaction) -> None:
    """Refuse all but administrators: what territories hold may be hidden. Raises Forbidden."""
    administers = tx.viewer.standing.is_administrator
    if not administers or not tx.rights.may_set_up(SetupArea.PERMISSIONS):
        raise Forbidden("Only an administrator may see to territories.")


def territory_named(tx: Transaction, name: str) -> Territory:
    """Give a territory by its name. Raises UnknownTerritory."""
    found = tx.catalog.territories.find(name)
    if found is None:
        hint = suggestion(name, (one.name for one in tx.catalog.territories))
        raise UnknownTerritory(f"There is no territory {name[:80]}.", hint=hint)
    return found


def in_order(tree: TerritoryTree) -> Iterator[tuple[Territory, int]]:
    """Yield the territories from the outermost in, each with how deep it lies."""
    waiting = [(one, 0) for one in reversed(tree.children_of(None))]
    while waiting:
        one, depth = waiting.pop()
        yield one, depth
        waiting += [(within, depth + 1) for within in reversed(tree.children_of(one.id))]


async def count_territory_people(tx: Transaction) -> dict[int, int]:
    """Count who works in each territory, by its id."""
    rows = await tx.rows(_COUNTS, tenant=tx.tenant.id)
    return {row["territory_id"]: row["people"] for row in rows}


async def people_in(tx: Transaction, one: Territory, after: int, most: int) -> list[int]:
    """Give who works in a territory itself, in order of id, behind one."""
    asked = {"tenant": tx.tenant.id, "territory": one.id, "after": after, "most": most}
    return [row["user_id"] for row in await tx.rows(_PEOPLE, **asked)]


async def records_in(
    tx: Transaction, one: Territory, obj: ObjectDef, after: int, most: int
) -> list[HeldRecord]:
    """Give the live records of an object that are in a territory itself, in order of id."""
    records = heap(obj.heap)
    statement = prepare(
        select(_S.record_id, _S.by_rule, _S.level, _S.at)
        .join(records, (records.c.tenant_id == _S.tenant_id) & (records.c.id == _S.record_id))
        .where(
            _S.tenant_id == _TENANT,
            _S.object_id == parameter("object", Integer()),
            _S.principal == _TERRITORY,
            _S.record_id > parameter("after", BigInteger()),
            records.c.tenant_id == _TENANT,
            records.c.deleted_at.is_(None),
        )
        .order_by(_S.record_id)
        .limit(parameter("most", Integer()))
    )
    asked = {"object": obj.id, "territory": one.id, "after": after, "most": most}
    rows = await tx.rows(statement, tenant=tx.tenant.id, **asked)
    names: dict[int, str] = {}
    if tx.rights.may_read_field(obj.title.id):
        there = await load(tx, obj, [RecordId(row["record_id"]) for row in rows])
        names = {number: name_of(obj, record.data) for number, record in there.items()}
    return [
        HeldRecord(
            RecordId(row["record_id"]),
            names.get(row["record_id"], ""),
            row["by_rule"],
            Level(row["level"]),
            row["at"],
        )
        for row in rows
    ]


async def add_to_territory(tx: Transaction, one: Territory, users: Sequence[RecordId]) -> int:
    """Have people work in a territory; how many did not. Raises Forbidden, BadTerritoryPeople."""
    check_territories(tx)
    user, wanted = tx.catalog.get_object("User"), sorted(set(users))
    if len(wanted) > MOST_AT_ONCE:
        raise BadTerritoryPeople(f"A call names at most {MOST_AT_ONCE} people.", at="/users")
    living = await tx.rows(living_ids(user.heap, tx.tenant.id, user.id), ids=wanted)
    gone = set(wanted) - {row["id"] for row in living}
    if gone:
        message = f"There is no {user.label} {format_id(user.prefix, min(gone))}."
        raise BadTerritoryPeople(message, at="/users")
    added = await tx.run(_JOIN, tenant=tx.tenant.id, territory=one.id, users=wanted)
    await _note(tx, one, wanted, Event.TERRITORY_JOINED)
    return added


async def take_from_territory(tx: Transaction, one: Territory, user: RecordId) -> None:
    """Have somebody work in a territory no more."""
    check_territories(tx)
    if await tx.run(_LEAVE, tenant=tx.tenant.id, territory=one.id, users=[user]):
        await _note(tx, one, [user], Event.TERRITORY_LEFT)


async def _note(tx: Transaction, one: Territory, users: Sequence[RecordId], what: Event) -> None:
    user = tx.catalog.get_object("User")
    told = [format_id(user.prefix, number) for number in users]
    subject = users[0] if len(users) == 1 else None
    await note_event(tx, subject, what, territory=one.name, users=told)
