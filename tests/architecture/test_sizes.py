"""Files, functions and classes stay small enough to be read in one go."""

from __future__ import annotations

import ast

from tests.support.source import Function, Source, load_sources

LINES_OF_A_FILE = 500
LINES_OF_A_FUNCTION = 60
METHODS_OF_A_CLASS = 20
# What may be larger, each with its reason.
LARGE_FILES: dict[str, str] = {}
LARGE_FUNCTIONS: dict[str, str] = {}
LARGE_CLASSES = {
    "fieldstone/query_language/_builder.py::Builder": "Lark asks for one method a rule of grammar",
}


def length(node: ast.stmt) -> int:
    """Count the lines of a statement."""
    return (node.end_lineno or node.lineno) - node.lineno + 1


def named(source: Source, node: Function | ast.ClassDef) -> str:
    """Name a function or class as the lists of exceptions do."""
    return f"{source.name}::{node.name}"


def test_files_have_at_most_500_lines() -> None:
    lines = {source.name: source.text.count("\n") for source in load_sources(".")}

    large = {name: count for name, count in lines.items() if count > LINES_OF_A_FILE}

    assert large.keys() == LARGE_FILES.keys()


def test_functions_have_at_most_60_lines() -> None:
    large = {
        named(source, function): length(function)
        for source in load_sources(".")
        for function in source.functions()
        if length(function) > LINES_OF_A_FUNCTION
    }

    assert large.keys() == LARGE_FUNCTIONS.keys()


def test_classes_have_at_most_20_methods() -> None:
    methods = {
        named(source, found): sum(isinstance(part, Function) for part in found.body)
        for source in load_sources("fieldstone")
        for found in source.classes()
    }

    large = {name: count for name, count in methods.items() if count > METHODS_OF_A_CLASS}

    assert large.keys() == LARGE_CLASSES.keys()
