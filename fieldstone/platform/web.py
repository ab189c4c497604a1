"""A web process: serves the application on a socket that its supervisor opened.

Run as `python -m fieldstone.platform.web FD`, with settings in the environment.
"""

from __future__ import annotations

import logging
import os
import socket
import sys

import uvicorn
import uvloop

from fieldstone.platform import lifeline
from fieldstone.platform.app import application
from fieldstone.platform.collector import calm_collector
from fieldstone.platform.demo import add_demo
from fieldstone.platform.settings import load_settings


async def serve(descriptor: int) -> None:
    """Serve until SIGTERM or SIGINT; requests in flight are finished."""
    settings = load_settings(os.environ, {})
    listening = socket.socket(fileno=descriptor)
    async with application(settings) as app:
        if settings.demo:
            await add_demo(app.state.engine)
        calm_collector()
        config = uvicorn.Config(
            app,
            lifespan="off",
            access_log=False,
            log_level="warning",
            server_header=False,
            timeout_graceful_shutdown=20,
            proxy_headers=settings.trusted_proxies is not None,
            forwarded_allow_ips=settings.trusted_proxies,
        )
        await uvicorn.Server(config).serve(sockets=[listening])


def main() -> None:
    """Run the process."""
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(levelname)s %(message)s")
    lifeline.watch(os.environ)
    uvloop.run(serve(int(sys.argv[1])))


if __name__ == "__main__":
    main()
