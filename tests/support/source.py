"""The project's own source text, parsed, for the tests of its architecture."""

from __future__ import annotations

import ast
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

ROOT = Path(__file__).parents[2]
Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True, slots=True)
class Source:
    """One Python file. name: its path from the project's root."""

    name: str
    text: str
    tree: ast.Module

    def place(self, node: ast.stmt | ast.expr | ast.excepthandler) -> str:
        """Name a place as editors understand it."""
        return f"{self.name}:{node.lineno}"

    def functions(self) -> Iterator[Function]:
        """Give every function and method."""
        for node in ast.walk(self.tree):
            if isinstance(node, Function):
                yield node

    def classes(self) -> Iterator[ast.ClassDef]:
        """Give every class."""
        for node in ast.walk(self.tree):
            if isinstance(node, ast.ClassDef):
                yield node


def load_sources(*folders: str) -> list[Source]:
    """Read the Python files below some folders of the project; folder . stands for all."""
    wanted = tuple(f"{folder}/" for folder in folders if folder != ".")
    return [
        read_source(name)
        for name in list_files()
        if name.endswith(".py") and (not wanted or name.startswith(wanted))
    ]


@lru_cache(maxsize=2000)
def read_source(name: str) -> Source:
    """Read and parse one file."""
    text = (ROOT / name).read_text(encoding="utf-8")
    return Source(name, text, ast.parse(text))


@lru_cache(maxsize=1)
def list_files() -> tuple[str, ...]:
    """Give the files that git tracks, or would if they were added."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    listed = subprocess.run(command, check=True, capture_output=True, text=True, cwd=ROOT).stdout
    return tuple(sorted(name for name in listed.split("\0") if name and (ROOT / name).is_file()))
