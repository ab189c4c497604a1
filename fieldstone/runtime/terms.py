"""What a tenant may use: limits and features, by its plan and by what was agreed besides."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final

from fieldstone.errors import Forbidden, InvalidInput
from fieldstone.metadata.values import Json, read_json

UNLIMITED: Final = "unlimited"
"""The plan that limits nothing."""


class Limit(StrEnum):
    """What can be limited."""

    USERS = "users"
    RECORDS = "records"
    STORAGE = "storage_bytes"
    API_CALLS = "api_calls"
    OBJECTS = "objects"
    TENANT_RATE = "tenant_rate"
    TOKEN_RATE = "token_rate"  # noqa: S105 - a name, no secret
    CONNECTIONS = "connections"
    STATEMENT = "statement_s"


MEANINGS: Final[Mapping[Limit, str]] = {
    Limit.USERS: "People who may sign in.",
    Limit.RECORDS: "Records that are not in the bin.",
    Limit.STORAGE: "Bytes of files.",
    Limit.API_CALLS: "Calls of the API in a day, which begins at midnight UTC.",
    Limit.OBJECTS: "Objects of its own, beside those of packages.",
    Limit.TENANT_RATE: "Requests in a second, of everybody in the tenant.",
    Limit.TOKEN_RATE: "Requests in a second, of one session or token.",
    Limit.CONNECTIONS: "Connections to the database at a time, in each web process.",
    Limit.STATEMENT: "Seconds that one statement of a request may run.",
}
METERED: Final = (Limit.USERS, Limit.RECORDS, Limit.STORAGE, Limit.API_CALLS, Limit.OBJECTS)
"""Limits on what is used up, of which a tenant sees how much is left."""

_NOUNS: Final[Mapping[Limit, str]] = {
    Limit.USERS: "users",
    Limit.RECORDS: "records",
    Limit.STORAGE: "bytes of files",
    Limit.API_CALLS: "calls of the API today",
    Limit.OBJECTS: "objects of its own",
}
_HINTS: Final[Mapping[Limit, str]] = {
    Limit.USERS: "Deactivate somebody, or ask for a larger plan.",
    Limit.RECORDS: "Delete what nobody needs, or ask for a larger plan.",
    Limit.STORAGE: "Delete files that nobody needs and empty the bin, or ask for a larger plan.",
    Limit.API_CALLS: "Wait until midnight UTC, or ask for a larger plan.",
    Limit.OBJECTS: "Delete an object that nobody needs, or ask for a larger plan.",
}


class Feature(StrEnum):
    """What a plan may leave out."""

    IMPORTS = "imports"
    EXPORTS = "exports"
    FIND = "find"
    AS_OF = "as_of"
    TOKENS = "tokens"
    ARCHIVE = "archive"


FEATURES: Final[Mapping[Feature, str]] = {
    Feature.IMPORTS: "Bringing files in as records.",
    Feature.EXPORTS: "Answers and lists as files, and exports in the background.",
    Feature.FIND: "The search language, FIND ... RETURNING.",
    Feature.AS_OF: "Queries of the past, AS OF.",
    Feature.TOKENS: "Access tokens for programs.",
    Feature.ARCHIVE: "An archive of everything, made by the tenant's own administrators.",
}


class LimitReached(Forbidden):
    """The tenant has as much of something as its plan gives."""

    code = "limit.reached"


class UserLimit(LimitReached):
    """As many people may sign in as the plan gives."""

    code = "limit.users"


class RecordLimit(LimitReached):
    """The tenant has as many records as its plan gives."""

    code = "limit.records"


class StorageLimit(LimitReached):
    """The tenant's files take as many bytes as its plan gives."""

    code = "limit.storage_bytes"


class ObjectLimit(LimitReached):
    """The tenant has as many objects of its own as its plan gives."""

    code = "limit.objects"


class ApiCallLimit(LimitReached):
    """The tenant's API was called as often today as its plan gives."""

    code = "limit.api_calls"


