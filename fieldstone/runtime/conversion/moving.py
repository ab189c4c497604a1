"""What each value of a converted field becomes, and writing it, some records at a time."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any, Final

from fieldstone.errors import FieldstoneError, Forbidden
from fieldstone.ids import FieldId, format_id, parse_id
from fieldstone.metadata.build import build_catalog
from fieldstone.metadata.catalog import Catalog, Field, ObjectDef
from fieldstone.metadata.changes import MetadataPlan
from fieldstone.metadata.component import StoredComponent
from fieldstone.metadata.conversions import (
    LOST,
    Conversion,
    Converted,
    EarlierKey,
    Instruction,
    Side,
    points,
)
from fieldstone.metadata.moved_values import REMAINDER_OF
from fieldstone.metadata.values import Json, read_json, write_json
from fieldstone.runtime.conversion import statements
from fieldstone.runtime.records.side_statements import ADD_LINKS, REMOVE_LINKS
from fieldstone.runtime.records.store import slot_value, targets_in
from fieldstone.runtime.transactions import Transaction

_MOST_NAMES: Final = 50_000
_WAITED: Final = timedelta(hours=1)
"""Who waited for a conversion to end, and then wrote, had begun at most so long before."""


@dataclass(frozen=True, slots=True)
class Move:
    """One field whose values become others: as it is and as it will be, on its object.

    before: what its values were before they became what they are, where that shall be put back.
    since_s: when they became it, in seconds of Unix time, where the log has to tell which of them
    somebody has changed since.
    """

    obj: ObjectDef
    old: Field
    new: Field
    instruction: Instruction
    before: Field | None = None
    earlier: EarlierKey | None = None
    since_s: int | None = None

    @property
    def read(self) -> statements.Read:
        """What is read of each record."""
        keys = (self.old.key,) if self.before is None else (self.old.key, self.before.key)
        if self.since_s is None:
            return statements.Read(keys)
        return statements.Read(keys, self.old.key, self.since_s)

    @property
    def loss_key(self) -> str:
        """What a loss is confirmed by, such as field:Deal.budget."""
        return f"field:{self.obj.name}.{self.new.name}"

    @property
    def moves_links(self) -> bool:
        """Whether references of records come or go with it."""
        return self.old.is_reference or self.new.is_reference


def moves_of(
    before: Catalog, after: Catalog, plan: MetadataPlan, stored: Sequence[StoredComponent]
) -> tuple[Move, ...]:
    """Give the fields whose values become others. stored: all components before the plan."""
    if not plan.conversions:
        return ()
    now = {field.id: field for obj in after.objects for field in obj.own_fields}
    rows = {row.id: row for row in stored}
    found = []
    for obj in before.objects:
        for old in obj.own_fields:
            instruction = plan.conversions.get(old.id)
            new = now.get(old.id)
            if instruction is not None and new is not None:
                past = _put_back(before, stored, rows[old.id], old, new)
                # What a reference was comes back by the log, for names may have changed since.
                follows_log = past.field is not None and points(past.field.type.name)
                since_s = past.until_s if follows_log else None
                found.append(Move(obj, old, new, instruction, past.field, past.earlier, since_s))
    return tuple(found)


def check_sees_all(tx: Transaction, plan: MetadataPlan) -> None:
    """Refuse to those who do not see all values of a field to make others of them.

    They could not tell what they confirm, and references tell the names of what they point to.
    Raises Forbidden.
    """
    for obj in tx.catalog.objects if plan.conversions else ():
        for field in obj.own_fields:
            if field.id in plan.conversions and not sees_all(tx, obj, field):
                raise Forbidden(
                    f"You do not see all values of {obj.name}.{field.name}, and may not convert"
                    " them.",
                    hint="Ask somebody who sees them.",
                )


def sees_all(tx: Transaction, obj: ObjectDef, field: Field) -> bool:
    """Tell whether the viewer sees a field of all records, and the names that it points to."""
    rights = tx.rights
    if not (rights.may_view_all(obj.id) and rights.may_read_field(field.id)):
        return False
    for number in field.references if points(field.type.name) else ():
        title = tx.catalog.by_id[number].title
        if not (rights.may_view_all(number) and rights.may_read_field(title.id)):
            return False
    return True


@dataclass(frozen=True, slots=True)
class _Past:
    """A field as it was before its values became what they are. until_s: when they became it."""

    field: Field | None = None
    earlier: EarlierKey | None = None
    until_s: int = 0


def _put_back(
    catalog: Catalog,
    stored: Sequence[StoredComponent],
    row: StoredComponent,
    old: Field,
    new: Field,
) -> _Past:
    """Give the field as it was before its values became what they are, if it becomes so again."""
    last = old.earlier[-1] if old.earlier else None
    if last is None or last.type != new.type.name:
        return _Past()
    held = next(
        (
            one
            for one in stored
            if one.storage.get(REMAINDER_OF) == row.id and one.storage.get("key") == last.key
        ),
        None,
    )
    if held is None:
        return _Past()
    # As it stood then among all others: with its value set, and what it referred to.
    named = replace(held.component, name=row.component.name)
    there = replace(held, id=row.id, component=named, deleted_at=None)
    rows = [there if one.id == row.id else one for one in stored]
    heap_name = catalog.by_id[old.object_id].heap
    past = build_catalog(catalog.tenant_id, catalog.version, heap_name, rows)
    field = next(f for f in past.by_id[old.object_id].own_fields if f.id == FieldId(row.id))
    assert held.deleted_at is not None
    return _Past(field, last, int((held.deleted_at - _WAITED).timestamp()))


@dataclass(frozen=True, slots=True)
class Held:
    """What a record holds of a field, as JSON text: now, and before it became that.

    is_kept: whether it is known that nobody has changed it since.
    """

    now: str | None
    before: str | None = None
    is_kept: bool = False


def held_in(row: Any, move: Move) -> Held:
    """Give what a row holds that was read as move.read says."""
    before = row["v1"] if move.before is not None else None
    return Held(row["v0"], before, move.since_s is not None and not row["is_logged"])


class Mover:
    """Converts the values of one field; equal ones once."""

    def __init__(self, move: Move) -> None:
        self.move = move
        self._names: dict[str, str] = {}
        self._known: dict[Held, Converted] = {}
        old, new = (Side(one.type, one.options) for one in (move.old, move.new))
        self._conversion = Conversion(old, new, move.instruction, self._names)
        self._forward: Conversion | None = None
        self._again: Conversion | None = None
        if move.before is not None and move.earlier is not None:
            past = Side(move.before.type, move.before.options)
            self._forward = Conversion(past, old, move.earlier.instruction, self._names)
            # What it is again takes back what it held, such as choices that were retired.
            same = (past.type.name, past.options) == (new.type.name, new.options)
            self._again = None if same else Conversion(past, new, names=self._names)

    async def learn_names(self, tx: Transaction, held: Iterable[Held]) -> None:
        """Load the names of the records that values point to, where these become their names."""
        now, before = (
            field is not None and points(field.type.name)
            for field in (self.move.old, self.move.before)
        )
        if not (now or before):
            return
        texts = ((one.now if now else None, one.before if before else None) for one in held)
        ids = {str(read_json(text)) for some in texts for text in some if text is not None}
        if len(self._names) > _MOST_NAMES:
            self._names.clear()
        self._names.update(await load_names(tx, ids - self._names.keys()))

    def convert(self, held: Held) -> Converted:
        """Give what becomes of what a record holds."""
        if self.move.old.type.long:
            return self._converted(held)  # they seldom repeat, and fill the memory
        known = self._known.get(held)
        if known is None:
            if len(self._known) > _MOST_NAMES:
                self._known.clear()
            known = self._known[held] = self._converted(held)
        return known

    def say(self, held: Held) -> str:
        """Give the text of a value by which it is said what becomes of it."""
        now = _value(held.now)
        return "" if now is None else self._conversion.say(now)

    def _converted(self, held: Held) -> Converted:
        now, before = _value(held.now), _value(held.before)
        if before is not None and (held.is_kept or self._was(before, now)):
            return Converted(before) if self._again is None else self._again.convert(before)
        if now is not None and points(self.move.new.type.name):
            return LOST
        return self._conversion.convert(now)

    def _was(self, before: Json, now: Json) -> bool:
        """Tell whether a value is what an earlier one became, and nobody changed it since."""
        return self._forward is not None and self._forward.convert(before).value == now


def _value(text: str | None) -> Json:
    return None if text is None else read_json(text)


async def load_names(tx: Transaction, ids: Iterable[str]) -> dict[str, str]:
    """Give the names of records by their ids as text; those that have none are left out."""
    wanted: dict[str, list[int]] = {}
    for text in ids:
        try:
            prefix, number = parse_id(text)
        except FieldstoneError:
            continue
        wanted.setdefault(prefix, []).append(number)
    found: dict[str, str] = {}
    for prefix, numbers in wanted.items():
        obj = tx.catalog.by_prefix.get(prefix)
        title = obj.title if obj is not None else None
        if obj is None or title is None or not title.key or title.is_calculated:
            continue
        if title.encryption is not None:
            continue  # what lies there is no name
        statement = statements.names_of(obj.heap, tx.tenant.id, obj.id, title.key)
        for row in await tx.rows(statement, ids=numbers):
            if row["name"] is not None:
                value = title.type.decode(read_json(row["name"]))
                shown = title.type.show(value, title.options)
                found[format_id(prefix, row["id"])] = shown
    return found


async def count_lossy(tx: Transaction, mover: Mover, rows: Sequence[Any]) -> int:
    """Count the live rows whose values lose something."""
    return _lossy(rows, await _convert(tx, mover, rows))


async def _convert(tx: Transaction, mover: Mover, rows: Sequence[Any]) -> list[Converted]:
    held = [held_in(row, mover.move) for row in rows]
    await mover.learn_names(tx, held)
    return [mover.convert(one) for one in held]


def _lossy(rows: Sequence[Any], became: Sequence[Converted]) -> int:
    told = zip(rows, became, strict=True)
    return sum(row["is_live"] and not one.is_whole for row, one in told)


async def move_rows(tx: Transaction, mover: Mover, rows: Sequence[Any]) -> int:
    """Write what becomes of the values of locked rows; how many live ones lose something."""
    move, became = mover.move, await _convert(tx, mover, rows)
    place = (move.new.key, move.new.type.long, move.new.written_slot)
    slots: Mapping[str, Any] = {}
    if move.new.written_slot is not None:
        slots = {move.new.written_slot: [slot_value(move.new, one.value) for one in became]}
    await tx.run(
        statements.put_values(move.obj.heap, tx.tenant.id, move.obj.id, place),
        id=[row["id"] for row in rows],
        value=[None if one.value is None else write_json(one.value) for one in became],
        **slots,
    )
    return _lossy(rows, became)


async def move_links(tx: Transaction, move: Move, rows: Sequence[tuple[int, Json]]) -> None:
    """Let the table link tell what a field refers to now. rows: ids and values as they became."""
    ids = [number for number, _ in rows]
    if move.old.is_reference and ids:
        await tx.run(
            REMOVE_LINKS, tenant=tx.tenant.id, field_id=[move.old.id] * len(ids), source_id=ids
        )
    found = [
        (target, number)
        for number, value in (rows if move.new.is_reference else ())
        for target in targets_in(value)
    ]
    if found:
        await tx.run(
            ADD_LINKS,
            tenant=tx.tenant.id,
            target_id=[target for target, _ in found],
            field_id=[move.new.id] * len(found),
            source_id=[number for _, number in found],
            source_object_id=[move.obj.id] * len(found),
        )
