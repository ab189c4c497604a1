"""Versions of packages and which of them will do, as in semantic versioning.

https://semver.org says how versions are written and compared. A range is up to four conditions, all
of which must hold: >=1.2 <2, =1.4.1, ^1.2 (up to the next version that may break something), ~1.2
(up to the next minor one); without a sign, what is said must be the beginning: 1.2 is any 1.2.x.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import total_ordering
from typing import Final

Release = tuple[int, int, int]
_VERSION: Final = re.compile(r"(\d+)\.(\d+)\.(\d+)(?:-([0-9A-Za-z.-]+))?")
_CONDITION: Final = re.compile(r"(>=|<=|>|<|=|\^|~)?(\d+(?:\.\d+){0,2})")


@total_ordering
@dataclass(frozen=True, slots=True)
class SemanticVersion:
    """A version. release: its three numbers; early: what follows the hyphen of a pre-release."""

    release: Release
    early: str = ""

    def __lt__(self, other: SemanticVersion) -> bool:
        if self.release != other.release:
            return self.release < other.release
        if not (self.early and other.early):
            return bool(self.early) and not other.early
        return _early_key(self.early) < _early_key(other.early)


def read_version(text: str) -> SemanticVersion:
    """Read a version that has the shape of one."""
    found = _VERSION.fullmatch(text)
    assert found is not None, text
    major, minor, patch, early = found.groups()
    return SemanticVersion((int(major), int(minor), int(patch)), early or "")


def fits(version: str, wanted: str) -> bool:
    """Tell whether a version is one of a range, both of the right shape.

    A pre-release comes before its release: 2.0.0-beta is neither >=2 nor <2.
    """
    told = read_version(version)
    return all(_meets(told, one) for one in wanted.split())


def _meets(version: SemanticVersion, condition: str) -> bool:
    found = _CONDITION.fullmatch(condition)
    assert found is not None, condition
    sign, said = found.group(1) or "", tuple(int(part) for part in found.group(2).split("."))
    first, after = _padded(said), _next(said, _LENGTHS.get(sign, len)(said))
    if sign in (">", ">="):
        return version >= SemanticVersion(after if sign == ">" else first)
    if sign in ("<", "<="):
        return version.release < (first if sign == "<" else after)
    return version >= SemanticVersion(first) and version.release < after


def _significant(said: tuple[int, ...]) -> int:
    """Give how many numbers stay until something may break: to the first that is not 0."""
    return next((place + 1 for place, number in enumerate(said) if number), len(said))


def _padded(said: tuple[int, ...]) -> Release:
    major, minor, patch = (*said, 0, 0)[:3]
    return major, minor, patch


def _next(said: tuple[int, ...], length: int) -> Release:
    """Give the first release after all that begin with so many of some numbers."""
    return _padded((*said[: length - 1], said[length - 1] + 1))


def _early_key(early: str) -> tuple[tuple[int, int, str], ...]:
    """Numbers before words, and numbers by size, part by part."""
    return tuple(
        (0, int(part), "") if part.isdigit() else (1, 0, part) for part in early.split(".")
    )


_LENGTHS: Final[Mapping[str, Callable[[tuple[int, ...]], int]]] = {
    "^": _significant,
    "~": lambda said: min(len(said), 2),
}
"""How many of the numbers of a condition stay as they are, by its sign; without one, all."""
