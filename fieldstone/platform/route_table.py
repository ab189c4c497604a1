"""Every route of the application, those that match less after those that match more.

The modules behind them are read when something of theirs is asked for the first time, so that a
process starts soon and holds what it uses. Each says by the first two segments of its paths what
that is: api/people, or oauth/{ where the second may be anything.
"""

from __future__ import annotations

from typing import Final

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import BaseRoute, Route

from fieldstone.platform.routing import RoutesOf, whole


async def health(request: Request) -> Response:
    """GET /healthz: whether this process serves."""
    return PlainTextResponse("ok\n")


ROUTES: Final[tuple[BaseRoute | RoutesOf, ...]] = (
    Route("/healthz", health),
    RoutesOf("fieldstone.api.objects", "api/objects"),
    RoutesOf("fieldstone.api.metadata", "api/metadata"),
    RoutesOf("fieldstone.api.organization", "api/organization"),
    RoutesOf("fieldstone.api.permissions", "api/access", "api/people", "api/permission-sets"),
    RoutesOf("fieldstone.api.usage", "api/usage"),
    RoutesOf("fieldstone.api.archives", "api/archive"),
    RoutesOf("fieldstone.api.components", "api/metadata"),
    RoutesOf("fieldstone.api.layouts", "api/objects"),
    RoutesOf("fieldstone.api.metadata_plans", "api/metadata"),
    RoutesOf(
        "fieldstone.api.package_builds",
        "api/package-builds",
        "api/package-checks",
        "api/package-key",
    ),
    RoutesOf("fieldstone.api.packages", "api/packages", "api/package-plans", "api/package-uploads"),
    RoutesOf("fieldstone.api.sharing", "api/people", "api/records", "api/teams"),
    RoutesOf("fieldstone.api.privacy_holds", "api/privacy"),
    RoutesOf("fieldstone.api.privacy_retention", "api/privacy"),
    RoutesOf("fieldstone.api.roles", "api/roles"),
    RoutesOf("fieldstone.api.territories", "api/territories"),
    RoutesOf("fieldstone.api.audit", "api/audit"),
    RoutesOf("fieldstone.api.locks", "api/locks", "api/records"),
    RoutesOf("fieldstone.api.privacy_people", "api/privacy"),
    RoutesOf("fieldstone.api.encryption", "api/encryption"),
    RoutesOf("fieldstone.api.views", "api/objects"),
    RoutesOf("fieldstone.api.actions", "api/actions", "api/records"),
    RoutesOf("fieldstone.api.apps", "api/apps"),
    RoutesOf("fieldstone.api.records", "api/records"),
    RoutesOf("fieldstone.api.query", "api/query"),
    RoutesOf(
        "fieldstone.api.imports",
        "api/import",
        "api/imports",
        "import/",
        "import/preview",
        "v1/import",
    ),
    RoutesOf("fieldstone.api.search", "api/search", "search/", "v1/search"),
    RoutesOf("fieldstone.api.jobs", "api/jobs"),
    RoutesOf("fieldstone.api.files", "api/files"),
    RoutesOf("fieldstone.api.exports", "api/export", "api/exports"),
    RoutesOf("fieldstone.api.storage_advice", "api/storage"),
    RoutesOf("fieldstone.api.storage", "api/storage"),
    RoutesOf("fieldstone.api.recycle_bin", "api/bin"),
    RoutesOf("fieldstone.api.openapi", "api/docs", "api/openapi.json"),
    RoutesOf("fieldstone.platform.tenant_endpoints", "api/platform"),
    RoutesOf("fieldstone.platform.operator_endpoints", "api/platform"),
    RoutesOf("fieldstone.platform.archive_endpoints", "api/platform"),
    RoutesOf("fieldstone.platform.audit_endpoints", "api/platform"),
    RoutesOf("fieldstone.platform.salesforce_endpoints", "api/salesforce-packages"),
    RoutesOf("fieldstone.platform.salesforce_pages", "admin/salesforce"),
    RoutesOf("fieldstone.platform.branch_endpoints", "api/branches"),
    RoutesOf("fieldstone.platform.branch_pages", "admin/branches"),
    RoutesOf(
        "fieldstone.platform.identity.endpoints",
        "api/claim",
        "api/people",
        "api/session",
        "api/sessions",
        "api/tokens",
        "api/welcome",
    ),
    RoutesOf("fieldstone.platform.identity.door_endpoints", "api/session"),
    RoutesOf("fieldstone.platform.identity.account_endpoints", "api/account", "api/people"),
    RoutesOf(
        "fieldstone.platform.identity.pages", "admin/people", "sign-in/", "sign-out/", "welcome/{"
    ),
    RoutesOf(
        "fieldstone.platform.identity.second_step_pages",
        "sign-in/enrol",
        "sign-in/passkey",
        "sign-in/second",
    ),
    RoutesOf(
        "fieldstone.platform.identity.acting_endpoints",
        "admin/account",
        "api/account",
        "api/people",
        "api/session",
    ),
    RoutesOf("fieldstone.platform.identity.account_pages", "admin/account"),
    RoutesOf("fieldstone.platform.identity.proof_pages", "admin/account"),
    RoutesOf("fieldstone.platform.identity.service_endpoints", "api/people", "api/service-users"),
    RoutesOf(
        "fieldstone.platform.identity.oauth.endpoints",
        ".well-known/oauth-authorization-server",
        "oauth/introspect",
        "oauth/revoke",
        "oauth/token",
    ),
    RoutesOf("fieldstone.platform.identity.oauth.consent", "oauth/authorize"),
    RoutesOf("fieldstone.platform.identity.oauth.my_app_pages", "admin/account"),
    RoutesOf("fieldstone.platform.identity.oauth.setup_pages", "admin/connected-apps"),
    RoutesOf("fieldstone.platform.identity.service_pages", "admin/service-users"),
    RoutesOf(
        "fieldstone.platform.identity.oauth.app_endpoints", "api/connected-apps", "api/my-apps"
    ),
    RoutesOf(
        "fieldstone.platform.identity.providers.endpoints",
        "api/identity-providers",
        "api/saml-metadata",
    ),
    RoutesOf("fieldstone.platform.identity.providers.pages", "sign-in/with"),
    RoutesOf("fieldstone.platform.identity.providers.setup_pages", "admin/identity-providers"),
    RoutesOf(
        "fieldstone.ui_generator.pages.routes",
        "/",
        "admin/",
        "admin/_app",
        "admin/_counts",
        "admin/_do",
        "admin/_lookup",
        "admin/_theme",
        "admin/apps",
        "admin/audit",
        "admin/bin",
        "admin/changes",
        "admin/components",
        "admin/encryption",
        "admin/jobs",
        "admin/locks",
        "admin/objects",
        "admin/organization",
        "admin/packages",
        "admin/permissions",
        "admin/privacy",
        "admin/roles",
        "admin/search",
        "admin/settings",
        "admin/sharing",
        "admin/storage",
        "admin/teams",
        "admin/territories",
        "admin/territory-rules",
        "admin/translations",
        "admin/usage",
        "admin/{",
        "static/{",
    ),
    RoutesOf("fieldstone.api.shortcuts", "v1/{", "{/{"),
)


def all_routes() -> list[BaseRoute]:
    """Give every route, with all modules read."""
    return whole(ROUTES)
