"""What is public says what it gives."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from tests.support.source import Function, Source, load_sources

FOLDERS = ("fieldstone", "docs", "bench")
Documented = ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef


def public_parts(source: Source) -> Iterator[tuple[str, Documented]]:
    """Give the module and its public classes and functions, each with its place."""
    yield f"{source.name}:1", source.tree
    for node in source.tree.body:
        if isinstance(node, ast.ClassDef | Function) and not node.name.startswith("_"):
            yield source.place(node), node


def all_parts() -> list[tuple[str, Documented]]:
    """Give all public parts; migrations are named by number and read by nobody else."""
    sources = [found for found in load_sources(*FOLDERS) if "/migrations/" not in found.name]
    return [part for source in sources for part in public_parts(source)]


def test_every_public_thing_has_a_docstring() -> None:
    silent = [place for place, node in all_parts() if not ast.get_docstring(node)]

    assert silent == []


def test_first_line_of_a_docstring_is_a_sentence() -> None:
    first = {place: (ast.get_docstring(node) or ".").split("\n")[0] for place, node in all_parts()}

    unfinished = {
        place: line for place, line in first.items() if not line.endswith((".", "…", "?"))
    }

    assert unfinished == {}
