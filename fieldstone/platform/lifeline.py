"""A process that was started for another one ends with it, even if that one is killed.

The starter keeps the writing end of a pipe open for as long as it lives; the started process
reads from the other end and is told by the end of the file.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Mapping
from threading import Thread
from typing import Final

VARIABLE: Final = "FIELDSTONE_LIFELINE"


def watch(variables: Mapping[str, str]) -> None:
    """Send this process SIGTERM once its starter is gone; nothing if it was started by hand."""
    number = variables.get(VARIABLE)
    if number is not None:
        Thread(target=_wait, args=(int(number),), daemon=True, name="lifeline").start()


def _wait(descriptor: int) -> None:
    while os.read(descriptor, 1):
        pass
    os.kill(os.getpid(), signal.SIGTERM)
