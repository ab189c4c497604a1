"""How likely two records are one: evidence for and against, added up as logarithms of odds.

The weights say how much more often an agreement is seen between two records of one thing than
between two of different things (Fellegi and Sunter, 1969); they were set by hand on lists of
organisations and people, and a missing value says nothing either way.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import exp
from typing import Final

from rapidfuzz import fuzz
from rapidfuzz.distance import JaroWinkler

from fieldstone.intelligence.matching.features import Features, Place
from fieldstone.intelligence.matching.normal_forms import numbers_in, phones_agree
from fieldstone.intelligence.matching.words import NICKNAMES
from fieldstone.runtime.records.derivations import FREE_MAIL

PRIOR: Final = -5.0
_SAME: Final = 0.995
_TYPO: Final = 0.9


@dataclass(frozen=True, slots=True)
class Evidence:
    """One thing that speaks for two records being one, or against it, and what it is in words."""

    weight: float
    words: str = ""
    against: bool = False


@dataclass(frozen=True, slots=True)
class Score:
    """confidence: 0 to 1. certain: every telling value that both have is the same."""

    confidence: float
    certain: bool
    reasons: tuple[str, ...]


def compare(one: Features, other: Features, *, people: bool) -> Score:
    """Compare two records. people: whether their names are people's."""
    likeness = (person_likeness if people else name_likeness)(one, other)
    found = [
        *_names(likeness, one, other),
        *_ids(one, other),
        *_emails(one, other, people=people),
        *_phones(one, other),
        *_hosts(one, other),
        *_places(one.places, other.places),
    ]
    odds = PRIOR + sum(evidence.weight for evidence in found)
    reasons = tuple(evidence.words for evidence in found if evidence.words)
    certain = likeness >= _SAME and not any(evidence.against for evidence in found)
    return Score(1 / (1 + exp(-odds)), certain, reasons)


def name_likeness(one: Features, other: Features) -> float:
    """Compare names of organisations and things, word by word, in any order."""
    if not one.words or not other.words:
        return -1.0
    if one.joined == other.joined:
        return 1.0
    if "".join(one.words) == "".join(other.words):
        return _SAME
    ordered = fuzz.token_sort_ratio(one.joined, other.joined) / 100
    shared = _shared_words(one.words, other.words)
    best = max(ordered, shared)
    if one.numbers != other.numbers and (one.numbers or other.numbers):
        # Site 1 and Site 2 are two; a number that only one name has may have been left out.
        best *= 0.6 if one.numbers and other.numbers else 0.9
    return min(best, 0.99)


def _shared_words(one: Sequence[str], other: Sequence[str]) -> float:
    """Give how much of the shorter name is in the longer, weighed by length, typos allowed."""
    short, long = sorted((one, other), key=lambda words: sum(map(len, words)))
    left = list(long)
    found = 0.0
    for word in short:
        best = max(left, key=lambda other_word: _word_likeness(word, other_word), default="")
        if best and _word_likeness(word, best) >= _TYPO:
            found += len(word)
            left.remove(best)
    total = sum(map(len, short))
    covered = found / total if total else 0.0
    # A name of one short word is in many longer ones by chance.
    extra = sum(map(len, left)) / (total + sum(map(len, left)))
    return covered * (1 - 0.25 * extra if len(short) > 1 else 1 - 0.45 * extra)


def _word_likeness(one: str, other: str) -> float:
    if one == other:
        return 1.0
    if min(len(one), len(other)) < 4 or one[0] != other[0] or numbers_in((one, other)):
        return 0.0
    return JaroWinkler.similarity(one, other)


def person_likeness(one: Features, other: Features) -> float:
    """Compare names of people: last names must agree, first names may be short or nicknames."""
    if not one.words or not other.words:
        return -1.0
    if one.joined == other.joined:
        return 1.0
    if one.numbers != other.numbers:
        return 0.3
    last = _word_likeness(one.words[-1], other.words[-1])
    swapped = _word_likeness(one.words[0], other.words[-1])
    if last < _TYPO and swapped < _TYPO:
        return fuzz.token_sort_ratio(one.joined, other.joined) / 100 * 0.7
    firsts, others = one.words[:-1], other.words[:-1]
    if not firsts or not others:
        return 0.6
    first = _first_likeness(firsts[0], others[0])
    middle = 0.97 if firsts[1:] != others[1:] else 1.0
    if firsts[1:] and others[1:] and _first_likeness(firsts[1], others[1]) < 0.5:
        middle = 0.8
    return min(0.99, max(last, swapped) * first * middle)


