"""Constructs that the style bans: SQL from strings, broad catches, state of modules."""

from __future__ import annotations

import ast
import re

import pytest

from tests.support.source import Function, Source, load_sources

RUNS_SQL = {"execute", "executemany", "exec_driver_sql", "fetch", "fetchrow", "fetchval"}
RUNS_SQL |= {
    "fetchmany",
    "scalar",
    "scalars",
    "stream",
    "stream_scalars",
    "cursor",
    "copy_from_query",
}
# The outermost middleware and the job loop answer for whatever nobody foresaw.
MAY_CATCH_ALL = {
    "fieldstone/platform/middleware/errors.py": "the outermost middleware",
    "fieldstone/runtime/job_runs.py": "the job loop",
}
# A database's name cannot be bound as a value.
MAY_NAME_DATABASES = {"fieldstone/platform/database/schema_version.py"}
# Caches without a limit of their own, because their arguments are few.
FEW_ARGUMENTS = {
    "fieldstone/builtin_objects/packages.py::shipped_package": "one for each shipped package",
    "fieldstone/query_language/parse.py::_parser": "one flag",
}
MUTABLE = {"list", "dict", "set", "defaultdict", "deque", "Counter", "OrderedDict", "bytearray"}
MUTATES = {"append", "add", "update", "pop", "setdefault", "clear", "extend", "insert", "remove"}
MUTATES |= {"discard", "popitem", "appendleft"}


def called_name(call: ast.Call) -> str:
    """Give the last name of what is called: execute for connection.execute(...)."""
    match call.func:
        case ast.Attribute(attr=name) | ast.Name(id=name):
            return name
    return ""


def is_built_from_parts(node: ast.expr) -> bool:
    """Tell whether a text is put together where it stands."""
    match node:
        case ast.JoinedStr():
            return True
        case ast.BinOp(op=ast.Mod() | ast.Add(), left=left):
            return is_built_from_parts(left) or isinstance(left, ast.Constant)
        case ast.Call(func=ast.Attribute(attr="format" | "join")):
            return True
    return False


def names_text(node: ast.AST) -> bool:
    """Tell whether a node imports or names SQLAlchemy's text()."""
    match node:
        case ast.ImportFrom(module=str(module), names=names):
            return module.startswith("sqlalchemy") and any(name.name == "text" for name in names)
        case ast.Attribute(attr="text", value=ast.Name(id="sqlalchemy" | "sa")):
            return True
    return False


def catches_all(handler: ast.excepthandler) -> bool:
    """Tell whether a handler takes every exception and does not pass it on."""
    assert isinstance(handler, ast.ExceptHandler)
    kinds = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
    broad = any(
        kind is None or (isinstance(kind, ast.Name) and kind.id in {"Exception", "BaseException"})
        for kind in kinds
    )
    return broad and not isinstance(handler.body[-1], ast.Raise)


def is_mutable(value: ast.expr | None) -> bool:
    """Tell whether a value can be changed in place."""
    if isinstance(value, ast.List | ast.Dict | ast.Set | ast.ListComp | ast.DictComp | ast.SetComp):
        return True
    return isinstance(value, ast.Call) and called_name(value) in MUTABLE


def module_values(source: Source) -> dict[str, ast.expr | None]:
    """Give what a module assigns to names at its top level."""
    values: dict[str, ast.expr | None] = {}
    for node in source.tree.body:
        match node:
            case ast.Assign(targets=[ast.Name(id=name)], value=value):
                values[name] = value
            case ast.AnnAssign(target=ast.Name(id=name), value=annotated):
                values[name] = annotated
    return values


def changed_names(function: Function) -> set[str]:
    """Give the names whose values a function changes in place."""
    found: set[str] = set()
    for node in ast.walk(function):
        match node:
            case ast.Call(func=ast.Attribute(attr=attribute, value=ast.Name(id=name))):
                found |= {name} if attribute in MUTATES else set()
            case ast.Subscript(value=ast.Name(id=name), ctx=ast.Store() | ast.Del()):
                found.add(name)
    return found


def test_sql_is_not_written_as_text() -> None:
    found = [
        f"{source.name}:{getattr(node, 'lineno', 0)}"
        for source in load_sources("fieldstone")
        if "/migrations/" not in source.name
        for node in ast.walk(source.tree)
        if names_text(node)
    ]

    assert found == []


def test_sql_is_not_put_together_from_strings() -> None:
    found = [
        source.place(node)
        for source in load_sources("fieldstone")
        if source.name not in MAY_NAME_DATABASES
        for node in ast.walk(source.tree)
        if isinstance(node, ast.Call) and called_name(node) in RUNS_SQL and node.args
        if is_built_from_parts(node.args[0])
    ]

    assert found == []


def test_exceptions_are_caught_narrowly() -> None:
    found = {
        source.name
        for source in load_sources("fieldstone")
        for node in ast.walk(source.tree)
        if isinstance(node, ast.ExceptHandler) and catches_all(node)
    }

    assert found <= MAY_CATCH_ALL.keys()


def test_modules_hold_constants_alone() -> None:
    found = [
        f"{source.name}: {name}"
        for source in load_sources("fieldstone")
        if "/migrations/" not in source.name
        for name, value in module_values(source).items()
        if is_mutable(value) and not re.fullmatch(r"_{0,2}[A-Z][A-Z0-9_]*_{0,2}", name)
    ]

    assert found == []


def test_constants_are_not_changed() -> None:
    found = [
        f"{source.place(function)}: {name}"
        for source in load_sources("fieldstone")
        for function in source.functions()
        for name in changed_names(function) & module_values(source).keys()
    ]

    assert found == []


def test_caches_have_a_limit() -> None:
    unlimited = {"cache", "functools.cache", "lru_cache(maxsize=None)"}
    found = {
        f"{source.name}::{function.name}"
        for source in load_sources("fieldstone")
        for function in source.functions()
        if unlimited & {ast.unparse(decorator) for decorator in function.decorator_list}
    }

    assert found <= FEW_ARGUMENTS.keys()


@pytest.mark.parametrize(
    "line",
    [
        'c.execute(f"SELECT {x}")',
        'c.fetch("SELECT %s" % x)',
        'c.fetchval("SELECT {}".format(x))',
        'c.execute("SELECT " + x)',
    ],
)
def test_a_statement_put_together_is_recognised(line: str) -> None:
    expression = ast.parse(line).body[0]
    assert isinstance(expression, ast.Expr)
    assert isinstance(expression.value, ast.Call)
    assert is_built_from_parts(expression.value.args[0])
