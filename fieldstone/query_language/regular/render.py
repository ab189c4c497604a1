"""A regular expression as PostgreSQL reads it: an advanced one, for the whole of a text."""

from __future__ import annotations

from typing import Final, assert_never

from fieldstone.query_language.regular.nodes import (
    LAST_CODE,
    WORD,
    Choice,
    Edge,
    Letter,
    Look,
    Node,
    Ranges,
    Repeat,
    Row,
    others,
)

_MOST: Final = 255
"""How often PostgreSQL repeats something at once."""


def render_for_postgresql(node: Node) -> str:
    """Give the pattern that holds for the same texts by the operator ~."""
    return f"^(?:{_rendered(node)})$"


def _rendered(node: Node) -> str:
    match node:
        case Letter(ranges):
            return render_letter(ranges)
        case Row(parts):
            return "".join(map(_rendered, parts)) or "(?:)"
        case Choice(options):
            return f"(?:{'|'.join(map(_rendered, options))})"
        case Repeat(part, least, most):
            single = _rendered(part)
            return _repeated(single if isinstance(part, Letter) else f"(?:{single})", least, most)
        case Look(part, negative):
            return f"(?{'!' if negative else '='}{_rendered(part)})"
        case Edge():
            return _EDGES[node]
        case _:
            assert_never(node)


def render_letter(ranges: Ranges) -> str:
    """Give the pattern of one character of a set."""
    if len(ranges) == 1 and ranges[0][0] == ranges[0][1]:
        return _character(ranges[0][0])
    if ranges[-1][1] == LAST_CODE and (besides := others(ranges)):
        return f"[^{_listed(besides)}]"
    return f"[{_listed(ranges)}]"


def _listed(ranges: Ranges) -> str:
    return "".join(
        _character(first) if first == last else f"{_character(first)}-{_character(last)}"
        for first, last in ranges
    )


def _character(code: int) -> str:
    character = chr(code)
    if character.isascii() and character.isalnum():
        return character
    return f"\\u{code:04X}" if code <= 0xFFFF else f"\\U{code:08X}"


def _repeated(part: str, least: int, most: int | None) -> str:
    match least, most:
        case 0, 1:
            return f"{part}?"
        case 0, None:
            return f"{part}*"
        case 1, None:
            return f"{part}+"
    fixed = _times(part, least, "{{{}}}")
    if most is None:
        return f"{fixed}{part}*"
    return fixed + _times(part, most - least, "{{0,{}}}") or "(?:)"


def _times(part: str, count: int, bounds: str) -> str:
    whole, rest = divmod(count, _MOST)
    found = f"{part}{bounds.format(_MOST)}" * whole
    return f"{found}{part}{bounds.format(rest)}" if rest else found


_IN_WORD: Final = f"[{_listed(WORD)}]"
_EDGES: Final = {
    Edge.BEGIN: "^",
    Edge.END: "$",
    Edge.WORD: f"(?:(?<!{_IN_WORD})(?={_IN_WORD})|(?<={_IN_WORD})(?!{_IN_WORD}))",
    Edge.NO_WORD: f"(?:(?<!{_IN_WORD})(?!{_IN_WORD})|(?<={_IN_WORD})(?={_IN_WORD}))",
}
