"""Text to syntax tree.

Entry points: `parse_query` (SELECT …), `parse_condition` (what stands behind WHERE, on its own),
`parse_order` ("amount desc, name"), `parse_items` ("name, COUNT(id) n"), `parse_path`
("company.name"), `parse_paths` ("name, company.name"), `parse_instant` ("YESTERDAY") and
`parse_find` (FIND …). All raise BadSyntax (`query.syntax`), TooDeep (`query.too_deep`) or
TooLong (`query.too_long`), and nothing else, whatever the text. They may be called from any thread.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache, lru_cache
from importlib.resources import files
from typing import Any

from lark import Lark, Token
from lark.exceptions import UnexpectedCharacters, UnexpectedToken
from lark.lark import PostLex

from fieldstone.errors import Span
from fieldstone.query_language._explain import explain
from fieldstone.query_language.errors import BadSyntax, TooDeep, TooLong
from fieldstone.query_language.finding._builder import FindBuilder
from fieldstone.query_language.finding.syntax import Find
from fieldstone.query_language.syntax import (
    Condition,
    Instant,
    Item,
    Order,
    Path,
    Query,
    SelectItem,
)

MAX_CHARACTERS = 100_000
MAX_DEPTH = 50

_SIMPLE_PATH = re.compile(r"[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*", re.ASCII)
_NO_NAMES = frozenset({"select", "from", "where"})
_SHORT = 2_000
_KEPT = 1_000
_UNSTORABLE = re.compile("[\0\ud800-\udfff]")


def parse_query(text: str) -> Query:
    """Read a whole query, from SELECT on."""
    query: Query = _parse(text, "query", words=False)
    return query


def parse_find(text: str) -> Find:
    """Read a whole search, from FIND on."""
    find: Find = _parse(text, "find", words=False)
    return find


def parse_condition(text: str) -> Condition:
    """Read a condition on its own; its values may be bare words and double-quoted text."""
    return _short_condition(text) if len(text) <= _SHORT else _condition(text)


def parse_new_condition(text: str) -> Condition:
    """Read a condition as nodes that no other tree has, to stand in a query beside others."""
    return _condition(text)


def parse_order(text: str) -> tuple[Order, ...]:
    """Read a list of sort keys, such as "amount desc, name"."""
    orders: tuple[Order, ...] = _parse(text, "orders", words=True)
    return orders


def parse_items(text: str) -> tuple[Item, ...]:
    """Read a list of fields as SELECT takes it, such as "name, company.name, COUNT(id) total"."""
    if _SIMPLE_PATH.fullmatch(text) and text.partition(".")[0].lower() not in _NO_NAMES:
        return (SelectItem(Path(tuple(text.split(".")), Span(1, 1, len(text)))),)
    items: tuple[tuple[Item, object], ...] = _parse(text, "items", words=True)
    return tuple(item for item, _ in items)


def parse_instant(text: str) -> Instant:
    """Read what stands behind AS OF: a day, a moment, a relative date or a bind."""
    instant: Instant = _parse(text, "instant", words=True)
    return instant


def parse_path(text: str) -> Path:
    """Read one dotted name."""
    stripped = text.strip()
    if len(text) > MAX_CHARACTERS or not _SIMPLE_PATH.fullmatch(stripped):
        raise BadSyntax(
            f"{text[:80]!r} is not the name of a field.",
            at=Span(1, 1, len(text)),
            hint="Names look like amount or company.name.",
        )
    return Path(tuple(stripped.split(".")), Span(1, 1, len(text)))


def parse_paths(text: str) -> tuple[Path, ...]:
    """Read a list of dotted names, such as "name, company.name"."""
    if len(text) > MAX_CHARACTERS:
        raise TooLong(f"The text has {len(text)} characters, more than {MAX_CHARACTERS}.")
    return tuple(parse_path(part) for part in text.split(","))


@lru_cache(maxsize=_KEPT)
def _short_condition(text: str) -> Condition:
    return _condition(text)


def _condition(text: str) -> Condition:
    condition: Condition = _parse(text, "condition", words=True)
    return condition


class _DepthLimit(PostLex):
    """Passes tokens on and counts open parentheses. Raises TooDeep."""

    always_accept = ()

    def process(self, stream: Iterator[Token]) -> Iterator[Token]:
        depth = 0
        for token in stream:
            if token.type == "_LPAR":
                depth += 1
                if depth > MAX_DEPTH:
                    raise TooDeep(
                        f"Parentheses are nested more than {MAX_DEPTH} deep.",
                        at=Span(token.line or 1, token.column or 1),
                        hint="Most parentheses around a single condition can go.",
                    )
            elif token.type == "_RPAR":
                depth -= 1
            yield token


@cache
def _parser(*, words: bool) -> Lark:
    grammar = files("fieldstone.query_language").joinpath("grammars/query.lark").read_text("utf-8")
    return Lark(
        grammar,
        parser="lalr",
        start=["condition", "orders", "items", "instant"] if words else ["query", "find"],
        transformer=FindBuilder(words=words),
        postlex=_DepthLimit(),
        propagate_positions=False,
    )


def _parse(text: str, start: str, *, words: bool) -> Any:  # Each start rule has its own type.
    if len(text) > MAX_CHARACTERS:
        raise TooLong(f"The text has {len(text)} characters, more than {MAX_CHARACTERS}.")
    if bad := _UNSTORABLE.search(text):
        raise BadSyntax(
            "The text holds a character that is no text.", at=_span_at(text, bad.start())
        )
    try:
        return _parser(words=words).parse(text, start=start)
    except (UnexpectedToken, UnexpectedCharacters) as error:
        raise explain(error, text, start) from None


def _span_at(text: str, position: int) -> Span:
    line = text.count("\n", 0, position) + 1
    return Span(line, position - text.rfind("\n", 0, position))
