"""Everything about a person among the records: by what points to them, and by their addresses."""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from typing import Any, Final

from sqlalchemy import ARRAY, BigInteger, Text, and_, cast, func, literal, or_, select, update
from sqlalchemy.dialects.postgresql import JSONB

from fieldstone.errors import Conflict
from fieldstone.ids import BadId, ObjectId, RecordId, format_id, parse_id
from fieldstone.metadata.catalog import About, Field, ObjectDef
from fieldstone.metadata.personal import address_fields
from fieldstone.metadata.slots import SLOTS, SlotKind
from fieldstone.metadata.tables import heap
from fieldstone.metadata.values import Json, fold
from fieldstone.runtime.encryption.opening import open_value
from fieldstone.runtime.metadata_changes import load_components
from fieldstone.runtime.privacy.anonymising import ERASED
from fieldstone.runtime.privacy.held import held_among
from fieldstone.runtime.privacy.person import USER, Loader, Person, like_of, pattern_of
from fieldstone.runtime.records.draft import StoredRecord
from fieldstone.runtime.records.heap_statements import inline
from fieldstone.runtime.records.side_statements import LINKS_TO
from fieldstone.runtime.records.write import load
from fieldstone.runtime.statements import Prepared, parameter, prepare
from fieldstone.runtime.transactions import Transaction

MOST_FOUND: Final = 20_000
AT_ONCE: Final = 500
"""Records that are read, or written, at a time."""


class TooMuchAboutOne(Conflict):
    """More records about one person than are seen to at once."""

    code = "privacy.too_much"


class How(StrEnum):
    """How a record was found."""

    ITSELF = "itself"
    SAME_ADDRESS = "same_address"
    REFERENCE = "reference"
    MENTION = "mention"


class Outcome(StrEnum):
    """What erasing does to it."""

    ERASE = "erase"
    REDACT = "redact"


@dataclass(frozen=True, slots=True)
class Found:
    """A record about a person. outcome: what becomes of it when the person is erased.

    title: what it is called, where that is a text. Its values are not held: there may be many.
    """

    object: ObjectDef
    id: RecordId
    how: How
    outcome: Outcome
    title: str = ""
    in_bin: bool = False

    @property
    def text(self) -> str:
        """Its id as callers see it."""
        return format_id(self.object.prefix, self.id)

    @property
    def is_the_person(self) -> bool:
        """Whether it is a record of the person, rather than one of what they had to do with."""
        return self.how in (How.ITSELF, How.SAME_ADDRESS)


@dataclass(frozen=True, slots=True)
class Dossier:
    """All that was found, the person's own record first. held: those that are under legal hold.

    kept: records that were left out because somebody said so. definitions: components that say an
    address, which stay.
    """

    person: Person
    found: tuple[Found, ...]
    held: frozenset[RecordId] = frozenset()
    kept: frozenset[RecordId] = frozenset()
    definitions: tuple[str, ...] = ()

    @property
    def digest(self) -> str:
        """Names what was found; another one tells that the world has moved."""
        lines = sorted(f"{one.text} {one.how} {one.outcome}" for one in self.found)
        return hashlib.sha256("\n".join(lines).encode()).hexdigest()[:32]

    def counts(self) -> list[tuple[ObjectDef, Outcome, int]]:
        """Count what becomes of how many records of which object."""
        objects = {one.object.id: one.object for one in self.found}
        counted = Counter((one.object.id, one.outcome) for one in self.found)
        return [(objects[number], what, count) for (number, what), count in counted.items()]

    def by_object(self, *outcomes: Outcome) -> dict[ObjectDef, list[Found]]:
        """Give what was found of each object, as far as one of these becomes of it."""
        sorted_out: dict[ObjectDef, list[Found]] = defaultdict(list)
        for one in self.found:
            if one.outcome in outcomes:
                sorted_out[one.object].append(one)
        return sorted_out


async def find_all(
    tx: Transaction, person: Person, kept: Collection[RecordId] = (), by: Loader = load
) -> Dossier:
    """Find everything about a person, but for records that are to be kept as they are.

    by: lock for who goes on to erase them; nothing is locked otherwise.
    """
    found = {person.id: _found(person.object, person.record, How.ITSELF, Outcome.ERASE)}
    mentions: list[Found] = []
    async for obj, record in _mentioned(tx, person, by):
        if record.id in kept:
            continue
        if _is_same(tx, person, obj, record):
            one = _found(obj, record, How.SAME_ADDRESS, Outcome.ERASE)
            found.setdefault(record.id, one)
        else:
            mentions.append(_found(obj, record, How.MENTION, Outcome.REDACT))
    people = frozenset(found)
    async for obj, record, holders in _pointing(tx, people, by):
        if record.id not in kept:
            outcome = _outcome(tx, obj, record, holders, people)
            found.setdefault(record.id, _found(obj, record, How.REFERENCE, outcome))
    await _add_parts(tx, found, people, kept, by)
    for one in mentions:
        found.setdefault(one.id, one)
    held = frozenset(map(RecordId, await held_among(tx, list(found))))
    return Dossier(person, tuple(found.values()), held, frozenset(kept))


