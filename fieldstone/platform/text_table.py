"""Rows as a table of text for a terminal."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any, Final

_WIDEST: Final = 60


def text_table(heads: Sequence[str], rows: Sequence[Sequence[Any]], widest: int = _WIDEST) -> str:
    """Give columns as wide as their widest cell, numbers to the right.

    widest: how many characters of a cell are shown; what is longer is cut.
    """
    cells = [[_cell(value, widest) for value in row] for row in rows]
    widths = [max([len(head), *(len(row[n]) for row in cells)]) for n, head in enumerate(heads)]
    lines = ["  ".join(head.ljust(width) for head, width in zip(heads, widths, strict=True))]
    lines.append("  ".join("─" * width for width in widths))
    for row, values in zip(cells, rows, strict=True):
        aligned = [
            text.rjust(width) if _is_number(value) else text.ljust(width)
            for text, width, value in zip(row, widths, values, strict=True)
        ]
        lines.append("  ".join(aligned))
    return "\n".join(line.rstrip() for line in lines)


def _cell(value: Any, widest: int = _WIDEST) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, dict):
        value = value.get("name") or value.get("id") or ", ".join(map(str, value.values()))
    if isinstance(value, list):
        value = ", ".join(_cell(one, widest) for one in value)
    text = str(value).replace("\n", " ")
    return text if len(text) <= widest else text[: widest - 1] + "…"


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float | Decimal) and not isinstance(value, bool)
