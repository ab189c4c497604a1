"""The address of this server, as others know it: what they sign for us, and where they send people.

A request names the host that it was sent to, which may be one that somebody else thought of. So
where the tenants' parent domain is set, the address follows from that and from the tenant.
"""

from __future__ import annotations

from starlette.requests import Request

from fieldstone.platform.middleware.host import host_of, port_of
from fieldstone.platform.middleware.tenant import DEFAULT_TENANT
from fieldstone.platform.settings import Settings
from fieldstone.runtime.asking import tenant_of


def server_of(request: Request) -> str:
    """Give the address of a tenant on this server, without a slash at its end.

    Without a parent domain it is the one that was asked: nothing else is known then.
    """
    settings: Settings = request.app.state.settings
    if settings.domain is None:
        return str(request.base_url).rstrip("/")
    name = tenant_of(request).name
    is_parent = name == DEFAULT_TENANT and host_of(request).removesuffix(".") == settings.domain
    host = settings.domain if is_parent else f"{name}.{settings.domain}"
    return f"{request.url.scheme}://{host}{port_of(request)}"
