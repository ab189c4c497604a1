"""What XML signatures and XML encryption may say in messages of SAML; all else is refused.

The libraries do what a message asks before they know who wrote it: they open files that references
name, and work out XPath. So this is asked first, of what came and of what was encrypted in it.
Loaded with the modules that read messages, for the library is an extra.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, Final

from onelogin.saml2.xml_utils import OneLogin_Saml2_XML

_XMLENC: Final = "http://www.w3.org/2001/04/xmlenc#"
_XMLENC11: Final = "http://www.w3.org/2009/xmlenc11#"
_KEYS: Final = frozenset({f"{_XMLENC}rsa-oaep-mgf1p", f"{_XMLENC11}rsa-oaep"})
_GCM: Final = frozenset(f"{_XMLENC11}aes{bits}-gcm" for bits in (128, 192, 256))
_CBC: Final = frozenset(f"{_XMLENC}aes{bits}-cbc" for bits in (128, 192, 256))

_XMLDSIG: Final = "http://www.w3.org/2000/09/xmldsig#"
_C14N: Final = frozenset(
    f"{name}{comments}"
    for name in (
        "http://www.w3.org/2001/10/xml-exc-c14n#",
        "http://www.w3.org/TR/2001/REC-xml-c14n-20010315",
    )
    for comments in ("", "WithComments", "#WithComments")
)
_TRANSFORMS: Final = _C14N | {f"{_XMLDSIG}enveloped-signature"}
_IN_KEY_INFO: Final = frozenset(
    {
        f"{{{_XMLENC}}}EncryptedKey",
        *(f"{{{_XMLDSIG}}}{name}" for name in ("X509Data", "KeyName", "RetrievalMethod")),
        f"{{{_XMLDSIG}}}KeyValue",
    }
)
_IN_HERE: Final = re.compile(r"#[A-Za-z_][\w.-]*")
_MOST_KEYS: Final = 2
"""Each costs an operation with a private key, and a message has one assertion or name."""


def check_shapes(document: Any, *, takes_cbc: bool) -> None:
    """Refuse what is encrypted weakly, what points elsewhere and what is to be worked out.

    document: the root of a message. Raises ValueError.
    """
    _check_encryption(document, _GCM | _CBC if takes_cbc else _GCM)
    for info in _all(document, "//ds:KeyInfo"):
        if any(child.tag not in _IN_KEY_INFO for child in info):
            raise ValueError("a key of another sort")
    for method in _all(document, "//ds:RetrievalMethod"):
        if len(method) or not _IN_HERE.fullmatch(method.get("URI", "")):
            raise ValueError("a key that lies elsewhere")
    for signature in _all(document, "//ds:Signature"):
        _check_signature(signature)


def _check_encryption(document: Any, contents: frozenset[str]) -> None:
    """Refuse weak algorithms, and what is encrypted elsewhere.

    RSA 1.5 lets whoever may ask often enough read what was sent (Bleichenbacher 1998); so does
    AES-CBC (Jager and Somorovsky 2011), which providers that know nothing else may be allowed.
    """
    for element, taken in (("EncryptedKey", _KEYS), ("EncryptedData", contents)):
        found = _all(document, f"//xenc:{element}")
        if len(found) > _MOST_KEYS:
            raise ValueError("encrypted too often")
        for one in found:
            if not _is_one_of(_all(one, "./xenc:EncryptionMethod"), taken):
                raise ValueError("encrypted weakly")
    if _all(document, "//xenc:CipherReference"):
        raise ValueError("lies elsewhere")


def _check_signature(signature: Any) -> None:
    """Refuse a signature of anything but the element in which it stands."""
    references = _all(signature, ".//ds:Reference")
    [reference] = references if len(references) == 1 else [None]
    signed = signature.getparent()
    if reference is None or signed is None or _all(signature, "./ds:Object"):
        raise ValueError("a signature of several things")
    said = reference.get("URI")
    # An ID could be an XPointer as well, which would be worked out.
    if said and not (said == f"#{signed.get('ID')}" and _IN_HERE.fullmatch(said)):
        raise ValueError("a signature of something else")
    transforms = _all(reference, "./ds:Transforms/ds:Transform")
    if any(one.get("Algorithm") not in _TRANSFORMS for one in transforms):
        raise ValueError("a signature of what is to be worked out")
    if not _is_one_of(_all(signature, "./ds:SignedInfo/ds:CanonicalizationMethod"), _C14N):
        raise ValueError("a signature in another form")


def _is_one_of(methods: Sequence[Any], taken: frozenset[str]) -> bool:
    return [method.get("Algorithm") in taken for method in methods] == [True]


def _all(element: Any, path: str) -> list[Any]:
    found: list[Any] = OneLogin_Saml2_XML.query(element, path)
    return found
