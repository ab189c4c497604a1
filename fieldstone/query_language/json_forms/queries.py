"""Whole queries as JSON: one member for each clause, and a text wherever a text says it.

`at_most` is LIMIT, for `limit` is the size of a page where queries are asked. A sort key that says
nothing of nulls puts rows without a value last, unlike in text; `"nulls": null` has them where text
has them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Final, TypeVar, assert_never

import msgspec

from fieldstone.metadata.values import Json, JsonObject, read_json
from fieldstone.query_language.errors import TooLong
from fieldstone.query_language.json_forms.conditions import condition_from_json, condition_to_json
from fieldstone.query_language.json_forms.expressions import (
    name_from_json,
    path_from_json,
)
from fieldstone.query_language.json_forms.items import (
    in_text,
    item_to_json,
    items_from_json,
    named_operand,
    operand_to_json,
)
from fieldstone.query_language.json_forms.spot import (
    Spot,
    choice_at,
    flag_at,
    list_at,
    object_at,
)
from fieldstone.query_language.json_forms.values import (
    parameter_from_json,
    value_from_json,
    value_to_json,
)
from fieldstone.query_language.literals import MAX_COUNT
from fieldstone.query_language.parse import (
    MAX_CHARACTERS,
    parse_instant,
    parse_items,
    parse_new_condition,
    parse_order,
)
from fieldstone.query_language.syntax import (
    AccessMode,
    Bind,
    CategoryFilter,
    Condition,
    DataCategory,
    GroupBy,
    Grouping,
    Instant,
    NullsPlace,
    Operand,
    Order,
    Query,
    SelectItem,
    Source,
    Text,
    Value,
    Visibility,
    With,
)

T = TypeVar("T")
KEYS: Final = (
    *("object", "alias", "joins", "as_of", "scope", "distinct", "fields", "where", "with"),
    *(
        "group_by",
        "grouping",
        "having",
        "order_by",
        "at_most",
        "per",
        "offset",
        "for",
        "update",
        "all_rows",
    ),
)
MODES: Final = ("USER_MODE", "SYSTEM_MODE", "SECURITY_ENFORCED")
SELECTORS: Final = ("AT", "ABOVE", "BELOW", "ABOVE_OR_BELOW")
PURPOSES: Final = ("VIEW", "REFERENCE", "UPDATE")
UPDATES: Final = ("TRACKING", "VIEWSTAT")


def query_to_json(query: Query) -> JsonObject:
    """Give the JSON of a query; what the query leaves out is left out."""
    return dict(_written(query))


def query_from_json(value: Json, spot: Spot) -> Query:
    """Give the query that JSON means."""
    if isinstance(value, Mapping) and "limit" in value:
        raise spot.at("limit").wrong("A query has no limit.", "The number of rows is at_most.")
    said = object_at(value, spot, "A query", KEYS)
    source = _source(said, spot)
    group_by = _group_by(said, spot)
    having = _condition(said.get("having"), spot, "having")
    if having is not None and group_by is None:
        raise spot.at("having").wrong("having stands without group_by.", "Use where.")
    at_most = _count(said.get("at_most"), spot.at("at_most"))
    per = _operands(said.get("per"), spot.at("per"))
    if per and at_most is None:
        raise spot.at("per").wrong("per stands without at_most.")
    return Query(
        select=items_from_json(said.get("fields"), spot.at("fields"), query_from_json),
        source=source,
        joins=_each(said.get("joins"), spot.at("joins"), _join),
        as_of=_as_of(said.get("as_of"), spot),
        scope=_scope(said.get("scope"), spot.at("scope")),
        where=_condition(said.get("where"), spot, "where"),
        with_clauses=_each(said.get("with"), spot.at("with"), _with_from_json),
        group_by=group_by,
        having=having,
        order_by=_order_by(said.get("order_by"), spot.at("order_by")),
        limit=at_most,
        per=per,
        offset=_count(said.get("offset"), spot.at("offset")),
        purposes=_words(said.get("for"), spot.at("for"), PURPOSES),
        updates=_words(said.get("update"), spot.at("update"), UPDATES),
        all_rows=flag_at(said.get("all_rows", False), spot.at("all_rows"), "all_rows"),
        distinct=flag_at(said.get("distinct", False), spot.at("distinct"), "distinct"),
        span=spot.place,
    )


def nulls_last(order_by: tuple[Order, ...]) -> tuple[Order, ...]:
    """Give sort keys that put rows without a value last unless they say otherwise."""
    return tuple(
        order if order.nulls is not None else replace(order, nulls=NullsPlace.LAST)
        for order in order_by
    )


def _written(query: Query) -> Iterator[tuple[str, Json]]:
    yield from _source_to_json(query.source).items()
    if query.joins:
        yield "joins", [_source_to_json(join) for join in query.joins]
    if query.as_of is not None:
        yield "as_of", _instant_to_json(query.as_of)
    if query.scope is not None:
        yield "scope", query.scope
    if query.distinct:
        yield "distinct", True
    yield "fields", [item_to_json(item, query_to_json) for item in query.select]
    yield from _narrowing(query)
    if query.order_by:
        yield "order_by", [_order_to_json(order) for order in query.order_by]
    yield from _tail(query)


def _narrowing(query: Query) -> Iterator[tuple[str, Json]]:
    if query.where is not None:
        yield "where", condition_to_json(query.where, query_to_json)
    if query.with_clauses:
        yield "with", [_with_to_json(clause) for clause in query.with_clauses]
    if query.group_by is not None:
        yield "group_by", [operand_to_json(one) for one in query.group_by.expressions]
        if query.group_by.grouping is not Grouping.PLAIN:
            yield "grouping", query.group_by.grouping.value
    if query.having is not None:
        yield "having", condition_to_json(query.having, query_to_json)


def _tail(query: Query) -> Iterator[tuple[str, Json]]:
    if query.limit is not None:
        yield "at_most", _count_to_json(query.limit)
    if query.per:
        yield "per", [operand_to_json(one) for one in query.per]
    if query.offset is not None:
        yield "offset", _count_to_json(query.offset)
    if query.purposes:
        yield "for", list(query.purposes)
    if query.updates:
        yield "update", list(query.updates)
    if query.all_rows:
        yield "all_rows", True


def _instant_to_json(instant: Instant) -> Json:
    """Give the JSON of an instant; a text alone would be read as that of the language."""
    return {"pattern": instant.pattern} if isinstance(instant, Text) else value_to_json(instant)


def _source_to_json(source: Source) -> dict[str, Json]:
    alias: dict[str, Json] = {} if source.alias is None else {"alias": source.alias}
    return {"object": source.path.text, **alias}


def _order_to_json(order: Order) -> JsonObject:
    said: dict[str, Json] = dict(operand_to_json(order.expression))
    if order.descending:
        said["descending"] = True
    if order.nulls is not NullsPlace.LAST:
        said["nulls"] = None if order.nulls is None else order.nulls.lower()
    return said


def _count_to_json(count: int | Bind) -> Json:
    return value_to_json(count) if isinstance(count, Bind) else count


def _with_to_json(clause: With) -> JsonObject:
    match clause:
        case AccessMode(name):
            return {"mode": name}
        case DataCategory(filters):
            return {
                "data_category": [
                    {
                        "group": one.group,
                        "selector": one.selector,
                        "categories": list(one.categories),
                    }
                    for one in filters
                ]
            }
        case Visibility(settings):
            said = [{"name": name, "value": value_to_json(value)} for name, value in settings]
            return {"visibility": said}
        case _:
            assert_never(clause)


def _source(said: JsonObject, spot: Spot) -> Source:
    name = said.get("object")
    if not isinstance(name, str):
        hint = 'Name it, such as "object": "Contact".'
        raise spot.at("object").wrong("A query needs an object.", hint)
    path = path_from_json(name.strip(), spot.at("object"))
    alias = said.get("alias")
    known = None if alias is None else name_from_json(alias, spot.at("alias"), "An alias")
    return Source(path, known, path.span)


def _join(value: Json, spot: Spot) -> Source:
    return _source(object_at(value, spot, "An entry of joins", ("object", "alias")), spot)


def _scope(value: Json, spot: Spot) -> str | None:
    return None if value is None else name_from_json(value, spot, "A scope")


def _as_of(value: Json, spot: Spot) -> Instant | None:
    if value is None or (isinstance(value, str) and not value.strip()):
        return None
    below = spot.within("as_of")
    if isinstance(value, str):
        return in_text(value, below, parse_instant)
    found = value_from_json(value, below)
    if not isinstance(found, Instant):
        raise below.wrong("as_of is a day or a moment.", 'Write "2026-03-18T12:00:00Z".')
    return found


def _condition(value: Json, spot: Spot, key: str) -> Condition | None:
    if value is None or (isinstance(value, str) and not value.strip()):
        return None
    if isinstance(value, str) and not is_json(value):
        if spot.depth == 0 and key == "where":
            return parse_new_condition(value)
        return in_text(value, spot.at(key), parse_new_condition)
    inner = spot.within(key)
    return filter_at(json_in(value, inner) if isinstance(value, str) else value, inner)


def filter_at(value: Json, spot: Spot) -> Condition:
    """Give the condition that JSON means."""
    return condition_from_json(value, spot, query_from_json)


def is_json(text: str) -> bool:
    """Tell whether a filter that came as text is JSON: no condition begins with a brace."""
    return text.lstrip().startswith("{")


def json_in(text: str, spot: Spot) -> Json:
    """Read JSON that came as text. Raises BadForm, TooLong."""
    if len(text) > MAX_CHARACTERS:
        raise TooLong(f"The text has {len(text)} characters, more than {MAX_CHARACTERS}.")
    try:
        return read_json(text)
    except (msgspec.DecodeError, RecursionError, ValueError) as error:
        raise spot.wrong(f"The filter is not JSON: {error}.") from None


def _group_by(said: JsonObject, spot: Spot) -> GroupBy | None:
    expressions = _operands(said.get("group_by"), spot.at("group_by"))
    if not expressions:
        if said.get("grouping") is not None:
            raise spot.at("grouping").wrong("grouping stands without group_by.")
        return None
    word = said.get("grouping")
    kinds = tuple(Grouping)
    grouping = (
        Grouping.PLAIN
        if word is None
        else Grouping(choice_at(word, spot.at("grouping"), "A grouping", kinds))
    )
    return GroupBy(expressions, grouping, spot.at("group_by").place)


def _operands(value: Json, spot: Spot) -> tuple[Operand, ...]:
    found: list[Operand] = []
    for number, one in enumerate(_listed(value, spot)):
        inner = spot.within(number)
        if isinstance(one, str):
            found.extend(_operands_in(one, inner))
        else:
            said = object_at(one, inner, "An expression", ("field", "expression"))
            found.append(named_operand(said, inner, "This"))
    return tuple(found)


def _operands_in(text: str, spot: Spot) -> Iterator[Operand]:
    for item in in_text(text, spot, parse_items):
        if not isinstance(item, SelectItem) or item.alias is not None:
            raise spot.wrong("A field or an expression stands here.")
        yield item.expression


def _order_by(value: Json, spot: Spot) -> tuple[Order, ...]:
    orders: list[Order] = []
    for number, one in enumerate(_listed(value, spot)):
        inner = spot.within(number)
        if isinstance(one, str):
            orders.extend(nulls_last(in_text(one, inner, parse_order)) if one.strip() else ())
        else:
            orders.append(_order(one, inner))
    return tuple(orders)


def _order(value: Json, spot: Spot) -> Order:
    said = object_at(value, spot, "A sort key", ("field", "expression", "descending", "nulls"))
    nulls: NullsPlace | None = NullsPlace.LAST
    if "nulls" in said:
        word, below = said["nulls"], spot.at("nulls")
        places = tuple(NullsPlace)
        nulls = None if word is None else NullsPlace(choice_at(word, below, "nulls", places))
    descending = flag_at(said.get("descending", False), spot.at("descending"), "descending")
    return Order(named_operand(said, spot, "A sort key"), descending, nulls, spot.place)


def _count(value: Json, spot: Spot) -> int | Bind | None:
    match value:
        case None:
            return None
        case {"parameter": name}:
            object_at(value, spot, "A number of rows", ("parameter",))
            return parameter_from_json(name, spot.at("parameter"))
        case int() if not isinstance(value, bool) and 0 <= value <= MAX_COUNT:
            return value
        case _:
            raise spot.wrong(f"A number of rows is from 0 to {MAX_COUNT}.")


def _with_from_json(value: Json, spot: Spot) -> With:
    said = object_at(value, spot, "A with", ("mode", "data_category", "visibility"))
    match said:
        case {"mode": mode, **others} if not others:
            return AccessMode(choice_at(mode, spot.at("mode"), "A mode", MODES), spot.place)
        case {"data_category": filters, **others} if not others:
            below = spot.at("data_category")
            found = _each(list_at(filters, below, "data_category", least=1), below, _category)
            return DataCategory(found, spot.place)
        case {"visibility": settings, **others} if not others:
            below = spot.at("visibility")
            read = _each(list_at(settings, below, "visibility", least=1), below, _setting)
            return Visibility(read, spot.place)
        case _:
            raise spot.wrong("A with has one member.", 'Write {"mode": "USER_MODE"}.')


def _category(value: Json, spot: Spot) -> CategoryFilter:
    said = object_at(value, spot, "A data category", ("group", "selector", "categories"))
    group = name_from_json(said.get("group"), spot.at("group"), "A group")
    selector = choice_at(said.get("selector"), spot.at("selector"), "A selector", SELECTORS)
    below = spot.at("categories")
    list_at(said.get("categories"), below, "categories", least=1)
    names = _each(said.get("categories"), below, _category_name)
    return CategoryFilter(group, selector, names, spot.place)


def _category_name(value: Json, spot: Spot) -> str:
    return name_from_json(value, spot, "A category")


def _setting(value: Json, spot: Spot) -> tuple[str, Value]:
    said = object_at(value, spot, "A setting", ("name", "value"))
    name = name_from_json(said.get("name"), spot.at("name"), "A setting")
    return name, value_from_json(said.get("value"), spot.within("value"))


def _words(value: Json, spot: Spot, known: tuple[str, ...]) -> tuple[str, ...]:
    return _each(value, spot, lambda one, at: choice_at(one, at, "This", known))


def _each(value: Json, spot: Spot, read: Callable[[Json, Spot], T]) -> tuple[T, ...]:
    """Read the members of a list that may be left out."""
    members = enumerate([] if value is None else list_at(value, spot, "This"))
    return tuple([read(one, spot.within(number)) for number, one in members])


def _listed(value: Json, spot: Spot) -> list[Json]:
    """Give the members of a list; a text alone is the only one, and nothing is none."""
    if value is None:
        return []
    return [value] if isinstance(value, str) else list_at(value, spot, "This")
