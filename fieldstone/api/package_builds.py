"""Endpoints that make packages and look into them: /api/package-builds, -checks and -key."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from jsonschema import Draft202012Validator
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from fieldstone.api.files import download_headers
from fieldstone.api.requests import BadJson, json_response, read_object
from fieldstone.api.uploads import read_upload
from fieldstone.errors import FieldstoneError, Forbidden, Problem, Several
from fieldstone.metadata.packages import Manifest, Package, read_manifest
from fieldstone.metadata.rights import SetupArea
from fieldstone.metadata.schemas import problems_of
from fieldstone.metadata.values import JsonObject
from fieldstone.runtime.asking import database_of, tenant_of, viewer_of
from fieldstone.runtime.long_texts import worked_out
from fieldstone.runtime.package_builds import Wanted, build_package
from fieldstone.runtime.package_records import WantedRecords
from fieldstone.runtime.package_signing import PackageKeys, signature_state
from fieldstone.runtime.package_trust import signers_in
from fieldstone.runtime.package_zips import read_zip, write_zip
from fieldstone.runtime.packages.reading import read_beside

_LIMIT_BYTES: Final = 20_000_000
_MOST_CHOSEN: Final = 10_000
_MOST_SETS: Final = 100
_TEXT: Final[JsonObject] = {"type": "string", "minLength": 1, "maxLength": 200}
_KEY: Final[JsonObject] = {
    "type": "object",
    "properties": {"kind": _TEXT, "name": _TEXT},
    "required": ["kind", "name"],
    "additionalProperties": False,
}
_RECORDS: Final[JsonObject] = {
    "type": "object",
    "properties": {"object": _TEXT, "where": {"type": "object"}},
    "required": ["object"],
    "additionalProperties": False,
}
BUILD_SCHEMA: Final[JsonObject] = {
    "type": "object",
    "properties": {
        "manifest": {"type": "object"},
        "components": {"type": "array", "items": _KEY, "maxItems": _MOST_CHOSEN},
        "package": _TEXT,
        "records": {"type": "array", "items": _RECORDS, "maxItems": _MOST_SETS},
        "sign": {"type": "boolean"},
    },
    "required": ["manifest"],
    "additionalProperties": False,
}
"""The JSON Schema of what is to be built. components: left out, all of the tenant's own."""

_VALIDATOR: Final = Draft202012Validator(BUILD_SCHEMA)


async def build(request: Request) -> Response:
    """POST /api/package-builds: a package of the tenant's components, as a ZIP file.

    Equal components give equal bytes.
    """
    manifest, wanted, is_signed = _read(await read_object(request))
    tenant = tenant_of(request)
    async with database_of(request).read(tenant, viewer_of(request)) as tx:
        built = await build_package(tx, manifest, wanted)
    files = built.files
    if is_signed:
        files = keys_of(request).sign(files, built.manifest, tenant.id)
    length = sum(map(len, files.values()))
    content = await worked_out(lambda: write_zip(files), length)
    headers = download_headers(f"{manifest.name}-{manifest.version}.zip")
    return Response(content, media_type="application/zip", headers=headers)


async def check(request: Request) -> Response:
    """POST /api/package-checks: tell what a package holds, what is wrong with it and who signed it.

    Nothing is installed.
    """
    async with read_upload(request, _LIMIT_BYTES) as form:
        content = await form.upload.read()
    async with database_of(request).read(tenant_of(request), viewer_of(request)) as tx:
        if not tx.rights.may_set_up(SetupArea.OBJECTS):
            raise Forbidden("You may not see how the system is set up.")
        signers = signers_in(tx, keys_of(request).public(tx.tenant.id))
    files = await worked_out(lambda: read_zip(content), len(content))
    try:
        package = await read_beside(files)
    except FieldstoneError as error:
        return json_response({"valid": False, "problems": [shown(p) for p in error.problems]})
    return json_response(_checked(files, package, signers))


async def get_key(request: Request) -> Response:
    """GET /api/package-key: the public key that this tenant signs its packages with."""
    return json_response({"key": keys_of(request).public(tenant_of(request).id)})


def keys_of(request: Request) -> PackageKeys:
    """Give the keys of the installation's tenants."""
    keys: PackageKeys = request.app.state.package_keys
    return keys


def shown(problem: Problem) -> JsonObject:
    """Give what is wrong with a package as callers see it."""
    at = problem.at if isinstance(problem.at, str) else None
    return {"code": problem.code, "message": problem.message, "at": at, "hint": problem.hint}


def _checked(files: dict[str, str], package: Package, signers: Mapping[str, str]) -> JsonObject:
    manifest = package.manifest
    state = signature_state(files, manifest.signature)
    counts: dict[str, int] = {}
    for one in package.components:
        counts[one.kind] = counts.get(one.kind, 0) + 1
    records: Counter[str] = Counter()
    for part in package.records:
        records[part.object] += part.count
    return {
        "valid": True,
        "problems": [],
        "name": manifest.name,
        "label": manifest.label,
        "version": manifest.version,
        "dependencies": dict(manifest.dependencies),
        "components": counts,
        "records": dict(records),
        "signature": {
            "state": state.value,
            "key": manifest.signature.key if manifest.signature else None,
            "by": signers.get(manifest.signature.key) if manifest.signature else None,
        },
    }


def _read(said: JsonObject) -> tuple[Manifest, Wanted, bool]:
    """Read what is to be built. Raises Several with every problem of its shape."""
    problems = list(problems_of(_VALIDATOR, said, BadJson.code))
    if problems:
        raise Several(problems)
    read: Any = said
    try:
        manifest = read_manifest(read["manifest"])
    except Several as error:
        raise Several(problem.below("/manifest") for problem in error.problems) from error
    chosen = read.get("components")
    keys = None if chosen is None else tuple((one["kind"], one["name"]) for one in chosen)
    sets = (WantedRecords(one["object"], one.get("where")) for one in read.get("records", ()))
    wanted = Wanted(keys, read.get("package"), tuple(sets))
    return replace(manifest, signature=None), wanted, bool(read.get("sign"))


ROUTES: Final = (
    Route("/api/package-builds", build, methods=["POST"]),
    Route("/api/package-checks", check, methods=["POST"]),
    Route("/api/package-key", get_key, methods=["GET"]),
)
