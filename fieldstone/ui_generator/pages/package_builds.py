"""/admin/packages/_build: make a package of the tenant's own components, and its next versions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import Response

from fieldstone.errors import FieldstoneError, Forbidden, Problem
from fieldstone.metadata.component import Component
from fieldstone.metadata.kinds.package_build import PackageBuildBody
from fieldstone.metadata.packages import Manifest, read_manifest
from fieldstone.runtime.asking import database_of, tenant_of, viewer_of
from fieldstone.runtime.long_texts import worked_out
from fieldstone.runtime.metadata_changes import load_components
from fieldstone.runtime.package_builds import (
    BuiltPackage,
    build_package,
    builds_in,
    next_version,
    remember_build,
    wanted_by,
)
from fieldstone.runtime.package_selection import Reason
from fieldstone.runtime.package_zips import write_zip
from fieldstone.runtime.packages.shipped import installed_in
from fieldstone.runtime.packages.wishes import UnknownPackage
from fieldstone.runtime.transactions import Transaction
from fieldstone.ui_generator.package_choice import Draft, groups_of, read_draft, records_offered
from fieldstone.ui_generator.pages.edit import read_form
from fieldstone.ui_generator.pages.objects import SETUP, check_setup, setup_cause
from fieldstone.ui_generator.pages.package_keys import package_keys_of
from fieldstone.ui_generator.pages.packages import ADDRESS, CRUMB
from fieldstone.ui_generator.shell import Crumb, Place, page, part

BUILD: Final = f"{ADDRESS}/_build"
_FIRST: Final = "1.0.0"
_MOST_FILES: Final = 100
_MOST_CHARACTERS: Final = 20_000
"""Of a file that is shown; the package has all of it."""


@dataclass(frozen=True, slots=True)
class Shipped:
    """A component that comes along without being chosen, and what it comes along for."""

    kind: str
    name: str
    for_kind: str
    for_name: str


@dataclass(frozen=True, slots=True)
class Previewed:
    """What a package would be. more: files that are not shown. parts: of objects that come."""

    manifest: Manifest | None = None
    needed: tuple[Shipped, ...] = ()
    parts: int = 0
    components: int = 0
    files: tuple[tuple[str, str], ...] = ()
    more: int = 0
    problems: tuple[Problem, ...] = ()


async def show_build(request: Request) -> Response:
    """GET /admin/packages/_build: the form; name says which one is built again, of what else."""
    async with database_of(request).read(tenant_of(request), viewer_of(request)) as tx:
        check_setup(tx)
        draft = _begun(tx, request.query_params.get("name"), request.query_params.get("of"))
        # What is in it takes seconds of a large one; the page has it told once it is there.
        return await _build_page(request, tx, draft, preview=Previewed())


async def preview_build(request: Request) -> Response:
    """POST /admin/packages/_build/preview: what the package would hold, as it is filled in."""
    draft = read_draft(await read_form(request))
    async with database_of(request).read(tenant_of(request), viewer_of(request)) as tx:
        check_setup(tx)
        previewed = await _previewed(tx, draft)
        return part(request, "parts/package_preview.html", preview=previewed, draft=draft)


async def download_build(request: Request) -> Response:
    """POST /admin/packages/_build: the package as a ZIP file; what it holds is remembered.

    Where no script tells meanwhile what is in it, the page is asked for that.
    """
    sent = await read_form(request)
    draft = read_draft(sent)
    tenant, viewer, database = tenant_of(request), viewer_of(request), database_of(request)
    if sent.get("do") == "preview":
        async with database.read(tenant, viewer) as tx:
            check_setup(tx)
            return await _build_page(request, tx, draft, preview=await _previewed(tx, draft))
    try:
        async with database.read(tenant, viewer) as tx:
            check_setup(tx)
            built = await _built(tx, draft)
        async with database.change_metadata(tenant, viewer, setup_cause(request)) as tx:
            check_setup(tx)
            await remember_build(tx, draft.name, draft.body)
    except Forbidden:
        raise
    except FieldstoneError as error:
        async with database.read(tenant, viewer) as tx:
            return await _build_page(request, tx, draft, error.problems, preview=Previewed())
    files = built.files
    if draft.body.sign:
        files = package_keys_of(request).sign(files, built.manifest, tenant.id)
    content = await worked_out(lambda: write_zip(files), sum(map(len, files.values())))
    # Both are of letters, digits and signs that a header may have.
    name = f"{built.manifest.name}-{built.manifest.version}.zip"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(content, media_type="application/zip", headers=headers)


def _begun(tx: Transaction, name: str | None, of: str | None) -> Draft:
    """Give the form as it is filled in at first. Raises UnknownPackage."""
    if name is not None:
        known = builds_in(tx.catalog).get(name)
        if known is None:
            raise UnknownPackage(f"No package {name[:80]} is built here.")
        return Draft(name, replace(known, version=next_version(known.version)))
    if of is not None:
        body = installed_in(tx.catalog).get(of)
        if body is None:
            raise UnknownPackage(f"There is no package {of[:80]} here.")
        same = PackageBuildBody(
            body.label, body.version, body.namespace, body.description, package=of
        )
        return Draft(of, same)
    return Draft("", PackageBuildBody("", _FIRST))


async def _built(tx: Transaction, draft: Draft) -> BuiltPackage:
    """Build what a form says. Raises what is wrong with it."""
    body = draft.body
    before = installed_in(tx.catalog).get(body.package)
    manifest = read_manifest(
        {
            "name": draft.name,
            "label": body.label,
            "version": body.version,
            "namespace": body.namespace,
            "description": body.description,
            "dependencies": dict(before.dependencies) if before else {},
        }
    )
    return await build_package(tx, manifest, wanted_by(body))


async def _previewed(tx: Transaction, draft: Draft) -> Previewed:
    """Give what the package would be; whatever it is called, as long as that is not said yet."""
    if draft.is_empty:
        return Previewed()
    label, name = draft.body.label or "Package", draft.name or "package"
    try:
        built = await _built(tx, Draft(name, replace(draft.body, label=label)))
    except Forbidden:
        raise
    except FieldstoneError as error:
        return Previewed(problems=error.problems)
    by_key = {one.key: one for one in built.components}
    reasons = [(by_key[key], why) for key, why in built.reasons.items()]
    files = [(path, text[:_MOST_CHARACTERS]) for path, text in built.files.items()]
    return Previewed(
        built.manifest,
        tuple(_told(one, why) for one, why in reasons if not why.belongs),
        sum(why.belongs for _, why in reasons),
        len(built.components),
        tuple(files[:_MOST_FILES]),
        max(0, len(files) - _MOST_FILES),
    )


def _told(one: Component, why: Reason) -> Shipped:
    cause = why.component
    return Shipped(_words(one), one.name, _words(cause), cause.name)


def _words(one: Component) -> str:
    return one.kind.replace("_", " ")


async def _build_page(
    request: Request,
    tx: Transaction,
    draft: Draft,
    problems: Sequence[Problem] = (),
    *,
    preview: Previewed,
) -> Response:
    rows = await load_components(tx)
    live = [row.component for row in rows if row.deleted_at is None]
    known = draft.name in builds_in(tx.catalog)
    title = f"Next version of {draft.body.label}" if known else "Build a package"
    values: dict[str, Any] = {
        "title": title,
        "draft": draft,
        "groups": groups_of(live, draft, tx.catalog, tx.rights),
        "records": records_offered(draft, tx.catalog, tx.rights),
        "installed": sorted(installed_in(tx.catalog).items(), key=lambda one: one[1].label.lower()),
        "preview": preview,
        "key": package_keys_of(request).public(tenant_of(request).id),
        "problems": problems,
    }
    place = Place(title, "setup", (SETUP, CRUMB, Crumb(title)))
    return page(request, tx, place, "package_build.html", 422 if problems else 200, **values)
