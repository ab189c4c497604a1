"""Writes the reference pages from the code: `./crm docs`, or `python -m docs.generate`."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

from docs.reference_pages import (
    api,
    commands,
    crm_objects,
    errors,
    field_types,
    functions,
    settings,
    widgets,
)

REFERENCE = Path(__file__).parent / "reference"
# A page more: a module in docs/reference_pages with a function render(), and a line here.
PAGES: dict[str, Callable[[], str]] = {
    "api.md": api.render,
    "commands.md": commands.render,
    "crm_objects.md": crm_objects.render,
    "errors.md": errors.render,
    "field_types.md": field_types.render,
    "functions.md": functions.render,
    "settings.md": settings.render,
    "widgets.md": widgets.render,
}
MARK = "<!-- Written by ./crm docs; changes by hand are lost. -->\n\n"


def find_stale() -> dict[Path, str]:
    """Give the pages whose text differs from what the code says now, with their new text."""
    wanted = {REFERENCE / name: MARK + render().rstrip() + "\n" for name, render in PAGES.items()}
    return {
        path: text
        for path, text in wanted.items()
        if not path.exists() or path.read_text(encoding="utf-8") != text
    }


def main() -> int:
    """Write what is stale; with --check only name it, and fail."""
    stale = find_stale()
    if "--check" in sys.argv:
        for path in stale:
            print(f"docs/reference/{path.name} is stale; run ./crm docs.", file=sys.stderr)
        return 1 if stale else 0
    for path, text in stale.items():
        path.write_text(text, encoding="utf-8")
        print(f"wrote docs/reference/{path.name}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
