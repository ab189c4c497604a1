"""Takes plain values out of a text before it is parsed, so that texts of one form are parsed once.

`stage = 'Won' AND value > 500` becomes `stage = :x__0 AND value > :x__1` with the two values beside
it. Only what needs no thought is taken: texts without escapes and short numbers. Whoever asks so
must ask again with the text as it was written if that fails, for the sake of the places in errors.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from fieldstone.metadata.values import Json

LONGEST: Final = 2_000
_PREFIX: Final = "x__"
# A brace begins JSON, a backslash escapes, comments may hold anything, and a caller may use our
# names. A bind stands for a list where a value may not: a IN 'x' is no condition. What WITH says of
# contexts is no value of a query.
_DIFFICULT: Final = re.compile(
    rf"^\s*\{{|\\|//|/\*|{_PREFIX}|\b(?:IN|INCLUDES|EXCLUDES)\s*['\"\d]|\bWITH\b", re.IGNORECASE
)
_SINGLE: Final = r"'(?P<single>[^']*)'"
_DOUBLE: Final = r'"(?P<double>[^"]*)"'
_NUMBER: Final = r"(?<![\w.:+-])(?P<number>\d{1,15}(?:\.\d{1,9})?)(?![\w.:-])"
_IN_QUERIES: Final = re.compile(f"{_SINGLE}|{_NUMBER}")
_IN_CONDITIONS: Final = re.compile(f"{_SINGLE}|{_DOUBLE}|{_NUMBER}")


@dataclass(frozen=True, slots=True)
class Template:
    """A text with binds in the place of its plain values, and the values by their names."""

    text: str
    params: dict[str, Json]


def template_of(text: str, *, words: bool) -> Template | None:
    """Give the template of a text; None for one that is long or difficult or has no such value.

    words: whether it is a condition on its own, where text may stand in double quotes.
    """
    if len(text) > LONGEST or _DIFFICULT.search(text):
        return None
    params: dict[str, Json] = {}

    def take(match: re.Match[str]) -> str:
        name = f"{_PREFIX}{len(params)}"
        params[name] = _value(match)
        return f":{name}"

    found = (_IN_CONDITIONS if words else _IN_QUERIES).sub(take, text)
    return Template(found, params) if params else None


def _value(match: re.Match[str]) -> Json:
    if (number := match["number"]) is not None:
        return Decimal(number) if "." in number else int(number)
    single: str | None = match["single"]
    return match["double"] if single is None else single
