"""The shell: what stands around every page, and how a page is answered."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from fieldstone.metadata.catalog import Holds, ObjectDef
from fieldstone.runtime.addresses import is_outside
from fieldstone.runtime.apps import EVERYTHING, App, Entry, apps_of, chosen_app
from fieldstone.runtime.quick_actions import QuickAction, actions_of
from fieldstone.runtime.tenants import Tenant
from fieldstone.runtime.transactions import Transaction
from fieldstone.ui_generator.assets import Assets, load_assets
from fieldstone.ui_generator.csrf import keep_token, token_of
from fieldstone.ui_generator.flash import Flash, drop_flash, find_flash
from fieldstone.ui_generator.rendering import Templates

THEME_COOKIE: Final = "fs_theme"
THEMES: Final = ("light", "dark", "system")
APP_COOKIE: Final = "fs_app"


@dataclass(frozen=True, slots=True)
class Site:
    """What the pages of a process share; kept as app.state.site."""

    assets: Assets
    templates: Templates


@dataclass(frozen=True, slots=True)
class Crumb:
    """One step of where one is. address: "" for the page itself."""

    label: str
    address: str = ""


@dataclass(frozen=True, slots=True)
class NavigationItem:
    """An entry of the navigation. name: the object's, or the tab's that leads to an address."""

    name: str
    label: str
    plural: str
    icon: str
    address: str
    is_outside: bool = False


@dataclass(frozen=True, slots=True)
class AppItem:
    """An app in the menu of apps. name: as it is sent and remembered."""

    name: str
    label: str
    is_chosen: bool


@dataclass(frozen=True, slots=True)
class Place:
    """Where a page stands. name: what the navigation marks; create: the object that + makes."""

    title: str
    name: str = ""
    crumbs: tuple[Crumb, ...] = ()
    create: str = ""


@dataclass(frozen=True, slots=True)
class Shell:
    """What the shell's templates show."""

    title: str
    place: str
    crumbs: tuple[Crumb, ...]
    tenant: str
    address: str
    theme: str
    csrf: str
    query: str
    apps: tuple[AppItem, ...] = ()
    app: str = ""
    objects: tuple[NavigationItem, ...] = ()
    actions: tuple[QuickAction, ...] = ()
    creatable: tuple[NavigationItem, ...] = ()
    create_here: str = ""
    tasks: str = ""
    may_set_up: bool = False
    flash: Flash | None = None
    language: str = "en"
    signed_in_as: str = ""
    acted_by: str = ""


def build_site() -> Site:
    """Read the static files and prepare the templates; done once per process."""
    assets = load_assets()
    return Site(assets, Templates(assets))


def site_of(request: Request) -> Site:
    """Give what the pages share."""
    site: Site = request.app.state.site
    return site


def is_partial(request: Request) -> bool:
    """Tell whether htmx asks for a part of a page."""
    return request.headers.get("hx-request") == "true"


def theme_of(request: Request) -> str:
    """Give the theme that this browser chose."""
    theme = request.cookies.get(THEME_COOKIE, "system")
    return theme if theme in THEMES else "system"


def visible_objects(tx: Transaction) -> list[ObjectDef]:
    """Give the objects that belong into the viewer's navigation, in the order of their making."""
    shown = [
        obj
        for obj in tx.catalog.objects
        if obj.in_navigation and not obj.is_junction and tx.rights.may_read_object(obj.id)
    ]
    return sorted(shown, key=_rank)


def navigated_objects(request: Request, tx: Transaction) -> list[ObjectDef]:
    """Give the objects of the app that the viewer chose; without one all of the navigation."""
    app = chosen_app(apps_of(tx), app_of(request))
    if app is None:
        return visible_objects(tx)
    return list(dict.fromkeys(one.object for one in app.entries if one.object is not None))


def app_of(request: Request) -> str:
    """Give the name of the app that this browser chose; "" for none."""
    return request.cookies.get(APP_COOKIE, "")


def _rank(obj: ObjectDef) -> tuple[bool, str]:
    return obj.package is None, obj.plural_label


def build_shell(request: Request, tx: Transaction | None, place: Place) -> Shell:
    """Put the shell together; without a transaction, as on an error, it knows no objects."""
    objects = visible_objects(tx) if tx else []
    items = {obj.name: _item_of(obj) for obj in objects}
    apps = apps_of(tx) if tx else []
    app = chosen_app(apps, app_of(request))
    records = [obj for obj in objects if obj.holds is Holds.RECORDS]
    creatable = tuple(items[obj.name] for obj in records if tx and tx.rights.may_create(obj.id))
    names = [item.name for item in creatable]
    here = place.create if place.create in names else next(iter(names), "")
    tenant: Tenant | None = getattr(request.state, "tenant", None)
    return Shell(
        title=place.title,
        place=place.name,
        crumbs=place.crumbs or (Crumb(place.title),),
        tenant=tenant.label if tenant else "Fieldstone",
        address=request.url.path,
        theme=theme_of(request),
        csrf=token_of(request),
        query=request.query_params.get("q", "") if place.name == "search" else "",
        apps=_app_items(apps, app),
        app=app.label if app else "All objects",
        objects=tuple(map(_entry_item, app.entries)) if app else tuple(items.values()),
        actions=tuple(actions_of(tx, None)) if tx else (),
        creatable=creatable,
        create_here=here,
        tasks="Task" if "Task" in items else "",
        may_set_up=tx is not None and tx.rights.sets_up_something,
        flash=find_flash(request),
        signed_in_as=_signed_in_as(request),
        acted_by=_acted_by(request),
    )


def _item_of(obj: ObjectDef) -> NavigationItem:
    address = f"/admin/{obj.name}"
    return NavigationItem(obj.name, obj.label, obj.plural_label, obj.icon, address)


def _entry_item(entry: Entry) -> NavigationItem:
    if entry.object is None:
        outside = is_outside(entry.url)
        label = entry.label
        return NavigationItem(entry.name, label, label, entry.icon, entry.url, outside)
    return replace(_item_of(entry.object), plural=entry.label, icon=entry.icon)


def _app_items(apps: list[App], chosen: App | None) -> tuple[AppItem, ...]:
    """Give what can be chosen from: the apps, and all objects; nothing where there are no apps."""
    if not apps:
        return ()
    items = (AppItem(one.name, one.label, one is chosen) for one in apps)
    return (*items, AppItem(EVERYTHING, "All objects", chosen is None))


def _signed_in_as(request: Request) -> str:
    """Give the name of whoever signed in; nothing where the machine itself is let in."""
    bearer = getattr(request.state, "bearer", None)
    return "" if bearer is None else str(bearer.viewer.name)


def _acted_by(request: Request) -> str:
    """Give who acts in the name of whoever signed in; nothing where they act themselves."""
    actor = getattr(getattr(request.state, "bearer", None), "actor", None)
    return "" if actor is None else str(actor.email)


def page(
    request: Request,
    tx: Transaction | None,
    place: Place,
    template: str,
    status: int = 200,
    **values: Any,
) -> Response:
    """Answer with a page in its shell."""
    shell = build_shell(request, tx, place)
    html = site_of(request).templates.render(template, {"shell": shell, "status": status, **values})
    response = HTMLResponse(html, status, headers={"Cache-Control": "private, no-store"})
    keep_token(request, response)
    if shell.flash is not None:
        drop_flash(response)
    return response


def part(request: Request, template: str, status: int = 200, **values: Any) -> Response:
    """Answer with a part of a page, for htmx."""
    html = site_of(request).templates.render(template, {"status": status, **values})
    return HTMLResponse(html, status, headers={"Cache-Control": "private, no-store"})
