"""Says in the reader's words what is wrong with a text that the grammar does not take."""

from __future__ import annotations

import re
from collections.abc import Set
from typing import Final

from lark.exceptions import UnexpectedCharacters, UnexpectedToken

from fieldstone.errors import Span
from fieldstone.query_language.errors import BadSyntax

Unexpected = UnexpectedToken | UnexpectedCharacters

_WHOLES: Final = {
    "query": "query",
    "find": "search",
    "condition": "condition",
    "orders": "order",
    "items": "list of fields",
    "instant": "instant",
}
_VALUES: Final = frozenset({"TEXT", "NUMBER", "BOOLEAN", "WORD", "BIND", "BOUND_PATTERN"})
# The first words that fit are named; what may also stand there is left out, to keep it short.
_PHRASES: Final = (
    ("INTEGER", "a number"),
    ("MODE", "USER_MODE, SYSTEM_MODE or SECURITY_ENFORCED"),
    ("CALL", "a field"),
    ("PATH", "a name"),
    ("OPERATOR", "an operator such as ="),
    ("_SELECT", "SELECT"),
    ("_FIND", "FIND"),
    ("SOUGHT", "a search text in braces"),
    ("FIELD_GROUP", "ALL, NAME, EMAIL, PHONE or SIDEBAR"),
    ("_FIELDS", "FIELDS"),
    ("_RETURNING", "RETURNING"),
    ("_LIST_VIEW", "LISTVIEW"),
    ("NAME", "a name"),
    ("ALIAS", "a name"),
    ("_COMMA", "a comma"),
    ("_FROM", "FROM"),
    ("IN", "IN"),
    ("_BY", "BY"),
    ("_RPAR", "a closing parenthesis"),
    ("_LPAR", "an opening parenthesis"),
    ("_AND", "AND"),
    ("_OR", "OR"),
    ("_THEN", "THEN"),
    ("_WHEN", "WHEN"),
    ("_END", "END"),
    ("_SCOPE", "SCOPE"),
    ("_CATEGORY", "CATEGORY"),
    ("SELECTOR", "AT, ABOVE, BELOW or ABOVE_OR_BELOW"),
    ("NULLS_PLACE", "FIRST or LAST"),
    ("PURPOSE", "VIEW, REFERENCE or UPDATE"),
    ("UPDATES", "TRACKING or VIEWSTAT"),
    ("_ROWS", "ROWS"),
)
_ANY_NAME: Final = frozenset({"NAME", "ALIAS"})
_END: Final = frozenset({"$END"})
_OBJECT: Final = frozenset({"CALL", "PATH"})
_STARTS: Final = frozenset({"MODE", "CALL", "PATH"})
_NAMED: Final = 3
# What may follow a function that is a condition by itself; but more often its operator is missing.
_BEHIND_CONDITION: Final = frozenset({"_AND", "_OR", "_RPAR", "$END", "SIGN", "TIMES"})
_HINTS: Final = {
    "==": "Write = to compare.",
    "is": "Write = null or != null.",
    "between": "Write field >= low AND field <= high.",
    "*": "Name the fields, or write FIELDS(ALL).",
    "&": "Write AND.",
    "|": "Write OR.",
    "!": "Write NOT, or != to compare.",
    "join": "Name fields of a parent by a path, such as company.name.",
    "select": "Put a query within a query in parentheses.",
    ";": "Leave the semicolon out.",
    "having": "Put GROUP BY in front of HAVING.",
}
_LAST_WORD: Final = re.compile(
    r"""('(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*"|[\w.]+|[<>=!]+|\S)(?:\s|//[^\n]*|/\*.*?\*/)*$""",
    re.DOTALL,
)
_NEXT_TEXT: Final = re.compile(r"""'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*\"""", re.DOTALL)
_BARE_WORD: Final = re.compile(r"=\s*[^\W\d]\w*\s*\Z")
_AS_OF: Final = re.compile(r"\bAS\s+OF\s*\Z", re.IGNORECASE)
_NEXT_WORD: Final = re.compile(r"\w+|==|\S")
_LOOK_BACK: Final = 400


