"""What is compared of a record, worked out once for each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from fieldstone.intelligence.matching.normal_forms import (
    LOCAL_DIGITS,
    Street,
    email_key,
    host_of,
    numbers_in,
    organisation_words,
    person_words,
    phone_digits,
    postal_key,
    street_of,
)
from fieldstone.intelligence.matching.roles import Role, Roles
from fieldstone.metadata.values import Json, fold
from fieldstone.runtime.records.draft import Data

_STEM: Final = 4


@dataclass(frozen=True, slots=True)
class Place:
    """An address: street, and city and postal code as far as they are known."""

    street: Street
    city: str
    postal: str


@dataclass(slots=True)
class Features:
    """What a record says. Lists are short: an object has few fields of one role.

    words: of its name. joined: these in order of the alphabet. whole: its name as written, folded.
    """

    whole: str = ""
    words: tuple[str, ...] = ()
    joined: str = ""
    numbers: frozenset[str] = frozenset()
    emails: list[str] = field(default_factory=list)
    phones: list[str] = field(default_factory=list)
    hosts: list[str] = field(default_factory=list)
    places: list[Place] = field(default_factory=list)
    ids: dict[str, str] = field(default_factory=dict)


def features_of(roles: Roles, data: Data) -> Features:
    """Work out what is compared of a record's values by field key."""
    found = Features()
    _add_name(found, roles, data)
    for of, role in roles.fields:
        value = data.get(of.key)
        if value is not None:
            _add(found, role, of.key, value)
    return found


def _add_name(found: Features, roles: Roles, data: Data) -> None:
    value = data.get(roles.obj.title.key)
    if value is None:
        parts = (data.get(of.key) for of in roles.name_fields)
        text = " ".join(str(part) for part in parts if part)
    elif isinstance(value, Mapping):
        text = " ".join(str(value[part]) for part in ("first", "middle", "last") if part in value)
    else:
        text = str(value)
    if not text:
        return
    found.whole = fold(text)
    if roles.is_fuzzy:
        split = person_words if roles.title is Role.PERSON else organisation_words
        found.words = split(text)
        found.joined = " ".join(sorted(found.words))
        found.numbers = numbers_in(found.words)


def _add(found: Features, role: Role, key: str, value: Json) -> None:
    if role is Role.ADDRESS and isinstance(value, Mapping):
        found.places.append(_place(value))
        return
    text = str(value)
    if role is Role.EMAIL:
        found.emails.append(email_key(text))
    elif role is Role.PHONE:
        digits = phone_digits(text)
        if len(digits) >= LOCAL_DIGITS:
            found.phones.append(digits)
    elif role is Role.HOST:
        host = host_of(text)
        if host:
            found.hosts.append(host)
    else:
        found.ids[key] = fold(text)


def _place(value: Mapping[str, Json]) -> Place:
    return Place(
        street=street_of(str(value.get("street") or "")),
        city=" ".join(str(value.get("city") or "").lower().split()),
        postal=postal_key(str(value.get("postal_code") or "")),
    )


def blocking_keys(features: Features) -> set[str]:
    """Give keys of which two records that score as one share at least one.

    A similar name is not among them: without a second agreement, which has a key of its own, it
    is never enough.
    """
    keys = {f"e {email}" for email in features.emails}
    keys.update(f"p {phone[-LOCAL_DIGITS:]}" for phone in features.phones)
    keys.update(f"h {host}" for host in features.hosts)
    keys.update(f"a {place.street.key}" for place in features.places if place.street.key)
    keys.update(f"i {key} {value}" for key, value in features.ids.items())
    if features.whole:
        keys.add(f"n {features.whole}")
    if features.words:
        keys.add(f"j {features.joined}")
        stem = features.words[-1][:_STEM]
        keys.update(f"d {email.rpartition('@')[2]} {stem}" for email in features.emails)
    return keys