def _first_likeness(one: str, other: str) -> float:
    if one == other:
        return 1.0
    if NICKNAMES.get(one, one) == NICKNAMES.get(other, other):
        return 0.96
    if len(one) == 1 or len(other) == 1:
        return 0.88 if one[0] == other[0] else 0.3
    alike = JaroWinkler.similarity(one, other)
    return alike if alike >= _TYPO else alike * 0.6


def _names(likeness: float, one: Features, other: Features) -> Iterator[Evidence]:
    if likeness < 0:
        return
    if likeness >= _SAME:
        # Long names are rarely alike by chance.
        yield Evidence(5.6 if len(one.words) < 2 else 6.6, "the same name")
    elif likeness >= 0.9:
        yield Evidence(3.2, "nearly the same name")
    elif likeness >= 0.8:
        yield Evidence(2.6, "a similar name")
    elif likeness >= 0.65:
        yield Evidence(1.0, "a partly similar name", against=True)
    else:
        yield Evidence(-0.2 if likeness >= 0.5 else -1.2, against=True)


def _ids(one: Features, other: Features) -> Iterator[Evidence]:
    for key in one.ids.keys() & other.ids.keys():
        if one.ids[key] == other.ids[key]:
            yield Evidence(9.0, "the same number")
        else:
            yield Evidence(-6.0, against=True)


def _emails(one: Features, other: Features, *, people: bool) -> Iterator[Evidence]:
    if not one.emails or not other.emails:
        return
    if set(one.emails) & set(other.emails):
        yield Evidence(6.0, "the same e-mail address")
    elif _domains(one) & _domains(other):
        # Two people of one name at one company are rare; one with two addresses is not.
        yield Evidence(3.4 if people else 1.0, "the same mail domain", against=True)
    else:
        yield Evidence(-1.5, against=True)


def _domains(features: Features) -> set[str]:
    return {email.rpartition("@")[2] for email in features.emails} - FREE_MAIL


def _phones(one: Features, other: Features) -> Iterator[Evidence]:
    if not one.phones or not other.phones:
        return
    if any(phones_agree(a, b) for a in one.phones for b in other.phones):
        yield Evidence(3.4, "the same phone number")
    else:
        # Whoever has one number often has another.
        yield Evidence(-0.6, against=True)


def _hosts(one: Features, other: Features) -> Iterator[Evidence]:
    if not one.hosts or not other.hosts:
        return
    if set(one.hosts) & set(other.hosts):
        yield Evidence(2.4, "the same website")
    else:
        yield Evidence(-1.2, against=True)


def _places(ones: Sequence[Place], others: Sequence[Place]) -> Iterator[Evidence]:
    found = [_place(one, other) for one in ones for other in others]
    known = [evidence for evidence in found if evidence is not None]
    if known:
        yield max(known, key=lambda evidence: evidence.weight)


def _place(one: Place, other: Place) -> Evidence | None:
    if not one.street.name or not other.street.name:
        return _region(one, other)
    alike = fuzz.token_sort_ratio(" ".join(one.street.name), " ".join(other.street.name)) / 100
    numbers = _numbers_agree(one.street.numbers, other.street.numbers)
    if one.street.directions and other.street.directions:
        opposed = one.street.directions != other.street.directions
    else:
        opposed = False
    if alike >= 0.85 and numbers and not opposed:
        elsewhere = _differ(one.postal, other.postal) and _differ(one.city, other.city)
        if elsewhere:
            return Evidence(-1.0, against=True)
        # A postal code is often mistyped; a street with its number rarely exists twice nearby.
        return Evidence(4.5, "the same address", against=alike < 0.95)
    if alike >= 0.85 and not opposed and _numbers_near(one.street.numbers, other.street.numbers):
        return Evidence(0.8, "a neighbouring address", against=True)
    return Evidence(-2.6, against=True)


def _region(one: Place, other: Place) -> Evidence | None:
    if one.postal and one.postal == other.postal:
        return Evidence(0.5)
    if _differ(one.postal, other.postal) or _differ(one.city, other.city):
        return Evidence(-1.5, against=True)
    return None


def _differ(one: str, other: str) -> bool:
    return bool(one) and bool(other) and one != other


def _numbers_agree(one: Sequence[str], other: Sequence[str]) -> bool:
    if not one or not other:
        return not one and not other
    return bool(set(one) & set(other)) and one[0] == other[0]


def _numbers_near(one: Sequence[str], other: Sequence[str]) -> bool:
    if not one or not other:
        return False
    return abs(int(one[0][:9]) - int(other[0][:9])) <= 10
