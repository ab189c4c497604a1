"""Which scopes a program asks for, and which it gets."""

from __future__ import annotations

from fieldstone.metadata.api_scopes import API, API_SCOPES, in_order, widened
from fieldstone.platform.identity.oauth.apps import App
from fieldstone.platform.identity.oauth.errors import OAuthRefusal


def read_scopes(app: App, text: str) -> tuple[str, ...]:
    """Give the scopes of a request (RFC 6749, section 3.3); all of the app's if it names none."""
    asked = text.split(" ") if text else list(app.body.scopes)
    return _within(asked, app.body.scopes)


def narrow_scopes(granted: tuple[str, ...], text: str) -> tuple[str, ...]:
    """Give the scopes of a refresh, which may ask for fewer than were granted."""
    return _within(text.split(" "), granted) if text else granted


def _within(asked: list[str], allowed: tuple[str, ...]) -> tuple[str, ...]:
    most = API_SCOPES.keys() if API in allowed else widened(allowed)
    beyond = [scope for scope in asked if scope not in most]
    if beyond or not asked:
        raise OAuthRefusal("invalid_scope", "More is asked for than may be given.")
    return in_order(asked)
