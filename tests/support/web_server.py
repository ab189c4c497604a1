"""The application behind a real socket, in a thread of this process, for clients that block."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import uvicorn

from tests.support.app import opened_app

PATIENCE_S = 60.0


@contextmanager
def served_app(dsn: str, data: Path) -> Iterator[str]:
    """Serve the application on a database that has its tenants; give its address for a block."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen(100)
        loop = asyncio.new_event_loop()
        ready, stopping = threading.Event(), asyncio.Event()
        serving = _serve(dsn, data, listening, ready, stopping)
        thread = threading.Thread(target=loop.run_until_complete, args=(serving,))
        thread.start()
        try:
            assert ready.wait(PATIENCE_S), "the application did not start"
            yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        finally:
            loop.call_soon_threadsafe(stopping.set)
            thread.join(PATIENCE_S)
            loop.close()


async def _serve(
    dsn: str, data: Path, listening: socket.socket, ready: threading.Event, stopping: asyncio.Event
) -> None:
    async with opened_app(dsn, data) as app:
        config = uvicorn.Config(app, lifespan="off", log_level="warning", ws="none")
        server = uvicorn.Server(config)
        server.config.load()
        serving = asyncio.create_task(server._serve([listening]))  # signals stay the tests' own
        ready.set()
        await stopping.wait()
        server.should_exit = True
        await serving
