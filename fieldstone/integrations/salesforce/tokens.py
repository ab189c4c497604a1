"""Tokens that packages write in the place of their namespace, for tools that fill them in.

A package that is brought here has no namespace of its own any more: its names are its own. The
tokens are those of CumulusCI (docs: "Find and Replace", namespace injection).
"""

from __future__ import annotations

import re
from typing import Final

_EMPTY: Final = ("NAMESPACE", "NAMESPACED_ORG", "NAMESPACE_DOT")
_COMPONENTS: Final = ("NAMESPACE_OR_C", "NAMESPACED_ORG_OR_C")
_FALSE: Final = ("MANAGED", "MANAGED_OR_NAMESPACED_ORG", "ALWAYS_NAMESPACE")
_MEANT: Final = {
    **dict.fromkeys(_EMPTY, ""),
    **dict.fromkeys(_COMPONENTS, "c"),
    **dict.fromkeys(_FALSE, "false"),
}
_IN_TEXT: Final = re.compile(rb"%%%([A-Z_]{1,40})%%%")
_IN_NAMES: Final = re.compile("___([A-Z]+(?:_[A-Z]+)*)___|%%%([A-Z_]{1,40})%%%")
_IN_TEXT_TOO: Final = re.compile(rb"___(NAMESPACE|NAMESPACED_ORG|NAMESPACE_OR_C)___")


def without_tokens(data: bytes) -> bytes:
    """Give the contents of a file with its tokens filled in; other words are left as they are."""
    if b"%%%" in data:
        data = _IN_TEXT.sub(_filled, data)
    return _IN_TEXT_TOO.sub(_filled, data) if b"___NAMESPACE" in data else data


def name_without_tokens(path: str) -> str:
    """Give the path of a file with its tokens filled in."""
    return _IN_NAMES.sub(lambda found: _MEANT.get(found[1] or found[2], found[0]), path)


def _filled(found: re.Match[bytes]) -> bytes:
    meant = _MEANT.get(found[1].decode("ascii"))
    return found[0] if meant is None else meant.encode("ascii")
