"""YAML text as plain data that knows on which line of its file each field stands. Knows nothing of projects and rules.

Plain words become what JSON would make of them: numbers, true, false, null; everything else, dates included, stays the
text that was written. So `id: 007` and `name: no` mean what they say. Anchors and tags are refused: a file is read as it
looks, and a short file cannot unfold into a long one.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import yaml
from yaml.reader import Reader, ReaderError

from schemas.codec import DEPTH_MAX
from schemas.errors import CatalogError, UsageError

__all__ = ["FILE_BYTES_MAX", "FieldPath", "Located", "field_text", "parse", "read_file"]

FILE_BYTES_MAX: Final = 16 << 20
FieldPath = tuple[str | int, ...]
"""Keys and list positions from the top of a file to a field."""

_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_NUMBER = re.compile(r"[-+]?(0|[1-9]\d*)(\.\d+)?([eE][-+]?\d+)?")
_WORDS: Final[Mapping[str, bool | None]] = {
    "true": True, "True": True, "false": False, "False": False, "null": None, "Null": None, "~": None, "": None,
}  # fmt: skip
_PLAIN_TAGS = frozenset(
    f"tag:yaml.org,2002:{name}"
    for name in ("bool", "float", "int", "map", "merge", "null", "seq", "str", "timestamp", "value")
)
_DIGITS_MAX = 30
"""A longer whole number is out of every range; as a float it is refused like any other."""
_WHOLE = "file"
"""Where a mistake is when it is in no field."""


@dataclass(frozen=True, slots=True)
class Located:
    """The data of a file, and the line of each field."""

    file: str
    data: Any
    lines: Mapping[FieldPath, int]

    def line(self, path: FieldPath) -> int:
        """Line of a field, or of the nearest thing around it when the field is missing."""
        while path and path not in self.lines:
            path = path[:-1]
        return self.lines.get(path, 1)

    def error(self, path: FieldPath, problem: str) -> CatalogError:
        """A mistake at a field."""
        return CatalogError(self.file, self.line(path), field_text(path) or _WHOLE, problem)


def field_text(path: FieldPath) -> str:
    """`("projects", 0, "name")` → `projects[0].name`."""
    text = ""
    for part in path:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else part
    return text


def read_file(path: Path) -> str:
    """Text of a file that is UTF-8, small enough and free of control characters."""
    try:
        with path.open("rb") as file:
            raw = file.read(FILE_BYTES_MAX + 1)
    except OSError as error:
        raise UsageError(f"{path}: cannot be read: {error.strerror}") from error
    if len(raw) > FILE_BYTES_MAX:
        raise CatalogError(str(path), 1, _WHOLE, f"it has more than {FILE_BYTES_MAX} bytes; split it")
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise CatalogError(
            str(path), line, _WHOLE, f"byte {error.start} is not UTF-8; save the file as UTF-8"
        ) from error
    _refuse_control_characters(path, text)
    return text


def _refuse_control_characters(path: Path, text: str) -> None:
    if found := Reader.NON_PRINTABLE.search(text):
        line = text.count("\n", 0, found.start()) + 1
        problem = f"the control character U+{ord(found.group()):04X} cannot stand in YAML; remove it"
        raise CatalogError(str(path), line, _WHOLE, problem)


def parse(file: str, text: str) -> Located:
    """The one document of a file. Raises CatalogError with file and line."""
    try:
        _refuse_riddles(file, text)
        node = yaml.compose(text, Loader=_LOADER)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        problem = f"not YAML: {error.problem or error.context}"
        raise CatalogError(file, mark.line + 1 if mark else 1, _WHOLE, problem) from error
    except ReaderError as error:
        raise CatalogError(file, 1, _WHOLE, f"not YAML: {error.reason}") from error
    lines: dict[FieldPath, int] = {}
    data = None if node is None else _Composed(file, lines).value(node, ())
    return Located(file, data, lines)


def _refuse_riddles(file: str, text: str) -> None:
    """Before anything is built: no anchors, no deep nesting."""
    depth = 0
    for event in yaml.parse(text, Loader=_LOADER):
        if (anchor := getattr(event, "anchor", None)) is not None:
            problem = f"anchor {anchor!r}: write the content out instead"
            raise CatalogError(file, _line(event), _WHOLE, problem)
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
            if depth > DEPTH_MAX:
                problem = f"nested deeper than {DEPTH_MAX} levels; flatten it"
                raise CatalogError(file, _line(event), _WHOLE, problem)
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1


class _Composed:
    """Walks over the nodes of a document, noting the line of each field."""

    def __init__(self, file: str, lines: dict[FieldPath, int]) -> None:
        self._file = file
        self._lines = lines

    def value(self, node: yaml.Node, path: FieldPath) -> Any:
        """Plain data of a node."""
        self._lines.setdefault(path, _line(node))
        if node.tag not in _PLAIN_TAGS:
            raise self._error(node, path, f"the tag {node.tag} is not supported; write plain YAML")
        if isinstance(node, yaml.MappingNode):
            return dict(self._members(node, path))
        if isinstance(node, yaml.SequenceNode):
            return [self.value(item, (*path, number)) for number, item in enumerate(node.value)]
        return self._scalar(node, path)

    def _members(self, node: yaml.MappingNode, path: FieldPath) -> Iterator[tuple[str, Any]]:
        seen: dict[str, int] = {}
        for key_node, value_node in node.value:
            key, line = key_node.value, _line(key_node)
            if not isinstance(key, str):
                raise self._error(key_node, path, "a field name must be a word")
            if key in seen:
                here = (*path, key)
                problem = f"stands twice, on lines {seen[key]} and {line}; keep one"
                raise CatalogError(self._file, line, field_text(here), problem)
            seen[key] = line
            self._lines[*path, key] = line
            yield key, self.value(value_node, (*path, key))

    def _scalar(self, node: yaml.Node, path: FieldPath) -> Any:
        text: str = node.value
        quoted = isinstance(node, yaml.ScalarNode) and bool(node.style)
        if any(character == "\0" or "\ud800" <= character <= "\udfff" for character in text):
            raise self._error(node, path, "the text holds NUL or half of a character; remove it")
        return text if quoted else _plain(text)

    def _error(self, node: yaml.Node, path: FieldPath, problem: str) -> CatalogError:
        return CatalogError(self._file, _line(node), field_text(path) or _WHOLE, problem)


def _plain(text: str) -> Any:
    """What a word without quotes means."""
    if text in _WORDS:
        return _WORDS[text]
    if found := _NUMBER.fullmatch(text):
        whole = not (found.group(2) or found.group(3)) and len(text) <= _DIGITS_MAX
        return int(text) if whole else float(text)
    return text


def _line(place: yaml.Node | yaml.Event) -> int:
    mark = place.start_mark
    return mark.line + 1 if mark else 1
