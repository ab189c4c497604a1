"""Creating and changing records: one or ten thousand, through the same steps.

read values -> load and lock -> fill -> references -> check -> unique -> store -> attach.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from fieldstone.errors import (
    Conflict,
    FieldstoneError,
    Forbidden,
    InvalidInput,
    NotFound,
    Problem,
    Several,
)
from fieldstone.ids import BadId, RecordId, format_id, parse_id
from fieldstone.metadata.catalog import ObjectDef
from fieldstone.metadata.sharing import Level
from fieldstone.metadata.values import Json
from fieldstone.runtime.access.assigning import assign_later
from fieldstone.runtime.jobs import enqueue
from fieldstone.runtime.metering import check_room
from fieldstone.runtime.records import store
from fieldstone.runtime.records.attaching import Waiting, attach_sources, still_waits, waiting_for
from fieldstone.runtime.records.checks import (
    check_files,
    check_references,
    claim_unique,
    told_problems,
)
from fieldstone.runtime.records.conditions import check_required
from fieldstone.runtime.records.dependent import check_dependent
from fieldstone.runtime.records.draft import Draft, Outcome, StoredRecord
from fieldstone.runtime.records.filling import fill
from fieldstone.runtime.records.heap_statements import load_rows, lock_rows
from fieldstone.runtime.records.held import check_held, check_setup_owners
from fieldstone.runtime.records.levels import NotEditable, check_wholes, levels_of, refuse_reader
from fieldstone.runtime.records.locks import (
    LOCK_HINT,
    LockedRecord,
    closed_among,
    lock_message,
    locked_among,
)
from fieldstone.runtime.records.numbering import number_new
from fieldstone.runtime.records.reading import Values
from fieldstone.runtime.records.record_types import check_record_types
from fieldstone.runtime.records.rules import check_rules
from fieldstone.runtime.terms import Limit
from fieldstone.runtime.transactions import Transaction

MOST_RECORDS: Final = 10_000
ATTACH: Final = "records.attach"
"""The kind of the job that attaches what one request cannot (attach_job.py)."""


class StaleVersion(Conflict):
    """Somebody else changed the record since the caller read it."""

    code = "record.stale"


class UnknownRecord(NotFound):
    """No record of this id, or none that the viewer may see."""

    code = "record.unknown"


class RepeatedRecord(InvalidInput):
    """A record that stands in one call twice, where only one of its changes could be kept."""

    code = "record.repeated"


class TooMany(Several):
    """More records than one call may hold."""

    code = "record.too_many"


@dataclass(frozen=True, slots=True)
class Incoming:
    """One record as a caller sent it, read field by field.

    id: None creates. version: the version the caller has seen; None if that does not matter.
    problems: what reading found wrong; such a record is not written.
    """

    values: Values
    problems: tuple[Problem, ...] = ()
    id: RecordId | None = None
    version: int | None = None


class _LostClaims(Exception):
    """Some records of a call lost a unique value: what was claimed with them is undone."""


def record_id(obj: ObjectDef, text: str) -> RecordId:
    """Read the id of one of an object's records. Raises UnknownRecord, whatever is wrong."""
    try:
        prefix, number = parse_id(text)
    except BadId as error:
        raise UnknownRecord(f"There is no {obj.label} {text[:80]}.") from error
    if prefix != obj.prefix:
        raise UnknownRecord(f"There is no {obj.label} {text[:80]}.")
    return number


async def write(
    tx: Transaction, obj: ObjectDef, incoming: Sequence[Incoming], *, partly: bool = False
) -> list[Outcome]:
    """Create and change records of one object.

    partly: write those that are right and tell of the others; otherwise all or none, and every
    problem of every record raises as Several, with pointers under /records/n if there are several
    records. A single stale record raises StaleVersion. Gives one outcome per record, in order.
    """
    check_held(tx, obj)
    return await write_any(tx, obj, incoming, partly=partly)


async def write_any(
    tx: Transaction, obj: ObjectDef, incoming: Sequence[Incoming], *, partly: bool = False
) -> list[Outcome]:
    """Do as write() does, also with records that a metadata change alone makes."""
    incoming = _allowed(tx, obj, incoming, partly=partly)
    if len(incoming) > MOST_RECORDS:
        problem = Problem(TooMany.code, f"A call holds at most {MOST_RECORDS} records.", "/records")
        raise TooMany([problem])
    drafts = await _drafts(tx, obj, incoming)
    await prepare(tx, obj, drafts)
    await _settle(tx, obj, drafts, partly=partly)
    return [_outcome(tx, obj, draft) for draft in drafts]


