"""The world of these tests: each commits, so each has a database of its own."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.support.storage_world import StorageWorld, a_storage_world


@pytest.fixture
async def world(fresh_app_dsn: str) -> AsyncIterator[StorageWorld]:
    """A tenant of a database that this test alone uses."""
    async with a_storage_world(fresh_app_dsn) as made:
        yield made
