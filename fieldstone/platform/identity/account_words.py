"""What devices and events are called on the page of one's account."""

from __future__ import annotations

from typing import Any, Final

from fieldstone.platform.identity.events import details_of
from fieldstone.runtime.audit.events import Event

_SYSTEMS: Final = (
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("Windows", "Windows"),
    ("Mac OS X", "Mac"),
    ("CrOS", "ChromeOS"),
    ("Linux", "Linux"),
)
_BROWSERS: Final = (
    ("Edg/", "Edge"),
    ("OPR/", "Opera"),
    ("Firefox/", "Firefox"),
    ("Chrome/", "Chrome"),
    ("Chromium/", "Chromium"),
    ("Safari/", "Safari"),
)
_SENTENCES: Final = {
    Event.PASSWORD_CHANGED: "The password was changed",
    Event.AUTHENTICATOR_ADDED: "An authenticator app was added",
    Event.AUTHENTICATOR_REMOVED: "The authenticator app was removed",
    Event.PASSKEY_ADDED: "A passkey was added",
    Event.PASSKEY_REMOVED: "A passkey was removed",
    Event.PASSKEY_COPIED: "A copy of a passkey was refused",
    Event.CODES_MADE: "Recovery codes were made",
    Event.CODE_USED: "A recovery code was used",
    Event.INVITED_AGAIN: "An invitation for a new password was made",
    Event.RESET_PROMISED: "An invitation that resets second factors was made",
    Event.TOKEN_MADE: "An access token was made",
    Event.TOKEN_REVOKED: "An access token was taken back",
    Event.FACTORS_RESET: "All second factors were taken away",
    Event.SESSIONS_ENDED: "All other sessions were ended",
    Event.ACTING_ALLOWED: "Administrators were allowed to act as you",
    Event.ACTING_FORBIDDEN: "Acting as you was ended",
    Event.ACTING_STARTED: "An administrator began to act as you",
    Event.ACTING_STOPPED: "An administrator stopped acting as you",
}


def shown_agent(agent: str) -> str:
    """Give a device in two words; what a browser says of itself where it is unknown."""
    system = next((name for mark, name in _SYSTEMS if mark in agent), "")
    browser = next((name for mark, name in _BROWSERS if mark in agent), "")
    if browser and system:
        return f"{browser} on {system}"
    return browser or system or agent[:60] or "Unknown device"


def sentence_of(row: Any, *, own: bool) -> str:
    """Give an event as a sentence. own: whether nobody else did it."""
    told = _SENTENCES.get(row["what"], row["what"])
    details = details_of(row)
    name = details.get("name") if isinstance(details, dict) else None
    named = f"{told}: {name}" if name else told
    by_itself = own or row["what"] in {Event.ACTING_STARTED, Event.ACTING_STOPPED}
    return named if by_itself else f"{named}, by an administrator"
