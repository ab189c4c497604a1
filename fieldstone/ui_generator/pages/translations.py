"""/admin/translations: what is called how in other languages, one form for each object."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from itertools import groupby
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from fieldstone.errors import FieldstoneError, Forbidden, NotFound, Problem
from fieldstone.metadata.catalog import ObjectDef
from fieldstone.metadata.changes import Proposal
from fieldstone.metadata.component import Component
from fieldstone.metadata.kinds.registry import TRANSLATION
from fieldstone.metadata.localising import language_name, languages_of
from fieldstone.metadata.values import JsonObject, fold
from fieldstone.runtime.asking import database_of, tenant_of, viewer_of
from fieldstone.runtime.metadata_changes import change_metadata, load_components
from fieldstone.runtime.transactions import Transaction
from fieldstone.ui_generator.flash import Flash, put_flash
from fieldstone.ui_generator.pages.edit import read_form
from fieldstone.ui_generator.pages.objects import SETUP, check_setup, setup_cause
from fieldstone.ui_generator.reading import visible_object
from fieldstone.ui_generator.shell import Crumb, Place, page
from fieldstone.ui_generator.translation_lines import (
    GENERAL,
    Line,
    general_lines,
    lines_of,
    lines_of_field,
    picklists_of,
    text_at,
    with_texts,
)

ADDRESS: Final = "/admin/translations"
_CODE: Final = re.compile(r"[a-z]{2,3}(_[A-Z]{2})?")
_USUAL: Final = ("de", "es", "fr", "it", "ja", "nl", "pl", "pt_BR", "ru", "tr", "uk", "zh_CN")
_LONGEST: Final = 1_000
_MOST_LINES: Final = 1_500
_REST: Final = "Apps, tabs and shared picklists"
_TRANSLATIONS: Final = Crumb("Translations", ADDRESS)


class UnknownLanguage(NotFound):
    """A language code that no language has."""

    code = "page.unknown_language"


async def show_languages(request: Request) -> Response:
    """GET /admin/translations: the languages, and a way to begin another."""
    async with database_of(request).read(tenant_of(request), viewer_of(request)) as tx:
        check_setup(tx)
        asked = request.query_params.get("language", "")
        if asked:
            return RedirectResponse(f"{ADDRESS}/{_language(asked)}", 303)
        known = languages_of(tx.catalog)
        counts = {code: len(await _bodies(tx, code)) for code in known}
        values: dict[str, Any] = {
            "languages": [(code, language_name(code), counts[code]) for code in known],
            "offered": [(c, language_name(c)) for c in _USUAL if c not in known],
        }
        place = Place("Translations", "setup", (SETUP, Crumb("Translations")))
        return page(request, tx, place, "translations.html", **values)


async def show_language(request: Request) -> Response:
    """GET /admin/translations/{language}: the objects, each with how much of it is translated."""
    async with database_of(request).read(tenant_of(request), viewer_of(request)) as tx:
        check_setup(tx)
        code = _language(request.path_params["language"])
        bodies = await _bodies(tx, code)
        rest = _done(general_lines(tx.catalog), bodies.get("", {}))
        rows = [(GENERAL, _REST, rest)]
        for obj in sorted(tx.catalog.objects, key=lambda one: fold(one.label)):
            lines = [*lines_of(tx.catalog, obj)]
            lines += [line for of in picklists_of(obj) for line in lines_of_field(of)]
            rows.append((obj.name, obj.label, _done(lines, bodies.get(fold(obj.name), {}))))
        name = language_name(code)
        place = Place(name, "setup", (SETUP, _TRANSLATIONS, Crumb(name)))
        return page(request, tx, place, "translations_of.html", code=code, name=name, rows=rows)


async def show_lines(request: Request) -> Response:
    """GET /admin/translations/{language}/{object}: a line for each label; picklist= for values."""
    async with database_of(request).read(tenant_of(request), viewer_of(request)) as tx:
        return await _page(request, tx)


async def save_lines(request: Request) -> Response:
    """POST /admin/translations/{language}/{object}: keep what was typed."""
    sent = await read_form(request)
    database, tenant, viewer = database_of(request), tenant_of(request), viewer_of(request)
    typed = {name: str(text)[:_LONGEST].strip() for name, text in sent.items() if name[:1] == "/"}
    try:
        async with database.change_metadata(tenant, viewer, setup_cause(request)) as tx:
            check_setup(tx)
            code, obj, lines = _asked(request, tx)
            texts = {line.way: typed[line.input] for line in lines if line.input in typed}
            stored = await _component(tx, code, obj)
            before = stored.body if stored else {}
            said = with_texts(before, texts)
            fresh: dict[str, Any] = {"language": code, **({"object": obj.name} if obj else {})}
            name = f"{code}.{obj.name}" if obj else code
            made = Component(TRANSLATION.name, name, {**fresh, **said})
            if stored:  # which keeps its package, and the name that it was given there
                made = replace(stored, body=made.body)
            gone = bool(before) and not said.keys() - fresh.keys()
            if gone:
                await change_metadata(tx, Proposal(removals=(made.key,)))
            elif said.keys() - fresh.keys():
                await change_metadata(tx, Proposal(upserts=(made,)))
    except Forbidden:
        raise
    except FieldstoneError as error:
        async with database.read(tenant, viewer) as tx:
            return await _page(request, tx, typed, error.problems)
    response = RedirectResponse(f"{ADDRESS}/{code}", 303)
    put_flash(response, Flash(f"Saved what {obj.label if obj else 'the rest'} is called"))
    return response


def _asked(request: Request, tx: Transaction) -> tuple[str, ObjectDef | None, list[Line]]:
    """Give what the address is about. Raises UnknownLanguage, UnknownObject, UnknownField."""
    code, name = _language(request.path_params["language"]), request.path_params["object"]
    if name == GENERAL:
        return code, None, list(general_lines(tx.catalog))[:_MOST_LINES]
    obj = visible_object(tx, name)
    picklist = request.query_params.get("picklist")
    found = lines_of(tx.catalog, obj) if not picklist else lines_of_field(obj.get_field(picklist))
    return code, obj, list(found)[:_MOST_LINES]


async def _page(
    request: Request,
    tx: Transaction,
    typed: Mapping[str, str] | None = None,
    problems: tuple[Problem, ...] = (),
) -> Response:
    check_setup(tx)
    code, obj, lines = _asked(request, tx)
    body = await _body(tx, code, obj)
    name, title = language_name(code), obj.label if obj else _REST
    shown = [(one, (typed or {}).get(one.input, text_at(body, one.way))) for one in lines]
    values: dict[str, Any] = {
        "code": code,
        "name": name,
        "title": title,
        "object": obj,
        "groups": [(key, list(some)) for key, some in groupby(shown, key=lambda one: one[0].group)],
        "picklists": picklists_of(obj) if obj and "picklist" not in request.query_params else [],
        "problems": problems,
    }
    crumbs = (SETUP, _TRANSLATIONS, Crumb(name, f"{ADDRESS}/{code}"), Crumb(title))
    place = Place(f"{title} in {name}", "setup", crumbs)
    return page(request, tx, place, "translation.html", 422 if problems else 200, **values)


async def _bodies(tx: Transaction, code: str) -> dict[str, JsonObject]:
    """Give what is translated into a language by the folded names of objects; "" for the rest."""
    return {key: one.body for key, one in (await _components(tx, code)).items()}


async def _components(tx: Transaction, code: str) -> dict[str, Component]:
    """Give the translations into a language by the folded names of objects; "" for the rest."""
    return {
        _object_key(tx, row.component): row.component
        for row in await load_components(tx)
        if row.deleted_at is None
        and row.component.kind == TRANSLATION.name
        and row.component.body.get("language") == code
    }


def _object_key(tx: Transaction, component: Component) -> str:
    said = str(component.body.get("object") or "")
    obj = tx.catalog.find_object(said) if said else None
    return fold(obj.name if obj else said)


async def _component(tx: Transaction, code: str, obj: ObjectDef | None) -> Component | None:
    return (await _components(tx, code)).get(fold(obj.name) if obj else "")


async def _body(tx: Transaction, code: str, obj: ObjectDef | None) -> JsonObject:
    found = await _component(tx, code, obj)
    return found.body if found else {}


def _done(lines: Any, body: JsonObject) -> tuple[int, int]:
    """Give how many of some lines are translated, and how many there are."""
    every = list(lines)
    return sum(1 for one in every if text_at(body, one.way)), len(every)


def _language(text: str) -> str:
    """Give the code of a language as it is written. Raises UnknownLanguage."""
    code = text.strip().replace("-", "_")
    if not _CODE.fullmatch(code):
        hint = "Write a code such as de or pt_BR."
        raise UnknownLanguage(f"There is no language {text[:20]}.", hint=hint)
    return code
