"""Packages are read beside the event loop, in a thread of their own.

A large one takes long, and what all tenants ask meanwhile must not wait for it. Nor is anything
read on that nobody waits for any more.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from threading import Event
from typing import Final

from fieldstone.metadata.packages import Package, check_size, read_package
from fieldstone.runtime.long_texts import LONG

_THREAD: Final = ThreadPoolExecutor(max_workers=1, thread_name_prefix="packages")


async def read_beside(files: Mapping[str, str]) -> Package:
    """Read a package as read_package does. Raises what it raises."""
    check_size(files)
    if sum(map(len, files.values())) <= LONG:
        return read_package(files)
    ended = Event()
    loop = asyncio.get_running_loop()
    try:
        return await loop.run_in_executor(_THREAD, read_package, files, ended.is_set)
    finally:
        ended.set()
