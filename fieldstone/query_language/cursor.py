"""Cursors: the place of a row in an order, as opaque text that callers hand back.

A cursor holds the sort keys and the id of the last row shown, how many rows were shown before it
ends, and a digest of the order it was cut from. It grants nothing: what a caller changes in it
moves the place where the same plan goes on.
"""

from __future__ import annotations

import hashlib
from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as BadBase64
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Any, Final

import msgspec
from sqlalchemy import BigInteger, Boolean, DateTime, Float, Numeric, Text
from sqlalchemy.types import TypeEngine

from fieldstone.ids import MAX_RECORD_ID
from fieldstone.metadata.slots import TEXT_SLOT_LENGTH
from fieldstone.query_language.columns import type_of
from fieldstone.query_language.errors import BadCursor
from fieldstone.query_language.formula.typed import Apply, Read, Typed
from fieldstone.query_language.plan import (
    AggregateRef,
    FieldRef,
    Literal,
    Parameter,
    Plan,
    Ref,
)

_BYTES_BESIDE: Final = 64
_BYTES_PER_KEY: Final = 8 + 4 * TEXT_SLOT_LENGTH
_DIGEST_BYTES: Final = 8

_Wire = tuple[bytes, list[Any], int, int]


@dataclass(frozen=True, slots=True)
class Place:
    """Where a page ended. values: the sort keys there; seen: how many rows were shown so far."""

    values: tuple[object, ...]
    id: int
    seen: int


def digest_of(plan: Plan, literals: Sequence[Literal] = ()) -> bytes:
    """Give what tells the order of a plan from others. literals: those of the query."""
    keys = [(_name_of(key.left), key.descending, key.nulls_first) for key in plan.order_by]
    groups = [_name_of(ref) for ref in plan.group_by]
    constants = [literals[number] for number in constants_of_order(plan)]
    named = repr((plan.object.id, plan.grouped, keys, groups, constants))
    return hashlib.blake2b(named.encode(), digest_size=_DIGEST_BYTES).digest()


def constants_of_order(plan: Plan) -> tuple[int, ...]:
    """Give the numbers of the literals that stand in what a plan sorts and groups by."""
    refs = [*(key.left for key in plan.order_by), *plan.group_by]
    return tuple(number for ref in refs for number in _constants_in(ref))


def _constants_in(ref: Ref) -> Iterator[int]:
    field = ref.argument if isinstance(ref, AggregateRef) else ref
    if field is not None and field.computed is not None:
        yield from _numbers_in(field.computed)


def _numbers_in(expression: Typed) -> Iterator[int]:
    match expression:
        case Read(Parameter(number=int() as number)):
            yield number
        case Apply(_, arguments):
            for part in arguments:
                yield from _numbers_in(part)


def encode_cursor(plan: Plan, place: Place) -> str:
    """Give the text of a place."""
    return write_cursor(digest_of(plan), place)


def write_cursor(digest: bytes, place: Place) -> str:
    """Give the text of a place in the order that digest_of told."""
    values = [_on_wire(value) for value in place.values]
    wire: _Wire = (digest, values, place.id, place.seen)
    return urlsafe_b64encode(msgspec.msgpack.encode(wire)).rstrip(b"=").decode()


def decode_cursor(plan: Plan, text: str, digest: bytes | None = None) -> Place:
    """Read a place back. Raises BadCursor, also for one of another order.

    digest: what digest_of gives, where that is known.
    """
    wrong = BadCursor("This cursor was not given by this server.", hint="Begin without a cursor.")
    if len(text) > _longest(plan):
        raise wrong
    try:
        wire = urlsafe_b64decode(text.encode("ascii") + b"=" * (-len(text) % 4))
        told, values, record_id, seen = msgspec.msgpack.decode(wire, type=_Wire)
    except (UnicodeEncodeError, BadBase64, ValueError, msgspec.MsgspecError):
        raise wrong from None
    if told != (digest or digest_of(plan)):
        raise BadCursor(
            "This cursor belongs to another order or another object.",
            hint="A cursor goes on with the query that gave it; begin without one.",
        )
    kinds = [] if plan.grouped else [_kind_of(key.left) for key in plan.order_by]
    if len(values) != len(kinds) or not (0 <= record_id <= MAX_RECORD_ID and 0 <= seen < 2**31):
        raise wrong
    try:
        found = [_from_wire(value, kind) for value, kind in zip(values, kinds, strict=True)]
    except (ValueError, InvalidOperation):
        raise wrong from None
    return Place(tuple(found), record_id, seen)


def _longest(plan: Plan) -> int:
    """Give how long the text of a place may be; of texts as much is kept as a slot holds."""
    size = _BYTES_BESIDE + _BYTES_PER_KEY * len(plan.order_by)
    return (4 * size + 2) // 3


def _name_of(ref: Ref) -> tuple[object, ...]:
    if isinstance(ref, AggregateRef):
        argument = () if ref.argument is None else _name_of(ref.argument)
        return (ref.function.value, *argument)
    if ref.computed is not None:
        return (ref.source, ref.field.id, ref.field.name)
    return (ref.source, ref.field.id)


def _kind_of(ref: Ref) -> TypeEngine[Any]:
    assert isinstance(ref, FieldRef), "rows are ordered by fields"
    return type_of(ref)


def _on_wire(value: object) -> object:
    if isinstance(value, datetime):
        return value.isoformat()
    return str(value) if isinstance(value, Decimal) else value


def _from_wire(value: object, kind: TypeEngine[Any]) -> object:
    if value is None:
        return None
    wanted, read = _READERS[type(kind)]
    if type(value) is int and wanted is float:
        value = float(value)  # the version, a whole number that is compared as any other
    if isinstance(value, bool) is not (wanted is bool) or not isinstance(value, wanted):
        raise ValueError(value)
    found = read(value)
    if isinstance(kind, DateTime):
        found = found.replace(tzinfo=UTC if kind.timezone else None)
    return found


def _integer(value: int) -> int:
    if abs(value) > MAX_RECORD_ID:
        raise ValueError(value)
    return value


def _plain_text(value: str) -> str:
    if "\0" in value:
        raise ValueError(value)
    return value


_READERS: Final[Mapping[type[Any], tuple[type[Any], Callable[[Any], Any]]]] = {
    Text: (str, _plain_text),
    Float: (float, float),
    Numeric: (str, Decimal),
    DateTime: (str, datetime.fromisoformat),
    BigInteger: (int, _integer),
    Boolean: (bool, bool),
}


def nulls_of(values: Sequence[object]) -> tuple[bool, ...]:
    """Tell which sort keys of a place are null."""
    return tuple(value is None for value in values)
