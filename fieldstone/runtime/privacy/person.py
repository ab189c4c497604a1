"""Who a request is about: a person's record, and the words by which they are found elsewhere."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final, Protocol

from sqlalchemy import BigInteger, Integer, select

from fieldstone.errors import InvalidInput, NotFound
from fieldstone.ids import BadId, RecordId, format_id, parse_id
from fieldstone.metadata.catalog import About, Field, ObjectDef
from fieldstone.metadata.personal import address_fields, phone_fields
from fieldstone.metadata.tables import MEMBER
from fieldstone.metadata.values import Json, fold, write_json
from fieldstone.runtime.encryption.opening import open_value
from fieldstone.runtime.records.draft import StoredRecord
from fieldstone.runtime.records.write import load
from fieldstone.runtime.statements import parameter, prepare
from fieldstone.runtime.transactions import Transaction

USER: Final = "User"
_SHORTEST: Final = 5
_MEMBER: Final = prepare(
    select(MEMBER).where(
        MEMBER.c.tenant_id == parameter("tenant", Integer()),
        MEMBER.c.user_id == parameter("user_id", BigInteger()),
    )
)


class UnknownPerson(NotFound):
    """No record of this id."""

    code = "privacy.unknown_person"


class NotAPerson(InvalidInput):
    """A record of an object whose records are no people."""

    code = "privacy.not_a_person"


@dataclass(frozen=True, slots=True)
class Person:
    """A person.

    addresses: of e-mail, folded; they find them anywhere. near: names and telephone numbers, which
    say who is meant only in what points to them. member: their account, of a user. name: what their
    record is called.
    """

    object: ObjectDef
    record: StoredRecord
    addresses: tuple[str, ...]
    near: tuple[str, ...] = ()
    member: Any = None
    name: str = ""

    @property
    def id(self) -> RecordId:
        """The number of their record."""
        return self.record.id

    @property
    def text(self) -> str:
        """The id of their record as callers see it."""
        return format_id(self.object.prefix, self.record.id)

    @property
    def is_user(self) -> bool:
        """Whether they are or were a member, whose record others' histories name."""
        return self.object.name == USER


class Loader(Protocol):
    """How records are read: load for who only looks, lock for who goes on to change them."""

    def __call__(
        self, tx: Transaction, obj: ObjectDef, ids: Sequence[RecordId], *, deleted: bool = False
    ) -> Awaitable[dict[RecordId, StoredRecord]]:
        """Give live records, or those in the bin."""


async def load_person(tx: Transaction, text: str, by: Loader = load) -> Person:
    """Load a person by the id of their record, live or in the bin.

    Raises UnknownPerson, NotAPerson.
    """
    try:
        prefix, number = parse_id(text)
    except BadId as error:
        raise UnknownPerson(f"There is no person {text[:80]}.") from error
    obj = tx.catalog.by_prefix.get(prefix)
    if obj is None:
        raise UnknownPerson(f"There is no person {text[:80]}.")
    if obj.about is not About.PERSON:
        raise NotAPerson(
            f"{obj.plural_label} are no people.",
            hint='Say {"about": "person"} of the object if they are.',
        )
    found = await by(tx, obj, [number]) or await by(tx, obj, [number], deleted=True)
    if number not in found:
        raise UnknownPerson(f"There is no {obj.label} {text[:80]}.")
    return await _person(tx, obj, found[number])


async def _person(tx: Transaction, obj: ObjectDef, record: StoredRecord) -> Person:
    addresses = {fold(one) for one in _texts(tx, record, address_fields(obj))}
    member = None
    if obj.name == USER:
        member = await tx.row(_MEMBER, tenant=tx.tenant.id, user_id=record.id)
        if member is not None and member["email"]:
            addresses.add(fold(member["email"]))
    near = [one for one in _texts(tx, record, [obj.title]) if " " in one.strip()]
    near += _texts(tx, record, phone_fields(obj))
    kept = tuple(dict.fromkeys(one for one in near if len(one) >= _SHORTEST))
    name = next(iter(_texts(tx, record, [obj.title])), format_id(obj.prefix, record.id))
    return Person(obj, record, tuple(sorted(addresses)), kept, member, name)


def _texts(tx: Transaction, record: StoredRecord, fields: Iterable[Field]) -> list[str]:
    values = (open_value(tx, one, record.id, record.data.get(one.key)) for one in fields)
    return [one for one in values if isinstance(one, str) and len(one) >= _SHORTEST]


def pattern_of(words: Iterable[str]) -> str:
    """Give a regular expression that finds words whole, for PostgreSQL and Python alike.

    What stands before a word may also be the end of an escape, such as that of a new line, since
    PostgreSQL looks through JSON as it is written.
    """
    found = "|".join(re.escape(_as_in_json(word)) for word in words)
    before = r"(?:(?<![\w.%+-])|(?<=\\[bfnrt]))"
    return rf"{before}(?:{found})(?![\w-]|\.\w)"


def like_of(words: Iterable[str]) -> list[str]:
    """Give patterns of LIKE for words, which pass over quickly what has none of them."""
    plain = (fold(_as_in_json(word)) for word in words)
    escaped = (re.sub(r"([\\%_])", r"\\\1", word) for word in plain)
    return [f"%{word}%" for word in escaped]


def redacted(value: Json, pattern: re.Pattern[str], stands_for: str) -> Json:
    """Give a value of JSON with something in the place of whatever a pattern finds."""
    if isinstance(value, str):
        return pattern.sub(stands_for, value)
    if isinstance(value, list | tuple):
        return [redacted(part, pattern, stands_for) for part in value]
    if isinstance(value, dict):
        return {key: redacted(part, pattern, stands_for) for key, part in value.items()}
    return value


def _as_in_json(word: str) -> str:
    return write_json(word)[1:-1]
