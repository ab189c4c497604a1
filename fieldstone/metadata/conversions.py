"""What becomes of the values of a field whose type, or whose options, become others.

A value goes by the text that says it, which the new type reads as it reads what a person types, or
by its JSON between types of one sort. What cannot be read is lost, and what is cut or rounded is
told, so that both can be confirmed.
"""

from __future__ import annotations

import html
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any, Final

from fieldstone.errors import BadValue
from fieldstone.metadata.field_types.choice import ChoiceOptions, with_choices
from fieldstone.metadata.field_types.field_type import BadOption, FieldType, is_blank
from fieldstone.metadata.field_types.multi_select import MARK
from fieldstone.metadata.field_types.registry import FIELD_TYPES
from fieldstone.metadata.field_types.rich_text import plain_of_html
from fieldstone.metadata.field_types.text import one_line
from fieldstone.metadata.values import Json, JsonObject, fold, write_json

TEXTS: Final = frozenset({"text", "long_text", "rich_text", "email", "phone", "url"})
NUMBERS: Final = frozenset({"number", "currency", "percent"})
CHOICES: Final = frozenset({"picklist", "multi_select"})
DAYS: Final = frozenset({"date", "datetime"})
_READ: Final = frozenset({"time", "json", "address", "person_name", "geolocation"})
_POINTING: Final = frozenset({"lookup", "user", "polymorphic"})
_CHECKBOX: Final = frozenset({"checkbox"})
_FROM_TEXT: Final = TEXTS | NUMBERS | CHOICES | DAYS | _CHECKBOX | _READ
_NEIGHBOURS: Final = (
    NUMBERS | CHOICES,
    NUMBERS | _CHECKBOX,
    CHOICES | _CHECKBOX,
    DAYS,
)
"""Types among which every one becomes every other; texts come from all, and become nearly all."""

EARLIER: Final = "earlier"
"""What a field's storage names the keys under which its values lay, the oldest first."""

_FORMATTED: Final = re.compile(r"<(?!(?:/?p|br ?/?)>)")
"""The beginning of what no plain text says: any tag but those that end lines."""

_WORDS: Final = {True: ("Yes", "true", "1"), False: ("No", "false", "0")}


@dataclass(frozen=True, slots=True)
class Instruction:
    """What the caller says of values that have to become others.

    values: by the text of a value as it is, what it becomes; null empties it.
    """

    values: Mapping[str, Json] = field(default_factory=dict)

    def as_json(self) -> JsonObject:
        """Give it as it is kept."""
        return {"values": dict(self.values)}


@dataclass(frozen=True, slots=True)
class EarlierKey:
    """A key under which a field's values lay before they became others.

    type: of those values. is_alike: whether a value of then may stand for one of now as it is.
    """

    key: str
    type: str
    is_alike: bool
    instruction: Instruction


def earlier_in(storage: Mapping[str, Json]) -> tuple[EarlierKey, ...]:
    """Give the keys that a field's storage tells of, the oldest first."""
    found = storage.get(EARLIER, ())
    assert isinstance(found, list | tuple)
    return tuple(_earlier(one) for one in found)


def _earlier(one: Json) -> EarlierKey:
    assert isinstance(one, Mapping)
    values = one.get("values") or {}
    assert isinstance(values, Mapping)
    return EarlierKey(str(one["key"]), str(one["type"]), bool(one["alike"]), Instruction(values))


@dataclass(frozen=True, slots=True)
class Converted:
    """What a value becomes: its stored JSON, None for nothing. is_whole: whether all is kept."""

    value: Json
    is_whole: bool = True


LOST: Final = Converted(None, is_whole=False)


def can_become(old: str, new: str) -> bool:
    """Tell whether values of one type may become values of another one, by their names."""
    if old in _POINTING:
        return new in ("text", "long_text")
    if new in TEXTS:
        return old in _FROM_TEXT or old == "auto_number"
    if old in TEXTS:
        return new in _FROM_TEXT
    return any(old in near and new in near for near in _NEIGHBOURS)


def types_after(old: str) -> tuple[str, ...]:
    """Give the names of the types that a field of a type may have instead."""
    return tuple(name for name in FIELD_TYPES if name != old and can_become(old, name))


def points(name: str) -> bool:
    """Tell whether values of a type are ids, which become the names of what they point to."""
    return name in _POINTING


@dataclass(frozen=True, slots=True)
class Side:
    """A type with its options: what a value is before, or after."""

    type: FieldType[Any, Any]
    options: Any


