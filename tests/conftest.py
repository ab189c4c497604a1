"""What all tests share: the servers, started when the first test needs one."""

from __future__ import annotations

from hypothesis import settings

# Machines differ and are shared: how long an example takes is no property of ours.
settings.register_profile("fieldstone", deadline=None)
settings.load_profile("fieldstone")

pytest_plugins = ["tests.support.servers", "tests.support.app"]
