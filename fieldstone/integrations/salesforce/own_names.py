"""Names of parts: what people called a layout becomes the name of a component."""

from __future__ import annotations

import re
from hashlib import sha256
from typing import Final
from unicodedata import normalize

from fieldstone.metadata.names import MAX_NAME_LENGTH
from fieldstone.metadata.values import fold

_NO_LETTERS: Final = re.compile(r"[^A-Za-z0-9_]+")
_MANY: Final = re.compile(r"_{3,}")
_DIGITS: Final = 8


def own_name(written: str) -> str:
    """Give a name that a part can have: Property Layout becomes Property_Layout.

    Where letters cannot stay, or not all of a long name, its end tells apart what else would be
    called the same.
    """
    written = normalize("NFC", written)
    name = _MANY.sub("__", _NO_LETTERS.sub("_", written)).strip("_")
    made = name if name[:1].isalpha() else f"X{name}"
    is_lossy = any(one.isalnum() and not one.isascii() for one in written) or not name
    if is_lossy or len(made) > MAX_NAME_LENGTH:
        return distinct(made, written)
    return made.strip("_")


def distinct(name: str, written: str) -> str:
    """Give a name with an end that only this writing of it has, whatever its case."""
    told = fold(normalize("NFC", written)).encode("utf-8", "surrogatepass")
    end = f"_{sha256(told).hexdigest()[:_DIGITS]}"
    return name[: MAX_NAME_LENGTH - len(end)].strip("_") + end
