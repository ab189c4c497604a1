"""Deleting and restoring: to the recycle bin and back, with everything that hung on a record.

What a deletion does to others follows from each reference's on_delete: clear empties it, restrict
refuses, cascade deletes the record that holds it. The bin notes every record that went along and
every reference that was emptied, so that restoring puts all of it back.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from fieldstone.errors import Conflict, Forbidden, Several
from fieldstone.ids import ObjectId, RecordId, format_id, parse_id
from fieldstone.metadata.catalog import Field, ObjectDef
from fieldstone.metadata.values import Json, read_json, write_json
from fieldstone.runtime.access.assigning import assign_later
from fieldstone.runtime.metering import check_room, meter
from fieldstone.runtime.records import store
from fieldstone.runtime.records.checks import check_references, claim_unique, told_problems
from fieldstone.runtime.records.draft import Draft, StoredRecord
from fieldstone.runtime.records.heap_statements import mark_deleted
from fieldstone.runtime.records.held import check_held
from fieldstone.runtime.records.levels import (
    NotEditable,
    check_level,
    count_seen,
    levels_of,
)
from fieldstone.runtime.records.locks import check_unlocked
from fieldstone.runtime.records.side_statements import (
    ADD_TO_BIN,
    IN_BIN,
    LINKS_TO,
    RELEASE_ALL_UNIQUE,
    REMOVE_FROM_BIN,
    REMOVE_SEARCH,
    ROOT_OF,
)
from fieldstone.runtime.records.write import StaleVersion, UnknownRecord, lock
from fieldstone.runtime.terms import Limit
from fieldstone.runtime.transactions import Transaction

MOST_TOUCHED: Final = 50_000
_WHOLE_RECORD: Final = 0


class StillReferenced(Conflict):
    """Other records point to this one and say that it may not be deleted."""

    code = "record.still_referenced"


class ObjectInBin(Conflict):
    """Records whose object was deleted as well."""

    code = "record.object_in_bin"


class TooFarReaching(Conflict):
    """A deletion that would touch more records than one call may."""

    code = "record.too_far_reaching"


@dataclass(slots=True)
class _Reach:
    """Everything that one deletion touches."""

    deleted: dict[ObjectId, dict[RecordId, StoredRecord]] = field(default_factory=dict)
    cleared: list[tuple[Field, RecordId, RecordId]] = field(default_factory=list)
    """Field, the record that holds it, the record it points to."""
    emptied: list[tuple[Field, RecordId, Json]] = field(default_factory=list)
    """Field, the record that held it, the value that was taken from it."""
    seen_along: int = 0
    """How many of those that go along the viewer sees."""

    def has(self, object_id: ObjectId, record_id: RecordId) -> bool:
        return record_id in self.deleted.get(object_id, {})

    @property
    def size(self) -> int:
        return sum(map(len, self.deleted.values())) + len(self.cleared)


async def delete(
    tx: Transaction, obj: ObjectDef, record_id: RecordId, version: int | None = None
) -> int:
    """Put a record in the bin, and do to others what their references say.

    Gives how many went along, as far as the viewer may see them.
    Raises UnknownRecord, StaleVersion, StillReferenced, TooFarReaching.
    """
    check_held(tx, obj)
    return await delete_any(tx, obj, record_id, version)


async def delete_any(
    tx: Transaction, obj: ObjectDef, record_id: RecordId, version: int | None = None
) -> int:
    """Do as delete() does, also with records that a metadata change alone takes away."""
    if not tx.rights.may_delete(obj.id):
        raise Forbidden(f"You may not delete {obj.plural_label}.")
    found = await lock(tx, obj, [record_id])
    if record_id not in found or not await check_level(tx, obj, record_id):
        raise UnknownRecord(f"There is no {obj.label} {format_id(obj.prefix, record_id)}.")
    if version is not None and found[record_id].version != version:
        raise StaleVersion(
            f"{obj.label} {format_id(obj.prefix, record_id)} was changed since you read it.",
            details={"current_version": found[record_id].version, "your_version": version},
        )
    await check_unlocked(tx, obj, [record_id])
    reach = await _reach(tx, obj, found)
    await _check_locks(tx, reach)
    await _clear(tx, reach)
    for object_id, records in reach.deleted.items():
        await _mark(tx, tx.catalog.by_id[object_id], records)
    await _note(tx, obj, record_id, reach)
    return reach.seen_along


async def delete_all(tx: Transaction, obj: ObjectDef, ids: Sequence[RecordId]) -> int:
    """Put several records in the bin, all or none, each as a deletion of its own; how many.

    One that goes along with another of them counts as well. Raises what delete raises.
    """
    found = await lock(tx, obj, ids)
    levels = await levels_of(tx, obj, found)
    missing = [number for number in ids if number not in levels]
    if missing:
        raise UnknownRecord(f"There is no {obj.label} {format_id(obj.prefix, missing[0])}.")
    for number in ids:
        if await lock(tx, obj, [number]):
            await delete(tx, obj, number)
    return len(ids)


async def _reach(tx: Transaction, obj: ObjectDef, roots: dict[RecordId, StoredRecord]) -> _Reach:
    """Follow the references level by level: one statement for a level's links."""
    reach = _Reach({obj.id: dict(roots)})
    level: list[RecordId] = list(roots)
    while level:
        links = await tx.rows(
            LINKS_TO, tenant=tx.tenant.id, ids=sorted(level), most=MOST_TOUCHED + 1
        )
        if len(links) + reach.size > MOST_TOUCHED:
            raise TooFarReaching(
                f"More than {MOST_TOUCHED} records hang on this {obj.label}.",
                hint="Delete or move them first.",
            )
        level = await _next_level(tx, links, reach)
    return reach


