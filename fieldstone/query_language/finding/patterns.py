r"""Terms of a search as patterns: of a regular expression, of LIKE, and of the digits of a phone.

A term is found where it stands as whole words: a sign that separates words, or the end of the text,
stands at either end of it. Scripts that put no signs between words, such as Chinese, need none. The
regular expressions mean the same to Python and to PostgreSQL. What a regular expression finds, the
pattern of LIKE finds as well, whatever stands around it.

How a few signs are written small depends on what stands around them, or on who does it: the sigma
of Greek at the end of a word, and the I with a dot of Turkish. Terms match all of their forms.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from fieldstone.metadata.values import fold

# Written as escapes, which mean the same within brackets to both kinds of regular expression.
_BETWEEN: Final = (
    r"\u0001-\u002F\u003A-\u0040\u005B-\u0060\u007B-\u00A9\u00AB-\u00B4\u00B6-\u00B9\u00BB-\u00BF"
    r"\u00D7\u00F7\u2000-\u206F\u20A0-\u20CF\u2190-\u2BFF\u2E00-\u2E7F\u3000-\u3004\u3008-\u3020"
    r"\u3030\u303D\uFF01-\uFF0F\uFF1A-\uFF20\uFF3B-\uFF40\uFF5B-\uFF65"
)
_SEPARATOR: Final = f"[{_BETWEEN}]"
_OF_WORD: Final = f"[^{_BETWEEN}]"
_SEPARATES: Final = re.compile(_SEPARATOR)
# Thai to Khmer, Japanese and Chinese: words stand side by side.
_UNSPACED: Final = re.compile(
    "[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3005-\u3007\u3021-\u302f\u3031-\u303c\u303e-\u318f"
    "\u31a0-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]"
)
_PIECE: Final = re.compile(r"\\(.)|(.)", re.DOTALL)
_LIKE_SIGNS: Final = str.maketrans({"\\": r"\\", "%": r"\%", "_": r"\_"})
_OF_PHONE: Final = re.compile(r"[0-9+ ()./*?-]+")
_ENDING: Final = 4
_ANYWHERE: Final = 7
FEWEST: Final = 2
INDEXED: Final = 3
"""Letters in a row of which the index keeps a group, so that fewer narrow nothing down."""
_ANYTHING: Final = ("*", True)
_SIGMAS: Final = "σς"
_DOT_ABOVE: Final = "\u0307"
"""What the small letter of İ has behind its i; some leave it away."""


def expression_of(pattern: str) -> str:
    """Give the regular expression of a term, for folded text; group 2 is what was found."""
    before, pieces, behind = _bounded(pattern)
    return f"{before}({''.join(_expressed(piece) for piece in pieces)}){behind}"


def steady_expression_of(pattern: str) -> str:
    """Give the same for Python, which else tries all ways to share a word among wildcards.

    What stands behind a * is taken where it comes first, which leaves the most to the rest; the
    last part alone may have to stand at the end of a word.
    """
    before, pieces, behind = _bounded(pattern)
    parts = [""]
    for piece in pieces:
        if piece == _ANYTHING:
            parts.append("")
        else:
            parts[-1] += _expressed(piece)
    first, *others = parts
    if others and behind:
        others[-1] += f"(?={behind})"
    return f"{before}({first}{''.join(f'(?>{_OF_WORD}*?{part})' for part in others)}){behind}"


def _bounded(pattern: str) -> tuple[str, list[tuple[str, bool]], str]:
    """Give the signs of a term, and what must stand in front of them and behind."""
    pieces = list(_pieces(fold(pattern)))
    starts_wild = bool(pieces) and pieces[0] == _ANYTHING
    while pieces and pieces[0] == _ANYTHING:
        pieces.pop(0)
    front = pieces and _needs_end(pieces[0])
    ends_wild = bool(pieces) and pieces[-1] == _ANYTHING
    while pieces and pieces[-1] == _ANYTHING:
        pieces.pop()
    before = "()" if starts_wild or not front else f"(^|{_SEPARATOR})"
    behind = "" if ends_wild or not pieces or not _needs_end(pieces[-1]) else f"($|{_SEPARATOR})"
    return before, pieces, behind


def like_of(pattern: str) -> str:
    """Give the pattern of LIKE that finds a term in folded text, within other words as well."""
    found = "".join(_liked(piece) for piece in _pieces(fold(pattern)))
    return f"%{found}%"


def phone_digits_of(pattern: str) -> str | None:
    """Give the pattern of LIKE by which a term finds the digits of a phone number; None if not.

    Four digits or more find numbers that end with them; seven or more, or such with a wildcard,
    wherever they stand. Zeros in front of a long number depend on where one calls from, and go.
    """
    if not _OF_PHONE.fullmatch(pattern):
        return None
    signs = re.sub("[^0-9*?]", "", pattern)
    number = sum(sign.isdigit() for sign in signs)
    wild = number < len(signs)
    if number < (_ENDING - wild):
        return None
    found = signs.strip("*").replace("*", "%").replace("?", "_")
    if number >= _ANYWHERE:
        bare = found.lstrip("0")
        return f"%{bare if sum(map(str.isdigit, bare)) >= _ENDING else found}%"
    return f"%{found}%" if wild else f"%{found}"


def letters_of(pattern: str) -> str:
    """Give the text of a term without its wildcards, for the order of what is found."""
    return "".join("" if wild else sign for sign, wild in _pieces(fold(pattern)))


def holds_word(pattern: str) -> bool:
    """Tell whether a term holds anything but signs that separate words."""
    return any(wild or not _SEPARATES.match(sign) for sign, wild in _pieces(pattern))


def tells(pattern: str) -> int:
    """Give how much a term tells: how many letters and digits it has in a row."""
    best = run = 0
    for sign, wild in _pieces(pattern):
        separates = not wild and bool(_SEPARATES.match(sign))
        run = 0 if wild or separates else run + (FEWEST if _UNSPACED.match(sign) else 1)
        best = max(best, run)
    return best


def _pieces(pattern: str) -> Iterator[tuple[str, bool]]:
    """Yield the signs of a pattern, and whether each is a wildcard."""
    for escaped, bare in _PIECE.findall(pattern):
        yield (escaped or bare), not escaped and bare in "*?"


def _needs_end(piece: tuple[str, bool]) -> bool:
    sign, wild = piece
    return wild or not (_UNSPACED.match(sign) or _SEPARATES.match(sign))


def _expressed(piece: tuple[str, bool]) -> str:
    sign, wild = piece
    if wild:
        return f"{_OF_WORD}*" if sign == "*" else _OF_WORD
    if sign == " ":
        return f"{_SEPARATOR}+"
    if sign in _SIGMAS:
        return f"[{_SIGMAS}]"
    if sign == _DOT_ABOVE:
        return r"\u0307?"
    return sign if sign.isalnum() else f"\\u{ord(sign):04x}" if ord(sign) < 0x10000 else sign


def _liked(piece: tuple[str, bool]) -> str:
    sign, wild = piece
    if wild:
        return "%" if sign == "*" else "_"
    if sign in _SIGMAS:
        return "_"
    return "%" if sign in (" ", _DOT_ABOVE) else sign.translate(_LIKE_SIGNS)
