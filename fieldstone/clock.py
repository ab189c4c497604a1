"""The time, as an argument: code asks a clock, so that tests can hold it still.

Zones are read from the package tzdata alone and never from the machine, whose edition is anybody's
guess: so all processes that run one version of Fieldstone show an instant on the same clocks.
"""

from __future__ import annotations

from datetime import UTC, datetime
from functools import lru_cache
from importlib.resources import files
from typing import Final, Protocol
from zoneinfo import ZoneInfo

_ZONES: Final = "tzdata.zoneinfo"
_KEPT: Final = 600


class UnknownZone(Exception):
    """No time zone of this name."""


class Clock(Protocol):
    """Tells the present instant."""

    def now(self) -> datetime:
        """Give the present instant, aware and in UTC."""
        ...


class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        """Give the present instant, aware and in UTC."""
        return datetime.now(UTC)


@lru_cache(maxsize=1)
def zone_names() -> frozenset[str]:
    """Give the names of all time zones."""
    return frozenset(files("tzdata").joinpath("zones").read_text().split())


@lru_cache(maxsize=_KEPT)
def zone_named(name: str) -> ZoneInfo:
    """Give the time zone of a name such as Europe/Berlin. Raises UnknownZone."""
    parts = name.split("/")
    if not all(part.replace("-", "").replace("+", "").isidentifier() for part in parts):
        raise UnknownZone(name)
    try:
        with files(_ZONES).joinpath(*parts).open("rb") as file:
            return ZoneInfo.from_file(file, key=name)
    except (OSError, ValueError):
        raise UnknownZone(name) from None