def explain(error: Unexpected, text: str, start: str) -> BadSyntax:
    """Give the error for the caller. start: the rule that text was read by."""
    whole = _WHOLES[start]
    if not isinstance(error, UnexpectedToken):
        return _at_character(error, text, start)
    at_end = error.token.type == "$END"
    position = len(text.rstrip()) if at_end else _position(error)
    accepted = frozenset(error.accepts or error.expected or _END)
    found = f"the end of the {whole}" if at_end else _quoted(text, position)
    if mixing := _mixed(error.token.type, accepted):
        return BadSyntax(
            "AND and OR are mixed without parentheses.", at=_span(text, position), hint=mixing
        )
    if not at_end and (trouble := _broken_literal(text, position)):
        return trouble
    if found == ")" and "_RPAR" not in accepted and "$END" in accepted:
        return BadSyntax("This closing parenthesis closes nothing.", at=_span(text, position))
    return BadSyntax(
        f"Expected {_expected(accepted, whole)}{_after(text, position)}, found {found}.",
        at=_span(text, position),
        hint=_hint(text, position, start),
    )


def _position(error: Unexpected) -> int:
    position: object = error.pos_in_stream
    assert isinstance(position, int), "only the end of a text has no position"
    return position


def _at_character(error: Unexpected, text: str, start: str) -> BadSyntax:
    position = _position(error)
    if trouble := _broken_literal(text, position):
        return trouble
    found = f"{_quoted(text, position)}{_after(text, position)}"
    return BadSyntax(
        f"Found {found}, which stands for nothing in a {_WHOLES[start]}.",
        at=_span(text, position),
        hint=_hint(text, position, start),
    )


def _hint(text: str, position: int, start: str) -> str | None:
    found = _next_word(text, position).lower()
    if hint := _HINTS.get(text[max(0, position - 1) : position + 1]) or _HINTS.get(found):
        return hint
    if _AS_OF.search(text, max(0, position - _LOOK_BACK), position):
        return "Behind AS OF stands an instant, such as 2026-03-18T12:00:00Z or YESTERDAY."
    behind_word = bool(_BARE_WORD.search(text, 0, position))
    if start == "condition" and behind_word and (found == "-" or found.isalpha()):
        return "Text that is more than one word stands in quotes."
    return None


def _broken_literal(text: str, position: int) -> BadSyntax | None:
    rest = text[position : position + 2]
    at = _span(text, position)
    if rest[:1] in ("'", '"') and not _NEXT_TEXT.match(text, position):
        return BadSyntax(
            "This text has no closing quote.",
            at=at,
            hint="A quote within a text is written with a backslash before it.",
        )
    if rest[:1] == "{":
        return BadSyntax(
            "This search text has no closing brace.",
            at=at,
            hint="A brace within the text is written with a backslash before it.",
        )
    if rest == "/*":
        return BadSyntax("This comment is not closed.", at=at, hint="End it with */.")
    return None


def _mixed(found: str, accepted: Set[str]) -> str | None:
    other = {"_OR": "_AND", "_AND": "_OR"}.get(found)
    if other in accepted:
        return "Add parentheses, such as (a AND b) OR c."
    return None


def _expected(accepted: Set[str], whole: str) -> str:
    if len(accepted & _VALUES) > 2 and ("PATH" not in accepted or "WORD" in accepted):
        return "a value"
    if "OPERATOR" in accepted and "LIKE" in accepted:
        accepted = accepted - _BEHIND_CONDITION
    if accepted == _OBJECT:
        return "an object"
    if accepted == _END:
        return f"the end of the {whole}"
    optional_name = len(accepted - _ANY_NAME) > 0
    names = [
        phrase
        for terminal, phrase in _PHRASES
        if terminal in accepted and not (optional_name and terminal in _ANY_NAME)
    ]
    if names and accepted & _STARTS:
        return names[0]
    names = names[:_NAMED]
    if not names or "$END" in accepted:
        names = [*names[: _NAMED - 1], f"the end of the {whole}"]
    return " or ".join((", ".join(names[:-1]), names[-1])) if len(names) > 1 else names[0]


def _after(text: str, position: int) -> str:
    found = _LAST_WORD.search(text[max(0, position - _LOOK_BACK) : position])
    if found is None:
        return ""
    return " after the comma" if found[1] == "," else f" after {_short(found[1])}"


def _next_word(text: str, position: int) -> str:
    found = _NEXT_WORD.match(text, position)
    return found[0] if found else ""


def _quoted(text: str, position: int) -> str:
    whole_text = _NEXT_TEXT.match(text, position)
    return _short(whole_text[0] if whole_text else _next_word(text, position))


def _short(word: str) -> str:
    return word if len(word) <= 40 else word[:40] + "…"


def _span(text: str, position: int) -> Span:
    line = text.count("\n", 0, position) + 1
    column = position - text.rfind("\n", 0, position)
    return Span(line, column, max(len(_quoted(text, position).rstrip("…")), 1))
