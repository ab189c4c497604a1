"""LOWER, UPPER and INITCAP: texts in small letters and capitals.

Letters change one by one, wherever they stand, as the character database of Unicode pairs them;
only ß has two capitals, SS. What databases call lower and upper differs with their locale, and so
PostgreSQL gets the pairs that Python knows.
"""

from __future__ import annotations

import re
from abc import abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from string import ascii_lowercase, ascii_uppercase, digits
from typing import Any, ClassVar, Final

from sqlalchemy import ColumnElement, Text, bindparam, case, column, func, select
from sqlalchemy.dialects.postgresql import ARRAY, aggregate_order_by

from fieldstone.metadata.calculation import Kind, Value
from fieldstone.metadata.field_types.stored import constant
from fieldstone.query_language.formula.once import once
from fieldstone.query_language.formula.typed import Constant, Misused, Shape, Typed
from fieldstone.query_language.functions.function import (
    TEXT,
    Category,
    Function,
    Plain,
    Takes,
    check_arguments,
)
from fieldstone.query_language.regular.nodes import ranges_of
from fieldstone.query_language.regular.render import render_letter

_CODES: Final = (range(0x80, 0xD800), range(0xE000, 0x20000))
_FREQUENT: Final = f"{ascii_lowercase} {digits}{ascii_uppercase}.,-_'@/:()&+#\"!?"
_SHARP: Final = "ß"
_TURKISH: Final = frozenset({"tr", "az"})
"""Languages that write i with a dot in capitals, too."""


@dataclass(frozen=True, slots=True)
class Pairs:
    """Which letters become which: the first of `letters` the first of `others`, and so on."""

    letters: str
    others: str
    pattern: str
    """Describes one letter of them that is not of ASCII."""


@lru_cache(maxsize=2)
def small() -> Pairs:
    """Give the capitals and their small letters."""
    return _pairs(str.lower, {"\u0130": "i"})


@lru_cache(maxsize=2)
def capitals() -> Pairs:
    """Give the small letters and their capitals."""
    return _pairs(str.upper, {})


def _pairs(change: Callable[[str], str], besides: Mapping[str, str]) -> Pairs:
    # PostgreSQL looks through them in this order for each character of a text, and so the frequent
    # ones come first, even if they stay what they are.
    found = {letter: change(letter) for letter in _FREQUENT}
    others = ((chr(code), change(chr(code))) for codes in _CODES for code in codes)
    found |= {one: other for one, other in others if other != one and len(other) == 1}
    found |= besides
    needed = ranges_of((ord(one), ord(one)) for one in found if not one.isascii())
    return Pairs("".join(found), "".join(found.values()), render_letter(needed))


@lru_cache(maxsize=2)
def _table(pairs: Pairs) -> dict[int, int]:
    return str.maketrans(pairs.letters, pairs.others)


def lowered(text: str) -> str:
    """Give a text in small letters."""
    return text.translate(_table(small()))


def raised(text: str) -> str:
    """Give a text in capitals."""
    return text.replace(_SHARP, "SS").translate(_table(capitals()))


def lowered_sql(text: ColumnElement[Any]) -> ColumnElement[Any]:
    """Give a text in small letters in SQL."""
    return once([text], lambda one: _translated(one, func.lower, "small", small()))


def raised_sql(text: ColumnElement[Any]) -> ColumnElement[Any]:
    """Give a text in capitals in SQL."""
    sharpened = func.replace(text, constant(_SHARP), constant("SS"))
    return once([sharpened], lambda one: _translated(one, func.upper, "capitals", capitals()))


def _translated(
    text: ColumnElement[Any], simply: Callable[..., ColumnElement[Any]], name: str, pairs: Pairs
) -> ColumnElement[Any]:
    # For each character PostgreSQL looks through all pairs, and so only where there are letters
    # that need it: for most texts the letters of ASCII are enough.
    changed = simply(text.collate("C"))
    # Parameters of one name each, so that they go with a statement once.
    before = bindparam(f"{name}_of", pairs.letters, Text())
    after = bindparam(f"{name}_are", pairs.others, Text())
    needed = bindparam(f"{name}_needed", pairs.pattern, Text())
    return case((text.regexp_match(needed), func.translate(changed, before, after)), else_=changed)


