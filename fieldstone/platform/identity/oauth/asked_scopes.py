"""Which scopes a program asks for, and which it gets."""

from __future__ import annotations

from collections.abc import Iterable

from fieldstone.metadata.api_scopes import API, API_SCOPES, in_order, widened
from fieldstone.platform.identity.oauth.apps import App
from fieldstone.platform.identity.oauth.errors import OAuthRefusal


def read_scopes(app: App, text: str) -> tuple[str, ...]:
    """Give the scopes of a request (RFC 6749, section 3.3); all of the app's if it names none."""
    asked = text.split(" ") if text else list(app.body.scopes)
    return _within(asked, app.body.scopes)


def narrow_scopes(granted: tuple[str, ...], text: str) -> tuple[str, ...]:
    """Give the scopes of a refresh, which may ask for fewer than were granted."""
    return _within(text.split(" ") if text else list(granted), granted)


def still_given(app: App, granted: Iterable[str]) -> tuple[str, ...]:
    """Give what is left of granted scopes by what an app may have by now."""
    before, now = frozenset(granted), frozenset(app.body.scopes)
    return in_order((before & _most(now)) | (now & _most(before)))


def _within(asked: list[str], allowed: tuple[str, ...]) -> tuple[str, ...]:
    most = _most(allowed)
    beyond = [scope for scope in asked if scope not in most]
    if beyond or not asked:
        raise OAuthRefusal("invalid_scope", "More is asked for than may be given.")
    return in_order(asked)


def _most(scopes: Iterable[str]) -> frozenset[str]:
    """Give all that scopes stand for."""
    given = frozenset(scopes)
    return frozenset(API_SCOPES) if API in given else widened(given)
