"""What is wanted of the audit, read from the parameters of an address."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Final

from fieldstone.errors import BadValue, InvalidInput
from fieldstone.ids import BadId, RecordId, parse_id
from fieldstone.metadata.field_types.datetime import read_instant
from fieldstone.metadata.visible import visible_object
from fieldstone.runtime.audit.kinds import AuditKind
from fieldstone.runtime.audit.reading import NEWEST, AuditFilter
from fieldstone.runtime.audit.redactions import Redaction
from fieldstone.runtime.audit.showing import PREFIX
from fieldstone.runtime.permissions import find_person
from fieldstone.runtime.transactions import Transaction

FILTERS: Final = (
    *("kind", "what", "who", "user", "object", "record", "component", "from", "until"),
)
"""The names of the parameters."""

_MOST_WORDS: Final = 50
_LONGEST_WORD: Final = 80
_DAY: Final = len("2026-01-31")


class BadFilter(InvalidInput):
    """The audit cannot be asked so."""

    code = "audit.bad_filter"


async def read_filter(tx: Transaction, asked: Mapping[str, str]) -> AuditFilter:
    """Read what of the audit is wanted. Raises BadFilter, UnknownObject, UnknownPerson."""
    return AuditFilter(
        kinds=frozenset(_kind(word) for word in read_words(asked, "kind")),
        what=frozenset(read_words(asked, "what")),
        actor=await find_person(tx, asked["who"]) if asked.get("who") else None,
        user=await find_person(tx, asked["user"]) if asked.get("user") else None,
        obj=visible_object(tx.catalog, tx.rights, asked["object"]) if asked.get("object") else None,
        record=_record(asked["record"]) if asked.get("record") else None,
        component=asked.get("component", "").strip()[:_LONGEST_WORD],
        since=read_time(asked, "from"),
        until=read_time(asked, "until"),
    )


def read_place(asked: Mapping[str, str]) -> int:
    """Read before which entry a page begins; the newest where nothing is said. Raises BadFilter."""
    text = asked.get("cursor")
    if not text:
        return NEWEST
    try:
        prefix, number = parse_id(text)
    except BadId:
        prefix, number = "", RecordId(0)
    if prefix != PREFIX:
        raise BadFilter("cursor is none of this list.", at="/cursor")
    return number


def read_redactions(asked: Mapping[str, str]) -> list[Redaction]:
    """Read which redactions are wanted; all where nothing is said. Raises BadFilter."""
    try:
        return [Redaction(word) for word in read_words(asked, "how")] or list(Redaction)
    except ValueError:
        hint = f"Name some of {', '.join(Redaction)}."
        raise BadFilter("how names no such redaction.", at="/how", hint=hint) from None


def read_words(asked: Mapping[str, str], name: str) -> list[str]:
    """Read a list with commas. Raises BadFilter."""
    words = [word.strip() for word in asked.get(name, "").split(",")]
    found = [word for word in words if word]
    if len(found) > _MOST_WORDS or any(len(word) > _LONGEST_WORD for word in found):
        raise BadFilter(f"{name} names at most {_MOST_WORDS} words.", at=f"/{name}")
    return found


def _kind(word: str) -> AuditKind:
    try:
        return AuditKind(word)
    except ValueError:
        hint = f"The kinds are {', '.join(AuditKind)}."
        raise BadFilter(f"There is no kind {word!r}.", at="/kind", hint=hint) from None


def _record(text: str) -> RecordId:
    try:
        return parse_id(text.strip())[1]
    except BadId as error:
        raise BadFilter(error.problem.message, at="/record") from None


def read_time(asked: Mapping[str, str], name: str) -> datetime | None:
    """Read an instant, or a day, which begins in UTC. Raises BadFilter."""
    text = asked.get(name)
    if not text:
        return None
    try:
        if len(text) == _DAY:
            return datetime.fromisoformat(text).replace(tzinfo=UTC)
        return read_instant(text).replace(tzinfo=UTC)
    except (BadValue, ValueError):
        hint = "Such as 2026-01-31 or 2026-01-31T14:30:00Z."
        raise BadFilter(f"{text[:40]!r} is no time.", at=f"/{name}", hint=hint) from None
