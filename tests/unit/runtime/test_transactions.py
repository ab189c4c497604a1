"""Work that collides is done again after a pause, and not for ever."""

from __future__ import annotations

from time import monotonic

import pytest

from fieldstone.runtime.transactions import Collision, QueryTimeout, again_if_it_collides


class Attempts:
    """Work that fails as often as is said, and notes when it was tried."""

    def __init__(self, *errors: Exception) -> None:
        self.errors = list(errors)
        self.begun_at: list[float] = []

    async def __call__(self) -> str:
        self.begun_at.append(monotonic())
        if self.errors:
            raise self.errors.pop(0)
        return "done"

    def pauses_s(self) -> list[float]:
        """Give the time between each try and the next."""
        later = self.begun_at[1:]
        return [end - begin for begin, end in zip(self.begun_at, later, strict=False)]


async def test_work_that_collides_is_done_again_after_growing_pauses() -> None:
    work = Attempts(Collision("Once."), Collision("Twice."))

    done = await again_if_it_collides(work)

    first, second = work.pauses_s()
    assert done == "done"
    assert 0.009 < first < 1.0
    assert 0.019 < second < 1.0


async def test_pauses_of_those_who_collided_differ() -> None:
    works = [Attempts(Collision("Once.")) for _ in range(5)]

    for work in works:
        await again_if_it_collides(work)

    assert len({round(work.pauses_s()[0], 4) for work in works}) > 1


async def test_work_that_collides_each_time_is_given_up() -> None:
    work = Attempts(*(Collision(f"{number}.") for number in range(9)))

    with pytest.raises(Collision):
        await again_if_it_collides(work)

    assert len(work.begun_at) == 3


async def test_other_errors_are_not_tried_again() -> None:
    work = Attempts(QueryTimeout("Slow."))

    with pytest.raises(QueryTimeout):
        await again_if_it_collides(work)

    assert len(work.begun_at) == 1
