"""One batch of an import: its rows are looked up, judged and written, all in one transaction."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from fieldstone.errors import Problem
from fieldstone.ids import RecordId, format_id
from fieldstone.metadata.catalog import Field, ObjectDef
from fieldstone.metadata.values import Json, JsonObject
from fieldstone.runtime.imports.ledger import Fate, Seen, Settled, find_seen, fingerprint
from fieldstone.runtime.imports.matcher import Known, Match
from fieldstone.runtime.imports.overtaken import Guard, hold_records
from fieldstone.runtime.imports.plan import Duplicates
from fieldstone.runtime.imports.reading import ReadRow
from fieldstone.runtime.imports.references import resolve_names
from fieldstone.runtime.imports.rehearsal import Rehearsal
from fieldstone.runtime.imports.stored import StoredRecords, find_holders, key_of, name_of
from fieldstone.runtime.records.draft import Data, Outcome
from fieldstone.runtime.records.reading import Values
from fieldstone.runtime.records.write import (
    Incoming,
    StaleVersion,
    UnknownRecord,
    load,
    write,
)
from fieldstone.runtime.transactions import Transaction


@dataclass(frozen=True, slots=True)
class Rules:
    """What holds for all batches.

    stored: None if likeness is of no interest. rehearsal: None if what is written is kept.
    guard: what keeps rows with a key from undoing what others do meanwhile. names: whether the
    viewer may read what records are called.
    """

    obj: ObjectDef
    key: Field | None
    duplicates: Duplicates
    stored: StoredRecords | None
    guard: Guard
    rehearsal: Rehearsal | None = None
    names: bool = True


@dataclass(slots=True)
class _Case:
    """One row on its way.

    known: how later rows see it. match: what it doubles. fill: what it adds to its double.
    waits: whether its double must be written first.
    """

    row: ReadRow
    print: bytes | None = None
    known: Known | None = None
    match: Match | None = None
    fate: Fate = Fate.CREATED
    id: int | None = None
    version: int | None = None
    fill: Values = field(default_factory=dict)
    waits: bool = False

    @property
    def data(self) -> Data:
        return self.row.data

    @property
    def is_written(self) -> bool:
        return self.fate in {Fate.CREATED, Fate.UPDATED, Fate.MERGED}


async def run_batch(tx: Transaction, rules: Rules, rows: Sequence[ReadRow]) -> list[Settled]:
    """Import rows and tell what became of each, in their order.

    Rows that hang on others of the batch, by the same key or as their doubles, take their turn
    after these.
    """
    await resolve_names(tx, rows)
    settled: dict[int, Settled] = {}
    waiting = list(rows)
    while waiting:
        cases, later = await _cases(tx, rules, waiting)
        await _judge(tx, rules, cases)
        outcomes = await _write(tx, rules, cases)
        failed = _note_ids(rules, cases, outcomes)
        failed |= await _catch_up(tx, rules, cases, outcomes)
        waiting = later
        for case in cases:
            if case.waits or (case.match is not None and case.match.known in failed):
                waiting.append(case.row)
            else:
                settled[case.row.number] = _settle(rules, case, outcomes.get(case.row.number))
    if rules.stored is not None:
        rules.stored.end_batch()
    if rules.rehearsal is not None:
        _note_rehearsed(rules, rows, settled)
    return [settled[row.number] for row in rows]


async def _cases(
    tx: Transaction, rules: Rules, rows: Sequence[ReadRow]
) -> tuple[list[_Case], list[ReadRow]]:
    """Find the records that keyed rows change; a key's second row waits for its first."""
    if rules.key is None:
        return [_Case(row) for row in rows], []
    holders = await find_holders(tx, rules.obj, rules.key, rows)
    if rules.rehearsal is not None:
        holders = {**rules.rehearsal.by_key, **holders}
    cases, later = [], []
    taken: set[Any] = set()
    for row in rows:
        key = key_of(rules.key, row.values.get(rules.key))
        if key is not None and key in taken:
            later.append(row)
            continue
        taken.add(key)
        case = _Case(row)
        if key in holders:
            case.id, case.fate = holders[key], Fate.UPDATED
        cases.append(case)
    await _hold(tx, rules, rules.key, cases)
    return cases, later


async def _hold(tx: Transaction, rules: Rules, key: Field, cases: Sequence[_Case]) -> None:
    """Lock the records that rows change, and note their versions, which writing goes by."""
    rehearsed = rules.rehearsal.has if rules.rehearsal is not None else _never
    changing = {case.id: case for case in cases if case.id is not None and not rehearsed(case.id)}
    rows = {number: case.row for number, case in changing.items()}
    versions = await hold_records(tx, rules.obj, key, rules.guard, rows)
    for number, version in versions.items():
        changing[number].version = version


