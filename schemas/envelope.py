"""The CloudEvents 1.0 envelope as bytes: finding `data` in it, and putting a binary-mode record into structured form."""

import json
import re
from collections.abc import Iterable

__all__ = ["data_text", "structured_from_binary"]

_DECODER = json.JSONDecoder()
_SPACE = re.compile(r"[ \t\n\r]*")
_MARK = b'"data":'


def data_text(raw: bytes) -> bytes:
    """Exact text of the member `data` of a structured event that has been accepted."""
    start = raw.find(_MARK)
    body = raw[start + 7 : -1]
    # Without a nested object before or inside it, the only braces are those of the envelope and of data itself.
    if (
        start > 0
        and raw.endswith(b"}}")
        and raw.count(b"{") == 2
        and body.startswith(b"{")
        and raw.count(b"}") == 2
    ):
        return body
    return _member_text(raw.decode(), "data").encode()


def _member_text(text: str, name: str) -> str:
    """Text of a top-level member, found by walking over the members."""
    at = _skip(text, text.index("{") + 1)
    while text[at] != "}":
        key, at = _DECODER.raw_decode(text, at)
        start = _skip(text, _skip(text, at) + 1)
        _, at = _DECODER.raw_decode(text, start)
        if key == name:
            return text[start:at]
        at = _skip(text, at)
        at = _skip(text, at + 1) if text[at] == "," else at
    return ""


def _skip(text: str, at: int) -> int:
    found = _SPACE.match(text, at)
    return found.end() if found else at


def structured_from_binary(value: bytes, headers: Iterable[tuple[str, bytes]]) -> bytes:
    """Structured form of a binary-mode record: attributes come from `ce_` headers, `data` is the value.

    What two headers give stands there twice, so that it is refused like any doubled key.
    """
    attributes: list[tuple[str, str]] = []
    for name, content in headers:
        if name.startswith("ce_"):
            attributes.append((name[3:], content.decode()))
        elif name == "content-type":
            attributes.append(("datacontenttype", content.decode()))
    head = "".join(f"{_text(name)}:{_text(content)}," for name, content in attributes)
    return b"".join((b"{", head.encode(), _MARK, value, b"}"))


def _text(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)
