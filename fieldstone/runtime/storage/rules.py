"""What the work on storage is set to."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Final

PROMOTE_ABOVE: Final = 50_000
KEEP_DELETED_DAYS: Final = 30
GRACE_S: Final = 600.0


@dataclass(frozen=True, slots=True)
class StorageRules:
    """Limits and times.

    promote_above: rows beyond which an object gets a heap of its own. keep_deleted: how long what
    was deleted can be restored. grace_s: how long a reader may go on with the plan it began with;
    longer than any request and any statement. batch: rows that one transaction moves.
    """

    promote_above: int = PROMOTE_ABOVE
    keep_deleted: timedelta = timedelta(days=KEEP_DELETED_DAYS)
    grace_s: float = GRACE_S
    batch: int = 5_000