async def _next_level(tx: Transaction, links: Sequence[Any], reach: _Reach) -> list[RecordId]:
    by_object: dict[ObjectId, list[Any]] = defaultdict(list)
    for link in links:
        by_object[ObjectId(link["source_object_id"])].append(link)
    level: list[RecordId] = []
    for object_id, found in by_object.items():
        source = tx.catalog.by_id.get(object_id)
        if source is None:
            continue  # the object itself lies in the bin, and so do its records
        fields = {int(one.id): one for one in source.own_fields}
        living = await lock(tx, source, [RecordId(link["source_id"]) for link in found])
        seen = await levels_of(tx, source, living)
        for link in found:
            number, holder = RecordId(link["source_id"]), fields.get(link["field_id"])
            if holder is None or number not in living or reach.has(object_id, number):
                continue
            if _goes_along(tx, source, holder, number, is_seen=number in seen):
                reach.deleted.setdefault(source.id, {})[number] = living[number]
                reach.seen_along += number in seen and tx.rights.may_read_object(source.id)
                level.append(number)
            else:
                reach.cleared.append((holder, number, RecordId(link["target_id"])))
    return level


def _goes_along(
    tx: Transaction, source: ObjectDef, holder: Field, number: RecordId, *, is_seen: bool
) -> bool:
    """Tell whether a record is deleted with its target; if not, its reference is emptied."""
    effect = str(getattr(holder.options, "on_delete", "clear"))
    if effect == "restrict" or (effect == "clear" and holder.required):
        readable = tx.rights.may_read_object(source.id) and tx.rights.may_read_field(holder.id)
        if not (readable and is_seen):
            raise StillReferenced(
                "A record that you may not see still points to it.",
                hint="Ask somebody who may see all of it.",
            )
        raise StillReferenced(
            f"{source.label} {format_id(source.prefix, number)} still points to it.",
            hint=f"Delete it or change its {holder.label} first.",
        )
    return effect == "cascade"


