"""Cells that no spreadsheet takes for formulas, and the texts that they stand for."""

from __future__ import annotations

import re
from typing import Final

_FORMULA: Final = re.compile(r"'*[=+\-@\t\r]")
_ESCAPED: Final = re.compile(r"'+[=+\-@\t\r]")
_NUMBER: Final = re.compile(r"[+-][0-9 ]*\.?[0-9 ]*")
_PHONE: Final = re.compile(r"\+[0-9 ().-]*")
_DIGIT: Final = re.compile(r"[0-9]")


def safe_cell(text: str) -> str:
    """Give a text with an apostrophe before it if a spreadsheet would take it for a formula.

    Numbers and telephone numbers stay as they are. So that every cell stands for one text alone, a
    text that begins like such a cell gets an apostrophe too.
    """
    if _FORMULA.match(text) is None or _is_plain(text):
        return text
    return f"'{text}"


def text_of_cell(cell: str) -> str:
    """Give the text that safe_cell made a cell of."""
    return cell[1:] if _ESCAPED.match(cell) else cell


def _is_plain(text: str) -> bool:
    fits = _NUMBER.fullmatch(text) or _PHONE.fullmatch(text)
    return fits is not None and _DIGIT.search(text) is not None
