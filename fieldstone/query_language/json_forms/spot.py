"""Where in JSON a reader is: the pointer for errors, and what is left of depth and size.

All readers of this package take a value and its spot, and raise BadForm (`query.bad_form`) at the
pointer of what is wrong; TooDeep and TooLong beyond the limits.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

from fieldstone.errors import JsonPlace
from fieldstone.metadata.names import suggestion
from fieldstone.metadata.values import Json, JsonObject
from fieldstone.query_language.errors import BadForm, TooDeep, TooLong

MAX_DEPTH: Final = 210
"""What text can hold: parentheses 50 deep, AND and NOT within each, an expression of 100 levels."""

MAX_PARTS: Final = 30_000
_UNSTORABLE: Final = re.compile("[\0\ud800-\udfff]")


@dataclass(slots=True)
class _Budget:
    """How many parts may still come."""

    left: int = MAX_PARTS


@dataclass(frozen=True, slots=True)
class Spot:
    """A place in JSON. pointer: as RFC 6901 writes it. depth: how many nodes it lies within."""

    pointer: str
    depth: int = 0
    _budget: _Budget = field(default_factory=_Budget)

    def at(self, key: str | int) -> Spot:
        """Give the place of a member of what is here."""
        return Spot(f"{self.pointer}/{escaped(key)}", self.depth, self._budget)

    def within(self, key: str | int) -> Spot:
        """Give the place of a node within the one that is here. Raises TooDeep, TooLong."""
        spot = Spot(f"{self.pointer}/{escaped(key)}", self.depth + 1, self._budget)
        self._budget.left -= 1
        if self._budget.left < 0:
            raise TooLong(f"The JSON has more than {MAX_PARTS} parts.", at=self.pointer)
        if spot.depth > MAX_DEPTH:
            raise TooDeep(f"The JSON is nested more than {MAX_DEPTH} deep.", at=spot.pointer)
        return spot

    @property
    def place(self) -> JsonPlace:
        """The place as nodes of syntax trees carry it."""
        return JsonPlace(0, 0, 0, self.pointer)

    def wrong(self, message: str, hint: str | None = None) -> BadForm:
        """Give the error of what is here."""
        return BadForm(message, at=self.pointer, hint=hint)


def escaped(key: str | int) -> str:
    """Give a key as it stands in a JSON pointer, cut where it is very long."""
    return str(key)[:80].replace("~", "~0").replace("/", "~1")


def object_at(value: Json, spot: Spot, what: str, known: Collection[str]) -> JsonObject:
    """Give a JSON object of known members. what: how it is called, such as "A filter"."""
    if not isinstance(value, Mapping):
        raise spot.wrong(f"{what} is a JSON object.")
    for key in value:
        if key not in known:
            hint = suggestion(key[:80], known) or f"Known are: {', '.join(known)}."
            raise spot.at(key).wrong(f"{what} has no {key[:80]}.", hint)
    return value


def list_at(value: Json, spot: Spot, what: str, *, least: int = 0) -> list[Json]:
    """Give a JSON list of at least so many members."""
    if isinstance(value, str | Mapping) or not isinstance(value, list | tuple):
        raise spot.wrong(f"{what} is a list.")
    if len(value) < least:
        raise spot.wrong(f"{what} has at least {least} member{'s' if least > 1 else ''}.")
    return list(value)


def text_at(value: Json, spot: Spot, what: str) -> str:
    """Give a text that can be stored."""
    if not isinstance(value, str):
        raise spot.wrong(f"{what} is a text.")
    if _UNSTORABLE.search(value):
        raise spot.wrong("The text holds a character that is no text.")
    return value


def flag_at(value: Json, spot: Spot, what: str) -> bool:
    """Give true or false."""
    if not isinstance(value, bool):
        raise spot.wrong(f"{what} is true or false.")
    return value


def choice_at(value: Json, spot: Spot, what: str, known: Iterable[str]) -> str:
    """Give one of some words, as it is known, whatever case it is written in."""
    text, words = text_at(value, spot, what), {one.lower(): one for one in known}
    found = words.get(" ".join(text.lower().split()))
    if found is None:
        hint = suggestion(text[:80], words.values()) or f"Known are: {', '.join(words.values())}."
        raise spot.wrong(f"{what} is not {text[:80]!r}.", hint)
    return found
