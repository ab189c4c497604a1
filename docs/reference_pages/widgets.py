"""The page of widgets: how values of each type are shown, edited and filtered."""

from __future__ import annotations

import inspect
from collections.abc import Iterator

from docs.reference_pages.field_types import EXAMPLES
from fieldstone.metadata.field_types.options import build_options
from fieldstone.metadata.field_types.registry import FIELD_TYPES
from fieldstone.ui_generator.filters import WORDS
from fieldstone.ui_generator.widgets.registry import WIDGETS
from fieldstone.ui_generator.widgets.widget import FieldWidget

HEAD = """# Widgets

A field type names the widget that shows and edits its values on [pages](../guides/pages.md). The
words are those of filters in an address, as in `f=stage:is:Won`; what they mean stands below.

"""


def render() -> str:
    """Give the page, one section for each widget."""
    used = _used()
    sections = (_section(widget, used.get(widget.name, [])) for widget in WIDGETS.values())
    words = "".join(f"| `{word.name}` | {word.words} |\n" for word in WORDS.values())
    table = f"## Words of filters\n\n| in the address | on the page |\n| --- | --- |\n{words}"
    return HEAD + "\n".join(sections) + "\n" + table


def _section(widget: FieldWidget, types: list[str]) -> str:
    return f"## {widget.name}\n\n" + "\n".join(_facts(widget, types)) + "\n"


def _facts(widget: FieldWidget, types: list[str]) -> Iterator[str]:
    yield f"{inspect.cleandoc(widget.__doc__ or '')}\n"
    yield f"- Types: {', '.join(f'`{name}`' for name in types) or 'none yet'}"
    if widget.parts != ("",):
        yield f"- Inputs: {', '.join(f'`{part}`' for part in widget.parts if part)}"
    if widget.filter_words:
        yield f"- Words: {', '.join(f'`{word}`' for word in widget.filter_words)}"


def _used() -> dict[str, list[str]]:
    used: dict[str, list[str]] = {}
    for name, kind in FIELD_TYPES.items():
        options = build_options(kind, EXAMPLES[name][0]) if name in EXAMPLES else None
        if options is not None:
            used.setdefault(kind.widget(options).name, []).append(name)
    return used
