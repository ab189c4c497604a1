"""A pattern to its parts: the regular expressions of Java, as far as they are regular.

What would mean something else in memory than in PostgreSQL is refused, and so is what could take
for ever: references to groups, looking behind, possessive repetitions of what could be taken in
several ways. The letters, digits and blanks of the short classes are those of ASCII, as in Java;
categories are those of Unicode.
"""

from __future__ import annotations

import re
import string
from functools import lru_cache
from typing import Final

from fieldstone.query_language.regular.categories import is_category, ranges_in
from fieldstone.query_language.regular.nodes import (
    BLANK,
    DIGIT,
    LAST_CODE,
    LINE_ENDS,
    WORD,
    Choice,
    Edge,
    Letter,
    Look,
    Node,
    Ranges,
    Repeat,
    Row,
    count_of_ranges,
    in_both,
    in_both_cases,
    length_of,
    of_characters,
    others,
    ranges_in_parts,
    ranges_of,
    size,
    without_ends,
)

MAX_LENGTH: Final = 1_000
MAX_SIZE: Final = 1_000
MAX_DEPTH: Final = 30
MAX_RANGES: Final = 5_000
_KEPT: Final = 500

_CLASSES: Final = {"d": DIGIT, "w": WORD, "s": BLANK}
_PROPERTIES: Final = {
    "Alpha": of_characters(string.ascii_letters),
    "Lower": of_characters(string.ascii_lowercase),
    "Upper": of_characters(string.ascii_uppercase),
    "Digit": DIGIT,
    "Alnum": of_characters(string.ascii_letters + string.digits),
    "Punct": of_characters(string.punctuation),
    "Space": BLANK,
    "Blank": of_characters(" \t"),
    "XDigit": of_characters(string.hexdigits),
    "ASCII": ((1, 127),),
}
_CONTROLS: Final = {"t": "\t", "n": "\n", "r": "\r", "f": "\f", "e": "\x1b", "a": "\a"}
_EDGES: Final = {
    "b": Edge.WORD,
    "B": Edge.NO_WORD,
    "A": Edge.BEGIN,
    "z": Edge.END,
    "Z": Edge.END,
}
_BOUNDS: Final = re.compile(r"\{(\d{1,4})(,(\d{1,4})?)?\}")
_SIMPLE: Final = {"*": (0, None), "+": (1, None), "?": (0, 1)}
_FLAGS: Final = re.compile(r"\(\?([a-zA-Z-]+)\)")
_GROUPS: Final = re.compile(r"\((?:\?(?::|<[A-Za-z][A-Za-z0-9]*>))?(?!\?)")
_CODE: Final = re.compile(r"u([0-9A-Fa-f]{4})|x([0-9A-Fa-f]{2})|x\{([0-9A-Fa-f]{1,6})\}")
_PROPERTY: Final = re.compile(r"[pP](?:\{(?:Is)?(\w+)\}|([A-Z]))")


class BadPattern(Exception):
    """A pattern that cannot be read; its text says why."""


@lru_cache(maxsize=_KEPT)
def read_pattern(text: str) -> Node:
    """Read a pattern. Raises BadPattern."""
    if len(text) > MAX_LENGTH:
        raise BadPattern(f"The pattern has more than {MAX_LENGTH:,} characters.")
    node = _Reader(text).whole()
    if size(node) > MAX_SIZE:
        raise BadPattern(
            f"The pattern has more than {MAX_SIZE:,} characters with its repetitions written out."
        )
    if count_of_ranges(node) > MAX_RANGES:
        raise BadPattern("The pattern names too many large sets of characters, such as \\p{L}.")
    return without_ends(node)


