"""Names: how objects and fields are called, and how a name that somebody wrote is looked up."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache
from typing import Final

from rapidfuzz import fuzz, process

from fieldstone.metadata.values import fold

CUSTOM_SUFFIX: Final = "__c"
NAME: Final = re.compile(r"[A-Za-z][A-Za-z0-9]*(_{1,2}[A-Za-z0-9]+)*")
MAX_NAME_LENGTH: Final = 80
_NAMES_KEPT: Final = 10_000
"""Names repeat from object to object and from tenant to tenant; what follows from one is shared."""

_WORDS: Final = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+")


@lru_cache(maxsize=_NAMES_KEPT)
def keys_of(name: str) -> tuple[str, ...]:
    """Give the folded spellings by which a thing of this name is found: with and without __c."""
    folded = fold(name)
    bare = folded.removesuffix(CUSTOM_SUFFIX)
    return (folded,) if bare == folded else (folded, bare)


def custom_name(name: str) -> str:
    """Give the name of a custom object: with the suffix __c, once."""
    return name if name.endswith(CUSTOM_SUFFIX) else name + CUSTOM_SUFFIX


@lru_cache(maxsize=_NAMES_KEPT)
def label_of(name: str) -> str:
    """Make a label out of a name: sales_person__c gives Sales person."""
    words = _WORDS.findall(name.removesuffix(CUSTOM_SUFFIX))
    text = " ".join(word if word.isupper() and len(word) > 1 else word.lower() for word in words)
    return text[:1].upper() + text[1:]


def plural_of(label: str) -> str:
    """Guess the plural of an English label; an administrator can say better."""
    if re.search(r"\b[Ss]ettings$", label):
        return label
    if re.search(r"[^aeiouAEIOU]y$", label):
        return label[:-1] + "ies"
    return label + ("es" if re.search(r"(s|x|z|ch|sh)$", label) else "s")


def slug_of(label: str) -> str:
    """Give a label as it stands in an address: Price books gives price_books."""
    return "_".join(re.findall(r"[a-z0-9]+", fold(label)))


def component_name(label: str) -> str:
    """Make the name of a component out of its label: Sales north gives Sales_North."""
    return "_".join(part.capitalize() for part in slug_of(label).split("_") if part)


def closest(name: str, known: Iterable[str]) -> str | None:
    """Give the known name that is most like a mistyped one; None if none is near."""
    folded = {fold(candidate): candidate for candidate in known}
    best = process.extractOne(fold(name), folded.keys(), scorer=fuzz.ratio, score_cutoff=60)
    return folded[best[0]] if best else None


def suggestion(name: str, known: Iterable[str]) -> str | None:
    """Give the hint that names the nearest known name; None if none is near."""
    near = closest(name, known)
    return f"Did you mean {near}?" if near else None
