"""Random formulas as syntax trees, and all the ways in which the same one may be written."""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import Decimal
from random import Random
from typing import Final

from hypothesis import strategies as st

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

_COMPARES: Final = (
    *(Sign.EQUAL, Sign.NOT_EQUAL, Sign.LESS, Sign.LESS_OR_EQUAL),
    *(Sign.GREATER, Sign.GREATER_OR_EQUAL),
)
# How tight each operator binds.
_LEVELS: Final = (
    {Sign.OR: 1, Sign.AND: 2, Sign.JOIN: 4, Sign.ADD: 5, Sign.SUBTRACT: 5}
    | {Sign.MULTIPLY: 6, Sign.DIVIDE: 6, Sign.POWER: 7}
    | dict.fromkeys(_COMPARES, 3)
)
_SIGNED: Final = 8
_LISTS: Final = (Sign.OR, Sign.AND, Sign.JOIN)
_OTHERWISE: Final = {"=": "==", "<>": "!="}
_BLANKS: Final = ("", "", " ", "\n", " /* a * b */ ", "\t", "\u200b")
_WORD: Final = re.compile(r"[\w.$:]")

_names = st.from_regex(re.compile(r"[A-Za-z_]\w{0,8}", re.ASCII), fullmatch=True).filter(
    lambda name: name.lower() not in ("true", "false", "null")
)
_heads = st.one_of(_names, _names.map("${}".format), st.builds("{}:{}".format, _names, _names))
_characters = st.characters(exclude_characters="\0", exclude_categories=["Cs"])
_leaves: st.SearchStrategy[Expression] = st.one_of(
    st.builds(lambda head, rest: Path((head, *rest)), _heads, st.lists(_names, max_size=3)),
    st.text(_characters, max_size=8).map(lambda text: Text(text.replace("\\", "\\\\"))),
    st.decimals(0, 10**15, places=4).map(Number),
    st.integers(0, 10**20).map(lambda number: Number(Decimal(number))),
    st.booleans().map(Boolean),
    st.just(Null()),
)


def _nodes(inner: st.SearchStrategy[Expression]) -> st.SearchStrategy[Expression]:
    pair = st.tuples(inner, inner)
    several = st.lists(inner, min_size=2, max_size=4).map(tuple)
    binary = [sign for sign in _LEVELS if sign not in _LISTS]
    return st.one_of(
        st.builds(Call, _names, st.lists(inner, max_size=4).map(tuple)),
        st.builds(Operation, st.sampled_from(binary), pair),
        st.builds(Operation, st.sampled_from(_LISTS), several),
        st.builds(Operation, st.sampled_from([Sign.SUBTRACT, Sign.NOT]), st.tuples(inner)),
    )


formulas = st.recursive(_leaves, _nodes, max_leaves=12)


def written(formula: Expression, chance: Random) -> str:
    """Give the text of a formula, in any of the ways that it may have."""
    text = ""
    for token in _tokens(formula, 0, chance):
        blank = chance.choice(_BLANKS)
        if not blank and text and _WORD.match(text[-1]) and _WORD.match(token[0]):
            blank = " "
        text += blank + token
    return text + chance.choice(_BLANKS)


def _tokens(node: Expression, least: int, chance: Random) -> Iterator[str]:
    """Yield the words of a formula. least: how tight it must bind where it stands."""
    level = _level(node)
    if level < least or not chance.randrange(8):
        yield "("
        yield from _tokens(node, 0, chance)
        yield ")"
        return
    match node:
        case Call(name, arguments):
            yield name
            yield "("
            for place, argument in enumerate(arguments):
                yield from [","] if place else []
                yield from _tokens(argument, 0, chance)
            yield ")"
        case Operation(sign, (only,)):
            yield sign.value
            yield from _tokens(only, _SIGNED, chance)
        case Operation(sign, operands):
            for place, operand in enumerate(operands):
                if place:
                    yield chance.choice([sign.value, _OTHERWISE.get(sign.value, sign.value)])
                tighter = level + 1 if place or sign in _LISTS else level
                yield from _tokens(operand, tighter, chance)
        case _:
            if not chance.randrange(9):
                yield "+"
            yield _leaf(node, chance)


def _level(node: Expression) -> int:
    if not isinstance(node, Operation):
        return _SIGNED
    return _SIGNED if len(node.operands) == 1 else _LEVELS[node.sign]


def _leaf(node: Expression, chance: Random) -> str:
    match node:
        case Path(names):
            return chance.choice([".", ".", " . "]).join(names)
        case Text():
            quote = chance.choice("'\"")
            text = node.value.replace("\\", "\\\\").replace(quote, f"\\{quote}")
            return f"{quote}{text}{quote}"
        case Number(number):
            return f"{number:f}"
        case Boolean(is_true):
            return chance.choice([str(is_true), str(is_true).lower(), str(is_true).upper()])
        case _:
            return chance.choice(["NULL", "null"])
