"""The JSON Schemas (Draft 2020-12) of filters and of whole queries, as they are published.

They say what the readers of this package take, but for what concerns more than one member; words
that stand in any case there stand here as they are written.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from fieldstone.metadata.schemas import DIALECT
from fieldstone.metadata.values import Json, JsonSchema
from fieldstone.query_language.json_forms.conditions import LIST_OPERATORS, OPERATORS
from fieldstone.query_language.json_forms.expressions import NAME, PATH
from fieldstone.query_language.json_forms.items import MAX_FIELDS
from fieldstone.query_language.json_forms.queries import MODES, PURPOSES, SELECTORS, UPDATES
from fieldstone.query_language.json_forms.values import CURRENCY, DATE, DATETIME, PATTERN
from fieldstone.query_language.literals import MAX_COUNT, MAX_RELATIVE_COUNT
from fieldstone.query_language.relative_dates import COUNTED_NAMES, PLAIN_NAMES
from fieldstone.query_language.syntax import Grouping, Sign

_TEXT: Final[Json] = {"type": "string"}
_PATH: Final[Json] = {"type": "string", "pattern": f"^{PATH}$", "examples": ["company.name"]}
_NAME: Final[Json] = {"type": "string", "pattern": f"^{NAME}$"}
_FLAG: Final[Json] = {"type": "boolean"}


def _ref(name: str) -> Json:
    return {"$ref": f"#/$defs/{name}"}


def _object(required: Mapping[str, Json], optional: Mapping[str, Json] | None = None) -> Json:
    return {
        "type": "object",
        "properties": {**required, **(optional or {})},
        "required": list(required),
        "additionalProperties": False,
    }


def _list(items: Json, least: int = 0) -> Json:
    return {"type": "array", "items": items, **({"minItems": least} if least else {})}


def _any(*schemas: Json) -> Json:
    return {"anyOf": list(schemas)}


def _words(*words: str) -> Json:
    return {"type": "string", "enum": list(words)}


def _matching(pattern: str, example: str) -> Json:
    return {"type": "string", "pattern": f"^{pattern}$", "examples": [example]}


_PARAMETER: Final = _object({"parameter": {"type": "string", "minLength": 1}})
_COUNT: Final[Json] = {"type": "integer", "minimum": 0, "maximum": MAX_RELATIVE_COUNT}
_ROWS: Final = _any({"type": "integer", "minimum": 0, "maximum": MAX_COUNT}, _PARAMETER)
_NAMED: Final = _any(_object({"field": _PATH}), _object({"expression": _ref("expression")}))
_NAMED_OR_TEXT: Final = _any(_TEXT, _list(_any(_TEXT, _NAMED)))
_QUERY: Final = _object({"query": _ref("query")})
_TESTS: Final[Mapping[str, Json]] = {
    "op": _any(_words(*OPERATORS, "<>")),
    "value": _ref("expression"),
}
_LIST_TESTS: Final[Mapping[str, Json]] = {
    "op": _words(*LIST_OPERATORS),
    "value": _any(_list(_ref("value"), 1), _PARAMETER, _QUERY),
}
_FUNCTION: Final = _object(
    {"function": _NAME},
    {"arguments": _list(_ref("expression"))},
)
_SOURCE: Final[Mapping[str, Json]] = {"object": _PATH}
_ALIAS: Final[Mapping[str, Json]] = {"alias": _NAME}


def _order() -> Json:
    how: dict[str, Json] = {
        "descending": _FLAG,
        "nulls": {"enum": ["first", "last", "FIRST", "LAST", None]},
    }
    return _any(
        _object({"field": _PATH}, how), _object({"expression": _ref("expression")}, how), _TEXT
    )


def _item() -> Json:
    branch = _object({"object": _PATH, "fields": _list(_PATH, 1)})
    return _any(
        _TEXT,
        _object({"field": _PATH}, _ALIAS),
        _object({"expression": _ref("expression")}, _ALIAS),
        _object({"fields": _NAME}),
        _object({"children": _ref("query")}),
        _object({"type_of": _PATH, "when": _list(branch, 1)}, {"else": _list(_PATH)}),
    )


def _with() -> Json:
    category = _object(
        {"group": _NAME, "selector": _words(*SELECTORS), "categories": _list(_NAME, 1)}
    )
    setting = _object({"name": _NAME, "value": _ref("value")})
    return _any(
        _object({"mode": _words(*MODES)}),
        _object({"data_category": _list(category, 1)}),
        _object({"visibility": _list(setting, 1)}),
    )


def _query() -> Json:
    items = {**_as_object(_list(_item())), "maxItems": MAX_FIELDS}
    condition = _any(_TEXT, _ref("filter"), {"type": "null"})
    return _object(
        _SOURCE,
        {
            **_ALIAS,
            "joins": _list(_object(_SOURCE, _ALIAS)),
            "as_of": _any(_ref("value")),
            "scope": _NAME,
            "distinct": _FLAG,
            "fields": _any(_TEXT, items, {"type": "null"}),
            "where": condition,
            "with": _list(_with()),
            "group_by": _NAMED_OR_TEXT,
            "grouping": _words(*Grouping),
            "having": condition,
            "order_by": _any(_TEXT, _list(_order()), {"type": "null"}),
            "at_most": _ROWS,
            "per": _NAMED_OR_TEXT,
            "offset": _ROWS,
            "for": _list(_words(*PURPOSES)),
            "update": _list(_words(*UPDATES)),
            "all_rows": _FLAG,
        },
    )


def _filter() -> Json:
    return _any(
        _object({"field": _PATH, **_TESTS}),
        _object({"field": _PATH, **_LIST_TESTS}),
        _object({"expression": _ref("expression"), **_TESTS}),
        _object({"expression": _ref("expression"), **_LIST_TESTS}),
        _object({"expression": _FUNCTION}),
        _object({"and": _list(_ref("filter"), 1)}),
        _object({"or": _list(_ref("filter"), 1)}),
        _object({"not": _ref("filter")}),
    )


def _value() -> Json:
    return _any(
        {"type": ["string", "number", "boolean", "null"]},
        _object({"date": _matching(DATE, "2026-03-18")}),
        _object({"datetime": _matching(DATETIME, "2026-03-18T12:00:00Z")}),
        _object({"relative_date": _words(*PLAIN_NAMES)}),
        _object({"relative_date": _words(*COUNTED_NAMES), "count": _COUNT}),
        _object({"currency": _matching(CURRENCY, "EUR"), "amount": {"type": "number"}}),
        _PARAMETER,
        _object({"pattern": {"type": "string", "pattern": f"^{PATTERN}$"}}),
        _object({"word": _matching(r"[^\W\d]\w*", "Won")}),
    )


def _expression() -> Json:
    operation = _object(
        {
            "operator": _words(*(sign.value for sign in Sign), "!=", "=="),
            "operands": _list(_ref("expression"), 1),
        }
    )
    return _any(_ref("value"), _object({"field": _PATH}), _FUNCTION, operation)


def _as_object(schema: Json) -> Mapping[str, Json]:
    assert isinstance(schema, Mapping)
    return schema


_DEFINITIONS: Final[Mapping[str, Json]] = {
    "filter": {**_as_object(_filter()), "description": "A condition that rows meet."},
    "expression": {**_as_object(_expression()), "description": "What has a value for each row."},
    "value": {**_as_object(_value()), "description": "A constant."},
    "query": {**_as_object(_query()), "description": "A whole query."},
}
FILTER_SCHEMA: Final[JsonSchema] = {
    "$schema": DIALECT,
    "title": "Filter",
    "$ref": "#/$defs/filter",
    "$defs": dict(_DEFINITIONS),
}
QUERY_SCHEMA: Final[JsonSchema] = {
    "$schema": DIALECT,
    "title": "Query",
    "$ref": "#/$defs/query",
    "$defs": dict(_DEFINITIONS),
}
SCHEMAS: Final[Mapping[str, JsonSchema]] = {"filter": FILTER_SCHEMA, "query": QUERY_SCHEMA}
"""The schemas by the names under which they are published."""
