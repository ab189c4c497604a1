"""Writes queries in all the ways in which the same one may be written."""

from __future__ import annotations

import re
from random import Random
from typing import Final

from fieldstone.query_language.render import Writer
from fieldstone.query_language.syntax import (
    Boolean,
    Call,
    Comparison,
    Condition,
    Expression,
    Item,
    Number,
    Operation,
    Operator,
    Order,
    Path,
    Query,
    SelectItem,
    Text,
    Value,
)

_KEYWORD: Final = re.compile(r"'(?:[^'\\]|\\.)*'|:\S+|\b(SELECT|FROM|WHERE|AND|OR|NOT|IN|LIKE)\b")
_BLANK: Final = re.compile(r"'(?:[^'\\]|\\.)*'|:[^ ]+|( )", re.DOTALL)
_BLANKS: Final = (" ", " ", "  ", "\n", "\t", " /* a */ ", " // b\n")
# FOR VIEW FOR REFERENCE is FOR VIEW, REFERENCE.
_AGAIN: Final = re.compile(
    r"(?<= )((?:VIEW|REFERENCE|UPDATE)(?= FOR)|(?:TRACKING|VIEWSTAT)(?= UPDATE))"
    r" (?:FOR|UPDATE) (?=(?:VIEW|REFERENCE|UPDATE|TRACKING|VIEWSTAT)(?: |\)|$))"
)
_ONE_CATEGORY: Final = re.compile(r"(AT|ABOVE|BELOW|ABOVE_OR_BELOW) \((\w+)\)")


class LooseWriter(Writer):
    """A writer that chooses among equal ways.

    words: whether the text is a condition on its own, which has bare words and double quotes.
    """

    def __init__(self, chance: Random, *, words: bool = False) -> None:
        self._chance = chance
        self._words = words

    def spaced(self, text: str) -> str:
        """Give a text with other blanks, comments, and keywords in any case."""
        text = _KEYWORD.sub(lambda one: self._cased(one[0], one[1]), text)
        return _BLANK.sub(lambda one: self._chance.choice(_BLANKS) if one[1] else one[0], text)

    def condition(self, condition: Condition) -> str:
        match condition:
            case Comparison(Call() as left, Operator.EQUAL, Boolean(True)) if self._may():
                text = self.expression(left)
            case _:
                text = super().condition(condition)
        return f"({text})" if self._may(4) else text

    def comparison(self, comparison: Comparison) -> str:
        text = super().comparison(comparison)
        found = Path(()) if isinstance(comparison.right, Value) else comparison.right
        if isinstance(found, Path) and len(found.names) == 1 and not self._words and self._may():
            text = f"{text[: text.rindex('(')]}{found.text}"
        sign = f" {Operator.NOT_EQUAL} "
        return text.replace(sign, " <> ") if self._may() and text.count(sign) == 1 else text

    def expression(self, expression: Expression) -> str:
        text = super().expression(expression)
        if isinstance(expression, Path | Operation) and self._may(6):
            return f"({text})"
        if isinstance(expression, Path) and self._may(8):
            return f"+ {text}"
        return text

    def value(self, value: Value) -> str:
        text = super().value(value)
        if isinstance(value, Boolean):
            return self._chance.choice([text, text.lower()])
        if isinstance(value, Number) and value.value >= 0 and self._may(4):
            return f"+{text}"
        if isinstance(value, Text) and self._words and self._may():
            return self._as_word(value, text)
        return text

    def _as_word(self, value: Text, text: str) -> str:
        if '"' not in text and "\\" not in text:
            return f'"{text[1:-1]}"'
        return text

    def _item(self, item: Item, *, grouped: bool) -> str:
        text = super()._item(item, grouped=grouped)
        if isinstance(item, SelectItem) and item.alias is not None and self._may():
            return f"{self.expression(item.expression)} AS {item.alias}"
        return text

    def _one_order(self, order: Order) -> str:
        if order.descending or not self._may():
            return super()._one_order(order)
        nulls = "" if order.nulls is None else f" NULLS {order.nulls}"
        return f"{self.expression(order.expression)} ASC{nulls}"

    def query(self, query: Query) -> str:
        text = super().query(query)
        if self._may():
            text = _ONE_CATEGORY.sub(r"\1 \2", text)
        if self._may():
            text = _AGAIN.sub(lambda one: f"{one[1]}, ", text)
        return text

    def _cased(self, whole: str, keyword: str | None) -> str:
        return whole if keyword is None else self._chance.choice([whole, whole.lower()])

    def _may(self, times: int = 2) -> bool:
        return self._chance.randrange(times) == 0