class _Reader:
    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0
        self._depth = 0
        self._any_case = False
        self._any_line = False

    def whole(self) -> Node:
        """Read all of it."""
        if flags := _FLAGS.match(self._text):
            self._set(flags[1])
            self._at = flags.end()
        found = self._choice()
        if self._at < len(self._text):
            raise BadPattern("A parenthesis is closed that has not been opened.")
        return found

    def _set(self, flags: str) -> None:
        if set(flags) - {"i", "s"}:
            raise BadPattern(f"(?{flags}) is not known; there are (?i) and (?s).")
        self._any_case = "i" in flags
        self._any_line = "s" in flags

    def _next(self, text: str) -> bool:
        if not self._text.startswith(text, self._at):
            return False
        self._at += len(text)
        return True

    def _take(self) -> str:
        if self._at >= len(self._text):
            raise BadPattern("The pattern ends too early.")
        self._at += 1
        return self._text[self._at - 1]

    def _choice(self) -> Node:
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise BadPattern(f"The pattern is nested more than {MAX_DEPTH} deep.")
        options = [self._row()]
        while self._next("|"):
            options.append(self._row())
        self._depth -= 1
        return options[0] if len(options) == 1 else Choice(tuple(options))

    def _row(self) -> Node:
        parts: list[Node] = []
        while self._at < len(self._text) and self._text[self._at] not in "|)":
            if self._next("\\Q"):
                end = self._text.find("\\E", self._at)
                quoted = self._text[self._at : end if end >= 0 else None]
                parts.extend(self._letter(of_characters(one)) for one in quoted)
                self._at += len(quoted) + 2
                continue
            parts.append(self._repeated(self._one()))
        return parts[0] if len(parts) == 1 else Row(tuple(parts))

    def _repeated(self, part: Node) -> Node:
        bounds = self._repetition()
        if bounds is None:
            return part
        if isinstance(part, Look | Edge):
            raise BadPattern("What stands for no character cannot be repeated.")
        is_possessive = self._next("+")
        if not is_possessive:
            self._next("?")  # As much or as little as possible: it is the same for a whole text.
        if self._repetition() is not None:
            raise BadPattern("A repetition is repeated without parentheses.")
        return _possessive(part, *bounds) if is_possessive else Repeat(part, *bounds)

    def _repetition(self) -> tuple[int, int | None] | None:
        for sign, bounds in _SIMPLE.items():
            if self._next(sign):
                return bounds
        found = _BOUNDS.match(self._text, self._at)
        if found is None:
            return None
        self._at = found.end()
        least = int(found[1])
        most = least if found[2] is None else int(found[3]) if found[3] else None
        if most is not None and most < least:
            raise BadPattern(f"{found[0]} repeats from more to less.")
        return least, most

    def _one(self) -> Node:
        if self._text[self._at] == "(":
            return self._group()
        match self._take():
            case "[":
                return self._letter(self._set_of_letters())
            case ".":
                return Letter(((1, LAST_CODE),) if self._any_line else others(LINE_ENDS))
            case "^" | "$" as sign:
                return Edge.BEGIN if sign == "^" else Edge.END
            case "\\":
                return self._escape()
            case "*" | "+" | "?" | "{" as sign:
                raise BadPattern(f"{sign} has nothing to repeat.")
            case other:
                return self._letter(of_characters(other))

    def _group(self) -> Node:
        negative = self._text.startswith("(?!", self._at)
        if negative or self._text.startswith("(?=", self._at):
            self._at += 3
            return Look(self._closed(), negative)
        if self._next("(?>"):
            return _taken_in_one_way(self._closed(), "(?>[a-z]+-)")
        found = _GROUPS.match(self._text, self._at)
        if found is None:
            raise BadPattern(
                f"{self._text[self._at : self._at + 4]} is not known; "
                "groups begin with (, (?:, (?= or (?!."
            )
        self._at = found.end()
        return self._closed()

    def _closed(self) -> Node:
        found = self._choice()
        if not self._next(")"):
            raise BadPattern("A parenthesis is not closed.")
        return found

    def _letter(self, ranges: Ranges) -> Letter:
        return Letter(in_both_cases(ranges) if self._any_case else ranges)

    def _escape(self) -> Node:
        sign = self._text[self._at : self._at + 1]
        if edge := _EDGES.get(sign):
            self._at += 1
            return edge
        return self._letter(self._escaped())

    def _escaped(self) -> Ranges:
        """Read what stands behind a backslash, in a set of letters or outside."""
        if code := _CODE.match(self._text, self._at):
            self._at = code.end()
            return _coded(int(code[1] or code[2] or code[3], 16))
        if named := _PROPERTY.match(self._text, self._at):
            self._at = named.end()
            return _named(named)
        sign = self._take()
        if sign.lower() in _CLASSES:
            ranges = _CLASSES[sign.lower()]
            return others(ranges) if sign.isupper() else ranges
        if sign in _CONTROLS:
            return of_characters(_CONTROLS[sign])
        if sign.isalnum():
            raise BadPattern(f"\\{sign} is not known.")
        return of_characters(sign)

    def _set_of_letters(self) -> Ranges:
        """Read what stands behind [, also sets within it, and && for what is in both."""
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise BadPattern(f"The pattern is nested more than {MAX_DEPTH} deep.")
        negative = self._next("^")
        ranges = self._members()
        while self._next("&&"):
            ranges = in_both(ranges, self._members())
        self._next("]")
        self._depth -= 1
        ranges = others(ranges) if negative else ranges
        if not ranges:
            raise BadPattern("A set without any character matches nothing.")
        return ranges

    def _members(self) -> Ranges:
        """Read all up to ] or &&."""
        plain: list[tuple[int, int]] = []
        nested: list[tuple[int, int]] = []
        while not self._text.startswith(("]", "&&"), self._at):
            if self._next("["):
                nested.extend(self._set_of_letters())
            else:
                plain.extend(self._range_or_member())
        if not plain and not nested:
            raise BadPattern("There is nothing between [ and ], or beside &&.")
        ranges = ranges_of(plain)
        return ranges_of([*(in_both_cases(ranges) if self._any_case else ranges), *nested])

    def _range_or_member(self) -> Ranges:
        first = self._member()
        if not self._is_range() or len(first) != 1 or first[0][0] != first[0][1]:
            return first
        self._at += 1
        last = self._member()
        if len(last) != 1 or last[0][0] != last[0][1] or last[0][0] < first[0][0]:
            raise BadPattern("A range goes from a character to a later one.")
        return ((first[0][0], last[0][0]),)

    def _is_range(self) -> bool:
        return self._text.startswith("-", self._at) and not self._text.startswith(
            ("-]", "-[", "-&&"), self._at
        )

    def _member(self) -> Ranges:
        sign = self._take()
        return self._escaped() if sign == "\\" else of_characters(sign)


