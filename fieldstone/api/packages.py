"""Endpoints for the life of packages: /api/packages, /api/package-plans and /api/package-uploads.

A package is uploaded, or comes with the product; it is planned first, and what conflicts with what
was made of it here is settled by choosing a side. Applied with the digest of that plan, just that
is done.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from jsonschema import Draft202012Validator
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from fieldstone.api.metadata_plans import left_to_job, shown_change, shown_plan
from fieldstone.api.requests import BadJson, json_response, read_object
from fieldstone.api.uploads import read_upload
from fieldstone.errors import Forbidden, Several
from fieldstone.metadata.digests import digest_of_package
from fieldstone.metadata.kinds.package import PackageBody
from fieldstone.metadata.merging import Choice
from fieldstone.metadata.rights import SetupArea
from fieldstone.metadata.schemas import problems_of
from fieldstone.metadata.values import Json, JsonObject
from fieldstone.runtime.asking import cause_of, database_of, tenant_of, viewer_of
from fieldstone.runtime.change_impact import losses_of
from fieldstone.runtime.long_texts import worked_out
from fieldstone.runtime.package_signing import PackageKeys
from fieldstone.runtime.package_zips import read_zip
from fieldstone.runtime.packages.applying import apply_packages, plan_packages
from fieldstone.runtime.packages.history import PackageEntry, history_of
from fieldstone.runtime.packages.overlay import Customised, overlay_of
from fieldstone.runtime.packages.reading import read_beside
from fieldstone.runtime.packages.shipped import installed_in
from fieldstone.runtime.packages.steps import confirmations
from fieldstone.runtime.packages.uploads import keep_upload, package_at_hand, uploads_in
from fieldstone.runtime.packages.wishes import (
    PackageDeed,
    ShippedPackages,
    UnknownPackage,
    Wish,
    Wished,
)
from fieldstone.runtime.transactions import Transaction

LIMIT_BYTES: Final = 20_000_000
_MOST: Final = 100
_NAMED: Final[JsonObject] = {"type": "string", "minLength": 1, "maxLength": 64}
_NAMES: Final[JsonObject] = {"type": "array", "items": _NAMED, "minItems": 1, "maxItems": _MOST}
_WISH: Final[dict[str, Any]] = {
    "install": _NAMES,
    "uninstall": _NAMES,
    "choices": {
        "type": "object",
        "additionalProperties": {"type": "string", "enum": [one.value for one in Choice]},
        "maxProperties": 10_000,
    },
    "along": {"type": "boolean"},
    "records": {"type": "boolean"},
    "accept_untrusted": {"type": "boolean"},
}
WISH_SCHEMA: Final[JsonObject] = {
    "type": "object",
    "properties": _WISH,
    "additionalProperties": False,
}
"""The JSON Schema of what shall become of packages."""

AGREED_SCHEMA: Final[JsonObject] = {
    "type": "object",
    "properties": {
        **_WISH,
        "digest": {"type": "string", "maxLength": 64},
        "confirm": {"type": "object", "additionalProperties": {"type": "integer"}},
    },
    "required": ["digest"],
    "additionalProperties": False,
}
"""The same with the digest of its plan and the losses that are agreed to."""

_WISHES: Final = Draft202012Validator(WISH_SCHEMA)
_AGREED: Final = Draft202012Validator(AGREED_SCHEMA)


async def list_packages(request: Request) -> Response:
    """GET /api/packages: what is installed, and what could be: shipped with the product or sent."""
    shipped = shipped_of(request)
    async with database_of(request).read(tenant_of(request), viewer_of(request)) as tx:
        check_setup(tx)
        uploads = await uploads_in(tx)
        installed = installed_in(tx.catalog)
    return json_response(
        {
            "packages": [show_package(name, body) for name, body in installed.items()],
            "available": [
                *(_shipped(shipped, name, installed.get(name)) for name in shipped.names),
                *(
                    {
                        "install": one.digest,
                        "name": one.name,
                        "version": one.version,
                        "uploaded_at": one.uploaded_at.isoformat(),
                        "is_installed": _is_same(installed.get(one.name), one.digest),
                    }
                    for one in uploads
                ),
            ],
        }
    )


async def get_package(request: Request) -> Response:
    """GET /api/packages/{name}: what is installed, and what was made of it here."""
    name = request.path_params["name"]
    async with database_of(request).read(tenant_of(request), viewer_of(request)) as tx:
        check_setup(tx)
        body = installed_in(tx.catalog).get(name)
        if body is None:
            raise UnknownPackage(f"There is no package {name[:80]} here.")
        shipped, made = await overlay_of(tx, name)
        history = await history_of(tx, name)
    counts: dict[str, int] = {}
    for one in shipped:
        counts[one.component.kind] = counts.get(one.component.kind, 0) + 1
    customised = [show_customised(one) for one in made]
    return json_response(
        {
            **show_package(name, body),
            "components": counts,
            "customised": customised,
            "history": [_entry(one) for one in history],
        }
    )


async def upload_package(request: Request) -> Response:
    """POST /api/package-uploads: send a package as a ZIP file, to be planned and installed."""
    async with read_upload(request, LIMIT_BYTES) as form:
        content = await form.upload.read()
    tenant, viewer = tenant_of(request), viewer_of(request)
    async with database_of(request).read(tenant, viewer) as tx:
        check_setup(tx)
    files = await worked_out(lambda: read_zip(content), len(content))
    package = await read_beside(files)
    async with database_of(request).write(tenant, viewer, cause_of(request)) as tx:
        digest = await keep_upload(tx, files, package)
    said = package.manifest
    shown = {"install": digest, "name": said.name, "label": said.label, "version": said.version}
    return json_response(shown, 201)


async def plan_package_wish(request: Request) -> Response:
    """POST /api/package-plans: tell what installing, upgrading or uninstalling would do."""
    said = _checked(await read_object(request), _WISHES)
    async with database_of(request).read(tenant_of(request), viewer_of(request)) as tx:
        planned = await plan_packages(tx, await wish_of(request, tx, said))
    change = planned.change
    steps = [one.as_json() for one in planned.steps]
    signed = [one.as_json() for one in planned.vouchings]
    told = {**_told(planned.wished), **shown_plan(change), "steps": steps, "signatures": signed}
    confirm = {**losses_of(change.impact), **confirmations(planned.steps)}
    return json_response({**told, "confirm": confirm})


async def apply_package_wish(request: Request) -> Response:
    """POST /api/packages: install, upgrade or uninstall, if it still does what was planned."""
    said = _checked(await read_object(request), _AGREED)
    database, tenant, viewer = database_of(request), tenant_of(request), viewer_of(request)
    # All that is long to read is read before the catalog is locked, and all writes wait.
    async with database.read(tenant, viewer) as tx:
        wish = await wish_of(request, tx, said)
    async with database.change_metadata(tenant, viewer, cause_of(request)) as tx:
        check_setup(tx)
        wished, applied = await apply_packages(tx, wish, said["digest"], said.get("confirm", {}))
    if applied.job is not None:
        return left_to_job(applied.job)
    changes = [shown_change(one) for one in applied.plan.changes]
    return json_response({**_told(wished), "version": applied.catalog.version, "changes": changes})


async def wish_of(request: Request, tx: Transaction, said: Mapping[str, Any]) -> Wish:
    """Read a wish of the right shape. Raises UnknownPackage, Several."""
    check_setup(tx)
    shipped, named = shipped_of(request), said.get("install", ())
    installs = [await package_at_hand(tx, one, shipped) for one in named]
    keys: PackageKeys = request.app.state.package_keys
    return Wish(
        product=shipped.product,
        installs=tuple(installs),
        uninstalls=tuple(said.get("uninstall", ())),
        choices={key: Choice(side) for key, side in said.get("choices", {}).items()},
        along=bool(said.get("along")),
        records=bool(said.get("records", True)),
        vouched=frozenset(named).intersection(shipped.names),
        own_key=keys.public(tx.tenant.id),
        accepts_untrusted=bool(said.get("accept_untrusted")),
    )


def shipped_of(request: Request) -> ShippedPackages:
    """Give the packages that come with the product."""
    shipped: ShippedPackages = request.app.state.shipped_packages
    return shipped


def check_setup(tx: Transaction) -> None:
    """Refuse who may not see how the system is set up. Raises Forbidden."""
    if not tx.rights.may_set_up(SetupArea.OBJECTS):
        raise Forbidden("You may not see how the system is set up.")


def show_package(name: str, body: PackageBody) -> JsonObject:
    """Give an installed package as callers see it."""
    return {
        "name": name,
        "label": body.label,
        "version": body.version,
        "description": body.description,
        "namespace": body.namespace,
        "dependencies": dict(body.dependencies),
    }


def show_customised(one: Customised) -> JsonObject:
    """Give what was made of a component here as callers see it."""
    return {
        "what": one.what,
        "kind": one.shipped.kind,
        "name": one.shipped.name,
        "name_here": one.name_here,
        "differences": [each.as_json() for each in one.differences],
    }


def _shipped(shipped: ShippedPackages, name: str, body: PackageBody | None) -> JsonObject:
    package = shipped.package(name)
    return {
        "install": name,
        "name": name,
        "version": package.manifest.version,
        "uploaded_at": None,
        "is_installed": _is_same(body, digest_of_package(package)),
    }


def _is_same(body: PackageBody | None, digest: str) -> bool:
    return body is not None and body.digest == digest


def _entry(one: PackageEntry) -> JsonObject:
    return {
        "change": one.change,
        "at": one.at.isoformat(),
        "by_name": one.by_name,
        "version_before": one.version_before,
        "version": one.version,
    }


def _told(wished: Wished) -> dict[str, Json]:
    return {
        "packages": [_deed(one) for one in wished.deeds],
        "conflicts": [one.as_json() for one in wished.conflicts],
    }


def _deed(one: PackageDeed) -> JsonObject:
    return {
        "deed": one.deed,
        "name": one.name,
        "label": one.label,
        "version_before": one.version_before,
        "version": one.version,
        "records": one.records,
    }


def _checked(said: JsonObject, validator: Draft202012Validator) -> Mapping[str, Any]:
    problems = list(problems_of(validator, said, BadJson.code))
    if problems:
        raise Several(problems)
    return said


ROUTES: Final = (
    Route("/api/packages", list_packages, methods=["GET"]),
    Route("/api/packages", apply_package_wish, methods=["POST"]),
    Route("/api/packages/{name}", get_package, methods=["GET"]),
    Route("/api/package-plans", plan_package_wish, methods=["POST"]),
    Route("/api/package-uploads", upload_package, methods=["POST"]),
)
