"""What happened to somebody's ways in, as they and administrators are told."""

from __future__ import annotations

from typing import Any, Final

from fieldstone.metadata.values import Json, read_json
from fieldstone.platform.identity.factor_statements import EVENTS_OF
from fieldstone.runtime.audit.events import KINDS, Event
from fieldstone.runtime.audit.kinds import AuditKind
from fieldstone.runtime.transactions import Transaction

MOST_EVENTS: Final = 200
_TOLD: Final = sorted(
    event.value for kind in (AuditKind.ACCOUNT, AuditKind.ACTING) for event in KINDS[kind]
)
_TOLD_TOO: Final = (Event.SESSIONS_ENDED, Event.INVITED_AGAIN, Event.RESET_PROMISED)


def details_of(row: Any) -> Json:
    """Give what is said of an event beside what happened."""
    return read_json(row["details"])


async def list_events(tx: Transaction, user_id: int, before: int, most: int) -> list[Any]:
    """Give what happened to a person's ways in, the newest first, before the one of a number."""
    kinds = [*_TOLD, *(event.value for event in _TOLD_TOO)]
    asked = {"tenant": tx.tenant.id, "user_id": user_id, "kinds": kinds}
    return await tx.rows(EVENTS_OF, **asked, before=before, most=most)