async def _check_locks(tx: Transaction, reach: _Reach) -> None:
    """Raise LockedRecord if a record that would go along, or lose a reference, is locked."""
    touched: dict[ObjectId, set[RecordId]] = defaultdict(set)
    for object_id, records in reach.deleted.items():
        touched[object_id].update(records)
    for holder, number, _ in reach.cleared:
        touched[holder.object_id].add(number)
    for object_id, numbers in touched.items():
        await check_unlocked(tx, tx.catalog.by_id[object_id], numbers)


async def _clear(tx: Transaction, reach: _Reach) -> None:
    """Empty the references of records that stay, and remember what they held."""
    by_object: dict[ObjectId, dict[RecordId, list[tuple[Field, RecordId]]]] = {}
    for holder, number, target in reach.cleared:
        if not reach.has(holder.object_id, number):
            records = by_object.setdefault(holder.object_id, {})
            records.setdefault(number, []).append((holder, target))
    for object_id, records in by_object.items():
        source = tx.catalog.by_id[object_id]
        existing = await lock(tx, source, list(records))
        drafts = []
        for number, cleared in records.items():
            draft = unchanged(existing[number])
            for holder in dict.fromkeys(holder for holder, _ in cleared):
                gone = {target for one, target in cleared if one is holder}
                left, taken = parted(draft.value(holder), gone)
                draft.put(holder, left)
                reach.emptied.append((holder, number, taken))
            drafts.append(draft)
        await store.update(tx, source, drafts)


def unchanged(record: StoredRecord) -> Draft:
    """Give a draft of a record as it is."""
    return Draft(record.id, {}, before=record, owner_id=record.owner_id, data=dict(record.data))


def parted(value: Json, gone: set[RecordId]) -> tuple[Json, Json]:
    """Part a reference, or a list of them, into what stays and what points to gone records."""
    if not isinstance(value, list | tuple):
        return None, value
    taken = [part for part in value if gone.intersection(store.targets_in(part))]
    left = [part for part in value if part not in taken]
    return left or None, taken


async def _mark(tx: Transaction, obj: ObjectDef, records: dict[RecordId, StoredRecord]) -> None:
    ids = sorted(records)
    await tx.run(
        mark_deleted(obj.heap, tx.tenant.id, obj.id),
        ids=ids,
        now=tx.now,
        now_or_null=tx.now,
        actor=tx.viewer.user_id,
    )
    await tx.run(RELEASE_ALL_UNIQUE, tenant=tx.tenant.id, ids=ids)
    await tx.run(REMOVE_SEARCH, tenant=tx.tenant.id, ids=ids)
    versions = [(number, records[number].version + 1) for number in ids]
    entries = [
        ({**records[number].data, "owner": records[number].owner_id}, None) for number in ids
    ]
    await store.write_log(tx, obj, "delete", versions, entries)
    await meter(tx, Limit.RECORDS, -len(ids))


async def _note(tx: Transaction, obj: ObjectDef, root: RecordId, reach: _Reach) -> None:
    """Write down in the bin what went along and what was emptied."""
    rows: list[tuple[int, int, int, str | None]] = [
        (number, _WHOLE_RECORD, object_id, None)
        for object_id, records in reach.deleted.items()
        for number in records
    ]
    for holder, number, taken in reach.emptied:
        rows.append((number, holder.id, holder.object_id, write_json(taken)))
    await tx.run(
        ADD_TO_BIN,
        tenant=tx.tenant.id,
        root=root,
        root_object=obj.id,
        now=tx.now,
        actor=tx.viewer.user_id,
        record_id=[row[0] for row in rows],
        field_id=[row[1] for row in rows],
        object_id=[row[2] for row in rows],
        value=[row[3] for row in rows],
    )


async def restore(tx: Transaction, obj: ObjectDef, record_id: RecordId) -> int:
    """Take a record out of the bin, with all that went along and every reference to it.

    A record that went along with another brings back the whole of that deletion. References that
    were given another value since keep it. Gives how many records came back that the viewer sees.
    Raises UnknownRecord if it is not in the bin, Several if a unique value was taken meanwhile.
    """
    check_held(tx, obj)
    return await restore_any(tx, obj, record_id)


