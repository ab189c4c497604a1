"""What an archive of a tenant holds: each table with what is left out of it, and why others stay.

Secrets stay where they are: passwords, second factors, sessions, tokens and what is sealed with the
installation's key. So does what is of one installation, such as jobs and how queries were asked.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from sqlalchemy import Table

from fieldstone.metadata import privacy_tables, tables
from fieldstone.metadata.lock_tables import RECORD_LOCK
from fieldstone.metadata.package_tables import PACKAGE_COMPONENT, PACKAGE_RECORD
from fieldstone.metadata.territory_tables import TERRITORY_PERSON
from fieldstone.metadata.view_tables import PERSONAL_VIEW

FORMAT: Final = 1
MANIFEST: Final = "manifest.json"
HEAP: Final = "record"
FILES: Final = "files"


@dataclass(frozen=True, slots=True)
class Part:
    """A table of an archive. without: columns that stay; numbers: those that hold components' ids.

    order: the columns by which its rows are in order.
    """

    table: Table
    order: tuple[str, ...]
    numbers: tuple[str, ...] = ()
    without: tuple[str, ...] = ()

    @property
    def member(self) -> str:
        """The name of its file in the archive."""
        return f"{self.table.name}.ndjson"


_COMPONENT_COLUMNS: Final = ("field_id", "object_id")
PARTS: Final = (
    Part(tables.COMPONENT, ("id",), ("id",)),
    Part(tables.COMPONENT_CHANGE, ("seq",), ("component_id",), ("seq", "log_seq", "salt")),
    Part(PACKAGE_COMPONENT, ("component_id", "digest"), ("component_id",)),
    Part(PACKAGE_RECORD, ("package", "object_id", "key"), ("object_id",)),
    Part(tables.LINK, ("target_id", "field_id", "source_id"), ("field_id", "source_object_id")),
    Part(tables.RECORD_UNIQUE, ("object_id", "field_id", "value"), _COMPONENT_COLUMNS),
    Part(tables.RECORD_SEARCH, ("id",), ("object_id",)),
    Part(tables.CHANGE, ("seq",), ("object_id",), ("seq", "xid", "salt")),
    Part(
        tables.BIN,
        ("root_id", "record_id", "field_id"),
        (*_COMPONENT_COLUMNS, "root_object_id"),
    ),
    Part(tables.COUNTER, ("field_id",), ("field_id",)),
    Part(tables.FILE, ("id",)),
    Part(tables.MEMBER, ("user_id",), (), ("password_hash", "password_at")),
    Part(tables.PERMISSION_ASSIGNMENT, ("user_id", "set_id"), ("set_id",)),
    Part(tables.PERSON_ROLE, ("user_id",), ("role_id",)),
    Part(tables.TEAM, ("id",)),
    Part(tables.TEAM_MEMBER, ("team_id", "user_id")),
    Part(TERRITORY_PERSON, ("territory_id", "user_id"), ("territory_id",)),
    Part(tables.RECORD_SHARE, ("record_id", "principal"), ("object_id", "principal", "along")),
    Part(privacy_tables.LEGAL_HOLD, ("id",)),
    Part(privacy_tables.HELD_RECORD, ("hold_id", "record_id"), ("object_id",)),
    Part(privacy_tables.PRIVACY_REQUEST, ("id",), ("object_id",), ("job_id",)),
    Part(RECORD_LOCK, ("id",), ("object_id",)),
    Part(PERSONAL_VIEW, ("id",), ("object_id",)),
    Part(tables.ADVICE_SETTING, ("automatic",)),
    Part(tables.USAGE_LEDGER, ("meter", "day")),
    Part(tables.USAGE_ENTRY, ("id",), (), ("id",)),
)
LEFT_OUT: Final[Mapping[str, str]] = {
    "catalog_version": "is told in the manifest",
    "job": "runs in one installation",
    "branch": "is about another tenant of one installation",
    "idempotency": "answers of one installation, kept for a day",
    "import_row": "reports of imports, whose jobs stay",
    "query_use": "how queries were asked in one installation",
    "client_use": "what programs asked for in one installation",
    "advice_action": "what was done to the storage of one installation",
    "index_order": "what is to be done to it",
    "package_upload": "packages that wait to be installed, for a week",
    "invitation": "a secret",
    "session": "a secret",
    "access_token": "a secret",
    "sign_in": "addresses of those who tried to sign in",
    "sealed_secret": "sealed with the installation's key",
    "identity_link": "who somebody is elsewhere; they link again",
    "authenticator": "a secret",
    "recovery_code": "a secret",
    "passkey": "holds for one site",
    "sign_in_step": "a secret",
    "audit_seal": "vouches for the logs of one installation; restored ones are sealed anew",
    "audit_redaction": "belongs to those seals",
    "access_event": "who came in, by which address",
    "app_secret": "a secret",
    "oauth_grant": "what programs were allowed in one installation; people allow it again",
    "oauth_code": "a secret",
    "refresh_token": "a secret",
    "seen_once": "what was signed for one installation, and may not come twice",
}
