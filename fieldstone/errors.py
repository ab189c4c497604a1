"""The tree of errors that a caller can cause.

Five kinds, one class per code below them. Lower rooms raise them and know no HTTP status;
`platform/errors.py` maps the kinds to statuses, in one place.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, ClassVar


@dataclass(frozen=True, slots=True)
class Span:
    """A place in a text. line and column count from 1; length is in characters."""

    line: int
    column: int
    length: int = 1


@dataclass(frozen=True, slots=True)
class JsonPlace(Span):
    """A place in JSON, for what is otherwise read from text; an error shows the pointer alone."""

    pointer: str = ""


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong, as it is shown to the caller.

    at: a span in the text that was sent, or a JSON pointer such as /fields/2/type.
    details: further facts as plain JSON, such as both versions of a record in conflict.
    """

    code: str
    message: str
    at: Span | str | None = None
    hint: str | None = None
    details: Mapping[str, Any] | None = None

    def below(self, pointer: str) -> Problem:
        """Give the same problem, with its JSON pointer placed under another one."""
        inner = self.at if isinstance(self.at, str) else ""
        return replace(self, at=pointer + inner)

    def as_json(self) -> dict[str, Any]:
        """Give the problem in the one shape that callers see."""
        shown: dict[str, Any] = {"code": self.code, "message": self.message}
        if isinstance(self.at, Span):
            place = self.at
            shown["at"] = {"line": place.line, "column": place.column, "length": place.length}
        elif self.at is not None:
            shown["at"] = self.at
        if self.hint:
            shown["hint"] = self.hint
        if self.details:
            shown["details"] = dict(self.details)
        return shown


class FieldstoneError(Exception):
    """What a caller can cause. Every class with a code of its own has a heading in the docs."""

    code: ClassVar[str] = "internal.error"

    def __init__(
        self,
        message: str,
        *,
        at: Span | str | None = None,
        hint: str | None = None,
        details: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(message)
        place = at.pointer if isinstance(at, JsonPlace) else at
        self.problems: tuple[Problem, ...] = (Problem(self.code, message, place, hint, details),)

    @property
    def problem(self) -> Problem:
        """The first problem, which is the only one of most errors."""
        return self.problems[0]


class InvalidInput(FieldstoneError):
    """What was sent cannot be used as it is."""

    code = "input.invalid"


class NotFound(FieldstoneError):
    """The thing asked for is not there, or not for this viewer."""

    code = "input.not_found"


class Forbidden(FieldstoneError):
    """The viewer may not do this."""

    code = "access.forbidden"


class Conflict(FieldstoneError):
    """The world has moved since the caller looked."""

    code = "input.conflict"


class Unavailable(FieldstoneError):
    """It cannot be done now, but may be later."""

    code = "service.unavailable"


class Several(InvalidInput):
    """All problems of one request at once, each with its own code and place."""

    code = "input.several"

    def __init__(self, problems: Iterable[Problem]) -> None:
        found = tuple(problems)
        assert found, "an error without a problem"
        super().__init__(" ".join(problem.message for problem in found))
        self.problems = found


class BadValue(InvalidInput):
    """A value that its field cannot take."""

    code = "value.invalid"
