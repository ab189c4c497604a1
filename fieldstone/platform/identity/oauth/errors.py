"""Refusals of the OAuth 2 server, which have a shape of their own (RFC 6749, section 5.2)."""

from __future__ import annotations

from typing import Final

from fieldstone.errors import InvalidInput, NotFound

UNAUTHORIZED: Final = 401
BAD_REQUEST: Final = 400


class OAuthRefusal(InvalidInput):
    """A request of a program that cannot be granted. error: its code, as the RFCs have it."""

    code = "oauth.refused"

    def __init__(self, error: str, message: str) -> None:
        super().__init__(message, hint=f"In the words of OAuth 2: {error}.")
        self.error = error

    @property
    def status(self) -> int:
        """The status that goes with it."""
        return UNAUTHORIZED if self.error == "invalid_client" else BAD_REQUEST


class UnknownApp(NotFound):
    """No active connected app of this name."""

    code = "oauth.unknown_app"


class UnknownGrant(NotFound):
    """Nothing that the viewer has allowed a program, or not any more."""

    code = "oauth.unknown_grant"


class WrongReturnAddress(InvalidInput):
    """A program wants people sent to an address that is not one of its own."""

    code = "oauth.wrong_return_address"


def invalid_client() -> OAuthRefusal:
    """Give the refusal of a program that cannot prove that it is itself."""
    return OAuthRefusal("invalid_client", "This client is not known, or has another secret.")


def invalid_grant(message: str) -> OAuthRefusal:
    """Give the refusal of what stands for a grant and does not hold."""
    return OAuthRefusal("invalid_grant", message)


def invalid_request(message: str) -> OAuthRefusal:
    """Give the refusal of a request that lacks something."""
    return OAuthRefusal("invalid_request", message)
