"""What a query shows, as JSON: texts, and objects for what a text does not say as plainly.

| item | JSON |
| --- | --- |
| `company.name` | `"company.name"` or `{"field": "company.name"}` |
| `name AS n` | `{"field": "name", "alias": "n"}` |
| `SUM(amount) total` | `{"expression": {"function": "SUM", …}, "alias": "total"}` |
| `FIELDS(ALL)`, `FIELDS('Card')` | `{"fields": "ALL"}`, `{"fields": "Card"}` |
| `TYPEOF who WHEN A THEN x ELSE y END` | `{"type_of": "who", "when": […], "else": ["y"]}` |
| `(SELECT … FROM deals)` | `{"children": {"object": "deals", …}}` |

A branch of `when` is `{"object": "A", "fields": ["x"]}`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Final, TypeVar, assert_never

from fieldstone.errors import FieldstoneError, Span
from fieldstone.metadata.values import Json, JsonObject
from fieldstone.query_language.json_forms.conditions import ReadQuery, WriteQuery
from fieldstone.query_language.json_forms.expressions import (
    PATH,
    expression_to_json,
    name_from_json,
    operand_from_json,
    path_from_json,
)
from fieldstone.query_language.json_forms.spot import Spot, list_at, object_at
from fieldstone.query_language.parse import parse_items
from fieldstone.query_language.syntax import (
    FIELD_GROUPS,
    Aggregate,
    Call,
    ChildQuery,
    FieldGroup,
    Item,
    Operand,
    Path,
    SelectItem,
    TypeBranch,
    TypeOf,
)

T = TypeVar("T")
MAX_FIELDS: Final = 1_000
_KNOWN: Final = (
    *("field", "expression", "alias", "fields", "children"),
    *("type_of", "when", "else"),
)
_SIMPLE: Final = re.compile(PATH, re.ASCII)


def _group(value: Json, spot: Spot) -> str:
    """Give the name of a kind of fields, or of a field set."""
    name = name_from_json(value, spot, "fields")
    return name.upper() if name.upper() in FIELD_GROUPS else name


def item_to_json(item: Item, write_query: WriteQuery) -> Json:
    """Give the JSON of what a query shows."""
    match item:
        case SelectItem(expression, None) if _is_plain(expression):
            assert isinstance(expression, Path)
            return expression.text
        case SelectItem(expression, alias):
            return {**operand_to_json(expression), **({"alias": alias} if alias else {})}
        case FieldGroup(name):
            return {"fields": name}
        case ChildQuery(query):
            return {"children": write_query(query)}
        case TypeOf(path, branches, otherwise):
            when = [
                {"object": branch.object, "fields": [one.text for one in branch.paths]}
                for branch in branches
            ]
            rest = {"else": [one.text for one in otherwise]} if otherwise else {}
            return {"type_of": path.text, "when": when, **rest}
        case _:
            assert_never(item)


def operand_to_json(operand: Operand) -> JsonObject:
    """Give an operand as a field or an expression, as filters and sort keys name it."""
    if isinstance(operand, Path):
        return {"field": operand.text}
    return {"expression": expression_to_json(operand)}


def named_operand(said: JsonObject, spot: Spot, what: str) -> Operand:
    """Give what an object names as a field or an expression."""
    if ("field" in said) == ("expression" in said):
        raise spot.wrong(f"{what} has a field or an expression.", 'Write {"field": "name"}.')
    if "field" in said:
        return path_from_json(said["field"], spot.at("field"))
    return operand_from_json(said["expression"], spot.within("expression"))


def items_from_json(value: Json, spot: Spot, read_query: ReadQuery) -> tuple[Item, ...]:
    """Give what a query shows: all fields where nothing is said, the id where the list is empty."""
    if value is None:
        return (FieldGroup("ALL"),)
    if isinstance(value, str):
        return in_text(value, spot, parse_items) if value.strip() else _only_id(spot)
    if not isinstance(value, list | tuple):
        raise spot.wrong("fields must be a list of texts.", 'Write "fields": ["name", "amount"].')
    if len(value) > MAX_FIELDS:
        raise spot.wrong(f"A query shows at most {MAX_FIELDS} fields.")
    items: list[Item] = []
    for number, one in enumerate(value):
        items.extend(_read(one, spot.within(number), read_query))
    _check_row_count(items, spot)
    return tuple(items) or _only_id(spot)


def in_text(text: str, spot: Spot, parse: Callable[[str], T]) -> T:
    """Read a text within JSON; what is wrong with it is told at its pointer, with the column."""
    try:
        return parse(text)
    except FieldstoneError as error:
        problem = error.problem
        place = problem.at if isinstance(problem.at, Span) else None
        details = None if place is None else {"column": place.column}
        raise type(error)(
            problem.message, at=spot.pointer, hint=problem.hint, details=details
        ) from None


def _read(value: Json, spot: Spot, read_query: ReadQuery) -> tuple[Item, ...]:
    if isinstance(value, str):
        if _is_simple(value):
            path = path_from_json(value, spot)
            return (SelectItem(path, None, path.span),)
        return in_text(value, spot, parse_items)
    if not isinstance(value, Mapping):
        raise spot.wrong("A field is a text or an object.", 'Write "name" or {"field": "name"}.')
    object_at(value, spot, "A field", _KNOWN)
    if "fields" in value:
        object_at(value, spot, "A field", ("fields",))
        return (FieldGroup(_group(value["fields"], spot.at("fields")), spot.place),)
    if "children" in value:
        object_at(value, spot, "A list of children", ("children",))
        return (ChildQuery(read_query(value["children"], spot.within("children")), spot.place),)
    if "type_of" in value:
        return (_type_of(object_at(value, spot, "A type_of", ("type_of", "when", "else")), spot),)
    return (_select_item(object_at(value, spot, "A field", _KNOWN[:3]), spot),)


def _select_item(said: JsonObject, spot: Spot) -> SelectItem:
    operand = named_operand(said, spot, "A field")
    if isinstance(operand, Call) and operand.name.upper() == "FIELDS":
        raise spot.wrong("FIELDS is no function here.", 'Write {"fields": "ALL"}.')
    alias = said.get("alias")
    name = None if alias is None else name_from_json(alias, spot.at("alias"), "An alias")
    return SelectItem(operand, name, spot.place)


def _type_of(said: JsonObject, spot: Spot) -> TypeOf:
    path = path_from_json(said["type_of"], spot.at("type_of"))
    below = spot.at("when")
    branches = [
        _branch(one, below.within(number))
        for number, one in enumerate(list_at(said.get("when"), below, "when", least=1))
    ]
    otherwise = _paths(said.get("else", []), spot.at("else"), least=0)
    return TypeOf(path, tuple(branches), otherwise, spot.place)


def _branch(value: Json, spot: Spot) -> TypeBranch:
    said = object_at(value, spot, "A branch", ("object", "fields"))
    name = path_from_json(said.get("object"), spot.at("object")).text
    return TypeBranch(name, _paths(said.get("fields"), spot.at("fields"), least=1), spot.place)


def _paths(value: Json, spot: Spot, *, least: int) -> tuple[Path, ...]:
    found = enumerate(list_at(value, spot, "fields", least=least))
    return tuple([path_from_json(one, spot.within(number)) for number, one in found])


def _only_id(spot: Spot) -> tuple[Item, ...]:
    return (SelectItem(Path(("id",), spot.place), None, spot.place),)


def _check_row_count(items: list[Item], spot: Spot) -> None:
    for number, item in enumerate(items):
        match item:
            case SelectItem(Aggregate(arguments=())) if len(items) > 1:
                message = "COUNT() stands alone."
                raise spot.at(number).wrong(message, 'Count the id: {"field": "id"}.')


def _is_plain(expression: Operand) -> bool:
    return isinstance(expression, Path) and _is_simple(expression.text)


def _is_simple(text: str) -> bool:
    """Tell whether a text is read as a path, whatever the language may make of its words."""
    first = text.partition(".")[0].lower()
    return _SIMPLE.fullmatch(text) is not None and first not in ("select", "from", "where")
