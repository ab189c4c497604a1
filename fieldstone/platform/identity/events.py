"""The log of access: what happened to how somebody gets in, when, from where and by whom."""

from __future__ import annotations

from enum import StrEnum
from typing import Any, Final

from fieldstone.metadata.values import Json, JsonObject, read_json, write_json
from fieldstone.platform.identity.factor_statements import EVENTS_OF, NOTE_EVENT
from fieldstone.runtime.transactions import Transaction

MOST_EVENTS: Final = 200
_LONGEST: Final = 300


class Event(StrEnum):
    """What can happen."""

    PASSWORD_CHANGED = "password_changed"  # noqa: S105 - the name of what happened
    AUTHENTICATOR_ADDED = "authenticator_added"
    AUTHENTICATOR_REMOVED = "authenticator_removed"
    PASSKEY_ADDED = "passkey_added"
    PASSKEY_REMOVED = "passkey_removed"
    PASSKEY_COPIED = "passkey_copied"
    CODES_MADE = "recovery_codes_made"
    CODE_USED = "recovery_code_used"
    INVITED_AGAIN = "invited_again"
    RESET_PROMISED = "factors_reset_promised"
    FACTORS_RESET = "factors_reset"
    SESSIONS_ENDED = "sessions_ended"
    ACTING_ALLOWED = "acting_allowed"
    ACTING_FORBIDDEN = "acting_forbidden"
    ACTING_STARTED = "acting_started"
    ACTING_STOPPED = "acting_stopped"


async def note_event(
    tx: Transaction, user_id: int, what: Event, address: str = "", **details: Any
) -> None:
    """Note that something happened to a person's ways in; by the viewer, if there is one."""
    said: JsonObject = details
    await tx.run(
        NOTE_EVENT,
        tenant=tx.tenant.id,
        id=tx.minter.mint(),
        at=tx.now,
        user_id=user_id,
        actor_id=tx.viewer.acting_id or tx.viewer.user_id,
        what=str(what),
        details=write_json(said),
        address=address[:_LONGEST],
    )


def details_of(row: Any) -> Json:
    """Give what is said of an event beside what happened."""
    return read_json(row["details"])


async def list_events(tx: Transaction, user_id: int, before: int, most: int) -> list[Any]:
    """Give what happened to a person's ways in, the newest first, before the one of a number."""
    return await tx.rows(EVENTS_OF, tenant=tx.tenant.id, user_id=user_id, before=before, most=most)
