"""The kinds of what the audit shows, by which it is filtered."""

from __future__ import annotations

from enum import StrEnum


class AuditKind(StrEnum):
    """What an entry is about; the value is its name in filters and answers."""

    SIGN_IN = "sign_in"
    ACCOUNT = "account"
    PEOPLE = "people"
    PERMISSION = "permission"
    SHARING = "sharing"
    METADATA = "metadata"
    RECORD = "record"
    EXPORT = "export"
    ACTING = "acting"
    AUDIT = "audit"
    PRIVACY = "privacy"
