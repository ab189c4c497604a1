"""A real browser on a real server: one of each for all tests of a worker."""

from __future__ import annotations

import asyncio
import shutil
import socket
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import uvicorn
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from fieldstone.platform.app import build_app, open_engine
from tests.support.app import settings_for
from tests.support.peers import missing
from tests.support.servers import PostgresServer, made_database
from tests.support.source import ROOT

CHROMIUM = ("chromium", "chromium-browser", "google-chrome")
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
]
# Two browsers and two databases share a small machine: what is late is not yet wrong.
expect.set_options(timeout=20_000)
AXE = ROOT / "frontend" / "node_modules" / "axe-core" / "axe.min.js"


class Served:
    """The application on a port of its own, in a thread. Who connects early waits in the queue."""

    def __init__(self, dsn: str) -> None:
        self._settings = settings_for(dsn)
        self._socket = socket.create_server(("127.0.0.1", 0))
        self._thread = threading.Thread(target=lambda: asyncio.run(self._serve()), daemon=True)
        self._server: uvicorn.Server | None = None
        self.url = f"http://127.0.0.1:{self._socket.getsockname()[1]}"

    def start(self) -> None:
        """Serve until stop is called."""
        self._thread.start()

    def stop(self) -> None:
        """Finish what is under way and end."""
        assert self._server is not None, "the server did not start"
        self._server.should_exit = True
        self._thread.join(30)
        self._socket.close()

    async def _serve(self) -> None:
        engine = await open_engine(self._settings)
        try:
            app = build_app(engine, self._settings)
            config = uvicorn.Config(app, lifespan="off", log_level="warning")
            self._server = uvicorn.Server(config)
            await self._server.serve(sockets=[self._socket])
        finally:
            await engine.close()


@pytest.fixture(scope="session")
def site(postgres_server: PostgresServer, app_template: str) -> Iterator[str]:
    """The address of a server with the CRM and a few records in it."""
    with made_database(postgres_server, app_template) as dsn:
        served = Served(dsn)
        served.start()
        try:
            fill(served.url)
            yield served.url
        finally:
            served.stop()


OFFERED: dict[str, dict[str, Any]] = {
    "list_view": {
        "name": "Deal.Proposals",
        "object": "Deal",
        "label": "Proposals",
        "columns": ["name", "company.name", "value"],
        "where": "stage = 'Proposal'",
    },
    "quick_action": {
        "name": "New_Deal",
        "label": "Note a deal",
        "target": "Deal",
        "fields": ["name", "value", "company"],
    },
    "web_link": {
        "name": "Deal.Look_Up",
        "object": "Deal",
        "label": "Look it up",
        "url": "https://search.example/?q={!name}",
        "shown": "button",
    },
    "app": {"name": "Selling", "label": "Selling", "tabs": ["Company", "Deal"]},
}
"""What lists, records and the navigation offer beside what is there anyhow."""


def fill(url: str) -> None:
    """Put records in: enough for a second page, and one with a long name."""
    with httpx.Client(base_url=url, timeout=60) as http:
        company = http.post("/api/records/Company", json={"name": "Bluebird Logistics"}).json()[
            "id"
        ]
        stages = ("Lead", "Proposal", "Closed Won")
        deals = [
            {
                "name": f"Renewal {n:03}",
                "value": n * 1000,
                "stage": stages[n % 3],
                "company": company,
            }
            for n in range(150)
        ]
        deals.append({"name": "Verbrauchsmaterialien und Wartungsdienstleistungen " * 3})
        answer = http.post("/api/records/Deal", json={"records": deals})
        assert answer.is_success, answer.text
        for kind, body in OFFERED.items():
            answer = http.post(f"/api/metadata/components/{kind}", json=body)
            assert answer.is_success, answer.text


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """A running Chromium. It ends with its module, for its driver holds the thread's loop."""
    program = next(filter(None, map(shutil.which, CHROMIUM)), None)
    if program is None:
        missing("Chromium")
    if not (ROOT / "fieldstone" / "ui_generator" / "static" / "vendor").exists():
        missing("what the build of the pages makes")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def context(chromium: Browser, site: str) -> Iterator[BrowserContext]:
    """A browser that remembers nothing, at desktop size."""
    context = chromium.new_context(base_url=site, viewport={"width": 1440, "height": 900})
    yield context
    context.close()


@pytest.fixture
def page(context: BrowserContext) -> Iterator[Page]:
    """A page on which no script may fail and no policy may be broken."""
    page, failures = context.new_page(), []
    page.on("pageerror", lambda error: failures.append(str(error)))
    page.on(
        "console",
        lambda message: (
            failures.append(message.text) if "Content Security Policy" in message.text else None
        ),
    )
    yield page
    assert failures == []


@pytest.fixture(scope="session")
def axe() -> str:
    """The text of axe-core."""
    if not AXE.exists():
        missing("axe-core")
    return Path(AXE).read_text()
