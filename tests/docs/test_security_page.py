"""The page on security has every line of the standard, and names tests that exist."""

from __future__ import annotations

import re

from tests.support.source import ROOT

PAGE = (ROOT / "docs" / "security.md").read_text()
ROWS = re.findall(r"^\| (\d+\.\d+\.\d+) \| (\w+) \| (.+?) \| (.+?) \|$", PAGE, re.MULTILINE)
PROOF = re.compile(r"`([a-z_/]+/test_\w+)(?:::(test_\w+))?`")
WORDS = {"yes", "partly", "no", "operator", "none"}
# How many requirements each section of ASVS 5.0.0 has at levels 1 and 2; they come first in each.
SECTIONS = {
    "1.1": 2,
    "1.2": 9,
    "1.3": 11,
    "1.4": 3,
    "1.5": 2,
    "2.1": 3,
    "2.2": 3,
    "2.3": 4,
    "2.4": 1,
    "3.2": 2,
    "3.3": 4,
    "3.4": 6,
    "3.5": 5,
    "3.7": 2,
    "4.1": 3,
    "4.2": 1,
    "4.3": 2,
    "4.4": 4,
    "5.1": 1,
    "5.2": 3,
    "5.3": 2,
    "5.4": 3,
    "6.1": 3,
    "6.2": 12,
    "6.3": 4,
    "6.4": 4,
    "6.5": 5,
    "6.6": 3,
    "6.8": 4,
    "7.1": 3,
    "7.2": 4,
    "7.3": 2,
    "7.4": 5,
    "7.5": 2,
    "7.6": 2,
    "8.1": 2,
    "8.2": 3,
    "8.3": 1,
    "8.4": 1,
    "9.1": 3,
    "9.2": 4,
    "10.1": 2,
    "10.2": 2,
    "10.3": 4,
    "10.4": 11,
    "10.5": 5,
    "10.6": 2,
    "10.7": 3,
    "11.1": 2,
    "11.2": 3,
    "11.3": 3,
    "11.4": 4,
    "11.5": 1,
    "11.6": 1,
    "12.1": 3,
    "12.2": 2,
    "12.3": 4,
    "13.1": 1,
    "13.2": 5,
    "13.3": 2,
    "13.4": 5,
    "14.1": 2,
    "14.2": 4,
    "14.3": 3,
    "15.1": 3,
    "15.2": 3,
    "15.3": 7,
    "16.1": 1,
    "16.2": 5,
    "16.3": 4,
    "16.4": 3,
    "16.5": 3,
    "17.1": 1,
    "17.2": 4,
    "17.3": 2,
}


def test_every_requirement_has_its_line() -> None:
    wanted = [f"{one}.{n}" for one, most in SECTIONS.items() for n in range(1, most + 1)]

    assert [row[0] for row in ROWS] == wanted
    assert {row[1] for row in ROWS} <= WORDS


def test_every_test_that_is_named_exists() -> None:
    missing = []
    for path, name in PROOF.findall(PAGE):
        file = ROOT / "tests" / f"{path}.py"
        if not file.exists() or (name and f"def {name}(" not in file.read_text()):
            missing.append(f"{path}::{name}")

    assert missing == []


def test_what_is_said_to_be_tried_is_written_as_a_test() -> None:
    odd = [row[0] for row in ROWS if row[3] != "\N{EN DASH}" and not PROOF.findall(row[3])]

    assert odd == []
