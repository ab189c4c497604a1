"""/admin/_lookup: what a reference can point to, while its name is typed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from fieldstone.metadata.catalog import Field, ObjectDef, UnknownField
from fieldstone.metadata.visible import visible_field
from fieldstone.query_language.syntax import Comparison, NullsPlace, Operator, Order, Path, Text
from fieldstone.runtime.asking import database_of, tenant_of, viewer_of
from fieldstone.runtime.transactions import Transaction
from fieldstone.ui_generator.filters import WORDS, Filter
from fieldstone.ui_generator.listing import usual_columns
from fieldstone.ui_generator.reading import Row, Wanted, fetch_rows, title_of, visible_object
from fieldstone.ui_generator.references import targets_of
from fieldstone.ui_generator.shell import part
from fieldstone.ui_generator.viewing import Viewing, viewing_of
from fieldstone.ui_generator.widgets.record import TYPED
from fieldstone.ui_generator.widgets.registry import widget_of

MOST_HITS: Final = 8
_MOST_TARGETS: Final = 6
_LONGEST: Final = 200


@dataclass(frozen=True, slots=True)
class Hit:
    """A record that may be chosen. facts: two telling values."""

    id: str
    name: str
    facts: str


async def show_matches(request: Request) -> Response:
    """GET /admin/_lookup?object=&field=&q=: options for a listbox; without a text the newest."""
    asked = request.query_params
    typed = asked.get(f"{asked.get('field', '')}.{TYPED}", "")
    text = (asked.get("q") or typed).strip()[:_LONGEST]
    async with database_of(request).read(tenant_of(request), viewer_of(request)) as tx:
        obj = visible_object(tx, asked.get("object", ""))
        field = visible_field(obj, tx.rights, asked.get("field", ""))
        targets = targets_of(tx, field)
        if not targets:
            raise UnknownField(f"{obj.label} has no reference {field.name}.")
        hits = [hit for one in targets[:_MOST_TARGETS] for hit in await _matches(tx, one, text)]
        return part(request, "lookup.html", hits=hits[:MOST_HITS], target=targets[0], text=text)


async def _matches(tx: Transaction, target: ObjectDef, text: str) -> list[Hit]:
    """Give records of one object by name: those that begin with the text before the others."""
    facts = [f for f in usual_columns(target, tx.rights)[1:] if not f.references][:2]
    fields, title = (target.title, *facts), Path((target.title.name,))
    if not text:
        newest = (Order(Path(("created_at",)), descending=True, nulls=NullsPlace.LAST),)
        rows = (await fetch_rows(tx, target, fields, Wanted(None, newest, MOST_HITS))).rows
    elif target.title.name == "id":
        where = Comparison(title, Operator.EQUAL, Text(text))
        rows = (await fetch_rows(tx, target, fields, Wanted(where, (), 1))).rows
    else:
        rows = await _by_name(tx, target, fields, text)
    view = viewing_of(tx)
    return [_hit(target, row, facts, view) for row in rows]


async def _by_name(
    tx: Transaction, target: ObjectDef, fields: tuple[Field, ...], text: str
) -> tuple[Row, ...]:
    by_title = (Order(Path((target.title.name,))),)
    found: dict[str, Row] = {}
    for word in (WORDS["starts"], WORDS["contains"]):
        where = Filter(target.title, word, text).condition()
        page = await fetch_rows(tx, target, fields, Wanted(where, by_title, MOST_HITS))
        for row in page.rows:
            found.setdefault(str(row["id"]), row)
        if len(found) >= MOST_HITS:
            break
    return tuple(found.values())


def _hit(target: ObjectDef, row: Row, facts: list[Field], view: Viewing) -> Hit:
    told = [widget_of(f).plain(row[f.name], f, view) for f in facts if row.get(f.name) is not None]
    return Hit(str(row["id"]), title_of(target, row), " · ".join([target.label, *told]))
