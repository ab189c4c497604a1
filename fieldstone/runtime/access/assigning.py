"""Records are given to territories by rules, in the background: a job for each change that asks.

Territories with a capacity are counted, so that one job of a tenant works at a time. What a rule
gave is a share of the record like any other, marked as the rule's; what people gave stays.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import ARRAY, BigInteger, DateTime, Integer, Text, delete, func, select
from sqlalchemy.dialects.postgresql import insert

from fieldstone.ids import RecordId
from fieldstone.metadata.catalog import Catalog, ObjectDef
from fieldstone.metadata.component_change import ComponentChange
from fieldstone.metadata.kinds.territory import TerritoryKind
from fieldstone.metadata.kinds.territory_rule import TerritoryRuleKind
from fieldstone.metadata.tables import LINK, RECORD_SHARE, heap
from fieldstone.metadata.territories import TerritoryRule
from fieldstone.metadata.territory_tables import TERRITORY_PERSON
from fieldstone.metadata.values import Json, JsonObject
from fieldstone.query_language.plan import Parameter
from fieldstone.query_language.territory_matches import AFTER, RECORDS, territory_matches
from fieldstone.runtime.access.placing import Candidate, place
from fieldstone.runtime.job_runs import JobContext
from fieldstone.runtime.jobs import Job, enqueue, find_last_job
from fieldstone.runtime.moments import moment_of
from fieldstone.runtime.per_catalog import PerCatalog
from fieldstone.runtime.statements import Prepared, parameter, prepare
from fieldstone.runtime.transactions import Transaction

ASSIGN: Final = "territories.assign"
AT_ONCE: Final = 1_000
_SPACE: Final = 7203
_S: Final = RECORD_SHARE.c
_TENANT: Final = parameter("tenant", Integer())
_IDS: Final = parameter("ids", ARRAY(BigInteger))
_OBJECTS: Final = parameter("objects", ARRAY(Integer))
_MATCHES: Final[PerCatalog[tuple[Prepared, Sequence[Parameter]]]] = PerCatalog(500)
_LOCK: Final = prepare(select(func.pg_advisory_xact_lock(_SPACE, _TENANT)))
_HELD: Final = prepare(
    select(_S.record_id, _S.principal, _S.by_rule, _S.level, _S.along).where(
        _S.tenant_id == _TENANT,
        _S.record_id == func.any(_IDS),
        _S.principal == func.any(parameter("territories", ARRAY(BigInteger))),
    )
)
_TAKE: Final = prepare(
    delete(RECORD_SHARE).where(
        _S.tenant_id == _TENANT, _S.record_id == func.any(_IDS), _S.by_rule.is_(True)
    )
)
_TAKE_ALL: Final = prepare(
    delete(RECORD_SHARE).where(
        _S.tenant_id == _TENANT, _S.object_id == func.any(_OBJECTS), _S.by_rule.is_(True)
    )
)
_OF_TERRITORIES: Final = (_S.tenant_id == _TENANT, _S.principal == func.any(_IDS))
_TAKE_FROM: Final = prepare(delete(RECORD_SHARE).where(*_OF_TERRITORIES, _S.by_rule.is_(True)))
_FORGET_SHARES: Final = prepare(delete(RECORD_SHARE).where(*_OF_TERRITORIES))
_FORGET_PEOPLE: Final = prepare(
    delete(TERRITORY_PERSON).where(
        TERRITORY_PERSON.c.tenant_id == _TENANT, TERRITORY_PERSON.c.territory_id == func.any(_IDS)
    )
)
_BELOW: Final = prepare(
    select(LINK.c.source_id)
    .distinct()
    .where(
        LINK.c.tenant_id == _TENANT,
        LINK.c.target_id == func.any(_IDS),
        LINK.c.source_object_id == parameter("object", Integer()),
    )
)


def _put() -> Prepared:
    arrays = [parameter(name, ARRAY(BigInteger)) for name in ("records", "principals", "levels")]
    alongs = parameter("alongs", ARRAY(Text))
    x = func.unnest(*arrays, alongs).table_valued("record", "principal", "level", "along")
    x = x.render_derived().alias("x")
    values: dict[str, Any] = {
        "tenant_id": _TENANT,
        "record_id": x.c.record,
        "principal": x.c.principal,
        "object_id": parameter("object", Integer()),
        "level": x.c.level,
        "along": x.c.along.cast(ARRAY(Integer)),
        "reason": parameter("reason", Text()),
        "at": parameter("now", DateTime(timezone=True)),
        "by_rule": True,
    }
    added = insert(RECORD_SHARE).from_select(list(values), select(*values.values()))
    return prepare(added.on_conflict_do_nothing())


async def assign_later(tx: Transaction, obj: ObjectDef, ids: Sequence[RecordId]) -> None:
    """Have records that were written given to territories, with those that a rule finds by them."""
    rules = tx.catalog.territory_rules
    if not rules or not ids:
        return
    told: list[Json] = [int(one) for one in ids]
    if obj.id in rules:
        await enqueue(tx, ASSIGN, {"object": obj.name, "ids": told})
    for child in {relation.object.id: relation.object for relation in tx.catalog.children_of(obj)}:
        if any("." in rule.where for rule in rules.get(child, ())):
            name = tx.catalog.by_id[child].name
            await enqueue(tx, ASSIGN, {"object": name, "above": told})


def ruled_objects(tx: Transaction) -> list[ObjectDef]:
    """Give the objects that active rules are about."""
    return [tx.catalog.by_id[number] for number in sorted(tx.catalog.territory_rules)]


async def last_assignment(tx: Transaction) -> Job | None:
    """Give the job that gave records out last, or does so now; None if there was none of late."""
    return await find_last_job(tx, ASSIGN)


async def assign_all(tx: Transaction, objects: Sequence[ObjectDef]) -> list[int]:
    """Have all records of some objects given to territories anew; the numbers of the jobs."""
    return [await enqueue(tx, ASSIGN, {"object": obj.name}) for obj in objects]


async def follow_territories(
    tx: Transaction, changes: Sequence[ComponentChange], before: Catalog, after: Catalog
) -> None:
    """Bring what territories hold up to changed definitions."""
    kinds = (TerritoryKind.name, TerritoryRuleKind.name)
    sides = [(one.before or one.after, one) for one in changes]
    touched = [one for side, one in sides if side is not None and side.kind in kinds]
    if not touched:
        return
    gone = sorted(before.territories.by_id.keys() - after.territories.by_id.keys())
    if gone:  # Who works there and what was given by hand waits in case it comes back.
        await tx.run(_TAKE_FROM, tenant=tx.tenant.id, ids=gone)
    # No job looks at objects that have no rules any more, nor at records in the bin.
    free = sorted(before.territory_rules.keys() - after.territory_rules.keys())
    if free:
        await tx.run(_TAKE_ALL, tenant=tx.tenant.id, objects=free)
    await assign_all(tx, [after.by_id[one] for one in sorted(after.territory_rules)])


async def forget_territory(tx: Transaction, territory_id: int) -> None:
    """Forget who worked in a territory that is purged, and what was given to it."""
    for statement in (_FORGET_SHARES, _FORGET_PEOPLE):
        await tx.run(statement, tenant=tx.tenant.id, ids=[territory_id])


async def run_assign(context: JobContext) -> JsonObject:
    """Do the job of kind territories.assign: {"object": name, "ids"?: [id], "above"?: [id]}.

    ids: which records; above: those that refer to one of these; without both, all of the object.
    """
    while True:
        context.go_on()
        async with context.write() as tx:
            if not await _assign_batch(tx, context):
                return {key: value for key, value in _done(context).items() if key != "words"}


def _done(context: JobContext) -> dict[str, Json]:
    known = context.job.progress
    return {name: known.get(name, 0) for name in ("done", "given", "taken", "without")}


async def _assign_batch(tx: Transaction, context: JobContext) -> bool:
    """Place the next records; whether there were any."""
    asked = context.job.arguments
    obj = tx.catalog.find_object(str(asked["object"]))
    if obj is None:
        return False
    checkpoint = context.job.progress.get("checkpoint")
    after = checkpoint.get("after") if isinstance(checkpoint, Mapping) else 0
    # Locked before anything is read: what another job has just settled by newer values stays so.
    await tx.rows(_LOCK, tenant=tx.tenant.id)
    rows = await matched_rows(tx, obj, await _wanted(tx, obj, asked), after)
    if not rows:
        return False
    counts = await _settle(tx, obj, rows)
    done = {name: int(str(was)) + counts[name] for name, was in _done(context).items()}
    told: dict[str, Json] = {**done, "words": f"Looked at {done['done']:,} records."}
    await context.checkpoint(tx, {**told, "checkpoint": {"after": rows[-1]["id"]}})
    return len(rows) == AT_ONCE


async def _wanted(tx: Transaction, obj: ObjectDef, asked: JsonObject) -> list[int] | None:
    ids, above = asked.get("ids"), asked.get("above")
    if isinstance(ids, list | tuple):
        return [int(str(one)) for one in ids]
    if not isinstance(above, list | tuple):
        return None
    numbers = [int(str(one)) for one in above]
    rows = await tx.rows(_BELOW, tenant=tx.tenant.id, ids=numbers, object=obj.id)
    return [row["source_id"] for row in rows]


async def matched_rows(
    tx: Transaction, obj: ObjectDef, wanted: list[int] | None, after: Json
) -> list[Any]:
    """Give the next records behind an id, with which rules they meet; some, or all in turn."""

    def make() -> tuple[Prepared, Sequence[Parameter]]:
        found = territory_matches(tx.catalog, obj, AT_ONCE, named=wanted is not None)
        return prepare(found.statement), found.parameters

    statement, parameters = _MATCHES.get(tx.catalog, (obj.id, wanted is None), make)
    moment = moment_of(tx)
    values = {one.name: one.read(0, moment) for one in parameters}
    return await tx.rows(statement, **{RECORDS: wanted, AFTER: after}, **values)


@dataclass(frozen=True, slots=True)
class Placements:
    """What rules do with some records. held: shares that rules gave, by record.

    wrong: records that leave where they are; new: the rules by which records come somewhere.
    without: how many no territory has, by rule or by hand.
    """

    held: Mapping[int, Any]
    wrong: Sequence[int]
    new: Mapping[int, TerritoryRule]
    without: int


async def placements(
    tx: Transaction, obj: ObjectDef, rows: Sequence[Any], room: Mapping[int, int]
) -> Placements:
    """Tell what rules do with records, of which it is known which rules they meet.

    room: of territories with a capacity, how many more records.
    """
    rules = tx.catalog.territory_rules.get(obj.id, ())
    ids = [row["id"] for row in rows]
    shares = await tx.rows(
        _HELD, tenant=tx.tenant.id, ids=ids, territories=list(tx.catalog.territories.by_id)
    )
    held = {one["record_id"]: one for one in shares if one["by_rule"]}
    pinned = {one["record_id"] for one in shares if not one["by_rule"]}
    candidates = [
        Candidate(
            row["id"],
            row["matches"] or (),
            held[row["id"]]["principal"] if row["id"] in held else None,
            row["id"] in pinned,
        )
        for row in rows
    ]
    placed = place(candidates, rules, room)
    wrong = [one for one in held if not _is_so(held[one], placed[one])]
    stale = set(wrong)
    new = {
        one: rule
        for one, rule in placed.items()
        if rule is not None and (one not in held or one in stale)
    }
    without = sum(rule is None and one not in pinned for one, rule in placed.items())
    return Placements(held, wrong, new, without)


async def _settle(tx: Transaction, obj: ObjectDef, rows: Sequence[Any]) -> dict[str, int]:
    """Give records to territories and take them from others; how many of each."""
    found = await placements(tx, obj, rows, await room_of(tx, obj))
    if found.wrong:
        await tx.run(_TAKE, tenant=tx.tenant.id, ids=found.wrong)
    await _give(tx, obj, found.new)
    return {
        "done": len(rows),
        "given": len(found.new),
        "taken": len(found.wrong),
        "without": found.without,
    }


def _is_so(share: Any, rule: TerritoryRule | None) -> bool:
    return rule is not None and (share["principal"], share["level"], list(share["along"])) == (
        rule.territory,
        int(rule.level),
        [int(one) for one in rule.along],
    )


async def _give(tx: Transaction, obj: ObjectDef, new: Mapping[int, TerritoryRule]) -> None:
    if not new:
        return
    await tx.run(
        _PUT,
        tenant=tx.tenant.id,
        object=obj.id,
        now=tx.now,
        reason="",
        records=list(new),
        principals=[rule.territory for rule in new.values()],
        levels=[int(rule.level) for rule in new.values()],
        alongs=["{" + ",".join(map(str, rule.along)) + "}" for rule in new.values()],
    )


async def room_of(tx: Transaction, obj: ObjectDef) -> dict[int, int]:
    """Give how many more of an object's records each territory with a capacity takes."""
    most = {
        one.id: one.capacity[obj.id] for one in tx.catalog.territories if obj.id in one.capacity
    }
    if not most:
        return {}
    held = await count_held(tx, obj, list(most))
    return {number: limit - held.get(number, 0) for number, limit in most.items()}


async def count_held(
    tx: Transaction, obj: ObjectDef, territories: Sequence[int]
) -> Mapping[int, int]:
    """Count the live records of an object that are in some territories."""
    records = heap(obj.heap)
    statement = prepare(
        select(_S.principal, func.count().label("records"))
        .join(records, (records.c.tenant_id == _S.tenant_id) & (records.c.id == _S.record_id))
        .where(
            _S.tenant_id == _TENANT,
            _S.object_id == parameter("object", Integer()),
            _S.principal == func.any(_IDS),
            records.c.tenant_id == _TENANT,
            records.c.deleted_at.is_(None),
        )
        .group_by(_S.principal)
    )
    rows = await tx.rows(statement, tenant=tx.tenant.id, object=obj.id, ids=list(territories))
    return {row["principal"]: row["records"] for row in rows}


_PUT: Final = _put()
