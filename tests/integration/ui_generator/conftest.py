"""A browser without scripts on the whole application."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from starlette.applications import Starlette

from tests.support.pages import Browser, browser_of


@pytest.fixture
async def browser(app: Starlette) -> AsyncIterator[Browser]:
    """A browser without scripts, as the administrator of the tenant default."""
    async with browser_of(app) as browser:
        yield browser
