"""Python's collector of cycles, told that what a process begins with stays.

By default it looks through everything time and again while records are read and written; a third
of an import's time went there.
"""

from __future__ import annotations

import gc
from typing import Final

_THRESHOLDS: Final = (50_000, 20, 100)


def calm_collector() -> None:
    """Leave out what is there by now, and collect once fifty thousand objects more are alive."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(*_THRESHOLDS)
