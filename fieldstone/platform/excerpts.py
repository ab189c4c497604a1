"""Excerpts of queries for a terminal: the line at fault with carets below the place."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from typing import Final

from fieldstone.errors import Problem, Span

_WIDEST: Final = 100
_BEFORE: Final = 60
_CUT: Final = "…"


def problems_in_words(text: str, problems: Iterable[Problem]) -> str:
    """Give what is wrong with a query: for each problem code, place, excerpt, message and hint."""
    return "\n\n".join(_in_words(text, problem) for problem in problems)


def _in_words(text: str, problem: Problem) -> str:
    at = problem.at
    shown = excerpt(text, at) if isinstance(at, Span) else ""
    place = f" at line {at.line}, column {at.column}" if shown and isinstance(at, Span) else ""
    lines = [f"{problem.code}{place}", shown, problem.message, problem.hint or ""]
    return "\n".join(line for line in lines if line)


def excerpt(text: str, at: Span) -> str:
    """Give the line of a span with carets below it; "" where the text has no such line.

    A long line is cut to what stands around the place.
    """
    lines = text.splitlines()
    if not 0 < at.line <= len(lines):
        return ""
    line = lines[at.line - 1].replace("\t", " ")
    start = min(max(at.column - 1, 0), len(line))
    end = start + max(at.length, 1)
    first = max(0, start - _BEFORE) if len(line) > _WIDEST else 0
    last = min(len(line), first + _WIDEST)
    before = (_CUT if first else "") + line[first:start]
    behind = _CUT if last < len(line) else ""
    carets = "^" * max(1, _width(line[start : min(end, last)]))
    return f"  {before}{line[start:last]}{behind}\n  {' ' * _width(before)}{carets}"


def _width(text: str) -> int:
    """Give how many columns of a terminal a text takes: letters of East Asia take two."""
    return sum(
        0 if unicodedata.combining(one) else 1 + (unicodedata.east_asian_width(one) in "WF")
        for one in text
    )