_REFUSALS: Final[Mapping[Limit, type[LimitReached]]] = {
    Limit.USERS: UserLimit,
    Limit.RECORDS: RecordLimit,
    Limit.STORAGE: StorageLimit,
    Limit.OBJECTS: ObjectLimit,
    Limit.API_CALLS: ApiCallLimit,
}


class FeatureOff(Forbidden):
    """The tenant's plan leaves this feature out."""

    code = "feature.off"


class BadTerms(InvalidInput):
    """Limits or features that nobody knows, or with values that they cannot have."""

    code = "tenant.bad_terms"


@dataclass(frozen=True, slots=True)
class Terms:
    """What one tenant may use. limits: what is not among them is not limited. off: features."""

    plan: str = UNLIMITED
    limits: Mapping[str, int] = field(default_factory=dict)
    off: frozenset[str] = frozenset()

    def limit(self, name: Limit) -> int | None:
        """Give a limit; None where there is none."""
        return self.limits.get(name)

    def has(self, feature: Feature) -> bool:
        """Tell whether a feature is on."""
        return feature not in self.off

    def require(self, feature: Feature) -> None:
        """Return if a feature is on. Raises FeatureOff."""
        if feature in self.off:
            raise FeatureOff(
                f"The plan {self.plan} does not have this: {FEATURES[feature]}",
                hint="Ask for a larger plan.",
                details={"feature": feature.value, "plan": self.plan},
            )

    def check(self, name: Limit, current: int, more: int = 1) -> None:
        """Return if so much more may be had of something. Raises LimitReached."""
        most = self.limits.get(name)
        if most is not None and current + more > most:
            raise refusal(name, current, most)


NO_LIMITS: Final = Terms()
"""The terms of whoever may use everything."""


def refusal(name: Limit, current: int, most: int) -> LimitReached:
    """Give the error that tells of a limit: how much there is, how much there may be."""
    return _REFUSALS[name](
        f"The plan gives {most:,} {_NOUNS[name]}, and there are {current:,}.",
        hint=_HINTS[name],
        details={"limit": most, "current": current},
    )


def terms_from(row: Any) -> Terms:
    """Read terms out of a tenant's row, in which those of its plan and its own are one."""
    limits, features = _object(row["limits"]), _object(row["features"])
    return Terms(
        plan=row["plan"],
        limits={name: value for name, value in limits.items() if isinstance(value, int)},
        off=frozenset(name for name, on in features.items() if on is False),
    )


def read_limits(sent: Json, pointer: str = "/limits") -> dict[str, int | None]:
    """Read limits that somebody sets; null takes one away. Raises BadTerms."""
    if not isinstance(sent, dict):
        raise BadTerms("Limits are an object of names and whole numbers.", at=pointer)
    for name, value in sent.items():
        if name not in set(Limit):
            raise BadTerms(
                f"There is no limit {name[:40]!r}.",
                at=f"{pointer}/{name[:40]}",
                hint=f"There are {', '.join(Limit)}.",
            )
        is_count = isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**62
        if value is not None and not is_count:
            raise BadTerms(f"The limit {name} is a whole number, or null.", at=f"{pointer}/{name}")
    return {name: value if isinstance(value, int) else None for name, value in sent.items()}


def read_features(sent: Json, pointer: str = "/features") -> dict[str, bool | None]:
    """Read what somebody turns on and off; null leaves it to the plan. Raises BadTerms."""
    if not isinstance(sent, dict):
        raise BadTerms("Features are an object of names and true or false.", at=pointer)
    for name, value in sent.items():
        if name not in set(Feature):
            raise BadTerms(
                f"There is no feature {name[:40]!r}.",
                at=f"{pointer}/{name[:40]}",
                hint=f"There are {', '.join(Feature)}.",
            )
        if value is not None and not isinstance(value, bool):
            raise BadTerms(f"The feature {name} is true, false or null.", at=f"{pointer}/{name}")
    return {name: value if isinstance(value, bool) else None for name, value in sent.items()}


def _object(text: Any) -> dict[str, Any]:
    found = read_json(text) if isinstance(text, str) else text
    return found if isinstance(found, dict) else {}