@dataclass(frozen=True, slots=True)
class Conversion:
    """How the values of one field become others. names: of the records that values point to."""

    old: Side
    new: Side
    instruction: Instruction = field(default_factory=Instruction)
    names: Mapping[str, str] = field(default_factory=dict)
    _kept: Any = field(init=False, repr=False, compare=False, default=None)

    def __post_init__(self) -> None:
        # Records keep the choices that nobody may make any more, and so they do here.
        kept = self.new.options
        if self.old.type.name in CHOICES and isinstance(kept, ChoiceOptions):
            kept = with_choices(kept, [replace(one, active=True) for one in kept.choices])
        object.__setattr__(self, "_kept", kept)

    def convert(self, stored: Json) -> Converted:
        """Give what a stored value becomes; blank values stay blank."""
        if is_blank(stored):
            return Converted(None)
        texts = self._texts(stored)
        said = {fold(key): value for key, value in self.instruction.values.items()}
        for text in texts:
            if fold(text) in said:
                return self._as_said(said[fold(text)])
        found = self._alike(stored) or self._read(texts)
        return replace(found, is_whole=found.is_whole and not self._is_stripped(stored))

    def say(self, stored: Json) -> str:
        """Give the text of a value, by which an instruction names it."""
        return self._texts(stored)[0]

    def _is_stripped(self, stored: Json) -> bool:
        """Tell whether links, pictures or formatting go, of which no text tells."""
        if self.old.type.name != "rich_text" or self.new.type.name == "rich_text":
            return False
        return _FORMATTED.search(str(stored)) is not None

    def _as_said(self, value: Json) -> Converted:
        if value is None:
            return LOST
        try:
            return self._stored(self.new.type.accept(value, self.new.options))
        except (BadValue, BadOption):
            return LOST

    def _alike(self, stored: Json) -> Converted | None:
        """Convert by the JSON, between types of one sort; None where the text has to do."""
        old, new = self.old.type.name, self.new.type.name
        if old in DAYS and new in DAYS and old != new:
            return self._of_day(stored)
        if old in NUMBERS and new == "checkbox":
            return Converted(bool(stored)) if stored in (0, 1) else LOST
        if old == "multi_select" and new == "picklist":
            assert isinstance(stored, list | tuple)
            first = self._accepted(stored[0])
            return first and replace(first, is_whole=first.is_whole and len(stored) == 1)
        if old == new or {old, new} <= NUMBERS:
            return self._accepted(stored)
        if old == "picklist" and new == "multi_select":
            return self._accepted([stored])
        is_number = old == "checkbox" and new in NUMBERS
        return self._accepted(int(bool(stored))) if is_number else None

    def _of_day(self, stored: Json) -> Converted:
        if self.new.type.name == "datetime":
            day = date.fromisoformat(str(stored))
            return self._stored(datetime.combine(day, time(), UTC))
        instant = datetime.fromisoformat(str(stored))
        is_midnight = instant.time() == time()
        return replace(self._stored(instant.date()), is_whole=is_midnight)

    def _accepted(self, value: Json) -> Converted | None:
        try:
            found = self._stored(self.new.type.accept(value, self._kept))
        except (BadValue, BadOption):
            return None
        is_rounded = isinstance(value, int | Decimal) and found.value != value
        return replace(found, is_whole=not is_rounded)

    def _read(self, texts: tuple[str, ...]) -> Converted:
        """Give what the new type reads out of the first text that it takes."""
        for text in texts:
            try:
                value = self.new.type.parse(text, self.new.options)
            except (BadValue, BadOption):
                continue
            return replace(self._stored(value), is_whole=self._says_all(text, value))
        return self._cut(texts[0])

    def _says_all(self, text: str, value: Any) -> bool:
        """Tell whether nothing of a text was left out when it was read."""
        if self.new.type.name in NUMBERS:
            widest = replace(self.new.options, precision=28, places=12, lowest=None, highest=None)
            return bool(self.new.type.parse(text, widest) == value)
        if self.new.type.name in TEXTS and not self.new.type.long:
            return len(text.strip().splitlines()) < 2
        return True

    def _cut(self, text: str) -> Converted:
        """Give the beginning of a text that is too long; nothing of what is wrong otherwise."""
        length = getattr(self.new.options, "length", None)
        if self.new.type.name not in ("text", "long_text") or not isinstance(length, int):
            return LOST
        if self.new.type.name == "text":
            text = one_line(text)
        try:
            value = self.new.type.parse(text[:length].strip(), self.new.options)
        except (BadValue, BadOption):
            return LOST
        return replace(self._stored(value), is_whole=False)

    def _stored(self, value: Any) -> Converted:
        encoded = self.new.type.encode(value)
        return LOST if is_blank(encoded) else Converted(encoded)

    def _texts(self, stored: Json) -> tuple[str, ...]:
        """Give the texts that say a value, the best one first."""
        name, is_html = self.old.type.name, self.new.type.name == "rich_text"
        if isinstance(stored, bool):
            return _WORDS[stored]
        if name == "picklist":
            return str(stored), self._shown(stored)
        if name in _POINTING:
            return self.names.get(str(stored), str(stored)), str(stored)
        text = self._text(stored)
        return (_as_html(text) if is_html and name != "rich_text" else text,)

    def _text(self, stored: Json) -> str:
        """Give the text that says a value which has but one."""
        if isinstance(stored, int | Decimal):
            return f"{Decimal(stored):f}"
        if isinstance(stored, str):
            is_stripped = self.old.type.name == "rich_text" != self.new.type.name
            return plain_of_html(stored) if is_stripped else stored
        if isinstance(stored, list | tuple) and self.old.type.name == "multi_select":
            return f"{MARK} ".join(map(str, stored))
        return write_json(stored) if self.old.type.name == "json" else self._shown(stored)

    def _shown(self, stored: Json) -> str:
        return self.old.type.show(self.old.type.decode(stored), self.old.options)


def _as_html(text: str) -> str:
    return html.escape(text, quote=False).replace("\n", "<br>")
