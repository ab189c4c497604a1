"""Ratios: two ways of doing one thing, measured in turns so that a busy machine slows both."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from time import perf_counter

Work = Callable[[], Awaitable[object]]
WARM_UP = 7
"""PostgreSQL decides after five runs of a prepared statement whether it plans each anew."""


@dataclass(frozen=True, slots=True)
class Compared:
    """One row of a table of ratios. times_s: the median of each way, the baseline's first.

    most: the ratio that is aimed at; None where none is.
    """

    name: str
    times_s: Mapping[str, float]
    most: float | None = None

    @property
    def baseline_s(self) -> float:
        """The median of the baseline."""
        return next(iter(self.times_s.values()))

    def ratio(self, way: str) -> float:
        """How many times as long as the baseline a way takes."""
        return self.times_s[way] / self.baseline_s


async def compare(
    name: str, ways: Mapping[str, Work], rounds: int, most: float | None = None
) -> Compared:
    """Run every way in turn, round after round, and give the median time of each."""
    for work in ways.values():
        for _ in range(min(rounds, WARM_UP)):
            await work()
    taken: dict[str, list[float]] = {way: [] for way in ways}
    for _ in range(rounds):
        for way, work in ways.items():
            begun = perf_counter()
            await work()
            taken[way].append(perf_counter() - begun)
    return Compared(name, {way: median(times) for way, times in taken.items()}, most)


def print_table(title: str, rows: Sequence[Compared]) -> None:
    """Print a table in Markdown: the baseline in milliseconds, all else as a multiple of it."""
    first, *others = rows[0].times_s
    heads = [f"{first}, ms", *others, "at most"]
    print(f"\n{title}\n\n| | {' | '.join(heads)} |")
    print("|---|" + "---:|" * len(heads))
    for row in rows:
        shown = [_marked(row, way) for way in others]
        most = "" if row.most is None else f"{row.most:.1f}"
        print(f"| {row.name} | {row.baseline_s * 1000:.3f} | {' | '.join(shown)} | {most} |")


def _marked(row: Compared, way: str) -> str:
    ratio = row.ratio(way)
    return f"{ratio:.2f}" + (" (!)" if row.most is not None and ratio > row.most else "")
