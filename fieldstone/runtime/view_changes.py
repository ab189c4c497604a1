"""Saving views: for oneself as a row, for others as a component."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from fieldstone.errors import Forbidden, InvalidInput, Problem, Several
from fieldstone.ids import BadId, format_id, parse_id
from fieldstone.metadata.catalog import ObjectDef
from fieldstone.metadata.changes import Proposal
from fieldstone.metadata.component import Component
from fieldstone.metadata.kinds.registry import LIST_VIEW
from fieldstone.metadata.names import component_name
from fieldstone.metadata.rights import SetupArea
from fieldstone.metadata.values import Json, JsonObject, fold, write_json
from fieldstone.query_language.render import render_condition
from fieldstone.runtime.list_views import (
    MINE,
    PREFIX,
    ListView,
    check_view,
    read_view,
)
from fieldstone.runtime.metadata_changes import change_metadata, load_components
from fieldstone.runtime.personal_views import PersonalView, drop_view, keep_view
from fieldstone.runtime.transactions import Transaction

_AUDIENCE: Final = ("permission_sets", "roles")
_BESIDE: Final = frozenset({"name", "personal", "object", "query"})
"""What callers send and see beside the body of a view."""


class NotForOthers(InvalidInput):
    """A view of one's own that names others."""

    code = "view.not_for_others"


def is_personal(name: str) -> bool:
    """Tell whether a view's name is that of one that somebody keeps for themselves."""
    try:
        return parse_id(fold(name))[0] == PREFIX
    except BadId:
        return False


async def keep_own_view(
    tx: Transaction, obj: ObjectDef, view: ListView | None, said: JsonObject
) -> str:
    """Keep a view for the viewer, new or as it is said now; give its name.

    tx must be open for writing. said: what of the body is said, the rest stays. Raises Several,
    InvalidInput, TooManyViews.
    """
    if any(said.get(one) for one in _AUDIENCE):
        message = "A view that you keep for yourself is offered to nobody else."
        raise NotForOthers(message, hint="Send personal as false to share it.")
    body = _checked(obj, _body(obj, {} if view is None else _own_body(view), said))
    check_view(tx, read_view(obj, "", body, personal=True))
    kept = {name: value for name, value in body.items() if name not in ("object", "label")}
    before = None
    if view is not None:
        before = PersonalView(parse_id(view.name)[1], view.label, {})
    label = str(body["label"])
    return format_id(PREFIX, await keep_view(tx, obj, before, label=label, body=write_json(kept)))


async def drop_own_view(tx: Transaction, view: ListView) -> None:
    """Delete a view that the viewer keeps."""
    await drop_view(tx, view.object, parse_id(view.name)[1])


async def declare_view(
    tx: Transaction, obj: ObjectDef, view: ListView | None, said: JsonObject
) -> str:
    """Declare a view for others, new or as it is said now; give its name.

    tx must have been opened by Database.change_metadata. Raises Forbidden, Several.
    """
    _check_setup(tx)
    before = None if view is None else await _declared(tx, view)
    body = _checked(obj, _body(obj, before.body if before else {}, said))
    named = said.get("name")
    own = view.name if view is not None else str(named or _free_name(tx, obj, str(body["label"])))
    own = own.removeprefix(f"{obj.name}.")
    package = before.package if before else None
    component = Component(LIST_VIEW.name, f"{obj.name}.{own}", body, package)
    check_view(
        tx, read_view(obj, own, _new_in(body, before.body if before else {}), personal=False)
    )
    proposal = Proposal(creates=(component,)) if view is None else Proposal(upserts=(component,))
    await change_metadata(tx, proposal)
    return own


async def remove_view(tx: Transaction, view: ListView) -> None:
    """Remove a view that is declared for others.

    tx must have been opened by Database.change_metadata. Raises Forbidden.
    """
    _check_setup(tx)
    key = (LIST_VIEW.name, fold(_full(view.object, view)))
    await change_metadata(tx, Proposal(removals=(key,)))


def _check_setup(tx: Transaction) -> None:
    if not tx.rights.may_set_up(SetupArea.OBJECTS):
        raise Forbidden(
            "You may not change what others are offered.", hint="Keep a view for yourself."
        )


def _full(obj: ObjectDef, view: ListView) -> str:
    return f"{obj.name}.{view.name}"


async def _declared(tx: Transaction, view: ListView) -> Component | None:
    """Give a view as it was declared: the catalog has its label in the viewer's language."""
    key = (LIST_VIEW.name, fold(_full(view.object, view)))
    rows = [one.component for one in await load_components(tx) if one.deleted_at is None]
    return next((one for one in rows if one.key == key), None)


def _own_body(view: ListView) -> JsonObject:
    """Give the body of a view that somebody keeps for themselves."""
    return {
        "label": view.label,
        "columns": list(view.columns),
        "where": None if view.condition is None else render_condition(view.condition),
        "scope": MINE if view.mine else "everything",
        "sort": [{"path": one.path, "descending": one.descending} for one in view.sort],
        "description": view.description,
    }


def _body(obj: ObjectDef, before: JsonObject, said: JsonObject) -> JsonObject:
    """Give a body as it is said now; what is said to be nothing goes."""
    told = {name: value for name, value in said.items() if name not in _BESIDE}
    body = {**before, **told, "object": before.get("object", obj.name)}
    return {name: value for name, value in body.items() if not _is_nothing(value)}


def _new_in(body: JsonObject, before: JsonObject) -> JsonObject:
    """Give a body without what it said before: others may be shown more than who changes it."""
    told = dict(body)
    for name in ("columns", "sort"):
        held = before.get(name)
        old = held if isinstance(held, list | tuple) else ()
        new = told.get(name)
        told[name] = [one for one in (new if isinstance(new, list) else ()) if one not in old]
    if told.get("where") == before.get("where"):
        told.pop("where", None)
    return told


def _is_nothing(value: Json) -> bool:
    return value is None or value in ("", [])


def _checked(obj: ObjectDef, body: JsonObject) -> JsonObject:
    """Give a body whose shape is right. Raises Several."""
    problems: Iterable[Problem] = LIST_VIEW.problems(Component(LIST_VIEW.name, obj.name, body))
    if found := list(problems):
        raise Several(found)
    return body


def _free_name(tx: Transaction, obj: ObjectDef, label: str) -> str:
    """Make the name of a view out of its label, one that no other view has."""
    wanted = component_name(label)[:70] or "View"
    wanted = wanted if wanted[0].isalpha() else f"View_{wanted}"
    taken = {fold(one.name) for one in tx.catalog.declared_for(LIST_VIEW.name, obj)}
    names = (wanted, *(f"{wanted}_{number}" for number in range(2, len(taken) + 3)))
    return next(one for one in names if fold(one) not in taken)
