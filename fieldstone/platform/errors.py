"""The one place where errors become HTTP statuses and JSON."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

import asyncpg

from fieldstone.api.requests import BodyTooLarge
from fieldstone.errors import (
    Conflict,
    FieldstoneError,
    Forbidden,
    InvalidInput,
    NotFound,
    Problem,
    Unavailable,
)
from fieldstone.platform.identity.errors import (
    SignInNeeded,
    StepEnded,
    TooManyTries,
    WrongCredentials,
    WrongFactor,
)
from fieldstone.platform.rates.bucket import RateLimited
from fieldstone.runtime.files import FileTooLarge
from fieldstone.runtime.permissions import InsufficientScope
from fieldstone.runtime.terms import ApiCallLimit
from fieldstone.runtime.transactions import QueryTimeout

STATUSES: Final[Mapping[type[FieldstoneError], int]] = {
    SignInNeeded: 401,
    WrongCredentials: 401,
    StepEnded: 401,
    WrongFactor: 401,
    TooManyTries: 429,
    RateLimited: 429,
    ApiCallLimit: 429,
    BodyTooLarge: 413,
    FileTooLarge: 413,
    InvalidInput: 422,
    NotFound: 404,
    Forbidden: 403,
    Conflict: 409,
    Unavailable: 503,
}


class UnstorableValue(InvalidInput):
    """A value that PostgreSQL cannot hold, such as the character NUL in JSON."""

    code = "value.unstorable"


class DatabaseBusy(Unavailable):
    """The database could not be reached."""

    code = "service.database"


_RUSH_S: Final = 1
_OUTAGE_S: Final = 5
_WAIT_S: Final = 900
# It is starting or stopping, has no connection or memory left, or does not know our password.
_NO_DATABASE: Final = (
    asyncpg.PostgresConnectionError,
    asyncpg.InsufficientResourcesError,
    asyncpg.OperatorInterventionError,
    asyncpg.InvalidAuthorizationSpecificationError,
    asyncpg.InterfaceError,
    OSError,
)


def status_of(error: FieldstoneError) -> int:
    """Give the HTTP status of an error: that of its kind, or one that HTTP has for it alone."""
    return next(status for kind, status in STATUSES.items() if isinstance(error, kind))


def headers_of(error: FieldstoneError) -> dict[str, str]:
    """Give the headers of an answer to an error: when to try again, and how to say who asks."""
    if isinstance(error, SignInNeeded):
        return {"www-authenticate": "Bearer"}
    if isinstance(error, InsufficientScope):
        needed = (error.problem.details or {}).get("scope")
        return {"www-authenticate": f'Bearer error="insufficient_scope", scope="{needed}"'}
    if isinstance(error, TooManyTries | ApiCallLimit):
        return {"retry-after": str(_WAIT_S)}
    if isinstance(error, RateLimited):
        return {"retry-after": str((error.problem.details or {}).get("retry_after_s", _RUSH_S))}
    if not isinstance(error, Unavailable) or isinstance(error, QueryTimeout):
        return {}
    pause_s = _OUTAGE_S if isinstance(error, DatabaseBusy) else _RUSH_S
    return {"retry-after": str(pause_s)}


def translated(error: BaseException) -> FieldstoneError | None:
    """Give the error that a caller may see for one that a library raised; None for the unknown."""
    if isinstance(error, FieldstoneError):
        return error
    if isinstance(error, asyncpg.DataError | asyncpg.UntranslatableCharacterError):
        return UnstorableValue("A value cannot be stored.", hint="Look for odd characters.")
    if isinstance(error, _NO_DATABASE):
        return DatabaseBusy("The database cannot be reached.", hint="Try again in a moment.")
    return None


def error_body(problems: Iterable[Problem], request_id: str) -> dict[str, Any]:
    """Give problems in the one shape that every error has."""
    return {"errors": [problem.as_json() for problem in problems], "request_id": request_id}