def _allowed(
    tx: Transaction, obj: ObjectDef, incoming: Sequence[Incoming], *, partly: bool
) -> Sequence[Incoming]:
    """Give the records with a problem at each that the viewer may not make or change.

    Raises Forbidden where that is all of them, or where all or none are to be written.
    """
    rights = tx.rights
    may_create, may_edit = rights.may_create(obj.id), rights.may_edit_object(obj.id)
    if (may_create and may_edit) or not incoming:
        return incoming
    refused = [not (may_create if one.id is None else may_edit) for one in incoming]
    if not any(refused):
        return incoming
    words = "create" if incoming[refused.index(True)].id is None else "change"
    message = f"You may not {words} {obj.plural_label}."
    if not partly or all(refused):
        raise Forbidden(message)
    problem = Problem(Forbidden.code, message, "")
    return [
        replace(one, problems=(*one.problems, problem)) if wrong else one
        for one, wrong in zip(incoming, refused, strict=True)
    ]


async def _drafts(
    tx: Transaction, obj: ObjectDef, incoming: Sequence[Incoming], *, as_system: bool = False
) -> list[Draft]:
    existing = await lock(tx, obj, [one.id for one in incoming if one.id is not None])
    levels = (
        dict.fromkeys(existing, Level.EDIT) if as_system else await levels_of(tx, obj, existing)
    )
    # A lock stands for what people decided, and no rule goes over it in the name of the system.
    locked = await (locked_among(tx, levels) if as_system else closed_among(tx, obj, levels))
    minted = iter(tx.minter.mint_many(sum(one.id is None for one in incoming)))
    first: dict[RecordId, int] = {}
    drafts = []
    for number, one in enumerate(incoming):
        fresh = one.id is None
        draft = Draft(next(minted) if one.id is None else one.id, one.values, number)
        draft.version = one.version
        draft.before = None if fresh or draft.id not in levels else existing.get(draft.id)
        draft.problems.extend(one.problems)
        if not fresh and draft.before is None:
            text = format_id(obj.prefix, draft.id)
            draft.refuse(UnknownRecord.code, f"There is no {obj.label} {text}.", None)
        elif not fresh and levels[draft.id] < Level.EDIT:
            refuse_reader(obj, draft)
        elif draft.id in locked:
            draft.refuse(LockedRecord.code, lock_message(obj, draft.id), None, LOCK_HINT)
        if first.setdefault(draft.id, number) != number:
            message = f"This is the same {obj.label} as record {first[draft.id] + 1} of this call."
            draft.refuse(RepeatedRecord.code, message, None, "Send its changes as one record.")
        _check_version(obj, draft)
        drafts.append(draft)
    return drafts


def _check_version(obj: ObjectDef, draft: Draft) -> None:
    before = draft.before
    if before is not None and draft.version is not None and draft.version != before.version:
        message = (
            f"{obj.label} {format_id(obj.prefix, draft.id)} is at version {before.version} by now;"
            f" you changed version {draft.version}."
        )
        details = {"current_version": before.version, "your_version": draft.version}
        hint = "Read it again and repeat the change."
        draft.problems.append(Problem(StaleVersion.code, message, "", hint, details))


async def lock(
    tx: Transaction, obj: ObjectDef, ids: Sequence[RecordId], *, deleted: bool = False
) -> dict[RecordId, StoredRecord]:
    """Load records and lock them until the transaction ends, in order of id, so none deadlock."""
    if not ids:
        return {}
    statement = lock_rows(obj.heap, tx.tenant.id, obj.id, deleted=deleted)
    rows = await tx.rows(statement, ids=sorted(set(ids)))
    return {RecordId(row["id"]): store.stored_record(row) for row in rows}


async def load(
    tx: Transaction, obj: ObjectDef, ids: Sequence[RecordId], *, deleted: bool = False
) -> dict[RecordId, StoredRecord]:
    """Load records without locking them, for rules and jobs; not for output.

    deleted: those in the bin rather than the live ones.
    """
    statement = load_rows(obj.heap, tx.tenant.id, obj.id, deleted=deleted)
    rows = await tx.rows(statement, ids=sorted(set(ids)))
    return {RecordId(row["id"]): store.stored_record(row) for row in rows}


async def prepare(tx: Transaction, obj: ObjectDef, drafts: Sequence[Draft]) -> None:
    """Fill and check drafts, noting every problem; nothing is written."""
    known = [d for d in drafts if d.is_new or d.before is not None]
    await fill(tx, obj, known)
    await attach_sources(tx, obj, known)
    noted = [len(draft.problems) for draft in known]
    await check_references(tx, obj, known)
    # What may not be pointed at is not read either: no other problem may tell of its values.
    sound = [d for d, count in zip(known, noted, strict=True) if len(d.problems) == count]
    await check_required(tx, obj, sound)
    check_dependent(obj, tx.rights, sound)
    check_record_types(obj, tx.rights, sound)
    await check_rules(tx, obj, sound)
    await check_wholes(tx, obj, known)
    await check_files(tx, obj, known)
    check_setup_owners(tx, obj, sound)


