"""How hard a password is to guess for somebody who knows what leaked and whom it belongs to.

The method is zxcvbn (Wheeler, USENIX Security 2016): the fewest guesses of an attacker who tries
the 30,000 commonest passwords of known breaches, words, names, keyboard runs and dates, and all
of them in combination. Nothing is asked over the network.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from importlib import import_module
from typing import Any, Final

_LIBRARY: Final = "zxcvbn"
_LONGEST: Final = 72
"""What the library looks at; a longer password is at least as hard as its beginning."""

_SAFE: Final = 3
"""Ten to the eighth guesses: out of reach through a door that counts tries."""

_SHORTEST_OWN: Final = 4
_WORDS: Final = re.compile(r"[^\W_]+")


def why_weak(password: str, about: Sequence[str]) -> str | None:
    """Give why a password is too easy to guess; None for a good one.

    about: what others know of its owner: address, name, organization. Takes some milliseconds; the
    library, of 11 MB, is loaded when the first password is chosen.
    """
    whole, words = _known(about)
    packed = _packed(password)
    if any(_packed(text) in packed for text in whole):
        return "This password has your name, address or organization in it."
    library: Any = import_module(_LIBRARY)
    found = library.zxcvbn(password[:_LONGEST], user_inputs=[*whole, *words])
    if found["score"] >= _SAFE:
        return None
    warning = found["feedback"]["warning"]
    return f"This password is easy to guess. {warning}".strip()


def _known(about: Iterable[str]) -> tuple[list[str], list[str]]:
    """Give what is in no password of this person, and words that make one easier to guess."""
    whole: list[str] = []
    for text in about:
        mailbox, at, _ = text.partition("@")
        whole += [text, mailbox] if at else [text]
    words = [word for text in whole for word in _WORDS.findall(text.casefold())]
    return [text for text in whole if len(_packed(text)) >= _SHORTEST_OWN], words


def _packed(text: str) -> str:
    """Give a text without what parts its words: Ada Lovelace is adalovelace."""
    return "".join(_WORDS.findall(text.casefold()))
