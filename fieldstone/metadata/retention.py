"""How long something is kept, as a catalog knows it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from fieldstone.ids import ObjectId


class Kept(StrEnum):
    """What a policy is about; the value is its name in definitions."""

    RECORDS = "records"
    BIN = "bin"
    CHANGES = "changes"
    ACCESS = "access"
    SIGN_INS = "sign_ins"
    JOBS = "jobs"
    FILES = "files"


class Fate(StrEnum):
    """What becomes of a record whose time is over; the value is its name in definitions."""

    DELETE = "delete"
    PURGE = "purge"
    ANONYMISE = "anonymise"


@dataclass(frozen=True, slots=True)
class RetentionPolicy:
    """A policy of the catalog.

    object_id: whose records, deletions or changes; None for all that no policy of their own names.
    since: the name of the field from which a record's days count. where: a condition that records
    meet; None for all of them.
    """

    name: str
    label: str
    of: Kept
    days: int
    object_id: ObjectId | None = None
    since: str = "updated_at"
    where: str | None = None
    fate: Fate = Fate.DELETE
    active: bool = True
