"""Columns of a call as array literals of PostgreSQL, which its own parser reads.

asyncpg asks of every element of an array whether it is an array itself, through an abstract base
class: a fifth of all the time of an import. A literal is put together by a few calls for a column.
Format: PostgreSQL documentation, "Array Input and Output Syntax".
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy import (
    ARRAY,
    JSON,
    Boolean,
    DateTime,
    Float,
    Integer,
    LargeBinary,
    Numeric,
    String,
    Text,
    cast,
)
from sqlalchemy.sql.elements import Cast
from sqlalchemy.types import TypeEngine

_NULL: Final = "NULL"


class ArrayText(Text):
    """The type of a parameter that takes a column of a call. write: gives its literal."""

    cache_ok = True

    def __init__(self, write: Callable[[Sequence[Any]], str]) -> None:
        super().__init__()
        self.write = write


def array_of(name: str, type_: TypeEngine[Any], parameter: Any) -> Cast[Any]:
    """Give a parameter of this name as an array of a type."""
    return cast(parameter(name, ArrayText(_writer(type_))), ARRAY(type_))


def _writer(type_: TypeEngine[Any]) -> Callable[[Sequence[Any]], str]:
    for known, write in _WRITERS:
        if isinstance(type_, known):
            return write
    raise AssertionError(type_)


def write_plain(values: Sequence[Any]) -> str:
    """Give the literal of numbers and truth values, which need no quotes."""
    return "{" + ",".join([_NULL if value is None else str(value) for value in values]) + "}"


def write_texts(values: Sequence[str | None]) -> str:
    """Give the literal of texts, JSON included.

    All of them are quoted at once, parted by the one character that PostgreSQL cannot hold.
    """
    if not values:
        return "{}"
    if None not in values:
        joined = "\0".join(values)  # type: ignore[arg-type]
        if joined.count("\0") == len(values) - 1:
            return '{"' + _escaped(joined).replace("\0", '","') + '"}'
    return "{" + ",".join([_NULL if one is None else f'"{_escaped(one)}"' for one in values]) + "}"


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"')


def _write_moments(values: Sequence[datetime | None]) -> str:
    return write_plain([None if value is None else value.isoformat() for value in values])


def _write_bytes(values: Sequence[bytes | None]) -> str:
    return write_texts([None if value is None else f"\\x{value.hex()}" for value in values])


_WRITERS: Final[tuple[tuple[Any, Callable[[Sequence[Any]], str]], ...]] = (
    (Integer | Numeric | Float | Boolean, write_plain),
    (DateTime, _write_moments),
    (LargeBinary, _write_bytes),
    (String | JSON, write_texts),
)