async def restore_any(tx: Transaction, obj: ObjectDef, record_id: RecordId) -> int:
    """Do as restore() does, also with records that a metadata change alone brings back."""
    if not tx.rights.may_delete(obj.id):
        raise Forbidden(f"You may not restore {obj.plural_label}.")
    root = await tx.row(ROOT_OF, tenant=tx.tenant.id, id=record_id, object=obj.id)
    if root is None or not await _may_restore(tx, obj, record_id, root):
        text = format_id(obj.prefix, record_id)
        raise UnknownRecord(f"{obj.label} {text} is not in the recycle bin.")
    rows = await tx.rows(IN_BIN, tenant=tx.tenant.id, root=root["root_id"])
    by_object: dict[ObjectId, list[RecordId]] = defaultdict(list)
    for row in rows:
        if row["field_id"] == _WHOLE_RECORD:
            by_object[ObjectId(row["object_id"])].append(RecordId(row["record_id"]))
    brought: list[tuple[ObjectDef, list[RecordId]]] = []
    for object_id, ids in by_object.items():
        back = tx.catalog.by_id.get(object_id)
        if back is None:
            raise ObjectInBin(
                "Some of these records belong to an object that lies in the bin itself.",
                hint="Restore the object first.",
            )
        brought.append((back, await _bring_back(tx, back, ids)))
    for back, ids in brought:
        await check_unlocked(tx, back, ids)  # once they are back: the viewer sees no others
    await _point_again(tx, [row for row in rows if row["field_id"] != _WHOLE_RECORD])
    for back, ids in brought:
        await _drop_dangling(tx, back, ids)
    await tx.run(REMOVE_FROM_BIN, tenant=tx.tenant.id, ids=[root["root_id"]])
    return sum([await count_seen(tx, back, ids) for back, ids in brought])


async def _may_restore(tx: Transaction, obj: ObjectDef, record_id: RecordId, root: Any) -> bool:
    """Tell whether the viewer sees a record in the bin. Raises NotEditable if they see it alone.

    With it comes all that was deleted at once: they must be free to change what it hung on.
    """
    above = tx.catalog.by_id.get(ObjectId(root["root_object_id"]))
    seen = await check_level(tx, obj, record_id)
    if not seen or above is None:
        return seen
    readable = tx.rights.may_read_object(above.id)
    if not readable or not await check_level(tx, above, root["root_id"]):
        raise NotEditable(
            f"{obj.label} {format_id(obj.prefix, record_id)} was deleted with a record that you "
            "may not see.",
            hint="Ask somebody who may see all of it.",
        )
    if not tx.rights.may_delete(above.id):
        raise Forbidden(
            f"{obj.label} {format_id(obj.prefix, record_id)} was deleted with a record that you "
            "may not restore.",
            hint=f"Ask somebody who may delete {above.plural_label}.",
        )
    return True


async def _drop_dangling(tx: Transaction, obj: ObjectDef, ids: list[RecordId]) -> None:
    """Empty references of restored records to what is gone by now; refuse where one is required.

    What lies in the bin notes them, so that they are filled again when it comes back.
    """
    records = await lock(tx, obj, ids)
    drafts = [unchanged(record) for record in records.values()]
    for draft in drafts:
        draft.before = None
    await check_references(tx, obj, drafts)
    for draft in drafts:
        draft.before = records[draft.id]
        for problem in draft.problems:
            holder = obj.find_field(str(problem.at).removeprefix("/"))
            if holder is None or holder.required:
                await _refuse(tx, obj, [draft])
            assert holder is not None
            await _note_emptied(tx, obj, holder, draft)
            draft.put(holder, None)
    changed = [draft for draft in drafts if draft.changed_keys()]
    if changed:
        await store.update(tx, obj, changed)