def _possessive(part: Node, least: int, most: int | None) -> Node:
    """Give a repetition that keeps all it can take: as often as may be, or up to another sign.

    That is the same as not being followed by the part once more, where a text can begin with no
    more than one that the part describes: there is nothing then that it could give back.
    """
    part = _taken_in_one_way(_one_letter(part) or part, "[a-z]++")
    ends = Look(part, negative=True)
    if most is None:
        return Row((Repeat(part, least, None), ends))
    whole = Repeat(part, most, most)
    return whole if least == most else Choice((whole, Row((Repeat(part, least, most - 1), ends))))


def _taken_in_one_way(part: Node, example: str) -> Node:
    """Give a part that takes no more than one text wherever it stands. Raises BadPattern."""
    if not (length_of(part) or _ends_with_a_sign(part)):
        raise BadPattern(
            f"What gives nothing back, such as {example}, is always as long, or ends with a "
            "character that it has nowhere else."
        )
    return part


def _ends_with_a_sign(part: Node) -> bool:
    """Tell whether a part ends with a character that it may not have before."""
    match part:
        case Row((*others, Letter(ranges))):
            return not in_both(ranges_in_parts(others), ranges)
        case _:
            return False


def _one_letter(part: Node) -> Letter | None:
    """Give the set of which a part is one character; None where it is more, or nothing."""
    match part:
        case Letter():
            return part
        case Choice(options):
            letters = [_one_letter(option) for option in options]
            known = [letter.ranges for letter in letters if letter is not None]
            if len(known) == len(letters):
                return Letter(ranges_of(pair for ranges in known for pair in ranges))
    return None


def _coded(code: int) -> Ranges:
    if not 1 <= code <= LAST_CODE or 0xD800 <= code <= 0xDFFF:
        raise BadPattern("A character has a number that there is not.")
    return ((code, code),)


def _named(found: re.Match[str]) -> Ranges:
    name = found[1] or found[2]
    ranges = ranges_in(name) if is_category(name) else _PROPERTIES.get(name)
    if ranges is None:
        known = ", ".join(_PROPERTIES)
        raise BadPattern(
            f"\\{found[0]} is not known; there are {known}, and categories such as L and Lu."
        )
    return others(ranges) if found[0].startswith("P") else ranges
