"""What both sides of an order for an index know: the application's and the owner's.

Apart from the rest, because the owner's side has no use for catalogs and transactions.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Final

CHANNEL: Final = "fieldstone_index"
"""The channel of PostgreSQL on which a committed order wakes the owner's side."""

INDEXER: Final = "indexer"
"""The row of maintenance that tells when the owner's side was seen last."""


class Doing(StrEnum):
    """What an order asks for."""

    MAKE = "make"
    DROP = "drop"


class OrderState(StrEnum):
    """Where an order stands."""

    WAITING = "waiting"
    WORKING = "working"
    DONE = "done"
    CANCELLED = "cancelled"
    FAILED = "failed"

    @property
    def is_end(self) -> bool:
        """Whether nothing more will happen."""
        return self not in {OrderState.WAITING, OrderState.WORKING}
