r"""Patterns of LIKE: % for any text, _ for one character, a backslash before either for itself."""

from __future__ import annotations

import re
from enum import StrEnum
from typing import Final

_ESCAPED: Final = re.compile(r"\\(.)", re.DOTALL)
_WILD: Final = re.compile(r"(?<!\\)(?:\\\\)*[%_]")
_LAST_CHARACTER: Final = 0x10FFFF
_SURROGATES: Final = range(0xD800, 0xE000)


class PatternKind(StrEnum):
    """How a pattern can be answered: by equality, by a range, by its presence, or by matching."""

    PLAIN = "plain"
    PREFIX = "prefix"
    ANYTHING = "anything"
    GENERAL = "general"


def kind_of_pattern(pattern: str) -> PatternKind:
    """Tell how a pattern can be answered."""
    if not _WILD.search(pattern):
        return PatternKind.PLAIN
    if not pattern.strip("%"):
        return PatternKind.ANYTHING
    stem = pattern.rstrip("%")
    ends_wild = not _ends_escaped(stem)
    if ends_wild and not _WILD.search(stem):
        return PatternKind.PREFIX
    return PatternKind.GENERAL


def unescaped(pattern: str) -> str:
    """Give the text that a pattern without wildcards matches."""
    return _ESCAPED.sub(r"\1", pattern) if "\\" in pattern else pattern


def prefix_of(pattern: str) -> str:
    """Give the text that a pattern of the kind PREFIX wants at the beginning."""
    return unescaped(pattern.rstrip("%"))


def end_of(prefix: str) -> str | None:
    """Give the first text, by code point, behind all that begin with prefix; None if none is."""
    for length in range(len(prefix), 0, -1):
        last = ord(prefix[length - 1])
        if last < _LAST_CHARACTER:
            following = last + 1
            if following in _SURROGATES:
                following = _SURROGATES.stop
            return prefix[: length - 1] + chr(following)
    return None


def _ends_escaped(stem: str) -> bool:
    backslashes = len(stem) - len(stem.rstrip("\\"))
    return backslashes % 2 == 1
