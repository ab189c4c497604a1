"""/admin/objects/{Object}/layouts/{name}: where layouts, compact layouts and field sets are made.

Each button gives the draft anew, with what it would look like beside it; saving makes the change.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from fieldstone.errors import FieldstoneError, Forbidden, InvalidInput, NotFound, Problem
from fieldstone.metadata.catalog import Declared, Field, ObjectDef
from fieldstone.metadata.changes import Proposal
from fieldstone.metadata.component import Component
from fieldstone.metadata.kinds.layout import LayoutBody, LayoutItem, LayoutSection
from fieldstone.metadata.kinds.registry import (
    COMPACT_LAYOUT,
    LAYOUT,
    QUICK_ACTION,
    RECORD_TYPE,
    WEB_LINK,
)
from fieldstone.metadata.names import component_name
from fieldstone.metadata.values import fold
from fieldstone.query_language.shown_paths import find_path
from fieldstone.query_language.syntax import NullsPlace, Order, Path
from fieldstone.runtime.asking import database_of, tenant_of, viewer_of
from fieldstone.runtime.layouts import (
    bound_layout,
    layout_body,
    usual_layout,
    visible_relations,
)
from fieldstone.runtime.metadata_changes import change_metadata
from fieldstone.runtime.records.conditions import Judged
from fieldstone.runtime.transactions import Transaction
from fieldstone.ui_generator.csrf import token_of
from fieldstone.ui_generator.flash import Flash, put_flash
from fieldstone.ui_generator.layout_drafts import (
    Draft,
    body_of,
    do,
    draft_of,
    read_draft,
    write_draft,
)
from fieldstone.ui_generator.layout_sorts import SORTS, Sort
from fieldstone.ui_generator.listing import usual_columns
from fieldstone.ui_generator.pages.edit import read_form
from fieldstone.ui_generator.pages.objects import SETUP, check_setup, setup_cause
from fieldstone.ui_generator.pages.record import detail_sections, relation_label
from fieldstone.ui_generator.reading import Wanted, fetch_rows, visible_fields, visible_object
from fieldstone.ui_generator.shell import Crumb, Place, is_partial, page, part
from fieldstone.ui_generator.unmoved import check_unmoved, mark_of
from fieldstone.ui_generator.viewing import viewing_of

NEW: Final = "new"
_SAVE, _DELETE = "save", "delete"
_LONGEST: Final = 4_000
_SHORT: Final = 120
_MOST: Final = 500
_FIRST: Final = 5
_PATH: Final = re.compile(r"[A-Za-z][A-Za-z0-9_]*(\.[A-Za-z][A-Za-z0-9_]*){0,5}")


class UnknownLayout(NotFound):
    """No layout, compact layout or field set of this name."""

    code = "page.unknown_layout"


class NoLabel(InvalidInput):
    """A layout without a label, of which its name could be made."""

    code = "page.no_label"


@dataclass(frozen=True, slots=True)
class Editing:
    """What a page is about. declared: None for what is to be made."""

    sort: Sort
    object: ObjectDef
    declared: Declared | None

    @property
    def address(self) -> str:
        """Where its page is."""
        name = NEW if self.declared is None else self.declared.name
        return f"/admin/objects/{self.object.name}/{self.sort.slug}/{name}"

    @property
    def seen(self) -> str:
        """What tells whether it is still as it was when the page was opened."""
        return mark_of(None if self.declared is None else self.declared.body)


async def show_layout(request: Request) -> Response:
    """GET /admin/objects/{object}/{sort}/{name}: what is made; a new one begins as it is today."""
    async with database_of(request).read(tenant_of(request), viewer_of(request)) as tx:
        editing = _editing(request, tx)
        draft = replace(_first_draft(tx, editing), seen=editing.seen)
        return await _page(request, tx, editing, draft)


async def change_layout(request: Request) -> Response:
    """POST /admin/objects/{object}/{sort}/{name}: do what a button says with the draft; save it."""
    sent = await read_form(request)
    does = str(sent.get("do", ""))[:_SHORT]
    database, tenant, viewer = database_of(request), tenant_of(request), viewer_of(request)
    async with database.read(tenant, viewer) as tx:
        editing = _editing(request, tx)
        draft = _typed(read_draft(str(sent.get("draft", "")), str(sent.get("chosen", ""))), sent)
        draft = replace(draft, seen=str(sent.get("seen", "")))
        if does not in (_SAVE, _DELETE):
            return await _page(request, tx, editing, do(draft, _said(does, sent)))
    try:
        async with database.change_metadata(tenant, viewer, setup_cause(request)) as tx:
            now = _editing(request, tx)
            if does == _SAVE:
                check_unmoved(now.sort.noun, draft.seen, now.seen)
            await change_metadata(tx, _proposal(now, draft, does))
    except Forbidden:
        raise
    except FieldstoneError as error:
        async with database.read(tenant, viewer) as tx:
            now = _editing(request, tx)
            return await _page(request, tx, now, replace(draft, seen=now.seen), error.problems)
    response = RedirectResponse(f"/admin/objects/{editing.object.name}#layouts", 303)
    verb = "Deleted" if does == _DELETE else "Saved"
    put_flash(response, Flash(f"{verb} the {editing.sort.noun} {draft.body.label}"))
    return response


def _editing(request: Request, tx: Transaction) -> Editing:
    """Give what the address is about. Raises Forbidden, UnknownObject and UnknownLayout."""
    check_setup(tx)
    obj = visible_object(tx, request.path_params["object"])
    sort, name = SORTS[request.url.path.split("/")[4]], request.path_params["name"]
    if name == NEW:
        return Editing(sort, obj, None)
    declared = tx.catalog.find_declared(sort.kind, f"{obj.name}.{name}")
    if declared is None:
        raise UnknownLayout(f"{obj.label} has no {sort.noun} {name[:80]}.")
    return Editing(sort, obj, declared)


def _first_draft(tx: Transaction, editing: Editing) -> Draft:
    """Give what a page shows before anything is done: what is declared, or what is shown today."""
    obj, declared = editing.object, editing.declared
    if declared is not None:
        return draft_of(declared.body)
    if editing.sort.is_layout:
        return Draft(layout_body(obj, usual_layout(tx.catalog, tx.rights, obj)))
    names = [one.name for one in usual_columns(obj, tx.rights)[1:]][:_FIRST]
    items = tuple(LayoutItem(name) for name in names)
    return Draft(LayoutBody(obj.name, "", (LayoutSection(columns=(items,)),)))


def _proposal(editing: Editing, draft: Draft, does: str) -> Proposal:
    kind, declared = editing.sort.kind, editing.declared
    own = component_name(draft.body.label) if declared is None else declared.name
    if not own:
        hint = "Its name is made of the letters in it."
        raise NoLabel(f"The {editing.sort.noun} needs a label.", at="/label", hint=hint)
    name = f"{editing.object.name}.{own}"
    if does == _DELETE:
        return Proposal(removals=((kind, fold(name)),))
    body = body_of(kind, draft)
    if declared is None:
        return Proposal(creates=(Component(kind, name, body),))
    return Proposal(upserts=(Component(kind, name, body, declared.package),))


def _said(does: str, sent: FormData) -> str:
    """Give what a button says, with what was chosen or typed beside it."""
    beside = {"add-typed": "add", "relate-typed": "relate"}.get(does)
    return f"{beside}:{str(sent.get(does, ''))[:_SHORT].strip()}" if beside else does


def _typed(draft: Draft, sent: FormData) -> Draft:
    """Give a draft with what the inputs of its page say."""
    body = replace(
        draft.body,
        label=_text(sent, "label"),
        description=_text(sent, "description"),
        highlights=_text(sent, "highlights") or None,
        record_types=tuple(map(str, sent.getlist("record_types")))[:_MOST],
        permission_sets=tuple(map(str, sent.getlist("permission_sets")))[:_MOST],
        actions=_ticked(draft.body.actions, sent.getlist("actions")),
        links=_ticked(draft.body.links, sent.getlist("links")),
        active="inactive" not in sent,
    )
    draft = replace(draft, body=body)
    if sent.get("inputs_of") != draft.chosen.text:
        return draft
    if draft.item is not None and draft.item.field is not None:
        return do(draft, f"behave:{_text(sent, 'behaviour')}")
    if draft.section is not None:
        return draft.put_section(
            replace(
                draft.section,
                label=_text(sent, "section_label")[:_SHORT],
                show_label="show_label" in sent,
                collapsed="collapsed" in sent,
                on_detail="on_detail" in sent,
                on_edit="on_edit" in sent,
            )
        )
    if draft.related is not None:
        columns = (one.strip() for one in _text(sent, "columns").split(","))
        sort = _text(sent, "sort")
        return draft.put_related(
            replace(
                draft.related,
                columns=tuple(filter(_PATH.fullmatch, columns)),
                sort=sort if _PATH.fullmatch(sort) else None,
                descending="descending" in sent,
            )
        )
    return draft


def _ticked(before: Sequence[str], ticked: Sequence[object]) -> tuple[str, ...]:
    """Give what is ticked, in the order that it had; what is new comes last."""
    wanted = {fold(str(one)): str(one) for one in ticked[:_MOST]}
    kept = [one for one in before if wanted.pop(fold(one), None) is not None]
    return (*kept, *wanted.values())


def _text(sent: FormData, name: str) -> str:
    return str(sent.get(name, ""))[:_LONGEST].strip()


async def _page(
    request: Request,
    tx: Transaction,
    editing: Editing,
    draft: Draft,
    problems: tuple[Problem, ...] = (),
) -> Response:
    obj, sort = editing.object, editing.sort
    values: dict[str, Any] = {
        "editing": editing,
        "object": obj,
        "sort": sort,
        "draft": draft,
        "draft_text": write_draft(draft),
        "problems": problems,
        "by_name": {fold(f.name): f for f in visible_fields(tx, obj)},
        "fold": fold,
        "spare": _spare(tx, editing, draft),
        "record_types": tx.catalog.declared_for(RECORD_TYPE.name, obj),
        "permission_sets": sorted(tx.catalog.permission_sets.values(), key=lambda s: s.label),
        "actions": _offered(tx, obj),
        "links": [
            (one.name, one.body.label) for one in tx.catalog.declared_for(WEB_LINK.name, obj)
        ],
        "compact_layouts": tx.catalog.declared_for(COMPACT_LAYOUT.name, obj),
        **_related(tx, obj, draft),
        **await _preview(tx, editing, draft),
    }
    if is_partial(request):
        return part(request, "parts/layout_editor.html", csrf=token_of(request), **values)
    title = draft.body.label if editing.declared else f"New {sort.noun}"
    crumbs = (SETUP, Crumb(obj.label, f"/admin/objects/{obj.name}"), Crumb(title))
    status = 422 if problems else 200
    place = Place(title, "setup", crumbs)
    return page(request, tx, place, "layout.html", status, csrf=token_of(request), **values)


def _spare(tx: Transaction, editing: Editing, draft: Draft) -> list[Field]:
    """Give the fields that have no place yet, those of every record last."""
    placed = draft.placed
    fields = [f for f in visible_fields(tx, editing.object) if fold(f.name) not in placed]
    return sorted((f for f in fields if f.name != "id"), key=lambda f: (f.is_system, f.label))


def _offered(tx: Transaction, obj: ObjectDef) -> list[tuple[str, str]]:
    """Give the actions that a layout may show by their full names, those of everywhere last."""
    own = tx.catalog.declared_for(QUICK_ACTION.name, obj)
    every = tx.catalog.declared.get(QUICK_ACTION.name, {}).values()
    return [
        *((f"{obj.name}.{one.name}", one.body.label) for one in own),
        *((one.name, one.body.label) for one in every if one.object_id is None),
    ]


def _related(tx: Transaction, obj: ObjectDef, draft: Draft) -> dict[str, Any]:
    """Give the related lists there are, by the names of their references, and the spare ones."""
    known = {
        f"{one.object.name}.{one.field.name}": one
        for one in visible_relations(tx.catalog, tx.rights, obj)
    }
    taken = {fold(one.relation) for one in draft.body.related_lists}
    return {
        "relations": {fold(name): one for name, one in known.items()},
        "spare_relations": {n: r for n, r in known.items() if fold(n) not in taken},
        "relation_label": relation_label,
    }


async def _preview(tx: Transaction, editing: Editing, draft: Draft) -> dict[str, Any]:
    """Give what the newest record looks like by a draft."""
    obj = editing.object
    said = Declared(0, LAYOUT.name, NEW, draft.body, obj.id)
    layout = bound_layout(tx.catalog, tx.rights, obj, said)
    names = [i.field for s in draft.body.sections for column in s.columns for i in column]
    found = [find_path(obj, name, tx.catalog, tx.rights) for name in names if name]
    paths = [one for one in found if one is not None]
    by_age = Order(Path(("created_at",)), descending=True, nulls=NullsPlace.LAST)
    newest = Wanted(order_by=(by_age,), size=1)
    rows = await fetch_rows(tx, obj, visible_fields(tx, obj), newest, paths)
    return {
        "sections": detail_sections(layout, Judged()) if editing.sort.is_layout else [],
        "told_paths": [] if editing.sort.is_layout else paths,
        "layout": layout,
        "row": rows.rows[0] if rows.rows else {},
        "view": viewing_of(tx),
        "may_edit": False,
        "rights": tx.rights,
        "here": "",
    }
