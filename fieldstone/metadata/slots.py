"""Slots: the indexed columns of a record row that are lent to fields.

Sizes and types were measured (docs/architecture/storage.md): under row-level security only the
leakproof comparisons of text, bigint, float8 and timestamp may use an index.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum
from typing import Final


class SlotKind(StrEnum):
    """What a slot holds; the value is the first letter of its columns."""

    TEXT = "s"
    NUMBER = "n"
    TIME = "d"
    REFERENCE = "r"


SLOTS: Final[dict[SlotKind, tuple[str, ...]]] = {
    SlotKind.TEXT: tuple(f"s{n}" for n in range(1, 9)),
    SlotKind.NUMBER: tuple(f"n{n}" for n in range(1, 9)),
    SlotKind.TIME: tuple(f"d{n}" for n in range(1, 5)),
    SlotKind.REFERENCE: tuple(f"r{n}" for n in range(1, 5)),
}
ALL_SLOTS: Final[tuple[str, ...]] = tuple(slot for slots in SLOTS.values() for slot in slots)
SLOT_TYPES: Final[dict[SlotKind, str]] = {
    SlotKind.TEXT: "text",
    SlotKind.NUMBER: "float8",
    SlotKind.TIME: "timestamp",
    SlotKind.REFERENCE: "bigint",
}
TEXT_SLOT_LENGTH: Final = 255


def kind_of(slot: str) -> SlotKind:
    """Give what a slot of this name holds."""
    return SlotKind(slot[0])


def free_slot(kind: SlotKind, taken: Iterable[str]) -> str | None:
    """Give the first slot of a kind that no field of the object has; None if all are lent."""
    used = set(taken)
    return next((slot for slot in SLOTS[kind] if slot not in used), None)
