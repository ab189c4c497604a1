"""The reference pages say what the code says."""

from __future__ import annotations

import re
from collections import Counter

from docs.generate import REFERENCE, find_stale
from docs.reference_pages.errors import find_error_classes


def test_generated_pages_are_fresh() -> None:
    assert [path.name for path in find_stale()] == [], "run ./crm docs"


def test_every_error_code_has_a_heading() -> None:
    headings = set(re.findall(r"^### (\S+)$", (REFERENCE / "errors.md").read_text(), re.MULTILINE))

    assert {found.code for found in find_error_classes()} <= headings


def test_every_error_code_is_one_class_in_an_area() -> None:
    counted = Counter(found.code for found in find_error_classes())

    assert [code for code, count in counted.items() if count > 1] == []
    assert [code for code in counted if not re.fullmatch(r"[a-z_]+\.[a-z_]+", code)] == []
