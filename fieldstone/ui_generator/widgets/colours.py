"""The colours of option tags: ten names, and the nearest of them for any other colour."""

from __future__ import annotations

import colorsys
from collections.abc import Sequence
from typing import Final

from fieldstone.metadata.field_types.choice import Choice

PALETTE: Final = (
    "blue", "green", "amber", "purple", "teal", "orange", "pink", "indigo", "red", "gray",
)  # fmt: skip
_HUES: Final = {
    "red": 0, "orange": 28, "amber": 45, "green": 140, "teal": 175, "blue": 207, "indigo": 230,
    "purple": 275, "pink": 330,
}  # fmt: skip
_ALSO: Final = {"grey": "gray", "yellow": "amber", "cyan": "teal", "violet": "purple"}
_LEAST_SATURATION: Final = 0.12


def colour_of(choice: Choice, choices: Sequence[Choice]) -> str:
    """Give the colour of an option's tag: its own, or the next one by its place in the list."""
    own = _ALSO.get(choice.color, choice.color)
    if own in PALETTE:
        return own
    if own.startswith("#"):
        return _nearest(own)
    return PALETTE[choices.index(choice) % len(PALETTE)]


def _nearest(code: str) -> str:
    red, green, blue = (int(code[place : place + 2], 16) / 255 for place in (1, 3, 5))
    hue, _, saturation = colorsys.rgb_to_hls(red, green, blue)
    if saturation < _LEAST_SATURATION:
        return "gray"
    degrees = hue * 360
    return min(
        _HUES, key=lambda name: min(abs(_HUES[name] - degrees), 360 - abs(_HUES[name] - degrees))
    )
