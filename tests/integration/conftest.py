"""What integration tests share."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.support.imports import Desk, opened_desk


@pytest.fixture
async def desk(app_dsn: str, tmp_path: Path) -> AsyncIterator[Desk]:
    """An application with nothing but its two tenants, and a place for files."""
    async with opened_desk(app_dsn, tmp_path) as opened:
        yield opened