def _found(obj: ObjectDef, record: StoredRecord, how: How, outcome: Outcome) -> Found:
    title = record.data.get(obj.title.key)
    called = title if isinstance(title, str) and obj.title.encryption is None else ""
    return Found(obj, record.id, how, outcome, called, record.deleted_at is not None)


async def _add_parts(
    tx: Transaction,
    found: dict[RecordId, Found],
    seen: frozenset[RecordId],
    kept: Collection[RecordId],
    by: Loader,
) -> None:
    """Add the parts of what is erased, their parts, and so on: a deletion would take them along."""
    while True:
        wholes = {number for number, one in found.items() if one.outcome is Outcome.ERASE} - seen
        if not wholes:
            return
        async for obj, record, holders in _pointing(tx, frozenset(wholes), by):
            if record.id not in kept and _is_part(holders):
                known = found.get(record.id)
                how = How.REFERENCE if known is None else known.how
                found[record.id] = _found(obj, record, how, Outcome.ERASE)
        _check_few(len(found))
        seen |= wholes


def _is_same(tx: Transaction, person: Person, obj: ObjectDef, record: StoredRecord) -> bool:
    """Tell whether a record is another one of the same person: a lead who became a contact."""
    if obj.about is not About.PERSON or obj.name == USER or person.is_user:
        return False
    fields = address_fields(obj)
    values = (open_value(tx, one, record.id, record.data.get(one.key)) for one in fields)
    return any(isinstance(one, str) and fold(one) in person.addresses for one in values)


def _outcome(
    tx: Transaction,
    obj: ObjectDef,
    record: StoredRecord,
    holders: list[Field],
    people: frozenset[RecordId],
) -> Outcome:
    """Say what becomes of a record that points to a person.

    Their parts go with them, and so do dealings with nobody else.
    """
    if _is_part(holders):
        return Outcome.ERASE
    if obj.about is not About.DEALINGS or _others(tx, obj, record, people):
        return Outcome.REDACT
    return Outcome.ERASE


def _is_part(holders: Iterable[Field]) -> bool:
    """Tell whether a record goes when what these fields of it point to goes."""
    return any(str(getattr(one.options, "on_delete", "")) == "cascade" for one in holders)


def _others(
    tx: Transaction, obj: ObjectDef, record: StoredRecord, people: frozenset[RecordId]
) -> bool:
    """Tell whether a record points to other people as well; members do not count."""
    for field in obj.own_fields:
        for prefix, number in _references(record.data.get(field.key)) if field.references else ():
            target = tx.catalog.by_prefix.get(prefix)
            is_person = target is not None and target.about is About.PERSON
            if is_person and target is not None and target.name != USER and number not in people:
                return True
    return False


def _references(value: Json) -> Iterator[tuple[str, RecordId]]:
    for part in value if isinstance(value, list | tuple) else [value]:
        if isinstance(part, str):
            try:
                yield parse_id(part)
            except BadId:
                continue


async def _pointing(
    tx: Transaction, people: frozenset[RecordId], by: Loader
) -> AsyncIterator[tuple[ObjectDef, StoredRecord, list[Field]]]:
    """Yield what points to people, live or in the bin, with the fields that do."""
    links = await tx.rows(LINKS_TO, tenant=tx.tenant.id, ids=sorted(people), most=MOST_FOUND + 1)
    _check_few(len(links))
    holders: dict[ObjectId, dict[RecordId, set[int]]] = defaultdict(lambda: defaultdict(set))
    for link in links:
        source = RecordId(link["source_id"])
        holders[ObjectId(link["source_object_id"])][source].add(link["field_id"])
    for object_id, ids in holders.items():
        obj = tx.catalog.by_id.get(object_id)
        if obj is not None:
            fields = {int(one.id): one for one in obj.own_fields}
            async for record in records_of(tx, obj, list(ids), by):
                said = [fields[one] for one in sorted(ids[record.id]) if one in fields]
                yield obj, record, said


