"""/admin/packages: what is installed, what could be, and what was made of a package here."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from urllib.parse import urlencode

from starlette.datastructures import UploadFile
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from fieldstone.errors import FieldstoneError, InvalidInput, Problem
from fieldstone.metadata.component import Component
from fieldstone.metadata.component_change import ComponentChange
from fieldstone.metadata.digests import digest_of_package
from fieldstone.metadata.kinds.package import PackageBody
from fieldstone.metadata.versions import read_version
from fieldstone.runtime.asking import cause_of, database_of, tenant_of, viewer_of
from fieldstone.runtime.long_texts import worked_out
from fieldstone.runtime.package_builds import builds_in
from fieldstone.runtime.package_zips import read_zip
from fieldstone.runtime.packages.history import history_of
from fieldstone.runtime.packages.overlay import Customised, overlay_of
from fieldstone.runtime.packages.reading import read_beside
from fieldstone.runtime.packages.shipped import installed_in
from fieldstone.runtime.packages.uploads import keep_upload, uploads_in
from fieldstone.runtime.packages.wishes import ShippedPackages, UnknownPackage
from fieldstone.runtime.transactions import Transaction
from fieldstone.ui_generator.pages.changes import ShownChange, ShownSide, shown_change
from fieldstone.ui_generator.pages.edit import opened_form
from fieldstone.ui_generator.pages.objects import SETUP, check_setup, setup_cause
from fieldstone.ui_generator.shell import Crumb, Place, page
from fieldstone.ui_generator.viewing import viewing_of

ADDRESS: Final = "/admin/packages"
PLAN: Final = f"{ADDRESS}/_plan"
CRUMB: Final = Crumb("Packages", ADDRESS)
LIMIT_BYTES: Final = 20_000_000
_MOST_SHOWN: Final = 500


class NoFile(InvalidInput):
    """A form without the file that it is for."""

    code = "package.no_file"


@dataclass(frozen=True, slots=True)
class Available:
    """A package that could be installed or upgraded to. address: of what that would do."""

    label: str
    version: str
    uploaded_at: datetime | None
    address: str


async def show_packages(request: Request) -> Response:
    """GET /admin/packages: what is installed and what could be."""
    async with database_of(request).read(tenant_of(request), viewer_of(request)) as tx:
        check_setup(tx)
        return await _packages_page(request, tx)


async def show_package(request: Request) -> Response:
    """GET /admin/packages/{name}: an installed package, and what was made of it here."""
    name = request.path_params["name"]
    async with database_of(request).read(tenant_of(request), viewer_of(request)) as tx:
        check_setup(tx)
        body = installed_in(tx.catalog).get(name)
        if body is None:
            raise UnknownPackage(f"There is no package {name[:80]} here.")
        shipped, made = await overlay_of(tx, name)
        history = await history_of(tx, name)
        counts = Counter(one.component.kind.replace("_", " ") for one in shipped)
        return page(
            request,
            tx,
            Place(body.label, "setup", (SETUP, CRUMB, Crumb(body.label))),
            "package.html",
            name=name,
            body=body,
            counts=sorted(counts.items()),
            made=[_shown(one) for one in made[:_MOST_SHOWN]],
            more=max(0, len(made) - _MOST_SHOWN),
            history=history,
            view=viewing_of(tx),
            uninstall=plan_address(uninstall=name),
        )


async def take_upload(request: Request) -> Response:
    """POST /admin/packages/_upload: keep a package that is sent, and go to what it would do."""
    database, tenant, viewer = database_of(request), tenant_of(request), viewer_of(request)
    async with opened_form(request) as sent:
        upload = sent.get("file")
        content = await upload.read(LIMIT_BYTES + 1) if isinstance(upload, UploadFile) else b""
    async with database.read(tenant, viewer) as tx:
        check_setup(tx)
    try:
        if not content or len(content) > LIMIT_BYTES:
            raise NoFile(f"Choose a ZIP file of at most {LIMIT_BYTES // 10**6} MB.")
        files = await worked_out(lambda: read_zip(content), len(content))
        package = await read_beside(files)
        cause = {**cause_of(request), **setup_cause(request)}
        async with database.write(tenant, viewer, cause) as tx:
            digest = await keep_upload(tx, files, package)
    except InvalidInput as error:
        return await _refused(request, error)
    return RedirectResponse(plan_address(install=digest), 303)


def plan_address(**wish: str) -> str:
    """Give the address of the page that tells what a wish would do."""
    return f"{PLAN}?{urlencode(wish)}"


def shipped_of(request: Request) -> ShippedPackages:
    """Give the packages that come with the product."""
    shipped: ShippedPackages = request.app.state.shipped_packages
    return shipped


def is_older(version: str, known: PackageBody) -> bool:
    """Tell whether a version is older than the one that is installed."""
    return read_version(version) < read_version(known.version)


async def _refused(request: Request, error: FieldstoneError) -> Response:
    async with database_of(request).read(tenant_of(request), viewer_of(request)) as tx:
        return await _packages_page(request, tx, error.problems)


async def _packages_page(
    request: Request, tx: Transaction, problems: tuple[Problem, ...] = ()
) -> Response:
    installed = installed_in(tx.catalog)
    shipped = shipped_of(request)
    available = []
    for name in shipped.names:
        package = shipped.package(name)
        if name not in installed or installed[name].digest != digest_of_package(package):
            said = package.manifest
            address = plan_address(install=name)
            available.append(Available(said.label, said.version, None, address))
    for one in await uploads_in(tx):
        known = installed.get(one.name)
        if known is None or (known.digest != one.digest and not is_older(one.version, known)):
            address = plan_address(install=one.digest)
            available.append(Available(one.name, one.version, one.uploaded_at, address))
    return page(
        request,
        tx,
        Place("Packages", "setup", (SETUP, Crumb("Packages"))),
        "packages.html",
        status=422 if problems else 200,
        installed=sorted(installed.items(), key=lambda one: one[1].label.lower()),
        available=available,
        builds=sorted(builds_in(tx.catalog).items(), key=lambda one: one[1].label.lower()),
        problems=problems,
        view=viewing_of(tx),
    )


def _shown(one: Customised) -> ShownChange:
    """Give what was made of a component as a change of it is shown."""
    was = one.shipped
    if one.what == "removed":
        return ShownChange("Removed", was.kind.replace("_", " "), was.name, "", ())
    here = Component(was.kind, one.name_here or was.name, {})
    plain = shown_change(ComponentChange("change", 0, was, here, {}))
    sides = tuple(
        ShownSide.of(difference) for difference in one.differences if difference.at != "/name"
    )
    verb = "Renamed" if one.what == "renamed" else "Changed"
    return ShownChange(verb, plain.kind, plain.name, plain.was_called, sides)
