"""Erasing a person, or making them anonymous: one transaction, and a proof of what it did.

Either everything is gone or nothing is: records, history, recycle bin, search, unique values, jobs,
reports of imports, kept answers, logs. Files go after it, since bytes know no transaction. The
same words are looked for again before it ends, and what is found then would undo all of it.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final

import msgspec
from sqlalchemy import ARRAY, BigInteger, Integer, delete, func

from fieldstone.errors import Conflict, Unavailable
from fieldstone.ids import ObjectId, RecordId, format_id
from fieldstone.metadata.catalog import Field, ObjectDef
from fieldstone.metadata.standing import SYSTEM
from fieldstone.metadata.tables import BIN
from fieldstone.metadata.values import Json, JsonObject, read_json, write_json
from fieldstone.runtime.encryption.keyring import KeyMissing
from fieldstone.runtime.encryption.opening import keyring_of, open_value
from fieldstone.runtime.files import FileStore
from fieldstone.runtime.job_runs import JobContext
from fieldstone.runtime.privacy.accounts import take_apart
from fieldstone.runtime.privacy.anonymising import ERASED, anonymise, rewrite
from fieldstone.runtime.privacy.definitions import definitions_saying
from fieldstone.runtime.privacy.finding import (
    AT_ONCE,
    Dossier,
    Found,
    How,
    Outcome,
    find_all,
    mentioned_rows,
    scrub_strangers,
)
from fieldstone.runtime.privacy.loose_files import load_loose_files, mentioning
from fieldstone.runtime.privacy.mentions import (
    clean,
    clean_history,
    count_mentions,
    forget_imported,
    with_held_mentions,
)
from fieldstone.runtime.privacy.person import Person, load_person, pattern_of, redacted
from fieldstone.runtime.privacy.requests import (
    PREFIX,
    PrivacyRequest,
    RequestKind,
    check_erasable,
    finish,
    get_request,
)
from fieldstone.runtime.records.checks import is_unique
from fieldstone.runtime.records.delete import unchanged
from fieldstone.runtime.records.draft import Draft
from fieldstone.runtime.records.side_statements import REMOVE_SEARCH
from fieldstone.runtime.records.write import lock
from fieldstone.runtime.statements import parameter, prepare
from fieldstone.runtime.storage import purge_statements
from fieldstone.runtime.storage.component_storage import find_component
from fieldstone.runtime.storage.job_steps import end_with, result_of, work_in_background
from fieldstone.runtime.storage.purge_records import purge_rows, target_of
from fieldstone.runtime.storage.released_files import release_files, remove_released
from fieldstone.runtime.transactions import Transaction

_WORDS: Final = frozenset({"text", "long_text", "rich_text"})
_OUT_OF_BIN: Final = prepare(
    delete(BIN).where(
        BIN.c.tenant_id == parameter("tenant", Integer()),
        BIN.c.record_id == func.any(parameter("ids", ARRAY(BigInteger))),
    )
)


class StillMoving(Unavailable):
    """Records that are being moved to another heap, and cannot be erased until they are there."""

    code = "privacy.still_moving"


class NotErased(Conflict):
    """Something was left of a person, so that nothing was done."""

    code = "privacy.not_erased"


async def run_erasing(context: JobContext, files: FileStore) -> JsonObject:
    """Do the job of kind privacy.erase: arguments {"request": number, "kept": [numbers]}.

    Raises PlanMoved, UnderHold, UserStays where the world has moved since it was asked.
    """
    ended = result_of(context)
    if ended is not None:
        return ended
    context.viewer = replace(context.viewer, standing=SYSTEM)
    number, report = _argument(context, "request"), _done(context)
    if report is None:
        report = await _erase(context, number, files)
    await _release_late(context, files)
    removed = await remove_released(context, files)
    async with context.write() as tx:
        proof: dict[str, Json] = {**report, "files_removed": removed, "at": tx.now.isoformat()}
        digest = hashlib.sha256(msgspec.json.encode(proof, order="sorted")).hexdigest()
        await finish(tx, number, proof, digest)
        told: dict[str, Json] = {"request": format_id(PREFIX, number), "digest": digest}
        return await end_with(context, tx, told)


async def _erase(context: JobContext, number: int, files: FileStore) -> Mapping[str, Json]:
    looked_at, temporary = await _temporary(context, number, files)
    async with context.write() as tx:
        await work_in_background(tx)
        request = await get_request(tx, number)
        person = await _person_of(tx, request)
        kept = context.job.arguments["kept"]
        assert isinstance(kept, list | tuple)
        found = await find_all(tx, person, [RecordId(int(str(one))) for one in kept], lock)
        dossier = await with_held_mentions(tx, found)
        check_erasable(request.kind, dossier, request.plan)
        await release_files(tx, temporary)
        report = await _rid(tx, request, dossier, context.job.id)
        # Whoever goes on after a crash finds the person nowhere else any more, so the words stay
        # until late files were looked through: sealed, since nobody else may read them.
        words = write_json(list(dossier.person.addresses))
        sealed = keyring_of(tx).seal_text(words, _place(context))
        at: dict[str, Json] = {"looked_at": list(looked_at), "words": sealed}
        told: dict[str, Json] = {
            "words": "Erased; files follow.",
            "report": report,
            "checkpoint": at,
        }
        await context.checkpoint(tx, told)
    return report


async def _release_late(context: JobContext, files: FileStore) -> None:
    """Release the files of exports that read the person before, and ended since all were looked at.

    Raises KeyMissing.
    """
    at = context.job.progress.get("checkpoint")
    if not isinstance(at, Mapping):
        return
    looked_at, sealed = at["looked_at"], at["words"]
    assert isinstance(looked_at, list | tuple)
    async with context.write() as tx:
        opened = keyring_of(tx).open_text(str(sealed), _place(context))
        fresh = set(await load_loose_files(tx)).difference(int(str(one)) for one in looked_at)
    if opened is None:
        raise KeyMissing("The words of who was erased cannot be read with the keys of this server.")
    words = read_json(opened)
    assert isinstance(words, list | tuple)
    found = [str(one) for one in words]
    late = await mentioning(files, context.tenant.id, sorted(fresh), found)
    async with context.write() as tx:
        await release_files(tx, late)
        told = {key: one for key, one in context.job.progress.items() if key != "checkpoint"}
        await context.checkpoint(tx, told)


async def _temporary(
    context: JobContext, number: int, files: FileStore
) -> tuple[list[int], list[int]]:
    """Give the sources of imports and results of exports, and which of them say a person."""
    async with context.write() as tx:
        await work_in_background(tx)
        person = await _person_of(tx, await get_request(tx, number))
        loose = await load_loose_files(tx)
    return loose, await mentioning(files, context.tenant.id, loose, person.addresses)


async def _person_of(tx: Transaction, request: PrivacyRequest) -> Person:
    obj = tx.catalog.by_id[ObjectId(request.object_id)]
    return await load_person(tx, format_id(obj.prefix, request.record_id), lock)


async def _rid(
    tx: Transaction, request: PrivacyRequest, dossier: Dossier, job: int
) -> dict[str, Json]:
    """Rid everything of a person, and give the report. Raises NotErased if anything is left."""
    person, records = dossier.person, _Tally()
    erases = request.kind is RequestKind.ERASE
    for obj, found in dossier.by_object(*Outcome).items():
        gone = [one for one in found if erases and one.outcome is Outcome.ERASE]
        nameless = [one for one in found if not erases and one.is_the_person]
        rest = [one for one in found if one not in gone and one not in nameless]
        await _purge(tx, obj, gone)
        await anonymise(tx, obj, [one.id for one in nameless])
        # What is left of the nameless, by fields that are not personal, may say who they are.
        await _redact(tx, obj, [*nameless, *rest], person)
        for what, some in (("erased", gone), ("anonymised", nameless), ("redacted", rest)):
            records.add(obj.name, what, len(some))
    await forget_imported(tx, [one.id for one in dossier.found])
    account = await take_apart(tx, person.id) if person.is_user else {}
    await scrub_strangers(tx, person.addresses)
    places = await clean(tx, person.addresses, job, dossier.kept)
    left = await _left(tx, dossier, job)
    if any(left.values()):
        raise NotErased("Something was left, so that nothing was done.", details={"left": left})
    return {
        "kind": request.kind.value,
        "person": person.text,
        "plan": request.plan,
        "words_looked_for": len(person.addresses) + len(person.near),
        "records": records.as_json(),
        "places": dict(places),
        "account": dict(account),
        "left": dict(left),
        "definitions": list(await definitions_saying(tx, person.addresses)),
        "kept": [format_id("record", one) for one in sorted(dossier.kept)],
    }


class _Tally:
    """How many records of each object had what done to them."""

    def __init__(self) -> None:
        self._counts: dict[str, dict[str, int]] = {}

    def add(self, name: str, what: str, count: int) -> None:
        """Count some more."""
        if count:
            counts = self._counts.setdefault(name, {})
            counts[what] = counts.get(what, 0) + count

    def as_json(self) -> dict[str, Json]:
        """Give it as JSON."""
        return {name: dict(counts) for name, counts in sorted(self._counts.items())}


async def _left(tx: Transaction, dossier: Dossier, job: int) -> dict[str, int]:
    """Look for the person again, everywhere."""
    words = dossier.person.addresses
    rows = await mentioned_rows(tx, words)
    ids = {number for numbers in rows.values() for number in numbers} - dossier.kept
    return {"records": len(ids), **await count_mentions(tx, words, job, dossier.kept)}


async def _purge(tx: Transaction, obj: ObjectDef, found: Sequence[Found]) -> None:
    """Remove records for good, be they live or in the bin, some hundred at a time."""
    if not found:
        return
    stored = await find_component(tx, obj.id)
    target = None if stored is None else target_of(tx, stored)
    if target is None:
        raise StillMoving(f"{obj.plural_label} are being moved just now.", hint="Try again later.")
    statement = purge_statements.any_rows(target.heap, tx.tenant.id, target.object_id)
    for start in range(0, len(found), AT_ONCE):
        ids = [one.id for one in found[start : start + AT_ONCE]]
        await purge_rows(tx, target, await tx.rows(statement, ids=ids))
        await tx.run(_OUT_OF_BIN, tenant=tx.tenant.id, ids=ids)


async def _redact(tx: Transaction, obj: ObjectDef, found: Sequence[Found], person: Person) -> None:
    """Take the words of a person from records that stay, and from their history."""
    for start in range(0, len(found), AT_ONCE):
        await _redact_some(tx, obj, found[start : start + AT_ONCE], person)
    near = [one.id for one in found if one.how is How.REFERENCE]
    await clean_history(tx, (*person.addresses, *person.near), near)


async def _redact_some(
    tx: Transaction, obj: ObjectDef, found: Sequence[Found], person: Person
) -> None:
    fresh = await _current(tx, obj, [one.id for one in found])
    drafts = []
    for one in found:
        draft, words = fresh.get(one.id), _words_for(one, person)
        if draft is not None and words:
            _take_out(tx, draft, obj, re.compile(pattern_of(words), re.IGNORECASE))
            drafts.append(draft)
    changed = [draft for draft in drafts if draft.changed_keys()]
    await rewrite(tx, obj, changed)
    binned = [one.id for one in changed if one.before is not None and one.before.deleted_at]
    await tx.run(REMOVE_SEARCH, tenant=tx.tenant.id, ids=binned)


async def _current(tx: Transaction, obj: ObjectDef, ids: list[RecordId]) -> dict[RecordId, Draft]:
    """Load records as they are by now: purging may have emptied their references."""
    there = await lock(tx, obj, ids) | await lock(tx, obj, ids, deleted=True)
    return {number: unchanged(record) for number, record in there.items()}


def _words_for(one: Found, person: Person) -> tuple[str, ...]:
    """Give by what a person is known in a record: by name only in what points to them."""
    return (*person.addresses, *person.near) if one.how is How.REFERENCE else person.addresses


def _take_out(tx: Transaction, draft: Draft, obj: ObjectDef, pattern: re.Pattern[str]) -> None:
    """Take words out of a record: from texts by themselves, of other values the whole."""
    fields = {field.key: field for field in obj.own_fields}
    for key, stored in list(draft.data.items()):
        field = fields.get(key)
        value = stored if field is None else open_value(tx, field, draft.id, stored)
        left = redacted(value, pattern, ERASED)
        if left == value:
            continue
        if field is None:
            draft.data[key] = left
        else:
            draft.put(field, left if _may_hold_words(field) else None)


def _may_hold_words(field: Field) -> bool:
    plain = field.encryption is None and not is_unique(field)
    return plain and field.type.name in _WORDS


def _place(context: JobContext) -> str:
    """Give what the sealed words are bound to."""
    return f"{context.job.kind}:{context.job.id}"


def _argument(context: JobContext, name: str) -> int:
    value = context.job.arguments[name]
    assert isinstance(value, int)
    return value


def _done(context: JobContext) -> Mapping[str, Json] | None:
    """Give the report of the transaction, if it was committed before the job was interrupted."""
    report = context.job.progress.get("report")
    return report if isinstance(report, Mapping) else None
