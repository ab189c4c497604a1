"""File and image: references to uploaded files."""

from __future__ import annotations

from typing import Any

import pytest

from fieldstone.errors import BadValue
from fieldstone.metadata.field_types.file import File, FileOptions, Image

OPTIONS = FileOptions(size_bytes=1000)


def a_file(**changed: Any) -> dict[str, Any]:
    told = {"id": "file_1a", "name": "a.pdf", "size_bytes": 5, "content_type": "application/pdf"}
    return told | changed


def test_a_file_is_shown_by_its_name():
    assert File().show(File().accept(a_file(), OPTIONS), OPTIONS) == "a.pdf"


@pytest.mark.parametrize(
    "changed",
    [
        {"id": "contact_1"},
        {"id": "file_01"},
        {"name": " "},
        {"size_bytes": -1},
        {"size_bytes": True},
        {"size_bytes": 1001},
        {"content_type": "pdf"},
        {"more": 1},
    ],
)
def test_what_is_no_file_is_refused(changed):
    with pytest.raises(BadValue):
        File().accept(a_file(**changed), OPTIONS)


def test_an_image_is_of_an_image_type():
    with pytest.raises(BadValue, match="not an image"):
        Image().accept(a_file(), OPTIONS)


def test_a_file_is_not_read_from_text():
    with pytest.raises(BadValue, match="cannot be read from text"):
        File().parse("a.pdf", OPTIONS)
