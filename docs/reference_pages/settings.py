"""The page of settings: every one with its variable, default and meaning."""

from __future__ import annotations

from dataclasses import MISSING, Field, fields
from typing import Any

from fieldstone.platform.settings import Settings

HEAD = """# Settings

A setting comes from an option of the command line if that has one, else from its variable, else
from its default. An empty variable counts as unset. A value that makes no sense stops the start,
with all such settings named at once.

| variable | default | meaning |
| --- | --- | --- |
"""
TAIL = """
## Variables that only the start reads

| variable | meaning |
| --- | --- |
| `FIELDSTONE_PG_HOME` | An installed PostgreSQL to embed, such as `/usr/lib/postgresql/15`. |
| `FIELDSTONE_PG_OS_USER` | The account that PostgreSQL runs as when root starts it. |
| `FIELDSTONE_REDIS_SERVER` | An installed Valkey or Redis server to embed. |
| `FIELDSTONE_PYTHON` | The Python that `./crm` makes its virtual environment with. |
| `FIELDSTONE_SKIP_UI` | `1` installs without the pages' files, for the API alone. |
"""


def render() -> str:
    """Give the page, one row for each field of Settings."""
    return HEAD + "".join(_render_row(declared) for declared in fields(Settings)) + TAIL


def _render_row(declared: Field[Any]) -> str:
    facts = declared.metadata
    return f"| `{facts['variable']}` | {_render_default(declared)} | {facts['meaning']} |\n"


def _render_default(declared: Field[Any]) -> str:
    if declared.metadata["shown"]:
        return str(declared.metadata["shown"])
    assert declared.default_factory is not MISSING
    value = declared.default_factory()
    if value is None:
        return "unset"
    shown = {True: "yes", False: "no"}[value] if isinstance(value, bool) else f"{value}"
    return f"`{shown}`"
