"""Static files: read once, compressed once, and kept by browsers for ever.

Their address holds a digest of all of them, so that a page always loads files of its own version;
addresses inside style sheets and modules are relative and stay within it.
"""

from __future__ import annotations

import gzip
import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from importlib.resources import files
from importlib.resources.abc import Traversable
from types import MappingProxyType
from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from fieldstone.errors import NotFound

PREFIX: Final = "/static"
_TYPES: Final = {
    "css": "text/css; charset=utf-8",
    "js": "text/javascript; charset=utf-8",
    "json": "application/json",
    "svg": "image/svg+xml",
    "txt": "text/plain; charset=utf-8",
    "woff2": "font/woff2",
}
_FOR_EVER: Final = "public, max-age=31536000, immutable"
_SYMBOL: Final = re.compile(rb'id="tabler-([a-z0-9-]+)"')
_SPRITE: Final = "vendor/icons.svg"


class UnknownFile(NotFound):
    """No static file of this name."""

    code = "page.unknown_file"


@dataclass(frozen=True)
class Asset:
    """One file."""

    content: bytes
    media_type: str

    @cached_property
    def packed(self) -> bytes | None:
        """The same bytes in gzip, made when first asked for; None where that gains nothing."""
        if self.media_type == _TYPES["woff2"]:
            return None
        packed = gzip.compress(self.content, 9, mtime=0)
        return packed if len(packed) < len(self.content) else None


@dataclass(frozen=True, slots=True)
class Assets:
    """All static files. version: a digest of them. icons: the names in the sprite."""

    by_path: Mapping[str, Asset]
    version: str
    icons: frozenset[str]

    def address(self, path: str) -> str:
        """Give the address of a file, such as css/theme.css."""
        return f"{PREFIX}/{self.version}/{path}"

    async def serve(self, request: Request) -> Response:
        """GET /static/{version}/{path}: one file. An old version gives the newest, kept briefly."""
        asset = self.by_path.get(request.path_params["path"])
        if asset is None:
            raise UnknownFile("There is no such file.")
        current = request.path_params["version"] == self.version
        headers = {
            "Cache-Control": _FOR_EVER if current else "public, max-age=60",
            "Vary": "Accept-Encoding",
        }
        takes_packed = "gzip" in request.headers.get("accept-encoding", "")
        if takes_packed and asset.packed is not None:
            headers["Content-Encoding"] = "gzip"
            return Response(asset.packed, headers=headers, media_type=asset.media_type)
        return Response(asset.content, headers=headers, media_type=asset.media_type)


def load_assets(root: Traversable | None = None) -> Assets:
    """Read all files below a directory, the package's own if none is given."""
    found = dict(_walk(root or files("fieldstone.ui_generator").joinpath("static"), ""))
    digest = hashlib.sha256()
    for path in sorted(found):
        digest.update(path.encode() + b"\0" + found[path] + b"\0")
    assets = {
        path: Asset(content, _TYPES[path.rpartition(".")[2]]) for path, content in found.items()
    }
    icons = frozenset(name.decode() for name in _SYMBOL.findall(found.get(_SPRITE, b"")))
    return Assets(MappingProxyType(assets), digest.hexdigest()[:12], icons)


def _walk(place: Traversable, path: str) -> list[tuple[str, bytes]]:
    found: list[tuple[str, bytes]] = []
    for entry in place.iterdir():
        inner = f"{path}/{entry.name}" if path else entry.name
        if entry.is_dir():
            found.extend(_walk(entry, inner))
        elif entry.name.rpartition(".")[2] in _TYPES:
            found.append((inner, entry.read_bytes()))
    return found