async def _mentioned(
    tx: Transaction, person: Person, by: Loader
) -> AsyncIterator[tuple[ObjectDef, StoredRecord]]:
    """Yield the records that have one of a person's addresses in any value."""
    rows = await mentioned_rows(tx, person.addresses)
    _check_few(sum(map(len, rows.values())))
    for object_id, ids in rows.items():
        obj = tx.catalog.by_id.get(object_id)
        if obj is not None:
            async for record in records_of(tx, obj, ids, by):
                yield obj, record


async def records_of(
    tx: Transaction, obj: ObjectDef, ids: Sequence[RecordId], by: Loader = load
) -> AsyncIterator[StoredRecord]:
    """Yield records, live or in the bin, in order of id; some hundred are held at a time."""
    ordered = sorted(set(ids))
    for start in range(0, len(ordered), AT_ONCE):
        some = ordered[start : start + AT_ONCE]
        there = await by(tx, obj, some) | await by(tx, obj, some, deleted=True)
        for number in some:
            if number in there:
                yield there[number]


async def mentioned_rows(
    tx: Transaction, words: Collection[str]
) -> Mapping[ObjectId, list[RecordId]]:
    """Look through all records of the tenant, live and in the bin, for words."""
    found: dict[ObjectId, list[RecordId]] = defaultdict(list)
    if not words:
        return found
    given: dict[str, Any] = {"like": like_of(words), "pattern": pattern_of(words)}
    for name in await _heaps(tx):
        for row in await tx.rows(_mentioning(name, tx.tenant.id), **given):
            found[ObjectId(row["object_id"])].append(RecordId(row["id"]))
    return found


async def scrub_strangers(tx: Transaction, words: Collection[str]) -> int:
    """Take words from records whose object lies in the bin itself; from how many."""
    found = await mentioned_rows(tx, words)
    strangers = [n for obj, ids in found.items() if obj not in tx.catalog.by_id for n in ids]
    for name in await _heaps(tx) if strangers else ():
        await tx.run(_scrubbing(name, tx.tenant.id), ids=strangers, pattern=pattern_of(words))
    return len(strangers)


async def _heaps(tx: Transaction) -> list[str]:
    """Give the heaps in which records of the tenant lie, those of deleted objects included."""
    objects = [one for one in await load_components(tx) if one.component.kind == "object"]
    own = (str(one.storage["heap"]) for one in objects if "heap" in one.storage)
    return sorted({tx.tenant.leaf, *own})


@lru_cache(maxsize=256)
def _scrubbing(heap_name: str, tenant_id: int) -> Prepared:
    """Words gone from rows by themselves, whatever their fields are: parameters ids and pattern."""
    table = heap(heap_name)
    texts = {table.c[slot]: without(table.c[slot]) for slot in SLOTS[SlotKind.TEXT]}
    parts = {column: without(column) for column in (table.c.data, table.c.data_long)}
    mine = table.c.tenant_id == inline(tenant_id)
    ids = parameter("ids", ARRAY(BigInteger))
    return prepare(
        update(table).where(mine, table.c.id == func.any(ids)).values({**texts, **parts})
    )


def without(column: Any) -> Any:
    """Build a text, or JSON, without the words that the parameter pattern finds."""
    text = func.regexp_replace(
        cast(column, Text),
        parameter("pattern", Text()),
        literal(ERASED, literal_execute=True),
        literal("gi", literal_execute=True),
    )
    return cast(text, JSONB()) if isinstance(column.type, JSONB) else text


@lru_cache(maxsize=256)
def _mentioning(heap_name: str, tenant_id: int) -> Prepared:
    table = heap(heap_name)
    texts = (cast(table.c.data, Text), cast(table.c.data_long, Text))
    mine = table.c.tenant_id == inline(tenant_id)
    return prepare(
        select(table.c.object_id, table.c.id)
        .where(mine, or_(*(says(text) for text in texts)))
        .order_by(table.c.id)
        .limit(MOST_FOUND + 1)
    )


def says(text: Any) -> Any:
    """Build the condition that a text says one of some words; parameters like and pattern."""
    like, pattern = parameter("like", ARRAY(Text)), parameter("pattern", Text())
    return and_(func.lower(text).like(func.any(like)), text.op("~*")(pattern))


def _check_few(count: int) -> None:
    if count > MOST_FOUND:
        raise TooMuchAboutOne(
            f"More than {MOST_FOUND} records are about this person.",
            hint="An address that so many share is nobody's: take it from the person first.",
        )
