"""The categories of Unicode as ranges of code points: L for letters, Lu for capitals and so on.

PostgreSQL gets the ranges and not the name, so that both know the same characters, whatever version
of Unicode either has.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from itertools import groupby
from typing import Final
from unicodedata import category

from fieldstone.query_language.regular.nodes import LAST_CODE, Ranges, ranges_of

_PARTS: Final = {
    "L": "ultmo",
    "M": "nce",
    "N": "dlo",
    "P": "cdseifo",
    "S": "mcko",
    "Z": "slp",
    "C": "cfon",
}
_NAMES: Final = frozenset(_PARTS) | {name + one for name, parts in _PARTS.items() for one in parts}
"""All but halves of characters, Cs, which stand in no text."""


def is_category(name: str) -> bool:
    """Tell whether there is a category of this name."""
    return name in _NAMES


@lru_cache(maxsize=len(_NAMES))
def ranges_in(name: str) -> Ranges:
    """Give the characters of a category, or of all whose names begin with its letter."""
    return ranges_of(
        pair for one, pairs in _by_name().items() if one.startswith(name) for pair in pairs
    )


@lru_cache(maxsize=1)
def _by_name() -> Mapping[str, Ranges]:
    """Give the ranges of every category. There is no character 0."""
    found: dict[str, list[tuple[int, int]]] = {}
    for name, codes in groupby(range(1, LAST_CODE + 1), lambda code: category(chr(code))):
        known = list(codes)
        found.setdefault(name, []).append((known[0], known[-1]))
    return {name: tuple(pairs) for name, pairs in found.items()}
