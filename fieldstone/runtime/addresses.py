"""Addresses that pages may lead to: of the web, mail and telephone, and of this site."""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import urlsplit

from fieldstone.metadata.kinds.web_link import LINK_SCHEMES

_NOT_IN_ADDRESSES: Final = re.compile(r"[\x00-\x20\\\x7f]")


def is_safe(address: str) -> bool:
    """Tell whether following an address opens a page, a mail or a call, and runs nothing.

    Browsers read a backslash as a slash and drop control characters, so neither may be in one.
    """
    if not address or _NOT_IN_ADDRESSES.search(address):
        return False
    if address.startswith("/"):
        return not address.startswith("//")
    try:
        parts = urlsplit(address)
    except ValueError:
        return False
    is_of_web = parts.scheme in ("http", "https")
    return parts.scheme in LINK_SCHEMES and bool(parts.netloc) is is_of_web


def is_outside(address: str) -> bool:
    """Tell whether an address leads away from this site."""
    return not address.startswith("/")
