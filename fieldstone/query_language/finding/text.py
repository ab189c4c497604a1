"""The text between the braces of FIND, read and written.

Entry points: `parse_search_text`, `render_search_text`. What is rendered reads back as an equal
tree.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Set
from functools import lru_cache
from importlib.resources import files
from typing import Any, Final, assert_never

from lark import Lark, Token, Transformer
from lark.exceptions import UnexpectedCharacters, UnexpectedInput, VisitError
from lark.lark import PostLex

from fieldstone.errors import FieldstoneError, Span
from fieldstone.query_language.errors import BadSyntax, TooDeep, TooLong
from fieldstone.query_language.finding.syntax import (
    AllOf,
    AnyOf,
    NoneOf,
    SearchText,
    Term,
)

LONGEST: Final = 4_000
MOST_TERMS: Final = 50
MAX_DEPTH: Final = 20
_WILD: Final = "*?"
_UNSTORABLE: Final = re.compile("[\0\ud800-\udfff]")
_PIECE: Final = re.compile(r"\\(.)|(.)", re.DOTALL)
_WORD: Final = re.compile(r'(?:[^\s\\"(){}]|\\.)+', re.DOTALL)
_KEYWORDS: Final = frozenset({"and", "or", "not"})
_NEEDS_ESCAPE: Final = re.compile(r'(["{}])')


def parse_search_text(text: str, at: Span, *, literally: bool) -> SearchText:
    """Read a search text. Raises BadSyntax, TooDeep and TooLong.

    at: where it stands. literally: whether its characters stand one for one behind that place, so
    that the places of its parts are known; otherwise all of them are at that place.
    """
    if len(text) > LONGEST:
        raise TooLong(f"A search text has at most {LONGEST} characters.", at=at)
    if _UNSTORABLE.search(text):
        raise BadSyntax("The search text holds a character that is no text.", at=at)
    places = _Places(at, literally=literally)
    if not text.strip():
        raise BadSyntax("There is nothing to find.", at=at, hint="Write FIND {acme}.")
    try:
        found: SearchText = _Builder(places).transform(_parser().parse(text))
    except UnexpectedInput as error:
        raise _explained(error, text, places) from None
    except VisitError as error:
        if isinstance(error.orig_exc, FieldstoneError):
            raise error.orig_exc from None
        raise
    except _Deep as error:
        raise TooDeep(
            f"Parentheses are nested more than {MAX_DEPTH} deep.", at=places.of(error.token)
        ) from None
    return found


def render_search_text(search: SearchText) -> str:
    """Give the text of a search, with parentheses around what is nested."""
    match search:
        case Term():
            text = _term(search)
        case AllOf(parts):
            text = " AND ".join(_nested(part) for part in parts)
        case AnyOf(parts):
            text = " OR ".join(_nested(part) for part in parts)
        case NoneOf(part):
            text = f"NOT {_nested(part)}"
        case _:
            assert_never(search)
    return text


def _nested(search: SearchText) -> str:
    text = render_search_text(search)
    return text if isinstance(search, Term) else f"({text})"


def _term(term: Term) -> str:
    pattern = term.pattern
    if _WORD.fullmatch(pattern) and pattern.lower() not in _KEYWORDS:
        return pattern
    return f'"{_NEEDS_ESCAPE.sub(_escaped, pattern)}"'


def _escaped(match: re.Match[str]) -> str:
    return f"\\{match[1]}"


class _Places:
    """Tells where the parts of a search text stand in the whole."""

    def __init__(self, at: Span, *, literally: bool) -> None:
        self._at = at
        self._literally = literally

    def of(self, token: Token) -> Span:
        """Give the place of a token."""
        return self.at(token.line or 1, token.column or 1, len(token))

    def at(self, line: int, column: int, length: int) -> Span:
        """Give the place of what stands in a line and a column of the search text."""
        if not self._literally:
            return self._at
        before = self._at.column - 1 if line == 1 else 0
        return Span(self._at.line + line - 1, column + before, max(length, 1))


class _Deep(Exception):
    """Parentheses are nested too deep."""

    def __init__(self, token: Token) -> None:
        super().__init__()
        self.token = token


class _DepthLimit(PostLex):
    """Passes tokens on and counts open parentheses."""

    always_accept = ()

    def process(self, stream: Iterator[Token]) -> Iterator[Token]:
        depth = 0
        for token in stream:
            depth += {"_LPAR": 1, "_RPAR": -1}.get(token.type, 0)
            if depth > MAX_DEPTH:
                raise _Deep(token)
            yield token


@lru_cache(maxsize=1)
def _parser() -> Lark:
    directory = files("fieldstone.query_language")
    grammar = directory.joinpath("grammars/search_text.lark").read_text("utf-8")
    return Lark(grammar, parser="lalr", start="search", postlex=_DepthLimit())


class _Builder(Transformer[Token, Any]):
    """Makes nodes of rules, one method each."""

    def __init__(self, places: _Places) -> None:
        super().__init__()
        self._places = places
        self._terms = 0

    def term(self, children: list[Token]) -> Term:
        """Read a word."""
        return self._term(children[0], str(children[0]))

    def phrase(self, children: list[Token]) -> Term:
        """Read what stands in quotes."""
        return self._term(children[0], str(children[0])[1:-1])

    def all_of(self, children: list[SearchText]) -> AllOf:
        """Read parts that are all wanted."""
        return AllOf(tuple(children), children[0].span)

    def any_of(self, children: list[SearchText]) -> AnyOf:
        """Read parts of which one is wanted."""
        return AnyOf(tuple(children), children[0].span)

    def none_of(self, children: list[SearchText]) -> NoneOf:
        """Read a part that is not wanted."""
        return NoneOf(children[0], children[0].span)

    def _term(self, token: Token, written: str) -> Term:
        at = self._places.of(token)
        self._terms += 1
        if self._terms > MOST_TERMS:
            raise TooLong(f"A search text has at most {MOST_TERMS} words and phrases.", at=at)
        pattern = _pattern_of(written)
        if not pattern:
            raise BadSyntax("There is nothing between these quotes.", at=at)
        return Term(pattern, at)


def _pattern_of(written: str) -> str:
    """Give the pattern of what was written: escapes only where they are needed, single blanks."""
    pieces: list[str] = []
    for escaped, bare in _PIECE.findall(written):
        if (escaped or bare).isspace():
            if pieces and pieces[-1] != " ":
                pieces.append(" ")
        elif escaped:
            pieces.append(f"\\{escaped}" if escaped in f"\\{_WILD}" else escaped)
        else:
            pieces.append(bare)
    return "".join(pieces).removesuffix(" ") if pieces[-1:] == [" "] else "".join(pieces)


_EXPECTED: Final = "a word, a phrase in quotes or an opening parenthesis"


def _explained(error: UnexpectedInput, text: str, places: _Places) -> BadSyntax:
    """Say what is wrong with a search text."""
    if isinstance(error, UnexpectedCharacters):
        return _bad_character(error, text, places)
    token: Token = error.token  # type: ignore[attr-defined]  # the other errors have one
    if token.type == "$END":
        wanted = "a closing parenthesis" if "_RPAR" in _accepted(error) else _EXPECTED
        line = text.count("\n") + 1
        column = len(text) - (text.rfind("\n") + 1) + 1
        at = places.at(line, column, 1)
        return BadSyntax(f"Expected {wanted}, found the end of the search text.", at=at)
    if token.type == "_RPAR" and not _accepted(error):
        return BadSyntax("This closing parenthesis closes nothing.", at=places.of(token))
    return BadSyntax(
        f"Expected {_EXPECTED}, found {str(token)[:40]}.",
        at=places.of(token),
        hint='A word that is AND, OR or NOT stands in quotes: "and".',
    )


def _accepted(error: UnexpectedInput) -> Set[str]:
    found: Set[str] = getattr(error, "accepts", None) or getattr(error, "expected", None) or set()
    return found


def _bad_character(error: UnexpectedCharacters, text: str, places: _Places) -> BadSyntax:
    position: object = error.pos_in_stream
    assert isinstance(position, int), "a character has a place"
    found = text[position]
    at = places.at(error.line, error.column, 1)
    if found == '"':
        return BadSyntax(
            "This phrase has no closing quote.",
            at=at,
            hint='A quote within a phrase is written with a backslash before it: \\".',
        )
    return BadSyntax(
        f"The search text holds {found}, which stands for nothing here.",
        at=at,
        hint=f"Write \\{found} for the sign itself.",
    )
