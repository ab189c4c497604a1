"""The pages of objects and records, as formulas name them: $Action.Deal.View."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from fieldstone.metadata.catalog import Catalog
from fieldstone.metadata.names import suggestion
from fieldstone.metadata.rights import Rights
from fieldstone.metadata.values import fold
from fieldstone.query_language.formula.errors import UnknownName
from fieldstone.query_language.formula.object_fields import object_named
from fieldstone.query_language.functions.urlfor import RECORD
from fieldstone.query_language.syntax import Path

ACTION: Final = "$action"
PAGES: Final[Mapping[str, str]] = {
    "View": f"/admin/{{}}/{RECORD}",
    "Edit": f"/admin/{{}}/{RECORD}/edit",
    "New": "/admin/{}/new",
    "List": "/admin/{}",
}
"""The addresses of pages. They are those of ui_generator, which this room may not ask."""

_BY_NAME: Final = {**{fold(name): page for name, page in PAGES.items()}, "tab": PAGES["List"]}


def page_of(path: Path, catalog: Catalog, rights: Rights) -> str:
    """Give the address that $Action.Deal.View means, for URLFOR and LINKTO. Raises UnknownName."""
    obj = object_named(path, catalog, rights)
    name = path.names[2] if len(path.names) == 3 else ""
    page = _BY_NAME.get(fold(name))
    if page is None:
        known = suggestion(name, PAGES) or f"There are {', '.join(PAGES)}."
        raise UnknownName(f"{obj.label} has no page {name[:80]}.", at=path.span, hint=known)
    before, _, behind = page.partition("{}")
    return f"{before}{obj.name}{behind}"
