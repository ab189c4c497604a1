"""Typed ids, how records' ids are minted, and how they are written outside.

A record's id is a bigint in time order: 41 bits of milliseconds since 2024, 10 bits for the
process that minted it, 12 bits counting within the millisecond. Outside it is text, the object's
prefix and the number in hexadecimal: `deal_1563a2f0c401000`. Hexadecimal, because PostgreSQL
writes it with the built-in to_hex() while it builds a page's JSON.
"""

from __future__ import annotations

import re
from threading import Lock
from typing import NewType

from fieldstone.clock import Clock
from fieldstone.errors import InvalidInput

TenantId = NewType("TenantId", int)
ObjectId = NewType("ObjectId", int)
FieldId = NewType("FieldId", int)
RecordId = NewType("RecordId", int)

MAX_RECORD_ID = 2**63 - 1
NODES = 1024
_PER_MILLISECOND = 4096
_EPOCH_MS = 1_704_067_200_000
_TEXT = re.compile(r"([a-z][a-z0-9]{0,39})_([0-9a-f]{1,16})")


class BadId(InvalidInput):
    """A text that is not the id of a record."""

    code = "value.bad_id"


def format_id(prefix: str, record_id: int) -> str:
    """Write an id as callers see it: prefix, underscore, hexadecimal number."""
    return f"{prefix}_{record_id:x}"


def parse_id(text: str) -> tuple[str, RecordId]:
    """Read prefix and number back. Raises BadId."""
    match = _TEXT.fullmatch(text)
    if match is None or (number := int(match[2], 16)) > MAX_RECORD_ID:
        raise BadId(
            f"{text[:80]!r} is not the id of a record.", hint="Ids look like deal_1563a2f0c401000."
        )
    return match[1], RecordId(number)


class IdMinter:
    """Mints ids that rise with time within a process and never repeat in a database.

    node: this process's number, 0 to 1023, taken from a cycling sequence of the database. Two
    processes with one number would need 1,024 starts between them, and a clash of the full id then
    fails on the primary key rather than overwriting.
    """

    def __init__(self, clock: Clock, node: int) -> None:
        assert 0 <= node < NODES
        self._clock = clock
        self._node = node
        self._last = 0
        self._lock = Lock()

    def mint(self) -> RecordId:
        """Give one new id."""
        return self.mint_many(1)[0]

    def mint_many(self, count: int) -> list[RecordId]:
        """Give count new ids in rising order; a full millisecond borrows from the next."""
        now_ms = int(self._clock.now().timestamp() * 1000) - _EPOCH_MS
        with self._lock:
            first = max(self._last, now_ms * _PER_MILLISECOND)
            self._last = first + count
        return [self._compose(tick) for tick in range(first, first + count)]

    def _compose(self, tick: int) -> RecordId:
        milliseconds, counter = divmod(tick, _PER_MILLISECOND)
        return RecordId((milliseconds * NODES + self._node) * _PER_MILLISECOND + counter)
