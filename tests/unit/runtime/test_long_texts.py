"""Where texts are read: short ones at once, long ones beside the event loop."""

from __future__ import annotations

import asyncio
import threading

import pytest

from fieldstone.errors import BadValue
from fieldstone.runtime.long_texts import LONG, worked_out


def here() -> str:
    """Give the name of the thread."""
    return threading.current_thread().name


async def test_a_short_text_is_read_at_once():
    assert await worked_out(here, LONG) == here()


async def test_a_long_text_is_read_by_another_thread():
    assert await worked_out(here, LONG + 1) != here()


async def test_others_go_on_while_a_long_text_is_read():
    others = threading.Event()
    asyncio.get_running_loop().call_soon(others.set)

    assert await worked_out(lambda: others.wait(10), LONG + 1)


async def test_what_is_wrong_with_a_long_text_is_told():
    def wrong() -> None:
        raise BadValue("No.")

    with pytest.raises(BadValue):
        await worked_out(wrong, LONG + 1)
