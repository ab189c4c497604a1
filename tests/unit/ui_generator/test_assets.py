"""Static files: found by a version of all of them, compressed, and light enough."""

from __future__ import annotations

from pathlib import Path

import pytest

from fieldstone.ui_generator.assets import load_assets

BASE_PAGE = (
    "vendor/tabler.min.css",
    "vendor/inter.css",
    "vendor/inter-latin-wght-normal.woff2",
    "vendor/htmx.min.js",
    "vendor/icons.svg",
)
MOST_BYTES = 170_000


@pytest.fixture
def built(request: pytest.FixtureRequest) -> None:
    """Skip where the pages' files were not built, as in an installation without pages."""
    if "vendor/htmx.min.js" not in load_assets().by_path:
        pytest.skip("the files of the pages are not built")


def test_an_address_names_the_version_and_changes_with_any_file(tmp_path: Path) -> None:
    (tmp_path / "css").mkdir()
    (tmp_path / "css" / "a.css").write_text("a {}")
    before = load_assets(tmp_path)
    (tmp_path / "b.js").write_text("1")

    after = load_assets(tmp_path)

    assert before.address("css/a.css") == f"/static/{before.version}/css/a.css"
    assert before.version != after.version


def test_only_files_that_pages_load_are_served(tmp_path: Path) -> None:
    (tmp_path / "a.css").write_text("a {}")
    (tmp_path / "a.py").write_text("1")

    assert set(load_assets(tmp_path).by_path) == {"a.css"}


@pytest.mark.usefixtures("built")
def test_the_base_page_is_light() -> None:
    files = load_assets().by_path
    own = [path for path in files if path.startswith(("css/", "js/"))]

    sizes = [len(files[path].packed or files[path].content) for path in (*BASE_PAGE, *own)]

    assert sum(sizes) <= MOST_BYTES


@pytest.mark.usefixtures("built")
def test_icons_are_known_by_name() -> None:
    assert {"home", "plus", "x", "search", "filter", "alert-triangle"} <= load_assets().icons
