"""Rooms import as the contracts of the project file say, and what is pure stays pure."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

from tests.support.source import ROOT, Function, load_sources


def test_import_contracts_are_kept() -> None:
    # A process of its own: it silences the loggers of the one that it runs in.
    program = Path(sys.executable).with_name("lint-imports")
    done = subprocess.run(
        [program, "--no-cache"], capture_output=True, text=True, cwd=ROOT, check=False
    )

    assert done.returncode == 0, done.stdout


def test_imports_stand_at_the_top_of_the_file() -> None:
    inside = {
        source.place(node)
        for source in load_sources("fieldstone")
        for function in source.functions()
        for node in ast.walk(function)
        if isinstance(node, ast.Import | ast.ImportFrom)
    }

    assert inside == set()


def test_imports_are_absolute() -> None:
    relative = [
        source.place(node)
        for source in load_sources(".")
        for node in ast.walk(source.tree)
        if isinstance(node, ast.ImportFrom) and node.level
    ]

    assert relative == []


def test_metadata_and_queries_await_nothing() -> None:
    waiting = [
        source.place(node)
        for source in load_sources("fieldstone/metadata", "fieldstone/query_language")
        for node in ast.walk(source.tree)
        if isinstance(node, ast.Await | ast.AsyncFunctionDef | ast.AsyncFor | ast.AsyncWith)
    ]

    assert waiting == []


def test_package_files_hold_a_docstring_and_nothing_else() -> None:
    packages = [source for source in load_sources(".") if source.name.endswith("__init__.py")]

    full = [source.name for source in packages if len(source.tree.body) != 1]

    assert full == []
    assert all(ast.get_docstring(source.tree) for source in packages)


def test_functions_do_not_reach_for_globals() -> None:
    reaching = [
        source.place(node)
        for source in load_sources("fieldstone")
        for function in source.functions()
        for node in ast.walk(function)
        if isinstance(node, ast.Global) and isinstance(function, Function)
    ]

    assert reaching == []
