"""How fast this machine is just now, so that limits of time hold on a busy one too."""

from __future__ import annotations

from time import perf_counter

LOOPS = 200_000
USUAL_S = 0.01
"""What the loops take on an idle machine of two cores."""


def slowness() -> float:
    """Give how many times longer than on an idle machine a computation takes; at least 1."""
    return max(1.0, min(_loops_s() for _ in range(5)) / USUAL_S)


def _loops_s() -> float:
    began = perf_counter()
    total = 0
    for number in range(LOOPS):
        total += number * number
    return perf_counter() - began
