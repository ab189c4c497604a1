"""What probes of security share."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from starlette.applications import Starlette

from tests.support.scene import Scene, opened_scene


@pytest.fixture
async def scene(app: Starlette) -> AsyncIterator[Scene]:
    """A tenant with a deal, in which Ada may do everything and Ben nothing."""
    async with opened_scene(app) as opened:
        yield opened
