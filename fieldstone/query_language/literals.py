"""Literals: from a token of the grammar to a value of the syntax tree."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, date, datetime, time
from decimal import Decimal

from lark import Token

from fieldstone.errors import Span
from fieldstone.query_language.errors import BadSyntax
from fieldstone.query_language.syntax import (
    Bind,
    Boolean,
    DateTimeValue,
    DateValue,
    Money,
    Null,
    Number,
    RelativeDate,
    Text,
    Value,
    Word,
)

MAX_DIGITS = 100
MAX_EXPONENT = 300
MAX_RELATIVE_COUNT = 9_999
MAX_COUNT = 2**31 - 1

_ESCAPE = re.compile(r"\\(u[0-9a-fA-F]{4}|.)", re.DOTALL)
_PLAIN_ESCAPES = {"n": "\n", "r": "\r", "t": "\t", "b": "\b", "f": "\f", '"': '"', "'": "'"}
_PATTERN_ESCAPES = {"\\": "\\\\", "_": "\\_", "%": "\\%"}
_BLANKS = re.compile(r"'(?:[^'\\]|\\.)*'|(?P<between>(?<=\w)\s+(?=\w))|\s+", re.DOTALL)
_FRACTION = re.compile(r"(\.\d{1,6})\d*")
_SHORT_OFFSET = re.compile(r"([+-]\d\d)(\d\d)$")


def span_of(token: Token) -> Span:
    """Give the place of a token."""
    return Span(token.line or 1, token.column or 1, len(token))


def value_of(token: Token) -> Value:
    """Read one literal. Raises BadSyntax for a day, number or escape that does not exist."""
    return _READERS[token.type](token)


def count_of(token: Token) -> int:
    """Read the number of LIMIT or OFFSET. Raises BadSyntax beyond 2,147,483,647."""
    if len(token) > 10 or (count := int(token)) > MAX_COUNT:
        raise BadSyntax(f"{str(token)[:20]} is too large a number of rows.", at=span_of(token))
    return count


def bind_of(token: Token) -> Bind:
    """Read a bind; of blanks within the name one is left between two words."""
    return Bind(_BLANKS.sub(_without_blanks, token[1:].strip()), span_of(token))


def _without_blanks(found: re.Match[str]) -> str:
    if found["between"]:
        return " "
    return found[0] if found[0].startswith("'") else ""


def _text(token: Token) -> Text:
    content = token[1:-1]
    if "\\" not in content:
        return Text(content, span_of(token))
    pattern = _ESCAPE.sub(lambda match: _unescape(match[1], token), content)
    return Text(_joined_surrogates(pattern, token), span_of(token))


def _unescape(code: str, token: Token) -> str:
    if len(code) == 5:
        character = chr(int(code[1:], 16))
        if character == "\0":
            raise BadSyntax("The text holds the character \\u0000.", at=span_of(token))
        return _PATTERN_ESCAPES["\\"] if character == "\\" else character
    if found := _PATTERN_ESCAPES.get(code):
        return found
    if found := _PLAIN_ESCAPES.get(code.lower()):
        return found
    raise BadSyntax(
        f"The text holds \\{code}, which stands for nothing.",
        at=span_of(token),
        hint="Write \\\\ for a backslash.",
    )


def _joined_surrogates(text: str, token: Token) -> str:
    r"""Join \ud83d\ude00 to one character. Raises BadSyntax for half a pair."""
    try:
        return text.encode("utf-16", "surrogatepass").decode("utf-16")
    except UnicodeDecodeError:
        message = "The text holds half a pair of \\u escapes, which is no character."
        raise BadSyntax(message, at=span_of(token)) from None


def _decimal(digits: str, token: Token) -> Decimal:
    value = Decimal(digits)
    exponent = value.as_tuple().exponent
    assert isinstance(exponent, int)
    if len(value.as_tuple().digits) > MAX_DIGITS or abs(exponent) > MAX_EXPONENT:
        raise BadSyntax(f"{digits[:20]}… has too many digits.", at=span_of(token))
    return value


def _number(token: Token) -> Number:
    return Number(_decimal(token, token), span_of(token))


def _money(token: Token) -> Money:
    return Money(token[:3].upper(), _decimal(token[3:], token), str(token), span_of(token))


def _boolean(token: Token) -> Boolean:
    return Boolean(token[0] in "tT", span_of(token))


def _null(token: Token) -> Null:
    return Null(span_of(token))


def _word(token: Token) -> Word:
    return Word(str(token), span_of(token))


def _date(token: Token) -> DateValue:
    try:
        return DateValue(date.fromisoformat(token), span_of(token))
    except ValueError:
        raise BadSyntax(f"{token} is not a day of the calendar.", at=span_of(token)) from None


def _datetime(token: Token) -> DateTimeValue:
    text = _SHORT_OFFSET.sub(r"\1:\2", _FRACTION.sub(r"\1", token.upper()))
    try:
        value = datetime.fromisoformat(text)
        if value.tzinfo is not None:
            return DateTimeValue(value.astimezone(UTC), span_of(token))
    except (ValueError, OverflowError):
        raise BadSyntax(f"{token} is not a moment in time.", at=span_of(token)) from None
    raise BadSyntax(
        f"{token} has no time zone.",
        at=span_of(token),
        hint=f"Write {token}Z for UTC, or an offset such as {token}+02:00.",
    )


def _time(token: Token) -> Text:
    """Read a time of day, which is a text in JSON as well."""
    text = _FRACTION.sub(r"\1", token.upper().removesuffix("Z"))
    try:
        value = time.fromisoformat(text)
    except ValueError:
        raise BadSyntax(f"{token} is no time of a day.", at=span_of(token)) from None
    return Text(value.isoformat(timespec="milliseconds"), span_of(token))


def _relative(token: Token) -> RelativeDate:
    name, _, digits = token.partition(":")
    if not digits:
        return RelativeDate(name.upper(), None, span_of(token))
    if len(digits.strip()) > 9 or (count := int(digits)) > MAX_RELATIVE_COUNT:
        raise BadSyntax(
            f"{name.strip()} goes up to {MAX_RELATIVE_COUNT}, not {digits.strip()[:20]}.",
            at=span_of(token),
        )
    return RelativeDate(name.strip().upper(), count, span_of(token))


_READERS: dict[str, Callable[[Token], Value]] = {
    "TEXT": _text,
    "QUOTED": _text,
    "NUMBER": _number,
    "MONEY": _money,
    "BOOLEAN": _boolean,
    "NULL": _null,
    "TIME": _time,
    "DATE": _date,
    "DATETIME": _datetime,
    "RELATIVE": _relative,
    "BIND": bind_of,
    "BOUND_PATTERN": bind_of,
    "WORD": _word,
}
