"""What can be wrong with a query, one class per code."""

from __future__ import annotations

from fieldstone.errors import InvalidInput, Span


class BadSyntax(InvalidInput):
    """The text is not a query."""

    code = "query.syntax"


class BadForm(InvalidInput):
    """The JSON is not that of a query or a filter."""

    code = "query.bad_form"


class TooDeep(InvalidInput):
    """Parentheses or subqueries are nested further than anyone needs."""

    code = "query.too_deep"


class TooLong(InvalidInput):
    """The text is longer than a query may be."""

    code = "query.too_long"


class UnknownObject(InvalidInput):
    """No object of this name, or none that the viewer may see."""

    code = "query.unknown_object"


class UnknownField(InvalidInput):
    """No field of this name, or none that the viewer may see."""

    code = "query.unknown_field"


class MaskedField(InvalidInput):
    """A field that the viewer sees behind its mask alone is asked by, or calculated with."""

    code = "query.masked_field"


def masked_field(label: str, at: Span) -> MaskedField:
    """Say that a field is masked, and serves for nothing but being shown."""
    return MaskedField(
        f"{label} is masked: it can be shown, and nothing can be asked by it.",
        at=at,
        hint="Ask for a permission set that unmasks it.",
    )


class UnknownFunction(InvalidInput):
    """No function of this name."""

    code = "query.unknown_function"


class TypeMismatch(InvalidInput):
    """A value or an operator that a field cannot be asked with."""

    code = "query.type_mismatch"


class BadQuery(InvalidInput):
    """The parts of a query do not go together."""

    code = "query.contradiction"


class NotSupported(InvalidInput):
    """A part of the language that this server understands and does not answer."""

    code = "query.not_supported"


class NotYet(InvalidInput):
    """AS OF names an instant that is still to come."""

    code = "query.not_yet"


class MissingParameter(InvalidInput):
    """A parameter of the query came without a value."""

    code = "query.missing_parameter"


class BadCursor(InvalidInput):
    """A cursor that was not cut from this query."""

    code = "query.bad_cursor"
