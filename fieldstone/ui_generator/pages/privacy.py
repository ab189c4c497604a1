"""/admin/privacy: retention policies, legal holds, and what was asked about people."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from fieldstone.errors import FieldstoneError, Forbidden, Problem
from fieldstone.ids import MAX_RECORD_ID, BadId, parse_id
from fieldstone.metadata.changes import Proposal
from fieldstone.metadata.component import Component
from fieldstone.metadata.kinds.registry import RETENTION_POLICY
from fieldstone.metadata.names import component_name
from fieldstone.metadata.retention import Fate, Kept
from fieldstone.metadata.values import Json, JsonObject
from fieldstone.runtime.asking import cause_of, database_of, tenant_of, viewer_of
from fieldstone.runtime.metadata_changes import change_metadata, try_metadata
from fieldstone.runtime.privacy import holds, requests
from fieldstone.runtime.privacy.due import Due, count_due
from fieldstone.runtime.privacy.office import check_office
from fieldstone.runtime.privacy.retaining import request_retention
from fieldstone.runtime.transactions import Transaction
from fieldstone.ui_generator.flash import Flash, put_flash
from fieldstone.ui_generator.pages.edit import read_form
from fieldstone.ui_generator.pages.objects import SETUP, setup_cause
from fieldstone.ui_generator.shell import Crumb, Place, page

ADDRESS: Final = "/admin/privacy"
CRUMB: Final = Crumb("Personal data", ADDRESS)
_LONGEST: Final = 2_000
_MOST_DIGITS: Final = 5
_SHOWN: Final = 50
_WHAT: Final = (
    (Kept.RECORDS, "Records of an object"),
    (Kept.BIN, "What was deleted"),
    (Kept.CHANGES, "Values in the change log"),
    (Kept.ACCESS, "The log of access"),
    (Kept.SIGN_INS, "Tries to sign in"),
    (Kept.JOBS, "Jobs that ended"),
    (Kept.FILES, "Files that no record holds"),
)
_FATES: Final = (
    (Fate.DELETE, "Put into the recycle bin"),
    (Fate.PURGE, "Removed for good"),
    (Fate.ANONYMISE, "Made anonymous"),
)
_NAMES: Final = dict(_WHAT)
_TEXTS: Final = ("label", "of", "object", "days", "since", "where", "action")
_TYPED: Final = (*_TEXTS, "name", "reason", "records", "person")
"""What may have been typed on the page, in any of its forms."""


async def show_privacy(request: Request) -> Response:
    """GET /admin/privacy: the page."""
    async with database_of(request).read(tenant_of(request), viewer_of(request)) as tx:
        return await _show(request, tx)


async def save_policy(request: Request) -> Response:
    """POST /admin/privacy/retention: add a policy, or tell what it would do now."""
    sent = await read_form(request)
    typed = {name: str(sent.get(name, ""))[:_LONGEST].strip() for name in _TEXTS}
    database, tenant, viewer = database_of(request), tenant_of(request), viewer_of(request)
    name = component_name(typed["label"])
    proposal = Proposal(creates=(Component(RETENTION_POLICY.name, name, _body(typed)),))
    try:
        if "preview" in sent:
            return await _preview(request, proposal, name, typed)
        async with database.change_metadata(tenant, viewer, setup_cause(request)) as tx:
            await change_metadata(tx, proposal)
    except Forbidden:
        raise
    except FieldstoneError as error:
        async with database.read(tenant, viewer) as tx:
            return await _show(request, tx, typed, error.problems)
    return _back(f"Saved the policy {typed['label']}")


async def delete_policy(request: Request) -> Response:
    """POST /admin/privacy/retention/{name}/delete: put a policy in the bin."""
    await read_form(request)
    name = request.path_params["name"]
    database, tenant, viewer = database_of(request), tenant_of(request), viewer_of(request)
    proposal = Proposal(removals=((RETENTION_POLICY.name, name.lower()),))
    async with database.change_metadata(tenant, viewer, setup_cause(request)) as tx:
        await change_metadata(tx, proposal)
    return _back("Deleted the policy")


async def retain_now(request: Request) -> Response:
    """POST /admin/privacy/retention/run: carry the policies out now."""
    await read_form(request)
    tenant, viewer = tenant_of(request), viewer_of(request)
    async with database_of(request).write(tenant, viewer, cause_of(request)) as tx:
        check_office(tx)
        await request_retention(tx)
    return _back("The policies are being carried out")


async def place_hold(request: Request) -> Response:
    """POST /admin/privacy/holds: place a legal hold on records."""
    sent = await read_form(request)
    typed = {
        name: str(sent.get(name, ""))[:_LONGEST].strip() for name in ("name", "reason", "records")
    }
    database, tenant, viewer = database_of(request), tenant_of(request), viewer_of(request)
    try:
        async with database.write(tenant, viewer, cause_of(request)) as tx:
            placed = await holds.place_hold(tx, typed["name"], typed["reason"])
            ids = typed["records"].replace(",", " ").split()
            await holds.hold_records(tx, placed.id, ids, along="alone" not in sent)
    except Forbidden:
        raise
    except FieldstoneError as error:
        async with database.read(tenant, viewer) as tx:
            return await _show(request, tx, typed, error.problems)
    return _back(f"Placed the hold {placed.name}")


async def end_hold(request: Request) -> Response:
    """POST /admin/privacy/holds/{id}/end: end a legal hold."""
    await read_form(request)
    tenant, viewer = tenant_of(request), viewer_of(request)
    number = _number(request.path_params["id"], holds.PREFIX)
    async with database_of(request).write(tenant, viewer, cause_of(request)) as tx:
        ended = await holds.end_hold(tx, number, "")
    return _back(f"Ended the hold {ended.name}")


async def find_person(request: Request) -> Response:
    """POST /admin/privacy/people: go to the page of a person, by the id of their record."""
    sent = await read_form(request)
    text = str(sent.get("person", ""))[:80].strip()
    try:
        parse_id(text)
    except BadId as error:
        async with database_of(request).read(tenant_of(request), viewer_of(request)) as tx:
            return await _show(request, tx, {"person": text}, error.problems)
    return RedirectResponse(f"{ADDRESS}/people/{text}", 303)


async def _preview(
    request: Request, proposal: Proposal, name: str, typed: Mapping[str, str]
) -> Response:
    async with database_of(request).read(tenant_of(request), viewer_of(request)) as tx:
        check_office(tx)
        after = await try_metadata(tx, proposal)
        policy = next(one for one in after.retention if one.name == name)
        due = await count_due(tx, policy)
        return await _show(request, tx, typed, preview=_line(tx, due))


async def _show(
    request: Request,
    tx: Transaction,
    typed: Mapping[str, str] | None = None,
    problems: tuple[Problem, ...] = (),
    preview: Mapping[str, Any] | None = None,
) -> Response:
    check_office(tx)
    due = [await count_due(tx, one) for one in tx.catalog.retention]
    return page(
        request,
        tx,
        Place("Personal data", "setup", (SETUP, Crumb("Personal data"))),
        "privacy.html",
        422 if problems else 200,
        policies=[_line(tx, one) for one in due],
        holds=await holds.list_holds(tx, MAX_RECORD_ID, _SHOWN),
        requests=[
            request_line(tx, one) for one in await requests.list_requests(tx, MAX_RECORD_ID, _SHOWN)
        ],
        objects=[(one.name, one.label) for one in tx.catalog.objects if not one.is_junction],
        what=[(one.value, label) for one, label in _WHAT],
        fates=[(one.value, label) for one, label in _FATES],
        typed={**dict.fromkeys(_TYPED, ""), **(typed or {})},
        problems=problems,
        preview=preview,
    )


def _line(tx: Transaction, one: Due) -> dict[str, Any]:
    policy = one.policy
    obj = None if policy.object_id is None else tx.catalog.by_id[policy.object_id]
    gone = dict(_FATES)[policy.fate] if policy.of is Kept.RECORDS else "Removed for good"
    return {
        "name": policy.name,
        "label": policy.label,
        "what": _NAMES[policy.of] if obj is None else f"{obj.plural_label}",
        "kind": "" if policy.of is Kept.RECORDS or obj is None else _NAMES[policy.of],
        "days": policy.days,
        "fate": gone,
        "count": "more than 100,000" if one.count is None else f"{one.count:,}",
        "held": one.held,
        "active": policy.active,
    }


def request_line(tx: Transaction, one: requests.PrivacyRequest) -> dict[str, Any]:
    """Give a request as pages show it."""
    obj = next((obj for obj in tx.catalog.objects if obj.id == one.object_id), None)
    return {
        "id": one.text,
        "kind": one.kind.value,
        "person": "" if obj is None else f"{obj.prefix}_{one.record_id:x}",
        "state": one.state,
        "asked_at": one.asked_at,
        "reason": one.reason,
    }


def _body(typed: Mapping[str, str]) -> JsonObject:
    """Give the body of a policy out of what was typed; what does not concern it is left out."""
    days = typed["days"]
    whole = days.isascii() and days.isdigit() and len(days) <= _MOST_DIGITS
    body: dict[str, Json] = {"of": typed["of"], "label": typed["label"]}
    body["days"] = int(days) if whole else 0
    if typed["object"]:
        body["object"] = typed["object"]
    if typed["of"] == Kept.RECORDS.value:
        body["action"] = typed["action"] or Fate.DELETE.value
        body.update({name: typed[name] for name in ("since", "where") if typed[name]})
    return body


def _number(text: str, prefix: str) -> int:
    try:
        found, number = parse_id(text)
    except BadId:
        return 0
    return number if found == prefix else 0


def _back(words: str) -> Response:
    response = RedirectResponse(ADDRESS, 303)
    put_flash(response, Flash(words))
    return response
