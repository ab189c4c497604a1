"""Packages as they come from anybody: damaged, large, and no longer waited for."""

from __future__ import annotations

import asyncio
import contextlib
import random
from threading import Event, current_thread

import pytest

from fieldstone.metadata.packages import BadPackage
from fieldstone.runtime.long_texts import LONG, worked_out
from fieldstone.runtime.package_zips import read_zip, write_zip
from fieldstone.runtime.packages import reading
from fieldstone.runtime.packages.reading import read_beside

FILES = {"package.yaml": "name: a\nlabel: A\nversion: 1.0.0\n", "README.md": "x" * LONG}


def test_a_damaged_zip_is_refused_and_no_fault():
    chance = random.Random(7)
    whole = write_zip(FILES)
    refused = 0
    for _ in range(3_000):
        content = bytearray(whole[: chance.choice((len(whole), chance.randrange(len(whole))))])
        for _ in range(chance.randrange(1, 6)):
            if content:
                content[chance.randrange(len(content))] = chance.randrange(256)
        try:
            read_zip(bytes(content))
        except BadPackage:
            refused += 1
    assert refused > 1_000


async def test_others_do_not_wait_for_a_package():
    assert (await read_beside(FILES)).manifest.name == "a"
    threads = []

    def noted(*_: object) -> None:
        threads.append(current_thread().name)

    await worked_out(noted, LONG + 1)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(reading, "read_package", noted)
        await read_beside(FILES)
    assert threads[0] != threads[1]


async def test_the_reading_ends_when_the_request_does():
    begun, seen = Event(), Event()

    def slow(_: object, is_stopped) -> None:
        begun.set()
        while not is_stopped():
            pass
        seen.set()

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(reading, "read_package", slow)
        task = asyncio.create_task(read_beside(FILES))
        assert await asyncio.to_thread(begun.wait, 10)
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task
    assert seen.wait(10)
