"""What would become of the values that records hold, told before any of them becomes it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from fieldstone.errors import Problem, Several
from fieldstone.metadata.catalog import Field, ObjectDef
from fieldstone.metadata.conversions import Converted, Instruction
from fieldstone.metadata.values import Json, JsonObject, read_json
from fieldstone.runtime.conversion import statements
from fieldstone.runtime.conversion.at_once import MOST_AT_ONCE, is_large
from fieldstone.runtime.conversion.moving import Move, Mover, held_in, sees_all
from fieldstone.runtime.field_upkeep import MOST_RECORDS
from fieldstone.runtime.records.checks import is_unique
from fieldstone.runtime.storage import heap_moves
from fieldstone.runtime.transactions import Transaction

MOST_VALUES: Final = 20_000
"""How many values of a field are looked at; what is told beyond is a part of the truth."""

MOST_LOOKED_AT: Final = 200_000
"""Of so many records, while nobody waits; long texts of fewer, and in all of so many bytes."""

_LONG_LOOKED_AT: Final = 2_000
_MOST_BYTES: Final = 16_000_000
_TOLD: Final = 20


@dataclass(frozen=True, slots=True)
class Became:
    """A value that so many live records hold, and what it would become.

    text: what it is called where it is said what becomes of it.
    """

    before: Json
    converted: Converted
    records: int
    text: str = ""

    def as_json(self) -> JsonObject:
        """Give it as callers see it."""
        return {
            "value": self.before,
            "becomes": self.converted.value,
            "whole": self.converted.is_whole,
            "records": self.records,
        }


@dataclass(frozen=True, slots=True)
class Outcome:
    """What would become of the values of one field; is_cut: whether there are more of them.

    in_background: whether there are so many records that a job does it. counted: how many records
    lose something, where a job has counted them.
    """

    move: Move
    became: tuple[Became, ...]
    is_cut: bool
    in_background: bool
    counted: int | None = None

    @property
    def key(self) -> str:
        """The field as a loss is confirmed by it, such as field:Deal.budget."""
        return self.move.loss_key

    @property
    def broken(self) -> tuple[Became, ...]:
        """The values that are lost, or lose something, those of most records first."""
        return tuple(one for one in self.became if not one.converted.is_whole)

    @property
    def lost(self) -> int:
        """How many records lose a value, or something of it; at least so many where it is cut."""
        return _count(self.broken) if self.counted is None else self.counted

    @property
    def emptied(self) -> int:
        """How many records lose their value."""
        return _count(one for one in self.broken if one.converted.value is None)

    @property
    def shortened(self) -> int:
        """How many keep a part of it."""
        return _count(one for one in self.broken if one.converted.value is not None)

    @property
    def records(self) -> int:
        """How many records have a value."""
        return _count(self.became)

    @property
    def told(self) -> tuple[Became, ...]:
        """Some values: what is lost first."""
        some = [*self.broken[:_TOLD], *(one for one in self.became if one.converted.is_whole)]
        return tuple(some[:_TOLD])

    def as_json(self) -> JsonObject:
        """Give it as callers see it: what is lost first."""
        return {
            "field": f"{self.move.obj.name}.{self.move.new.name}",
            "from": self.move.old.type.name,
            "to": self.move.new.type.name,
            "records": self.records,
            "at_least": self.is_cut,
            "emptied": self.emptied,
            "shortened": self.shortened,
            "in_background": self.in_background,
            "values": [one.as_json() for one in self.told],
        }


async def load_outcomes(
    tx: Transaction, moves: Iterable[Move], look_at: int = MOST_LOOKED_AT
) -> tuple[Outcome, ...]:
    """Work out what would become of the values of some fields.

    look_at: how many records of each; what holds up others looks at few. Raises Several for
    references of more records than can follow.
    """
    return tuple([await _outcome(tx, move, look_at) for move in moves])


async def _outcome(tx: Transaction, move: Move, look_at: int) -> Outcome:
    where = (move.obj.heap, tx.tenant.id, move.obj.id)
    if move.moves_links or is_unique(move.new):
        await _check_few(tx, move)
    look_at = min(look_at, _LONG_LOOKED_AT) if move.old.type.long else look_at
    rows = await tx.rows(
        statements.held_values(*where, move.read),
        look_at=look_at + 1,
        most=MOST_VALUES,
        bytes=_MOST_BYTES,
    )
    mover = Mover(move)
    held = [(held_in(row, move), row["times"]) for row in rows]
    await mover.learn_names(tx, (one for one, _ in held))
    became = tuple(
        Became(_value(one.now), converted, times, mover.say(one))
        for one, times in held
        if (converted := mover.convert(one)).value is not None or one.now is not None
    )
    looked_at = rows[0]["looked_at"] if rows else 0
    is_cut = looked_at > look_at or looked_at > sum(times for _, times in held)
    return Outcome(move, became, is_cut, await is_large(tx, move.obj))


async def load_texts(tx: Transaction, obj: ObjectDef, field: Field, most: int) -> tuple[str, ...]:
    """Load values of a field as texts that say them, those of most records first.

    Of the records that are looked at while others wait, and for those who see all of them.
    """
    where = (obj.heap, tx.tenant.id, obj.id)
    if not sees_all(tx, obj, field):
        return ()
    move = Move(obj, field, field, Instruction())
    rows = await tx.rows(
        statements.held_values(*where, move.read),
        look_at=MOST_AT_ONCE,
        most=most,
        bytes=_MOST_BYTES,
    )
    mover = Mover(move)
    held = [held_in(row, move) for row in rows]
    await mover.learn_names(tx, held)
    return tuple(dict.fromkeys(mover.say(one) for one in held))


async def _check_few(tx: Transaction, move: Move) -> None:
    """Refuse what could not be done in the end: what hangs on values follows while all wait."""
    counted = heap_moves.count_rows(move.obj.heap, tx.tenant.id, move.obj.id)
    if await tx.value(counted, most=MOST_RECORDS + 1) > MOST_RECORDS:
        raise Several([too_many(move)])


def too_many(move: Move) -> Problem:
    """Say that the references, or unique values, of so many records cannot become others."""
    what = "references" if move.moves_links else "unique values"
    message = f"{move.obj.plural_label} has more than {MOST_RECORDS:,} records, whose"
    message += f" {what} are too many to change while everybody waits."
    hint = "Add another field, and copy the values into it."
    return Problem("metadata.too_many_records", message, "/type", hint)


def _value(text: str | None) -> Json:
    return None if text is None else read_json(text)


def _count(some: Iterable[Became]) -> int:
    return sum(one.records for one in some)