async def _note_emptied(tx: Transaction, obj: ObjectDef, holder: Field, draft: Draft) -> None:
    """Note an emptied reference with the deletions that its targets went with."""
    value = draft.value(holder)
    for part in value if isinstance(value, list | tuple) else [value]:
        prefix, target = parse_id(str(part))
        gone = tx.catalog.by_prefix.get(prefix)
        if gone is None:
            continue
        root = await tx.row(ROOT_OF, tenant=tx.tenant.id, id=target, object=gone.id)
        if root is not None:
            await tx.run(
                ADD_TO_BIN,
                tenant=tx.tenant.id,
                root=root["root_id"],
                root_object=root["root_object_id"],
                now=tx.now,
                actor=tx.viewer.user_id,
                record_id=[draft.id],
                field_id=[holder.id],
                object_id=[obj.id],
                value=[write_json([part] if isinstance(value, list | tuple) else part)],
            )


async def _bring_back(tx: Transaction, obj: ObjectDef, ids: list[RecordId]) -> list[RecordId]:
    records = await lock(tx, obj, ids, deleted=True)
    drafts = [
        Draft(one.id, {}, owner_id=one.owner_id, data=dict(one.data)) for one in records.values()
    ]
    await claim_unique(tx, obj, drafts)
    await _refuse(tx, obj, [draft for draft in drafts if draft.problems])
    await check_room(tx, Limit.RECORDS, len(records))
    await tx.run(
        mark_deleted(obj.heap, tx.tenant.id, obj.id),
        ids=sorted(records),
        now=tx.now,
        now_or_null=None,
        actor=tx.viewer.user_id,
    )
    await store.put_search(tx, obj, drafts)
    versions = [(one.id, one.version + 1) for one in records.values()]
    entries = [(None, {**one.data, "owner": one.owner_id}) for one in records.values()]
    if records:
        await store.write_log(tx, obj, "restore", versions, entries)
        await meter(tx, Limit.RECORDS, len(records))
    # Rules were changed and places given away while they lay in the bin.
    await assign_later(tx, obj, list(records))
    return list(records)


async def _refuse(tx: Transaction, obj: ObjectDef, wrong: Sequence[Draft]) -> None:
    """Raise what is wrong with records, as far as the viewer may know of it."""
    if not wrong:
        return
    seen = await levels_of(tx, obj, [draft.id for draft in wrong])
    told = (
        told_problems(obj, tx.rights, draft.problems, is_seen=draft.id in seen) for draft in wrong
    )
    raise Several(problem for problems in told for problem in problems)


async def _point_again(tx: Transaction, rows: Sequence[Any]) -> None:
    """Fill the emptied references again, where nobody gave them another value."""
    by_object: dict[ObjectId, list[Any]] = defaultdict(list)
    for row in rows:
        by_object[ObjectId(row["object_id"])].append(row)
    for object_id, found in by_object.items():
        obj = tx.catalog.by_id.get(object_id)
        if obj is None:
            continue
        fields = {int(one.id): one for one in obj.own_fields}
        ids = [RecordId(row["record_id"]) for row in found]
        # What was put in the bin since is filled again too, so that it comes back whole.
        existing = await lock(tx, obj, ids) | await lock(tx, obj, ids, deleted=True)
        drafts = {number: unchanged(record) for number, record in existing.items()}
        for row in found:
            holder, draft = fields.get(row["field_id"]), drafts.get(RecordId(row["record_id"]))
            if holder is not None and draft is not None:
                draft.put(holder, refilled(draft.value(holder), read_json(row["value"])))
        changed = [draft for draft in drafts.values() if draft.changed_keys()]
        if changed:
            await check_unlocked(tx, obj, [draft.id for draft in changed])
            await store.update(tx, obj, changed)


def refilled(value: Json, taken: Json) -> Json:
    """Give a reference with what was taken from it; a single one that is filled stays as it is."""
    if isinstance(taken, list | tuple):
        there = list(value) if isinstance(value, list | tuple) else []
        return [*there, *(part for part in taken if part not in there)]
    return taken if value is None else value
