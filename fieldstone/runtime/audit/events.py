"""The log of access: who came in, and what was done to ways in, rights, shares and exports.

Records and metadata have logs of their own, which their writers fill. What is noted here is kept
in the transaction that does it, so that nothing is done without its note, and nothing noted that
was not done.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import BigInteger, DateTime, Integer, Text, insert, select
from sqlalchemy.dialects.postgresql import JSONB

from fieldstone.metadata.catalog import ObjectDef
from fieldstone.metadata.factor_tables import ACCESS_EVENT
from fieldstone.metadata.values import JsonObject, write_json
from fieldstone.runtime.audit.kinds import AuditKind
from fieldstone.runtime.statements import Prepared, incoming, parameter, prepare
from fieldstone.runtime.transactions import Transaction

_LONGEST: Final = 300
_TYPES: Final[Mapping[str, Any]] = {
    "id": BigInteger(),
    "at": DateTime(timezone=True),
    "user_id": BigInteger(),
    "actor_id": BigInteger(),
    "object_id": Integer(),
    "record_id": BigInteger(),
    "what": Text(),
    "cause": JSONB(),
    "details": JSONB(),
    "address": Text(),
}
_NOTE: Final = prepare(
    insert(ACCESS_EVENT).values(
        tenant_id=parameter("tenant", Integer()),
        **{name: parameter(name, type_) for name, type_ in _TYPES.items()},
    )
)


def _noted_of_many() -> Prepared:
    x = incoming(ACCESS_EVENT, "id", "user_id")
    alike = ("at", "actor_id", "what", "cause", "details", "address")
    said = (parameter(name, _TYPES[name]) for name in alike)
    rows = select(parameter("tenant", Integer()), x.c.id, x.c.user_id, *said)
    return prepare(insert(ACCESS_EVENT).from_select(["tenant_id", "id", "user_id", *alike], rows))


_NOTE_MANY: Final = _noted_of_many()


class Event(StrEnum):
    """What can happen."""

    SIGNED_IN = "signed_in"
    SIGN_IN_REFUSED = "sign_in_refused"
    SIGNED_OUT = "signed_out"
    SESSIONS_ENDED = "sessions_ended"
    PASSWORD_CHANGED = "password_changed"  # noqa: S105 - the name of what happened
    AUTHENTICATOR_ADDED = "authenticator_added"
    AUTHENTICATOR_REMOVED = "authenticator_removed"
    PASSKEY_ADDED = "passkey_added"
    PASSKEY_REMOVED = "passkey_removed"
    PASSKEY_COPIED = "passkey_copied"
    CODES_MADE = "recovery_codes_made"
    CODE_USED = "recovery_code_used"
    FACTORS_RESET = "factors_reset"
    TOKEN_MADE = "token_made"  # noqa: S105 - the name of what happened
    TOKEN_REVOKED = "token_revoked"  # noqa: S105 - the name of what happened
    INVITED = "invited"
    INVITED_AGAIN = "invited_again"
    RESET_PROMISED = "factors_reset_promised"
    PERSON_LET_IN = "person_let_in"
    PERSON_PUT_OUT = "person_put_out"
    ADMINISTRATOR_MADE = "administrator_made"
    ADMINISTRATOR_UNMADE = "administrator_unmade"
    SET_GIVEN = "permission_set_given"
    SET_TAKEN = "permission_set_taken"
    ROLE_GIVEN = "role_given"
    ROLE_TAKEN = "role_taken"
    TEAM_CREATED = "team_created"
    TEAM_CHANGED = "team_changed"
    TEAM_DELETED = "team_deleted"
    TEAM_JOINED = "team_joined"
    TEAM_LEFT = "team_left"
    TERRITORY_JOINED = "territory_joined"
    TERRITORY_LEFT = "territory_left"
    RECORD_SHARED = "record_shared"
    SHARE_ENDED = "share_ended"
    RECORD_LOCKED = "record_locked"
    RECORD_UNLOCKED = "record_unlocked"
    EXPORTED = "exported"
    ARCHIVED = "archive_taken"
    AUDIT_EXPORTED = "audit_exported"
    APP_LET_IN = "app_let_in"
    APP_TAKEN_BACK = "app_taken_back"
    APPS_ENDED = "app_grants_ended"
    CLIENT_SECRET_MADE = "client_secret_made"  # noqa: S105 - the name of what happened
    CLIENT_SECRET_DROPPED = "client_secret_dropped"  # noqa: S105 - the name of what happened
    PROVIDER_SECRET_KEPT = "provider_secret_kept"  # noqa: S105 - the name of what happened
    PROVIDER_SECRET_DROPPED = "provider_secret_dropped"  # noqa: S105 - the name of what happened
    PROVIDER_KEY_MADE = "provider_key_made"
    PROVIDER_KEY_SIGNS = "provider_key_signs"
    PROVIDER_KEY_DROPPED = "provider_key_dropped"
    HOLD_PLACED = "hold_placed"
    RECORDS_HELD = "records_held"
    RECORD_LET_GO = "record_let_go"
    HOLD_ENDED = "hold_ended"
    RETAINED = "retention_carried_out"
    PERSON_ASKED = "person_request_made"
    PERSON_DONE = "person_request_done"
    ACTING_ALLOWED = "acting_allowed"
    ACTING_FORBIDDEN = "acting_forbidden"
    ACTING_STARTED = "acting_started"
    ACTING_STOPPED = "acting_stopped"

    @property
    def kind(self) -> AuditKind:
        """Under which kind the audit shows it."""
        return _KIND_OF[self]


KINDS: Final = {
    AuditKind.SIGN_IN: (
        Event.SIGNED_IN,
        Event.SIGN_IN_REFUSED,
        Event.SIGNED_OUT,
        Event.SESSIONS_ENDED,
        Event.APP_LET_IN,
    ),
    AuditKind.ACCOUNT: (
        Event.PASSWORD_CHANGED,
        Event.AUTHENTICATOR_ADDED,
        Event.AUTHENTICATOR_REMOVED,
        Event.PASSKEY_ADDED,
        Event.PASSKEY_REMOVED,
        Event.PASSKEY_COPIED,
        Event.CODES_MADE,
        Event.CODE_USED,
        Event.FACTORS_RESET,
        Event.TOKEN_MADE,
        Event.TOKEN_REVOKED,
        Event.APP_TAKEN_BACK,
    ),
    AuditKind.PEOPLE: (
        Event.INVITED,
        Event.INVITED_AGAIN,
        Event.RESET_PROMISED,
        Event.PERSON_LET_IN,
        Event.PERSON_PUT_OUT,
    ),
    AuditKind.PERMISSION: (
        Event.ADMINISTRATOR_MADE,
        Event.ADMINISTRATOR_UNMADE,
        Event.SET_GIVEN,
        Event.SET_TAKEN,
        Event.ROLE_GIVEN,
        Event.ROLE_TAKEN,
        Event.TEAM_CREATED,
        Event.TEAM_CHANGED,
        Event.TEAM_DELETED,
        Event.TEAM_JOINED,
        Event.TEAM_LEFT,
        Event.TERRITORY_JOINED,
        Event.TERRITORY_LEFT,
        Event.APPS_ENDED,
        Event.CLIENT_SECRET_MADE,
        Event.CLIENT_SECRET_DROPPED,
        Event.PROVIDER_SECRET_KEPT,
        Event.PROVIDER_SECRET_DROPPED,
        Event.PROVIDER_KEY_MADE,
        Event.PROVIDER_KEY_SIGNS,
        Event.PROVIDER_KEY_DROPPED,
    ),
    AuditKind.SHARING: (
        Event.RECORD_SHARED,
        Event.SHARE_ENDED,
        Event.RECORD_LOCKED,
        Event.RECORD_UNLOCKED,
    ),
    AuditKind.EXPORT: (Event.EXPORTED, Event.ARCHIVED, Event.AUDIT_EXPORTED),
    AuditKind.PRIVACY: (
        Event.HOLD_PLACED,
        Event.RECORDS_HELD,
        Event.RECORD_LET_GO,
        Event.HOLD_ENDED,
        Event.RETAINED,
        Event.PERSON_ASKED,
        Event.PERSON_DONE,
    ),
    AuditKind.ACTING: (
        Event.ACTING_ALLOWED,
        Event.ACTING_FORBIDDEN,
        Event.ACTING_STARTED,
        Event.ACTING_STOPPED,
    ),
}
"""What the audit shows under which kind; each event stands once."""

_KIND_OF: Final = {event: kind for kind, events in KINDS.items() for event in events}


async def note_event(
    tx: Transaction, user_id: int | None, what: Event, address: str = "", **details: Any
) -> None:
    """Note that something happened to a person, or to nobody in particular; by the viewer."""
    await _note(tx, what, details, user_id=user_id, address=address)


async def note_events(
    tx: Transaction, user_ids: Sequence[int], what: Event, **details: Any
) -> None:
    """Note that the same happened to each of some people; by the viewer."""
    await tx.run(
        _NOTE_MANY,
        tenant=tx.tenant.id,
        id=tx.minter.mint_many(len(user_ids)),
        user_id=list(user_ids),
        at=tx.now,
        actor_id=tx.viewer.acting_id or tx.viewer.user_id,
        what=what.value,
        cause=write_json(tx.cause) if tx.cause else None,
        details=write_json(details),
        address="",
    )


async def note_record_event(
    tx: Transaction, obj: ObjectDef, record_id: int, what: Event, **details: Any
) -> None:
    """Note that something was done to a record that is no change of its values."""
    await _note(tx, what, details, object_id=obj.id, record_id=record_id)


async def note_entry(
    tx: Transaction, user_id: int | None, what: Event, address: str, **details: Any
) -> None:
    """Note that somebody came in, or was refused: done by themselves, whoever asks."""
    await _note(tx, what, details, user_id=user_id, actor_id=user_id, address=address)


async def _note(tx: Transaction, what: Event, details: JsonObject, **about: Any) -> None:
    viewer = tx.viewer
    values: dict[str, Any] = {
        "user_id": None,
        "actor_id": viewer.acting_id or viewer.user_id,
        "object_id": None,
        "record_id": None,
        "address": "",
        **about,
    }
    await tx.run(
        _NOTE,
        tenant=tx.tenant.id,
        id=tx.minter.mint(),
        at=tx.now,
        what=what.value,
        cause=write_json(tx.cause) if tx.cause else None,
        details=write_json(details),
        **{**values, "address": values["address"][:_LONGEST]},
    )