async def _judge(tx: Transaction, rules: Rules, cases: Sequence[_Case]) -> None:
    """Decide what becomes of rows that would be new."""
    new = [case for case in cases if case.id is None and not case.row.problems]
    if rules.key is not None:
        new = [case for case in new if case.row.values.get(rules.key) is None]
    for case in new:
        case.print = case.row.print or fingerprint(case.data)
    prints = {case.print for case in new if case.print is not None}
    seen = await find_seen(tx, rules.obj, prints, rules.duplicates)
    if rules.stored is not None:
        unseen = [case.row for case in new if case.print not in seen]
        await rules.stored.look_up(tx, rules.obj, unseen)
    await asyncio.to_thread(_compare, rules, new, seen)


def _compare(rules: Rules, cases: Sequence[_Case], seen: dict[bytes, Seen]) -> None:
    in_batch: dict[bytes, Known] = {}
    for case in cases:
        assert case.print is not None
        earlier, before = in_batch.get(case.print), seen.get(case.print)
        if earlier is not None:
            _double(rules, case, Match(earlier, 1.0, certain=True, reasons=("the same row",)))
        elif before is not None:
            _seen_before(case, before)
        else:
            match = rules.stored.matching.find(case.data) if rules.stored is not None else None
            if match is not None:
                _double(rules, case, match)
        if case.fate is Fate.CREATED:
            case.known = in_batch[case.print] = Known(case.data, row=case.row.number)
            if rules.stored is not None:
                rules.stored.remember(case.known)


def _seen_before(case: _Case, before: Seen) -> None:
    """A row of an earlier import: told again as it was, and not written again."""
    known = Known({}, record_id=before.record_id)
    held = before.fate is Fate.HELD
    case.fate = Fate.HELD if held else Fate.SKIPPED
    confidence = before.confidence if held and before.confidence is not None else 1.0
    reasons = ("held back before",) if held else ("imported before",)
    case.match = Match(known, confidence, certain=not held, reasons=reasons)


def _double(rules: Rules, case: _Case, match: Match) -> None:
    case.match = match
    if match.certain and not match.brings:
        case.fate = Fate.SKIPPED
    elif rules.duplicates is Duplicates.CREATE:
        case.fate = Fate.CREATED
    elif rules.duplicates is Duplicates.MERGE and match.certain:
        _merge(case, match)
    else:
        case.fate = Fate.HELD


def _merge(case: _Case, match: Match) -> None:
    """Fill what is empty in the record that a row doubles, once that record is written."""
    known, there = match.known, match.known.data
    case.fate, case.id = Fate.MERGED, known.record_id
    case.waits = known.record_id is None or known.is_changing
    case.version = known.version
    if not case.waits:
        known.is_changing = True
        case.fill = {of: value for of, value in case.row.values.items() if of.key not in there}
        known.data = there | {of.key: value for of, value in case.fill.items()}


async def _write(tx: Transaction, rules: Rules, cases: Sequence[_Case]) -> dict[int, Outcome]:
    """Write what is to be written; rows with problems go along, so that all of theirs are found."""
    there = [case for case in cases if case.is_written and not case.waits]
    rehearsed = rules.rehearsal.has if rules.rehearsal is not None else _never
    written = [case for case in there if not rehearsed(case.id)]
    incoming = [
        Incoming(
            values=case.fill if case.fate is Fate.MERGED else _own_values(rules, case.row),
            problems=_problems(rules, case),
            id=None if case.id is None else RecordId(case.id),
            version=case.version,
        )
        for case in written
    ]
    outcomes = await write(tx, rules.obj, incoming, partly=True) if incoming else []
    found = {case.row.number: out for case, out in zip(written, outcomes, strict=True)}
    for case in there:
        if case.id is not None and rehearsed(case.id):
            problems = tuple(case.row.problems)
            found[case.row.number] = Outcome(RecordId(case.id), 1, "updated", problems)
    return found


def _never(_: int | None) -> bool:
    return False


def _problems(rules: Rules, case: _Case) -> tuple[Problem, ...]:
    if rules.rehearsal is None or case.id is not None:
        return tuple(case.row.problems)
    return (*case.row.problems, *rules.rehearsal.problems(rules.obj, case.row))


