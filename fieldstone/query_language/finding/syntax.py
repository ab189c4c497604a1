"""The syntax tree of FIND: what is sought, in which fields, and what is returned of each object."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TypeAlias, assert_never

from fieldstone.errors import Span
from fieldstone.query_language.syntax import (
    NOWHERE,
    AccessMode,
    Bind,
    DataCategory,
    Query,
    Value,
)


@dataclass(frozen=True, slots=True)
class Term:
    r"""A word, or several in their order, that a text must hold.

    pattern: * stands for any number of characters of a word and ? for one; `\\*`, `\\?` and `\\\\`
    stand for the bare characters. Blanks are single, and none stands at either end.
    """

    pattern: str
    span: Span = field(default=NOWHERE, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class AllOf:
    """True where all parts are; two or more."""

    parts: tuple[SearchText, ...]
    span: Span = field(default=NOWHERE, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class AnyOf:
    """True where one of its parts is; two or more."""

    parts: tuple[SearchText, ...]
    span: Span = field(default=NOWHERE, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class NoneOf:
    """True where its part is not."""

    part: SearchText
    span: Span = field(default=NOWHERE, compare=False, repr=False)


SearchText: TypeAlias = Term | AllOf | AnyOf | NoneOf


def terms_of(search: SearchText) -> Iterator[Term]:
    """Yield the terms of a search text in the order in which they stand."""
    match search:
        case Term():
            yield search
        case AllOf(parts) | AnyOf(parts):
            for part in parts:
                yield from terms_of(part)
        case NoneOf(part):
            yield from terms_of(part)
        case _:
            assert_never(search)


class FieldsSearched(StrEnum):
    """In which fields of a record a text is sought."""

    ALL = "ALL"
    NAME = "NAME"
    EMAIL = "EMAIL"
    PHONE = "PHONE"
    SIDEBAR = "SIDEBAR"


@dataclass(frozen=True, slots=True)
class Returned:
    """What is returned of one object: a query without groups.

    The query's select is empty where the object stands alone. list_view: what USING names.
    """

    query: Query
    list_view: str | None = None
    span: Span = field(default=NOWHERE, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Setting:
    """A WITH clause of FIND: a word alone, or with values behind = or IN.

    name: in capitals. operator: "", "=" or "IN".
    """

    name: str
    operator: str = ""
    values: tuple[Value, ...] = ()
    span: Span = field(default=NOWHERE, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Options:
    """A WITH clause of FIND with options in parentheses, such as SNIPPET (target_length = 120)."""

    name: str
    options: tuple[tuple[str, Value], ...]
    span: Span = field(default=NOWHERE, compare=False, repr=False)


FindWith: TypeAlias = AccessMode | DataCategory | Setting | Options


@dataclass(frozen=True, slots=True)
class Find:
    """A whole search. returning: empty for all objects. updates: what UPDATE names."""

    sought: SearchText | Bind
    fields: FieldsSearched = FieldsSearched.ALL
    returning: tuple[Returned, ...] = ()
    with_clauses: tuple[FindWith, ...] = ()
    limit: int | Bind | None = None
    updates: tuple[str, ...] = ()
    span: Span = field(default=NOWHERE, compare=False, repr=False)
