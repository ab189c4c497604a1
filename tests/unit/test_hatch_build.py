"""The pages' files are built once, from pinned packages, and stay light."""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
import re
from pathlib import Path

import pytest

from hatch_build import is_built, make_stamp, vendor_directory
from tests.support.source import ROOT

VENDOR = vendor_directory(ROOT)
# What every page loads; the rest loads only where it is used.
BASE = ("inter.css", "tabler.min.css", "htmx.min.js", "tabler.min.js", "icons.svg")
BASE_FONT = "inter-latin-wght-normal.woff2"
LARGEST_BASE_BYTES = 150_000


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A source tree with a frontend that was built."""
    (tmp_path / "frontend" / "src").mkdir(parents=True)
    (tmp_path / "frontend" / "src" / "page.js").write_text("one")
    manifest = vendor_directory(tmp_path) / "MANIFEST.json"
    manifest.parent.mkdir(parents=True)
    manifest.write_text(json.dumps({"stamp": make_stamp(tmp_path)}))
    return tmp_path


def test_what_was_built_from_the_same_sources_is_not_built_again(tree: Path) -> None:
    (tree / "frontend" / "node_modules").mkdir()
    (tree / "frontend" / "node_modules" / "anything.js").write_text("x")

    assert is_built(tree)


def test_changed_source_is_built_again(tree: Path) -> None:
    (tree / "frontend" / "src" / "page.js").write_text("two")

    assert not is_built(tree)


def test_manifest_gives_the_digest_of_every_file() -> None:
    told = json.loads((VENDOR / "MANIFEST.json").read_text())["files"]

    found = {
        path.name: f"sha384-{base64.b64encode(hashlib.sha384(path.read_bytes()).digest()).decode()}"
        for path in VENDOR.iterdir()
        if path.name != "MANIFEST.json"
    }

    assert told == found


def test_what_every_page_loads_is_light() -> None:
    packed = {name: len(gzip.compress((VENDOR / name).read_bytes(), 9)) for name in BASE}
    packed[BASE_FONT] = (VENDOR / BASE_FONT).stat().st_size

    assert sum(packed.values()) <= LARGEST_BASE_BYTES, packed


def test_sprite_holds_the_listed_icons_and_no_others() -> None:
    lines = (ROOT / "frontend" / "icons.txt").read_text().splitlines()
    listed = {line for line in lines if line and not line.startswith("#")}
    names = {re.sub(r"^filled/(.*)$", r"\1-filled", name) for name in listed}

    held = set(re.findall(r'<symbol id="tabler-([^"]+)"', (VENDOR / "icons.svg").read_text()))

    assert held == names


@pytest.mark.parametrize(
    "name", ["btn", "card", "modal", "offcanvas", "dropdown-menu", "toast", "row"]
)
def test_cut_style_sheet_keeps_what_pages_are_made_of(name: str) -> None:
    assert f".{name}{{" in (VENDOR / "tabler.min.css").read_text()


def test_licence_of_every_package_is_shipped() -> None:
    locked = json.loads((ROOT / "frontend" / "package-lock.json").read_text())["packages"]
    shipped = [path for path, facts in locked.items() if path and not facts.get("dev")]

    text = (VENDOR / "LICENSES.txt").read_text()

    assert [p for p in shipped if f"## {p.removeprefix('node_modules/')} " not in text] == []


def test_npm_lock_file_names_no_registry_and_pins_by_digest() -> None:
    locked = json.loads((ROOT / "frontend" / "package-lock.json").read_text())["packages"]
    packages = {path: facts for path, facts in locked.items() if path}

    assert [path for path, facts in packages.items() if "resolved" in facts] == []
    assert [path for path, facts in packages.items() if "integrity" not in facts] == []
