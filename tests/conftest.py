"""What all tests share: the servers, started when the first test needs one."""

from __future__ import annotations

pytest_plugins = ["tests.support.servers", "tests.support.app"]
