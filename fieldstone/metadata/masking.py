"""Masks: what of a value is shown to those who may not see all of it.

How long a value is follows from no mask, and a short one is hidden as a whole: of it the last four
characters would tell too much.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Final

from sqlalchemy import ColumnElement, case, func, null

from fieldstone.metadata.field_types.stored import constant

DOTS: Final = "\u2022\u2022\u2022\u2022"
SHOWN: Final = 4
SHORTEST: Final = 8
"""How many characters a value must have for its last ones to be shown."""

MASKED_TYPES: Final = frozenset({"text", "long_text", "email", "phone", "url"})
"""The types whose values can be shown in part, since a mask is a text."""


class Mask(StrEnum):
    """What is left of a value; the value is its name in definitions."""

    HIDDEN = "hidden"
    LAST_FOUR = "last_four"


def masked(text: str, mask: Mask) -> str:
    """Give what is shown of a text."""
    if mask is Mask.HIDDEN or len(text) < SHORTEST:
        return DOTS
    return f"{DOTS} {text[-SHOWN:]}"


def masked_sql(text: ColumnElement[str], mask: Mask) -> ColumnElement[str]:
    """Give what masked() gives, in SQL; null for no value."""
    if mask is Mask.HIDDEN:
        return case((text.is_(None), null()), else_=constant(DOTS))
    end = constant(f"{DOTS} ").concat(func.right(text, constant(SHOWN)))
    is_short = func.char_length(text) < constant(SHORTEST)
    return case((text.is_(None), null()), (is_short, constant(DOTS)), else_=end)


def shows_more(before: object, after: object) -> bool:
    """Tell whether more is seen under the mask that a body says than under another body's."""
    return before is not None and after not in (before, Mask.HIDDEN)


def is_masked(value: object) -> bool:
    """Tell whether a value that was shown is a mask."""
    return isinstance(value, str) and value.startswith(DOTS)
