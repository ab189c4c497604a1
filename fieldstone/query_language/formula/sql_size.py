"""How long SQL is and how deep it is nested, before it is written."""

from __future__ import annotations

from typing import Final

from sqlalchemy import ClauseElement

from fieldstone.query_language.formula.typed import Compiled

MAX_DEPTH: Final = 180
"""SQLAlchemy calls itself three times for each level, and Python stops at 1,000."""


def size_of_both(compiled: Compiled) -> tuple[int, int]:
    """Give of how many parts value and failure of an expression are, and how deep the deeper is."""
    sizes = [weigh(part) for part in (compiled.value, compiled.fails) if part is not None]
    return sum(parts for parts, _ in sizes), max(depth for _, depth in sizes)


def weigh(whole: ClauseElement) -> tuple[int, int]:
    """Give of how many parts SQL is made, and how deep they are nested.

    A part that stands in several places is weighed once and counts in each of them.
    """
    known: dict[int, tuple[int, int]] = {}
    waiting = [whole]
    while waiting:
        one = waiting[-1]
        children = list(one.get_children())
        unknown = [child for child in children if id(child) not in known]
        if unknown:
            waiting.extend(unknown)
            continue
        waiting.pop()
        weights = [known[id(child)] for child in children]
        parts = 1 + sum(part for part, _ in weights)
        known[id(one)] = parts, 1 + max((depth for _, depth in weights), default=0)
    return known[id(whole)]
