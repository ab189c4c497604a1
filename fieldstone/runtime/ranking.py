"""How well a name fits the words of a search: where they stand in it, and how like it is.

Every search ranks by it, so that the same words put the same records first.
"""

from __future__ import annotations

from collections.abc import Sequence

from rapidfuzz import fuzz


def rate_name(name: str, words: Sequence[str]) -> float:
    """Rate a record by its folded name; the higher the better."""
    return closeness(name, words) + fuzz.WRatio(" ".join(words), name) / 10


def closeness(text: str, words: Sequence[str]) -> float:
    """Rate where the words stand: at the beginning, where a word begins, or within one."""
    score = 0.0
    for word in words:
        if text == word:
            score += 60.0
        elif text.startswith(word):
            score += 40.0
        elif f" {word}" in text:
            score += 25.0
        elif word in text:
            score += 10.0
    if text.startswith(" ".join(words)):
        score += 20.0
    return score / len(words)