async def _settle(
    tx: Transaction, obj: ObjectDef, drafts: Sequence[Draft], *, partly: bool
) -> None:
    """Write what has no problems, again without those that turn out to lose a unique value."""
    while True:
        good = [draft for draft in drafts if not draft.problems]
        if not partly:
            _raise_problems(tx, obj, drafts)
        try:
            async with tx.savepoint():
                await _store(tx, obj, good)
                return
        except _LostClaims:
            continue


async def _store(tx: Transaction, obj: ObjectDef, good: Sequence[Draft]) -> None:
    if not good:
        return
    await claim_unique(tx, obj, good)
    if any(draft.problems for draft in good):
        raise _LostClaims
    new = [draft for draft in good if draft.is_new]
    changed = [draft for draft in good if not draft.is_new and _has_changes(draft)]
    if new:
        await check_room(tx, Limit.RECORDS, len(new))
        await number_new(tx, obj, new)
        await store.insert(tx, obj, new)
    if changed:
        await store.update(tx, obj, changed)
    await assign_later(tx, obj, [draft.id for draft in (*new, *changed)])
    await _attach_waiting(tx, obj, [*new, *changed])


def _has_changes(draft: Draft) -> bool:
    assert draft.before is not None
    return bool(draft.changed_keys()) or draft.owner_id != draft.before.owner_id


async def _attach_waiting(tx: Transaction, obj: ObjectDef, written: Sequence[Draft]) -> None:
    """Point the records at the written ones that an attach rule says wait for them."""
    async for waiting in waiting_for(tx, obj, written):
        await attach(tx, waiting)
        if waiting.more:
            targets = list(waiting.targets.values())
            await enqueue(tx, ATTACH, {"rule": waiting.rule.name, "targets": targets})


async def attach(tx: Transaction, waiting: Waiting) -> int:
    """Attach records to those that they wait for, as the system; how many.

    One that would be refused for another reason stays as it is.
    """
    source = tx.catalog.by_id[waiting.rule.object_id]
    incoming = [Incoming({waiting.rule.field: text}, id=number) for number, text in waiting.pairs]
    found = await _drafts(tx, source, incoming, as_system=True)
    drafts = [one for one in found if still_waits(waiting, one)]
    await prepare(tx.as_system(), source, drafts)
    good = [draft for draft in drafts if not draft.problems]
    if good:
        await store.update(tx, source, good)
    return len(good)


def _raise_problems(tx: Transaction, obj: ObjectDef, drafts: Sequence[Draft]) -> None:
    wrong = [draft for draft in drafts if draft.problems]
    if not wrong:
        return
    if len(drafts) == 1:
        raise single_error(told_problems(obj, tx.rights, wrong[0].problems))
    raise Several(
        problem.below(f"/records/{draft.number}")
        for draft in wrong
        for problem in told_problems(obj, tx.rights, draft.problems)
    )


def single_error(problems: Sequence[Problem]) -> FieldstoneError:
    """Give the error of a call with one record: its own class where a status hangs on it."""
    for problem in problems:
        for kind in (StaleVersion, UnknownRecord, NotEditable, LockedRecord):
            if problem.code == kind.code:
                return kind(problem.message, hint=problem.hint, details=problem.details)
    return Several(problems)


def _outcome(tx: Transaction, obj: ObjectDef, draft: Draft) -> Outcome:
    before = draft.before.version if draft.before else 0
    if draft.problems:
        known = draft.id if draft.before else None
        told = told_problems(obj, tx.rights, draft.problems)
        return Outcome(known, before, "failed", told)
    if draft.is_new:
        return Outcome(draft.id, 1, "created")
    changed = _has_changes(draft)
    return Outcome(draft.id, before + changed, "updated" if changed else "unchanged")


def incoming_of(read: tuple[Values, list[Problem]], **known: int | None) -> Incoming:
    """Make an incoming record out of what reading gave."""
    values, problems = read
    number, version = known.get("id"), known.get("version")
    return Incoming(values, tuple(problems), RecordId(number) if number else None, version)


def sent_version(sent: Mapping[str, Json]) -> int | None:
    """Give the version that a caller sent along with the values."""
    version = sent.get("version")
    return version if isinstance(version, int) and not isinstance(version, bool) else None
