"""CASESAFEID: the long form of an id, whose case does not matter."""

from __future__ import annotations

import re
from collections.abc import Sequence
from string import ascii_lowercase, ascii_uppercase, digits
from typing import Any, Final

from sqlalchemy import ColumnElement, Integer, case, cast, func
from sqlalchemy.dialects.postgresql import BIT

from fieldstone.metadata.calculation import Kind, Value
from fieldstone.metadata.field_types.stored import constant
from fieldstone.query_language.formula.typed import Shape
from fieldstone.query_language.functions.function import TEXT, Category, Plain, Takes

_SHORT: Final = re.compile("[0-9A-Za-z]{15}")
_LETTERS: Final = f"{ascii_uppercase}{ascii_lowercase}{digits}"
_CAPITALS: Final = "1" * len(ascii_uppercase) + "0" * len(ascii_lowercase + digits)
_MARKS: Final = f"{ascii_uppercase}012345"


class CaseSafeId(Plain):
    """An id of 15 letters and digits with the three that say which of them are capitals.

    So it has the 18 characters that spreadsheets and other programs can compare whatever the case.
    Any other text, such as an id of this system, stays as it is.
    """

    name = "CASESAFEID"
    category = Category.TEXT
    takes = (Takes("id", TEXT),)
    repeats = True
    examples = (
        ("CASESAFEID('0063000000AbCdE')", "0063000000AbCdEAAV"),
        ("CASESAFEID('deal_54f8b6e78401000')", "deal_54f8b6e78401000"),
    )

    def result(self, shapes: Sequence[Shape]) -> Shape:
        return Shape(Kind.TEXT)

    def value(self, text: str) -> Value:
        if not _SHORT.fullmatch(text):
            return text
        # The first of five characters counts 1, the last one 16.
        bits = "".join("1" if letter in ascii_uppercase else "0" for letter in text)[::-1]
        places = (int(bits[begin : begin + 5], 2) for begin in (10, 5, 0))
        return text + "".join(_MARKS[place] for place in places)

    def sql(self, text: ColumnElement[Any]) -> ColumnElement[Any]:
        bits = func.reverse(func.translate(text, constant(_LETTERS), constant(_CAPITALS)))
        marked = text
        for begin in (11, 6, 1):
            five = cast(func.substr(bits, constant(begin), constant(5)), BIT(5))
            place = cast(five, Integer) + constant(1)
            marked = marked.concat(func.substr(constant(_MARKS), place, constant(1)))
        is_short = text.regexp_match(constant(f"^{_SHORT.pattern}$"))
        return case((is_short, marked), else_=text)