def _note_rehearsed(rules: Rules, rows: Sequence[ReadRow], settled: Mapping[int, Settled]) -> None:
    """Remember what this batch wrote, which is about to be undone."""
    assert rules.rehearsal is not None
    for row in rows:
        one = settled[row.number]
        if one.fate is Fate.CREATED:
            rules.rehearsal.note(rules.obj, rules.key, row, one.record_id)


def _own_values(rules: Rules, row: ReadRow) -> Values:
    """The values that are written: the id steers and is none of them."""
    if rules.key is None or rules.key.column != "id":
        return row.values
    return {of: value for of, value in row.values.items() if of.column != "id"}


def _note_ids(rules: Rules, cases: Sequence[_Case], outcomes: dict[int, Outcome]) -> set[Known]:
    """Give written rows their ids; those that could not be written are nobody's original."""
    failed: set[Known] = set()
    for case in cases:
        if case.match is not None:
            case.match.known.is_changing = False
        if case.fate is Fate.MERGED and (merged := outcomes.get(case.row.number)) is not None:
            assert case.match is not None
            case.match.known.version = merged.version
        if case.known is None:
            continue
        outcome = outcomes[case.row.number]
        case.known.record_id, case.known.version = outcome.id, outcome.version
        if outcome.problems:
            failed.add(case.known)
            if rules.stored is not None:
                rules.stored.matching.forget(case.known)
    return failed


async def _catch_up(
    tx: Transaction, rules: Rules, cases: Sequence[_Case], outcomes: Mapping[int, Outcome]
) -> set[Known]:
    """Read the records again that others changed since they were known, or forget them.

    Gives what is known of them: the rows that double them are judged once more. Writing locked
    the records, so that this happens once.
    """
    overtaken = {
        case.id: case.match.known
        for case in cases
        if case.match is not None
        and case.id is not None
        and case.fate is Fate.MERGED
        and case.row.number in outcomes
        and any(problem.code in _OVERTAKEN for problem in outcomes[case.row.number].problems)
    }
    if not overtaken:
        return set()
    assert rules.stored is not None
    there = await load(tx, rules.obj, [RecordId(number) for number in overtaken])
    for number, known in overtaken.items():
        rules.stored.matching.forget(known)
        if (record := there.get(RecordId(number))) is not None:
            known.data, known.version = record.data, record.version
            rules.stored.matching.remember(known)
    return set(overtaken.values())


_OVERTAKEN: Final = frozenset({StaleVersion.code, UnknownRecord.code})
_FATES = {"created": Fate.CREATED, "updated": Fate.UPDATED, "unchanged": Fate.UNCHANGED}


def _settle(rules: Rules, case: _Case, outcome: Outcome | None) -> Settled:
    number = case.row.number
    if outcome is not None and outcome.problems:
        return Settled(number, Fate.REJECTED, details=_rejection(case.row, outcome.problems))
    told = None if case.match is None else _told(rules, case, case.match)
    confidence = None if case.match is None else round(case.match.confidence, 2)
    if outcome is not None:
        fate = case.fate if case.fate is Fate.MERGED else _FATES[outcome.operation]
        return Settled(number, fate, outcome.id, case.print, confidence, told)
    assert case.match is not None
    # The row that it doubles has the fingerprint already; a held row has one of its own.
    print_ = case.print if case.fate is Fate.HELD else None
    return Settled(number, case.fate, case.match.known.record_id, print_, confidence, told)


def _told(rules: Rules, case: _Case, match: Match) -> JsonObject:
    obj, known = rules.obj, match.known
    may_name = known.data and (rules.names or known.row is not None)
    told: dict[str, Json] = {
        "new": name_of(obj, case.data),
        "existing": name_of(obj, known.data) if may_name else None,
        "existing_row": known.row,
        "reasons": list(match.reasons),
        "brings": [of.name for of in case.row.values if of.key in match.brings],
    }
    if case.fate is Fate.HELD:
        told["texts"] = _storable(case.row.texts)
    return told


def _rejection(row: ReadRow, problems: Sequence[Problem]) -> JsonObject:
    return {
        "texts": _storable(row.texts),
        "problems": [
            {"code": one.code, "message": one.message, "at": str(one.at or "")} for one in problems
        ],
    }


def _storable(texts: Sequence[str]) -> list[str]:
    """PostgreSQL takes every character but NUL."""
    return [text.replace("\0", "\ufffd") for text in texts]


def known_id(obj: ObjectDef, number: int | None) -> str | None:
    """Give a record's id as callers see it."""
    return None if number is None else format_id(obj.prefix, number)
