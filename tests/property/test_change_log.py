"""Every accepted write is in the change log exactly once, and the log leads to the records."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fieldstone.runtime.records import store
from tests.support.app import Api
from tests.support.change_log import broken_records
from tests.support.operations import STEPS, Step, Worker

SEVERAL = settings(
    max_examples=12,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
ONE_OF_EACH: list[Step] = [
    ("create", "Alpha", 1),
    ("company", "Beta", None),
    ("attach", 0, None),
    ("change", 0, 2),
    ("bulk", ["Gamma", "Delta"], False),
    ("attach", 1, None),
    ("attach", 2, None),
    ("delete", 0, None),
    ("restore", 0, None),
    ("drop company", None, None),
]


async def work(api: Api, steps: list[Step]) -> None:
    worker = Worker(api, "mark")
    for step in steps:
        await worker.do(step)


@SEVERAL
@given(steps=st.lists(STEPS, min_size=5, max_size=15))
async def test_log_of_any_work_leads_to_the_records(
    api: Api, app_dsn: str, steps: list[Step]
) -> None:
    await work(api, steps)

    assert await broken_records(app_dsn) == {}


Write = Callable[..., Any]


def forgets_updates(write: Write) -> Write:
    async def broken(tx: Any, obj: Any, operation: str, *rest: Any) -> None:
        if operation != "update":
            await write(tx, obj, operation, *rest)

    return broken


def writes_twice(write: Write) -> Write:
    async def broken(*arguments: Any) -> None:
        await write(*arguments)
        await write(*arguments)

    return broken


def loses_values(write: Write) -> Write:
    async def broken(tx: Any, obj: Any, operation: str, records: Any, entries: Any) -> None:
        await write(tx, obj, operation, records, [(before, {}) for before, _ in entries])

    return broken


def forgets_the_last(write: Write) -> Write:
    async def broken(tx: Any, obj: Any, operation: str, records: Any, entries: Any) -> None:
        await write(tx, obj, operation, records[:1], entries[:1])

    return broken


@pytest.mark.parametrize("broken", [forgets_updates, writes_twice, loses_values, forgets_the_last])
async def test_log_that_is_written_wrongly_is_noticed(
    api: Api, app_dsn: str, monkeypatch: pytest.MonkeyPatch, broken: Callable[[Write], Write]
) -> None:
    monkeypatch.setattr(store, "write_log", broken(store.write_log))

    await work(api, ONE_OF_EACH)

    assert await broken_records(app_dsn) != {}


async def test_one_of_each_leaves_a_whole_log(api: Api, app_dsn: str) -> None:
    await work(api, ONE_OF_EACH)

    assert await broken_records(app_dsn) == {}
