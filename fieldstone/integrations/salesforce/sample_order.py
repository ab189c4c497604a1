"""The order in which rows of sample data are made, and which row a reference means.

Rows that stand within others come after all of their file that stand further out, together with
those of their object: so they are made many at once. A reference means a row of the same file if
there is one, else one of the same folder, else one of any: files that were exported one by one
count their rows by the same names.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Final

from fieldstone.integrations.salesforce.sample_data import Row

_SEVERAL: Final = -1


@dataclass(frozen=True, slots=True)
class Placed:
    """A row with its number among all, and the row that it stands within, if there is one."""

    number: int
    row: Row
    above: Row | None = None
    above_number: int = 0


class Arranged:
    """All rows of a load by what they are called."""

    def __init__(self, rows: Sequence[Row]) -> None:
        """Read rows in the order of their files, those within others behind them."""
        self._numbers: dict[tuple[str, str], int] = {}
        self.rows: tuple[Placed, ...] = tuple(self._placed(rows))

    def find(self, reference: str, path: str) -> int | None:
        """Give the number of the row that a reference in a file means.

        None where there is none, or where there are several in other files.
        """
        for scope in _scopes(path):
            number = self._numbers.get((scope, reference))
            if number is not None:
                return None if number == _SEVERAL else number
        return None

    def _placed(self, rows: Sequence[Row]) -> Iterator[Placed]:
        last: dict[tuple[str, str], tuple[int, int]] = {}
        ranks: dict[tuple[str, int, str], int] = {}
        files: dict[str, int] = {}
        told: list[tuple[int, int, int, Placed]] = []
        for number, row in enumerate(rows):
            depth, placed = 0, Placed(number, row)
            above = None if row.parent is None else last.get((row.path, row.parent[1]))
            if above is not None:
                depth = above[1] + 1
                placed = Placed(number, row, rows[above[0]], above[0])
            last[row.path, row.reference] = number, depth
            self._note(row, number)
            rank = ranks.setdefault((row.path, depth, row.object), len(ranks))
            told.append((files.setdefault(row.path, len(files)), depth, rank, placed))
        for *_, placed in sorted(told, key=lambda one: one[:3]):
            yield placed

    def _note(self, row: Row, number: int) -> None:
        of_file, *wider = _scopes(row.path)
        self._numbers.setdefault((of_file, row.reference), number)
        for scope in wider:
            known = self._numbers.setdefault((scope, row.reference), number)
            if known != number:
                self._numbers[scope, row.reference] = _SEVERAL


def _scopes(path: str) -> tuple[str, str, str]:
    """Give a file, its folder and everything, each written as no other is."""
    return path, f"{PurePosixPath(path).parent}/", "/"
