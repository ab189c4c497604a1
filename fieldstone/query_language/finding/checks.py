"""The clauses of FIND: which are answered, and what they ask for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from fieldstone.metadata.names import suggestion
from fieldstone.query_language.errors import BadQuery, BadSyntax, NotSupported
from fieldstone.query_language.finding.syntax import Find, FindWith, Options, Setting
from fieldstone.query_language.syntax import AccessMode, Boolean, DataCategory, Number, Value

_SNIPPET: Final = "SNIPPET"
_HIGHLIGHT: Final = "HIGHLIGHT"
_SPELLING: Final = "SPELL_CORRECTION"
_LENGTH: Final = "target_length"
_REFUSED: Final = {
    "DIVISION": "There are no divisions.",
    "NETWORK": "There are no networks of communities.",
    "PRICEBOOKID": "Products are not found by price book.",
    "METADATA": "A search gives no metadata; /api/objects has the labels.",
}
_KNOWN: Final = (_SNIPPET, _HIGHLIGHT, _SPELLING, *_REFUSED)
SNIPPET_LENGTHS: Final = range(50, 1_001)
USUAL_SNIPPET: Final = 300


@dataclass(frozen=True, slots=True)
class Marking:
    """Which texts are shown with what was found in them marked.

    highlights: every field in which it is. snippet_length: how many characters around the first
    place; None for no snippet.
    """

    highlights: bool = False
    snippet_length: int | None = None

    @property
    def is_wanted(self) -> bool:
        """Whether anything is to be marked."""
        return self.highlights or self.snippet_length is not None


def marking_of(find: Find) -> Marking:
    """Give what WITH asks to be marked. Raises NotSupported, BadSyntax and BadQuery."""
    for returned in find.returning:
        if returned.list_view is not None:
            raise NotSupported(
                "A search is not narrowed by USING ListView.",
                at=returned.span,
                hint="Write the filter of the list behind WHERE.",
            )
    highlights, length = False, None
    for clause in find.with_clauses:
        name = _checked(clause)
        highlights = highlights or name == _HIGHLIGHT
        if name == _SNIPPET:
            length = _length_of(clause)
    return Marking(highlights, length)


def _checked(clause: FindWith) -> str:
    """Give the name of a clause that is answered; "" for one that changes nothing."""
    if isinstance(clause, AccessMode):
        return ""
    if isinstance(clause, DataCategory):
        raise NotSupported("There are no data categories.", at=clause.span, hint="Use WHERE.")
    if clause.name not in _KNOWN:
        raise BadSyntax(
            f"WITH does not know {clause.name[:80]}.",
            at=clause.span,
            hint=suggestion(clause.name, _KNOWN),
        )
    if clause.name in _REFUSED:
        raise NotSupported(
            f"WITH {clause.name} is not answered: {_REFUSED[clause.name]}", at=clause.span
        )
    if clause.name == _SPELLING:
        _check_spelling(clause)
    elif isinstance(clause, Setting) and clause.operator:
        raise BadSyntax(f"WITH {clause.name} has no value.", at=clause.span)
    elif isinstance(clause, Options) and clause.name == _HIGHLIGHT:
        raise BadSyntax("WITH HIGHLIGHT has no options.", at=clause.span)
    return clause.name


def _check_spelling(clause: Setting | Options) -> None:
    match clause:
        case Setting(_, "=", (Boolean(value=False),)):
            return
        case Setting(_, "=", (Boolean(value=True),)):
            raise NotSupported(
                "FIND finds what is written, without corrections of the spelling.",
                at=clause.span,
                hint="GET /search?q=… forgives typing mistakes.",
            )
        case _:
            raise BadSyntax("SPELL_CORRECTION is TRUE or FALSE.", at=clause.span)


def _length_of(clause: FindWith) -> int:
    if not isinstance(clause, Options):
        return USUAL_SNIPPET
    match clause.options:
        case ((option, value),) if option == _LENGTH:
            return _snippet_length(value)
        case _:
            raise BadSyntax(f"WITH SNIPPET takes {_LENGTH} alone.", at=clause.span)


def _snippet_length(value: Value) -> int:
    if isinstance(value, Number) and value.value == int(value.value):
        length = int(value.value)
        if length in SNIPPET_LENGTHS:
            return length
    raise BadQuery(
        f"{_LENGTH} is from {SNIPPET_LENGTHS[0]} to {SNIPPET_LENGTHS[-1]}.", at=value.span
    )