class _InCase(Plain):
    """Letters of one case; of_turkish: which letter Turkish writes in another way, and how."""

    category = Category.TEXT
    takes = (Takes("text", TEXT), Takes("language", TEXT, optional=True))
    reads_constants = True
    of_turkish: ClassVar[tuple[str, str]]

    def __init__(self, *, turkish: bool = False) -> None:
        self._replaced = self.of_turkish if turkish else None

    def choose(self, arguments: Sequence[Typed]) -> Function:
        check_arguments(self.takes, arguments)
        if len(arguments) == 1:
            return self
        if not isinstance(arguments[1], Constant):
            raise Misused("language is not a text in quotes.", place=1, hint="Write 'tr' or 'de'.")
        language = str(arguments[1].value or "").lower()[:2]
        return type(self)(turkish=language in _TURKISH)

    def result(self, shapes: Sequence[Shape]) -> Shape:
        return Shape(Kind.TEXT)

    def value(self, text: str, _language: str = "") -> Value:
        return self.changed(text.replace(*self._replaced) if self._replaced else text)

    def sql(self, text: ColumnElement[Any], *_: ColumnElement[Any]) -> ColumnElement[Any]:
        if self._replaced:
            text = func.replace(text, *(constant(letter) for letter in self._replaced))
        return self.changed_sql(text)

    @abstractmethod
    def changed(self, text: str) -> str:
        """Give a text in this case."""

    @abstractmethod
    def changed_sql(self, text: ColumnElement[Any]) -> ColumnElement[Any]:
        """Give the same in SQL."""


class Lower(_InCase):
    """A text in small letters. Only in Turkish the language matters: I has no dot there."""

    name = "LOWER"
    examples = (("LOWER('ÄRGER')", "ärger"), ("LOWER('I', 'tr')", "\u0131"))
    of_turkish = ("I", "\u0131")

    def changed(self, text: str) -> str:
        return lowered(text)

    def changed_sql(self, text: ColumnElement[Any]) -> ColumnElement[Any]:
        return lowered_sql(text)


class Upper(_InCase):
    """A text in capitals, ß as SS. Only in Turkish the language matters: i keeps its dot there."""

    name = "UPPER"
    examples = (("UPPER('Straße')", "STRASSE"), ("UPPER('i', 'tr')", "\u0130"))
    of_turkish = ("i", "\u0130")

    def changed(self, text: str) -> str:
        return raised(text)

    def changed_sql(self, text: ColumnElement[Any]) -> ColumnElement[Any]:
        return raised_sql(text)


_BETWEEN: Final = "\x01-/:-@[-`{-\xa9\xab-\xb4\xb6-\xb9\xbb-\xbf\xd7\xf7\u2000-\u206f\u3000-\u303f"
"""What stands between words: all that is neither letter nor digit, of the usual scripts."""
_WORD: Final = f"([{_BETWEEN}]*)([^{_BETWEEN}]?)([^{_BETWEEN}]*)"
_WORDS: Final = re.compile(_WORD.replace("[-`", "\\[-`"))


class InitCap(Plain):
    """A text in which each word begins with a capital and goes on in small letters."""

    name = "INITCAP"
    category = Category.TEXT
    takes = (Takes("text", TEXT),)
    examples = (("INITCAP('vincent VAN gogh-meyer')", "Vincent Van Gogh-Meyer"),)

    def result(self, shapes: Sequence[Shape]) -> Shape:
        return Shape(Kind.TEXT)

    def value(self, text: str) -> Value:
        return _WORDS.sub(lambda word: word[1] + raised(word[2]) + word[3], lowered(text))

    def sql(self, text: ColumnElement[Any]) -> ColumnElement[Any]:
        pattern, all_of_them = constant(_WORD), constant("g")
        matches = func.regexp_matches(lowered_sql(text), pattern, all_of_them)
        words = matches.table_valued(
            column("parts", ARRAY(Text)), with_ordinality="place"
        ).render_derived()
        before, first, rest = (words.c.parts[constant(place)] for place in (1, 2, 3))
        in_order = aggregate_order_by(constant(""), words.c.place)
        word = before.concat(raised_sql(first)).concat(rest)
        return select(func.string_agg(word, in_order)).scalar_subquery()
