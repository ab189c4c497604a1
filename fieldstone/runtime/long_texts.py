"""Long texts are read beside the event loop, lest everybody waits while somebody's is read.

A query of 100,000 characters takes about a second to be read and planned. There is one thread for
all of them, so that they wait for each other and take no more than a share of the processor.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Final, TypeVar

LONG: Final = 4_000
"""Characters from which on it is worth a thread: about 20 ms of work."""

_THREAD: Final = ThreadPoolExecutor(max_workers=1, thread_name_prefix="long-texts")
T = TypeVar("T")


async def worked_out(work: Callable[[], T], length: int) -> T:
    """Give what work gives, worked out beside the event loop where the text is long.

    work: touches nothing that others may change meanwhile. length: of its text, in characters.
    """
    if length <= LONG:
        return work()
    return await asyncio.get_running_loop().run_in_executor(_THREAD, work)
