"""Files are named for what they hold."""

from __future__ import annotations

import re
from pathlib import PurePath

from tests.support.source import list_files

EMPTY_WORDS = {"base", "common", "handler", "handlers", "helper", "helpers", "manager", "managers"}
EMPTY_WORDS |= {"misc", "miscellaneous", "util", "utilities", "utils", "stuff", "core"}
ROOMS = {"api", "builtin_objects", "integrations", "intelligence", "metadata", "platform"}
ROOMS |= {"query_language", "runtime", "ui_generator"}
LEAVES = {"__init__.py", "clock.py", "errors.py", "ids.py", "py.typed"}


def test_no_file_or_folder_is_named_for_nothing() -> None:
    parts = {part for name in list_files() for part in PurePath(name).parts}

    found = {part for part in parts if EMPTY_WORDS & set(re.split(r"[._-]", part.lower()))}

    assert found == set()


def test_the_house_has_its_rooms_and_leaves_and_nothing_else() -> None:
    inside = {PurePath(name).parts[1] for name in list_files() if name.startswith("fieldstone/")}

    assert inside <= ROOMS | LEAVES


def test_python_files_have_lower_case_names() -> None:
    names = [PurePath(name).stem for name in list_files() if name.endswith(".py")]

    assert [name for name in names if not re.fullmatch(r"_{0,2}[a-z0-9_]+", name)] == []
