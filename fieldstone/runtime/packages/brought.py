"""Which records a package made here, so that they go with it unless somebody made them their own.

They go when the package does, or when the change with which they came is undone; what was changed
since, or what something else refers to, stays. When that is undone in turn, they come back.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Final, NamedTuple

from sqlalchemy import ARRAY, BigInteger, Integer, Text, false, func, null, or_, select, update
from sqlalchemy.dialects.postgresql import insert

from fieldstone.errors import FieldstoneError
from fieldstone.ids import ObjectId, RecordId, format_id
from fieldstone.metadata.catalog import ObjectDef
from fieldstone.metadata.package_tables import PACKAGE_RECORD
from fieldstone.metadata.tables import LINK
from fieldstone.runtime.change_impact import Impact, Severity
from fieldstone.runtime.records.delete import delete, restore
from fieldstone.runtime.records.write import UnknownRecord, load
from fieldstone.runtime.statements import incoming, parameter, prepare
from fieldstone.runtime.transactions import Transaction

_TABLE: Final = PACKAGE_RECORD
_TENANT: Final = parameter("tenant", Integer())
_CHANGE: Final = parameter("change", BigInteger())
DIGEST: Final = "="
"""What the key of a record that is known by a value begins with."""

_NO_CHANGE: Final = -1
"""What is noted of records with which nothing changed: no change can be undone by that number."""

_AT_ONCE: Final = 500
_TOLD: Final = 20
_COLUMNS: Final = ("package", "object_id", "key", "record_id", "version")
_NEW: Final = incoming(_TABLE, *_COLUMNS)
_INSERTED: Final = insert(_TABLE).from_select(
    ["tenant_id", *_COLUMNS, "change"],
    select(_TENANT, *(_NEW.c[name] for name in _COLUMNS), _CHANGE),
)
_NOTE: Final = prepare(
    _INSERTED.on_conflict_do_update(
        index_elements=[_TABLE.c[name] for name in ("tenant_id", "package", "object_id", "key")],
        set_={
            "record_id": _INSERTED.excluded.record_id,
            "version": _INSERTED.excluded.version,
            "change": _INSERTED.excluded.change,
            "removed": null(),
            "was_taken": false(),
        },
    )
)
_KNOWN: Final = prepare(
    select(_TABLE.c.object_id, _TABLE.c.key, _TABLE.c.record_id).where(
        _TABLE.c.tenant_id == _TENANT,
        _TABLE.c.package == parameter("package", Text()),
        _TABLE.c.removed.is_(None),
    )
)
_OF_GOING: Final = prepare(
    select(_TABLE.c.object_id, _TABLE.c.record_id, _TABLE.c.version)
    .where(
        _TABLE.c.tenant_id == _TENANT,
        _TABLE.c.removed.is_(None),
        or_(
            _TABLE.c.package == func.any(parameter("packages", ARRAY(Text()))),
            _TABLE.c.change == _CHANGE,
        ),
    )
    .order_by(_TABLE.c.object_id, _TABLE.c.record_id)
)
_GONE: Final = prepare(
    update(_TABLE)
    .where(
        _TABLE.c.tenant_id == _TENANT,
        _TABLE.c.removed.is_(None),
        or_(
            _TABLE.c.package == func.any(parameter("packages", ARRAY(Text()))),
            _TABLE.c.change == _CHANGE,
        ),
    )
    .values(
        removed=parameter("by", BigInteger()),
        was_taken=_TABLE.c.record_id == func.any(parameter("taken", ARRAY(BigInteger()))),
    )
)
_TAKEN: Final = prepare(
    select(_TABLE.c.object_id, _TABLE.c.record_id).where(
        _TABLE.c.tenant_id == _TENANT, _TABLE.c.removed == _CHANGE, _TABLE.c.was_taken
    )
)
_BACK: Final = prepare(
    update(_TABLE)
    .where(_TABLE.c.tenant_id == _TENANT, _TABLE.c.removed == _CHANGE)
    .values(removed=null(), was_taken=false())
)
_AS_NOW: Final = incoming(_TABLE, "record_id", "version")
_RENEW: Final = prepare(
    update(_TABLE)
    .where(
        _TABLE.c.tenant_id == _TENANT,
        _TABLE.c.object_id == parameter("object", Integer()),
        _TABLE.c.record_id == _AS_NOW.c.record_id,
    )
    .values(version=_AS_NOW.c.version)
)
_LINKS: Final = prepare(
    select(LINK.c.target_id, LINK.c.field_id, LINK.c.source_id, LINK.c.source_object_id)
    .where(
        LINK.c.tenant_id == _TENANT,
        LINK.c.target_id == func.any(parameter("ids", ARRAY(BigInteger()))),
    )
    .limit(parameter("most", Integer()))
)
_MOST_LINKS: Final = 10_000


class _Why(NamedTuple):
    """What becomes of records and why, of one and of several."""

    one: str
    many: str


_GO: Final = _Why("goes to the bin", "go to the bin")
_CHANGED: Final = _Why("stays, since it was changed", "stay, since they were changed")
_NEEDED: Final = _Why(
    "stays, since other records refer to it", "stay, since other records refer to them"
)


@dataclass(frozen=True, slots=True)
class Brought:
    """A record that a package made. key: how it is noted; version: of the record as it was made."""

    package: str
    object_id: ObjectId
    key: str
    record_id: RecordId
    version: int


@dataclass(frozen=True, slots=True)
class Leave:
    """What is about to go: some packages, or what came with one change. gone: components that go.

    Whose records go with their object are no matter of this module.
    """

    packages: tuple[str, ...] = ()
    change: int = 0
    gone: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class Going:
    """Records that go, by object, and those that stay, by object and why."""

    goes: Mapping[ObjectDef, tuple[RecordId, ...]]
    stays: Mapping[tuple[ObjectDef, _Why], tuple[RecordId, ...]]

    def told(self) -> tuple[Impact, ...]:
        """Tell it as a plan tells what becomes of records."""
        said = [(obj, ids, _GO) for obj, ids in self.goes.items()]
        said += [(obj, ids, why) for (obj, why), ids in self.stays.items()]
        return tuple(
            Impact(
                Severity.NOTE,
                f"brought:{obj.name}",
                len(ids),
                f"1 {obj.label} that came with it {why.one}."
                if len(ids) == 1
                else f"{len(ids):,} {obj.plural_label} that came with it {why.many}.",
                samples=tuple({"id": format_id(obj.prefix, one)} for one in ids[:_TOLD]),
            )
            for obj, ids, why in said
            if ids
        )


def is_name(key: str) -> bool:
    """Tell whether a record is noted by the name that its package gives it."""
    return not key.startswith(DIGEST)


async def load_known(tx: Transaction, package: str) -> dict[tuple[int, str], RecordId]:
    """Load the records that an installed package made, by object and by how they are noted."""
    rows = await tx.rows(_KNOWN, tenant=tx.tenant.id, package=package)
    return {(row["object_id"], row["key"]): RecordId(row["record_id"]) for row in rows}


async def note_brought(tx: Transaction, brought: Sequence[Brought], change: int | None) -> None:
    """Note records that a package made.

    change: the one with which they came; None if nothing else changed, so that they go with their
    package alone.
    """
    columns = {name: [getattr(one, name) for one in brought] for name in _COLUMNS}
    noted = _NO_CHANGE if change is None else change
    await tx.run(_NOTE, tenant=tx.tenant.id, change=noted, **columns)


async def load_going(tx: Transaction, leave: Leave) -> Going:
    """Tell which records go along, and which stay although they were brought."""
    rows = await tx.rows(
        _OF_GOING, tenant=tx.tenant.id, packages=list(leave.packages), change=leave.change
    )
    noted: dict[ObjectDef, dict[RecordId, int]] = defaultdict(dict)
    for row in rows:
        obj = tx.catalog.by_id.get(row["object_id"])
        if obj is not None and obj.id not in leave.gone:
            noted[obj][RecordId(row["record_id"])] = row["version"]
    same: dict[ObjectDef, list[RecordId]] = {}
    stays: dict[tuple[ObjectDef, _Why], tuple[RecordId, ...]] = {}
    for obj, versions in noted.items():
        live = {
            number: row.version
            for some in _portions(list(versions))
            for number, row in (await load(tx, obj, some)).items()
        }
        same[obj] = [number for number, version in live.items() if versions[number] == version]
        stays[obj, _CHANGED] = tuple(one for one in live if versions[one] != live[one])
    needed = await _needed(tx, {one for ids in same.values() for one in ids}, leave)
    goes = {obj: tuple(one for one in ids if one not in needed) for obj, ids in same.items()}
    stays |= {
        (obj, _NEEDED): tuple(one for one in ids if one in needed) for obj, ids in same.items()
    }
    return Going(goes, stays)


async def take_away(tx: Transaction, leave: Leave) -> None:
    """Put the records that go into the bin, and forget that the others were brought.

    The catalog of tx must be that of the change by which they go.
    """
    going = await load_going(tx, leave)
    left = [(obj, number) for obj, numbers in going.goes.items() for number in numbers]
    taken: list[RecordId] = []
    while left:
        refused = [one for one in left if not await _is_deleted(tx, *one)]
        taken += [number for obj, number in left if (obj, number) not in refused]
        if len(refused) == len(left):
            break  # What is locked or held, or not the viewer's to delete, stays.
        left = refused
    await tx.run(
        _GONE,
        tenant=tx.tenant.id,
        packages=list(leave.packages),
        change=leave.change,
        by=tx.catalog.version,
        taken=taken,
    )


async def bring_back(tx: Transaction, change: int) -> None:
    """Take out of the bin what a change that is undone has put there."""
    taken: dict[ObjectDef, list[RecordId]] = defaultdict(list)
    for row in await tx.rows(_TAKEN, tenant=tx.tenant.id, change=change):
        obj = tx.catalog.by_id.get(row["object_id"])
        if obj is not None:
            taken[obj].append(RecordId(row["record_id"]))
    # What somebody took out of the bin before is theirs, with all that they did to it.
    back = {obj: await _not_live(tx, obj, numbers) for obj, numbers in taken.items()}
    for obj, numbers in back.items():
        for number in numbers:
            # It may have come back with another one, or its unique value be another's by now: then
            # nothing that it claimed until it was refused may stay claimed.
            with suppress(FieldstoneError):
                async with tx.savepoint():
                    await restore(tx, obj, number)
    await tx.run(_BACK, tenant=tx.tenant.id, change=change)
    # Going to the bin and coming back is no change that somebody made.
    for obj, numbers in back.items():
        for some in _portions(numbers):
            live = await load(tx, obj, some)
            versions = [row.version for row in live.values()]
            await tx.run(
                _RENEW,
                tenant=tx.tenant.id,
                object=obj.id,
                record_id=list(live),
                version=versions,
            )


async def told_of_return(tx: Transaction, change: int) -> tuple[Impact, ...]:
    """Tell how many records come back once a change is undone."""
    count = len(await tx.rows(_TAKEN, tenant=tx.tenant.id, change=change))
    text = (
        "1 record that went with it comes back from the bin."
        if count == 1
        else f"{count:,} records that went with it come back from the bin."
    )
    return (Impact(Severity.NOTE, "brought", count, text),) if count else ()


async def _is_deleted(tx: Transaction, obj: ObjectDef, number: RecordId) -> bool:
    """Delete a record unless it went along with another one; tell whether it is gone."""
    try:
        async with tx.savepoint():
            await delete(tx, obj, number)
    except UnknownRecord:
        return True
    except FieldstoneError:
        return False
    return True


async def _not_live(tx: Transaction, obj: ObjectDef, numbers: Sequence[RecordId]) -> list[RecordId]:
    """Give those of some records that lie in the bin, or are gone for good."""
    live = {one for some in _portions(numbers) for one in await load(tx, obj, some)}
    return [one for one in numbers if one not in live]


async def _needed(
    tx: Transaction, numbers: Collection[RecordId], leave: Leave
) -> frozenset[RecordId]:
    """Give those of some records to which others refer that stay, at once or by way of others."""
    needed: set[RecordId] = set()
    among: list[tuple[RecordId, RecordId]] = []
    outside: dict[ObjectDef, dict[RecordId, set[RecordId]]] = defaultdict(dict)
    for some in _portions(sorted(numbers)):
        links = await tx.rows(_LINKS, tenant=tx.tenant.id, ids=some, most=_MOST_LINKS + 1)
        if len(links) > _MOST_LINKS:
            needed.update(some)
            continue
        for link in links:
            target, source = RecordId(link["target_id"]), RecordId(link["source_id"])
            obj = tx.catalog.by_id.get(link["source_object_id"])
            if obj is None or not _holds(obj, link["field_id"], leave):
                continue
            if source in numbers:
                among.append((source, target))
            else:
                outside[obj].setdefault(source, set()).add(target)
    for obj, targets in outside.items():
        for some in _portions(list(targets)):
            live = await load(tx, obj, some)
            needed.update(target for source in live for target in targets[source])
    while more := {target for source, target in among if source in needed} - needed:
        needed |= more
    return frozenset(needed)


def _holds(obj: ObjectDef, field_id: int, leave: Leave) -> bool:
    """Tell whether a reference of a record is one that is there and stays."""
    if obj.id in leave.gone or field_id in leave.gone:
        return False
    return any(one.id == field_id for one in obj.own_fields)


def _portions(numbers: Sequence[RecordId]) -> Iterator[list[RecordId]]:
    for start in range(0, len(numbers), _AT_ONCE):
        yield list(numbers[start : start + _AT_ONCE])
