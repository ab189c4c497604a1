"""Normal forms: what is left of a name, number or address once the way it is written is gone."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from fieldstone.intelligence.matching.words import (
    ADDRESS_WORDS,
    DIRECTIONS,
    LEGAL_FORMS,
    NAME_WORDS,
    PERSON_TITLES,
    SHARED_HOSTS,
    STREET_TYPES,
)

LOCAL_DIGITS: Final = 7
_STEM: Final = 4
_REMEMBERED: Final = 65_536
_WORD: Final = re.compile(r"[^\W_]+")
_INITIALS: Final = re.compile(r"\b(?:[a-z]\.){2,}")
_NUMBER: Final = re.compile(r"\d+")
_ORDINAL: Final = re.compile(r"(\d+)(?:st|nd|rd|th)")
_UNIT: Final = re.compile(
    r"\([^)]*\)"
    r"|[,#]?\s*(?:\b(?:suite|ste|unit|apt|apartment|room|rm|floor|fl|bldg|building)\b\.?\s*#?\s*\w*"
    r"|\b(?:\d+(?:st|nd|rd|th)|first|second|third|lower|upper|main)\s+(?:floor|fl|level)\b"
    r"|#\s*\w+)"
)


def plain_text(text: str) -> str:
    """Give a text in small letters without accents; \u00df becomes ss, \u00e6 becomes ae."""
    if text.isascii():
        return text.lower()
    small = unicodedata.normalize("NFKD", text).casefold().translate(_SPELT_OUT)
    parted = unicodedata.normalize("NFKD", small)
    return "".join(c for c in parted if not unicodedata.combining(c))


_SPELT_OUT: Final = str.maketrans({"æ": "ae", "ø": "o", "ł": "l", "đ": "d", "œ": "oe", "ð": "d"})


def words_in(text: str) -> list[str]:
    """Give the words of a text; possessives and initials with points are one word each."""
    plain = plain_text(text).replace("'s ", "s ").replace("\u2019s ", "s ")
    plain = _INITIALS.sub(lambda match: match[0].replace(".", ""), plain.replace("'", ""))
    return _WORD.findall(plain.replace("&", " and "))


@lru_cache(maxsize=_REMEMBERED)
def organisation_words(name: str) -> tuple[str, ...]:
    """Give the telling words of a company's name, each once: without legal form and articles.

    Lists often repeat the head office before or after the branch.
    """
    words = dict.fromkeys(NAME_WORDS.get(word, word) for word in words_in(name))
    telling = [word for word in words if word not in LEGAL_FORMS]
    return tuple(telling or words)


@lru_cache(maxsize=_REMEMBERED)
def person_words(name: str) -> tuple[str, ...]:
    """Give the words of a person's name, first names first: without titles and generations."""
    last, comma, first = name.partition(",")
    turned = f"{first} {last}" if comma and first.strip() else name
    words = words_in(turned)
    return tuple(word for word in words if word not in PERSON_TITLES) or tuple(words)


def email_key(address: str) -> str:
    """Give the mailbox that an address reaches: tags after + go, and the points of Gmail's."""
    local, _, domain = address.strip().lower().rpartition("@")
    local = local.partition("+")[0] or local
    if domain in {"gmail.com", "googlemail.com"}:
        local, domain = local.replace(".", ""), "gmail.com"
    return f"{local}@{domain}"


def phone_digits(number: str) -> str:
    """Give the digits of a number without extension, country code 1 and leading zeros."""
    main = re.split(r"(?i)\s*(?:x|ext|#)\.?\s*\d+\s*$", number, maxsplit=1)[0]
    digits = "".join(_NUMBER.findall(main)).lstrip("0")
    if len(digits) == 11 and digits.startswith("1"):
        return digits[1:]
    return digits


def phones_agree(one: str, other: str) -> bool:
    """Tell whether two numbers by phone_digits are one; a local number fits any area."""
    short, long = sorted((one, other), key=len)
    return len(short) >= LOCAL_DIGITS and long.endswith(short)


def host_of(address: str) -> str:
    """Give the host of a web address or a bare domain without www; "" for hosts that many share."""
    host = plain_text(address).partition("//")[2] or plain_text(address)
    host = re.split(r"[/?#:]", host, maxsplit=1)[0].removeprefix("www.").rpartition("@")[2]
    if "." not in host or any(host == one or host.endswith("." + one) for one in SHARED_HOSTS):
        return ""
    return host


@dataclass(frozen=True, slots=True)
class Street:
    """A street address taken apart. numbers: of the house, more than one for a range."""

    numbers: tuple[str, ...]
    name: tuple[str, ...]
    directions: frozenset[str]

    @property
    def key(self) -> str:
        """What two spellings of one address have in common; "" where there is too little."""
        if not self.numbers or not self.name:
            return ""
        return f"{self.numbers[0]} {self.name[0][:_STEM]}"


@lru_cache(maxsize=_REMEMBERED)
def street_of(text: str) -> Street:
    """Take an address apart: 1 North Ogden Avenue and 1 N. Ogden are one."""
    words = [ADDRESS_WORDS.get(word, word) for word in words_in(_UNIT.sub(" ", plain_text(text)))]
    numbers: list[str] = []
    while words and words[0].isdigit():
        numbers.append(words.pop(0))
    directions = frozenset(DIRECTIONS[word] for word in words if word in DIRECTIONS)
    name = [_without_ordinal(word) for word in words if word not in DIRECTIONS]
    telling = [word for word in name if word not in STREET_TYPES]
    return Street(tuple(numbers), tuple(telling or name), directions)


def _without_ordinal(word: str) -> str:
    match = _ORDINAL.fullmatch(word)
    return match[1] if match else word


def postal_key(code: str) -> str:
    """Give the part of a postal code that every spelling has: 60607-1234 is 60607."""
    plain = plain_text(code).replace(" ", "")
    return plain.partition("-")[0] if plain[:5].isdigit() else plain


def numbers_in(words: Sequence[str]) -> frozenset[str]:
    """Give the numbers in words, Roman ones included: they tell things apart."""
    arabic = {number.lstrip("0") for word in words for number in _NUMBER.findall(word)}
    return frozenset(arabic | (_ROMAN & set(words)))


_ROMAN: Final = frozenset({"ii", "iii", "iv", "vi", "vii", "viii", "ix"})
