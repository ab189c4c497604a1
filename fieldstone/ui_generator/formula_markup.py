"""Links and pictures that formulas make with HYPERLINK and IMAGE, as pages show them.

The planner gives such a field as HTML in which all other text is escaped (toHtml). It is cleaned
once more on its way into the page, so that nothing stands there but links and pictures with
addresses of the web, of mail, or of this site.
"""

from __future__ import annotations

from typing import Final

import nh3
from markupsafe import Markup

from fieldstone.metadata.catalog import Catalog, Field, ObjectDef
from fieldstone.metadata.values import Json
from fieldstone.query_language.formula.record_scope import field_expression
from fieldstone.query_language.functions.markup import holds_markup
from fieldstone.runtime.per_catalog import PerCatalog

TO_HTML: Final = "toHtml"
"""The function of queries that gives a text as HTML."""

_KEPT: Final = 2_000
_GIVES: Final[PerCatalog[bool]] = PerCatalog(_KEPT)
_ATTRIBUTES: Final = {"a": {"href", "target"}, "img": {"src", "alt", "height", "width"}}
_FIXED: Final = {"img": {"loading": "lazy", "referrerpolicy": "no-referrer"}}


def gives_markup(catalog: Catalog, obj: ObjectDef, field: Field) -> bool:
    """Tell whether a field is a formula that makes links or pictures."""
    if field.formula is None:
        return False
    return _GIVES.get(
        catalog, field.id, lambda: holds_markup(field_expression(field, obj, catalog))
    )


def read_markup(value: Json) -> Json:
    """Give the HTML of a value as markup that pages show as it is; None for no value."""
    if not isinstance(value, str) or not value:
        return None
    cleaned = nh3.clean(
        value,
        tags=set(_ATTRIBUTES),
        attributes=_ATTRIBUTES,
        url_schemes={"http", "https", "mailto"},
        set_tag_attribute_values=_FIXED,
    )
    return Markup(cleaned)  # noqa: S704 - cleaned
