"""Text of a formula to its syntax tree.

Entry point: `parse_formula`. Raises BadFormula (`formula.syntax`) or FormulaTooLarge
(`formula.too_large`), and nothing else, whatever the text. It may be called from any thread.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import Decimal
from functools import lru_cache
from importlib.resources import files
from typing import Any, Final

from lark import Lark, Token, Transformer
from lark.exceptions import UnexpectedCharacters, UnexpectedInput, UnexpectedToken
from lark.lark import PostLex

from fieldstone.errors import Span
from fieldstone.query_language.formula.errors import BadFormula, FormulaTooLarge
from fieldstone.query_language.syntax import (
    Boolean,
    Call,
    Expression,
    Null,
    Number,
    Operation,
    Path,
    Sign,
    Text,
)

MAX_CHARACTERS: Final = 20_000
MAX_DEPTH: Final = 100
_MAX_DIGITS: Final = 40
_KEPT: Final = 2_000

_UNSTORABLE: Final = re.compile("[\0\ud800-\udfff]")
_ESCAPE: Final = re.compile(r"\\(u[0-9a-fA-F]{4}|.)", re.DOTALL)
_ESCAPES: Final = {"n": "\n", "r": "\r", "t": "\t", "b": "\b", "f": "\f"}
_BLANKS: Final = re.compile(r"\s+")
_SIGNS: Final = {sign.value: sign for sign in Sign} | {"==": Sign.EQUAL, "!=": Sign.NOT_EQUAL}
Children = list[Any]


@lru_cache(maxsize=_KEPT)
def parse_formula(text: str) -> Expression:
    """Read a formula, such as `IF(amount > 100, "large", "small")`."""
    if len(text) > MAX_CHARACTERS:
        raise FormulaTooLarge(
            f"The formula has {len(text)} characters, more than {MAX_CHARACTERS}."
        )
    if bad := _UNSTORABLE.search(text):
        raise BadFormula(
            "The formula holds a character that is no text.", at=_span_at(text, bad.start())
        )
    try:
        found: Any = _parser().parse(text)
    except (UnexpectedToken, UnexpectedCharacters) as error:
        raise _explained(error, text) from None
    expression: Expression = found
    if _depth(expression) > MAX_DEPTH:
        raise FormulaTooLarge(
            f"The formula is nested more than {MAX_DEPTH} deep.",
            hint="CASE and IFS say in one step what many IF say one in another.",
        )
    return expression


class _DepthLimit(PostLex):
    """Passes tokens on and counts open parentheses. Raises FormulaTooLarge."""

    always_accept = ()

    def process(self, stream: Iterator[Token]) -> Iterator[Token]:
        depth = 0
        for token in stream:
            depth += {"_LPAR": 1, "_RPAR": -1}.get(token.type, 0)
            if depth > MAX_DEPTH:
                raise FormulaTooLarge(
                    f"Parentheses are nested more than {MAX_DEPTH} deep.", at=_span_of(token)
                )
            yield token


class _Builder(Transformer[Token, Any]):
    """Builds nodes while the text is parsed, one method per rule of formula.lark."""

    def disjunction(self, children: Children) -> Operation:
        return _operation(Sign.OR, children)

    def all_of(self, children: Children) -> Operation:
        return _operation(Sign.AND, children)

    def join(self, children: Children) -> Operation:
        return _operation(Sign.JOIN, children)

    def binary(self, children: Children) -> Operation:
        left, sign, right = children
        return _operation(_SIGNS[sign], [left, right])

    def unary(self, children: Children) -> Expression:
        sign, operand = children
        if sign == "+":
            return operand  # type: ignore[no-any-return]  # rules give expressions
        return Operation(_SIGNS[sign], (operand,), _span_of(sign))

    def path(self, children: Children) -> Path:
        (token,) = children
        return Path(tuple(_BLANKS.sub("", token).split(".")), _span_of(token))

    def call(self, children: Children) -> Call:
        name, *arguments = children
        return Call(str(name), tuple(arguments), _span_of(name))

    def value(self, children: Children) -> Expression:
        (token,) = children
        span = _span_of(token)
        match token.type:
            case "TEXT":
                return Text(_unescaped(token[1:-1], span).replace("\\", "\\\\"), span)
            case "NUMBER":
                return Number(_number(token), span)
            case "BOOLEAN":
                return Boolean(token.upper() == "TRUE", span)
            case _:
                return Null(span)


def _operation(sign: Sign, operands: Children) -> Operation:
    return Operation(sign, tuple(operands), operands[0].span)


def _unescaped(text: str, span: Span) -> str:
    def character(match: re.Match[str]) -> str:
        code = match[1]
        if len(code) > 1:
            code = chr(int(code[1:], 16))
            if _UNSTORABLE.match(code):
                raise BadFormula("The text holds a character that is no text.", at=span)
            return code
        return _ESCAPES.get(code.lower(), code)

    return _ESCAPE.sub(character, text) if "\\" in text else text


def _number(token: Token) -> Decimal:
    number = Decimal(token)
    if len(number.as_tuple().digits) > _MAX_DIGITS or abs(number.adjusted()) > _MAX_DIGITS:
        raise BadFormula(f"The number has more than {_MAX_DIGITS} digits.", at=_span_of(token))
    return number


def _depth(expression: Expression) -> int:
    """Give how deep a tree is; without recursion, for it may be too deep for that."""
    deepest, level = 0, [expression]
    while level and deepest <= MAX_DEPTH:
        deepest += 1
        level = [
            part
            for node in level
            for part in (
                node.operands
                if isinstance(node, Operation)
                else node.arguments
                if isinstance(node, Call)
                else ()
            )
        ]
    return deepest


@lru_cache(maxsize=1)
def _parser() -> Lark:
    grammar = files("fieldstone.query_language").joinpath("grammars/formula.lark")
    return Lark(
        grammar.read_text("utf-8"),
        parser="lalr",
        transformer=_Builder(),
        postlex=_DepthLimit(),
        propagate_positions=False,
    )


def _explained(error: UnexpectedInput, text: str) -> BadFormula:
    if isinstance(error, UnexpectedToken):
        token = error.token
        if token.type == "$END":
            return BadFormula(
                "The formula ends too early.",
                at=_span_at(text, len(text)),
                hint="A parenthesis or an operand is missing.",
            )
        return BadFormula(f"{str(token)[:40]!r} cannot stand here.", at=_span_of(token))
    at: int = getattr(error, "pos_in_stream", 0)
    if text[at : at + 1] in "'\"":
        return BadFormula("This text has no end.", at=_span_at(text, at), hint="Close its quote.")
    return BadFormula(f"{text[at : at + 1]!r} cannot stand here.", at=_span_at(text, at))


def _span_of(token: Token) -> Span:
    return Span(token.line or 1, token.column or 1, len(token))


def _span_at(text: str, position: int) -> Span:
    line = text.count("\n", 0, position) + 1
    return Span(line, position - text.rfind("\n", 0, position))
