"""YAML of people, read carefully: bytes to plain data, with the line of every key, and errors that name file, line and key.

Scalars reach the model as the text that stands in the file, so that `clusterware_version: 0.10` is not the number 0.1.
Anchors, tags and more than one document are refused before anything is built. Knows no file's meaning: clusterfile.py and
overlayfile.py do.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import UnionType
from typing import Union, cast, get_args, get_origin

import yaml
from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from app.domain.errors import Invalid

MAX_BYTES = 64 * 1024
_DEPTH = 8
_SHOWN = 6
_NULL = {"", "~", "null", "Null", "NULL"}

Path = tuple[str | int, ...]


_ODD = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\ud800-\udfff]")


@dataclass
class Source:
    """The file while it is read: its name for messages, the code of its refusals, the line of every key, and which values are
    blocks that keep their lines (|), the first of which is the one after the key's."""

    name: str
    code: str
    lines: dict[Path, int] = field(default_factory=dict)
    blocks: set[Path] = field(default_factory=set)

    def error(self, ja: str, en: str, path: Path = (), line: int | None = None) -> Invalid:
        line = line or self.line(path)
        place = self.name + (f":{line}" if line else "")
        key = dotted(path)
        ja_key, en_key = (f"「{key}」: ", f"{key}: ") if key else ("", "")
        return Invalid(self.code, f"{place}: {ja_key}{ja}", f"{place}: {en_key}{en}", key or None)

    def line(self, path: Path) -> int | None:
        """The line of that key, or of the nearest one around it."""
        while path not in self.lines and path:
            path = path[:-1]
        return self.lines.get(path)

    def within(self, path: Path, number: int) -> int | None:
        """Which line of the file the n-th line of that value is: exact for a block, else the key's own."""
        return (self.line(path) or 0) + number if path in self.blocks else self.line(path)


def dotted(path: Path) -> str:
    """`nodes[0].role`."""
    return "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path).lstrip(".")


def read_mapping(data: bytes, source: Source) -> object:
    """The file as plain data: dicts, lists, text and None. Raises Invalid for what is no small, flat, plain YAML mapping."""
    root = _compose(_text(data, source), source)
    if not isinstance(root, yaml.MappingNode):
        raise source.error(
            "いちばん外側は「キー: 値」の並びにしてください。",
            "The outermost level must be `key: value` lines.",
            line=1,
        )
    return _value(root, (), source)


def _text(data: bytes, source: Source) -> str:
    if len(data) > MAX_BYTES:
        raise source.error(
            f"大きすぎます（上限 {MAX_BYTES} バイト）。", f"Too large (at most {MAX_BYTES} bytes)."
        )
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as no:
        line = data.count(b"\n", 0, no.start) + 1
        raise source.error(
            "UTF-8 として読めません。UTF-8 で保存してください。",
            "Not UTF-8: save the file as UTF-8.",
            line=line,
        ) from None


def _compose(text: str, source: Source) -> yaml.Node | None:
    """The node tree, once the events have shown that it is small, flat, and free of anchors and tags."""
    depth = 0
    try:
        for event in yaml.parse(text, Loader=yaml.SafeLoader):
            depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
            _refuse_event(event, depth, source)
        return yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.MarkedYAMLError as no:
        mark = no.problem_mark or no.context_mark
        line = mark.line + 1 if mark else None
        problem = no.problem or no.context or ""
        raise source.error(
            f"YAML として読めません（{problem}）。字下げは空白で行い、タブは使わないでください。",
            f"Not readable as YAML ({problem}). Indent with spaces, never with tabs.",
            line=line,
        ) from None
    except yaml.YAMLError as no:
        raise source.error(f"YAML として読めません（{no}）。", f"Not readable as YAML ({no}).") from None


def _refuse_event(event: yaml.Event, depth: int, source: Source) -> None:
    line = event.start_mark.line + 1 if event.start_mark else None
    if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
        raise source.error(
            "アンカーと参照（& と *）は使えません。値をそのまま書いてください。",
            "Anchors and aliases (& and *) are not allowed: write the value itself.",
            line=line,
        )
    if getattr(event, "tag", None):
        raise source.error("タグ（!）は使えません。", "Tags (!) are not allowed.", line=line)
    if depth > _DEPTH:
        raise source.error("入れ子が深すぎます。", "Nested too deeply.", line=line)


def _value(node: yaml.Node, path: Path, source: Source) -> object:
    """Plain data: dicts, lists, text and None; remembers the line of every key."""
    source.lines.setdefault(path, node.start_mark.line + 1)
    if isinstance(node, yaml.SequenceNode):
        return [_value(item, (*path, number), source) for number, item in enumerate(node.value)]
    if isinstance(node, yaml.MappingNode):
        return _mapping(node, path, source)
    _require_plain(str(node.value), path, node.start_mark.line + 1, source)
    plain = isinstance(node, yaml.ScalarNode) and node.style is None
    return None if plain and node.value in _NULL else node.value


def _require_plain(text: str, path: Path, line: int, source: Source) -> None:
    """No half characters and no control characters: what cannot be written down again must not be stored."""
    if _ODD.search(text):
        raise source.error(
            "使えない文字（制御文字、または対にならないサロゲート）が含まれています。",
            "There are characters that cannot be used (control characters, or half of a pair).",
            path,
            line,
        )


def _mapping(node: yaml.MappingNode, path: Path, source: Source) -> dict[str, object]:
    found: dict[str, object] = {}
    for key_node, value_node in node.value:
        line = key_node.start_mark.line + 1
        if not isinstance(key_node, yaml.ScalarNode):
            raise source.error("キーは語にしてください。", "A key must be a word.", path, line)
        key = str(key_node.value)
        _require_plain(key, path, line, source)
        if key in found:
            raise source.error(
                "同じキーが 2 度書かれています。1 つにしてください。",
                "This key stands twice; keep one.",
                (*path, key),
                line,
            )
        source.lines[(*path, key)] = line
        if getattr(value_node, "style", None) == "|":
            source.blocks.add((*path, key))
        found[key] = _value(value_node, (*path, key), source)
    return found


def explained(no: ValidationError, source: Source, model: type[BaseModel]) -> Invalid:
    """One Invalid for all that is wrong, a line each; its field is the first key."""
    errors = [_one(error, source, model) for error in no.errors(include_url=False, include_input=True)]
    more = len(errors) - _SHOWN
    ja = [error.message.ja for error in errors[:_SHOWN]] + ([f"ほか {more} 件。"] if more > 0 else [])
    en = [error.message.en for error in errors[:_SHOWN]] + ([f"{more} more."] if more > 0 else [])
    return Invalid(source.code, "\n".join(ja), "\n".join(en), errors[0].field)


def _one(error: ErrorDetails, source: Source, model: type[BaseModel]) -> Invalid:
    path: Path = tuple(part for part in error["loc"] if part != "[key]")
    context: Mapping[str, object] = error.get("ctx") or {}
    kind = error["type"]
    if kind == "rule":
        key, within = str(context["key"]), context.get("line")
        path = (*path, key) if key else path
        line = source.within(path, int(str(within))) if within else None
        return source.error(str(context["ja"]), str(context["en"]), path, line)
    if kind == "missing":
        return source.error("必要なキーがありません。", "This key is required.", path)
    if kind == "extra_forbidden":
        fields = _around(model, path).model_fields
        allowed = ", ".join(info.alias or name for name, info in fields.items())
        return source.error(
            f"知らないキーです。書けるのは {allowed} です。", f"Unknown key; allowed: {allowed}.", path
        )
    if kind == "literal_error":
        allowed = ", ".join(_allowed(model, path)) or str(context["expected"])
        return source.error(
            f"「{_short(error)}」は使えません。使えるのは {allowed} です。",
            f"{_short(error)!r} is not allowed; allowed: {allowed}.",
            path,
        )
    if kind.startswith("int_") or kind in ("greater_than_equal", "less_than_equal"):
        low, high = _limits(model, path)
        return source.error(
            f"「{_short(error)}」は使えません。{low} から {high} までの数にしてください。",
            f"{_short(error)!r} is not allowed: a number from {low} to {high}.",
            path,
        )
    return source.error(*_form(kind, error, context), path)


def _form(kind: str, error: ErrorDetails, context: Mapping[str, object]) -> tuple[str, str]:
    if kind == "string_pattern_mismatch":
        return (
            (
                f"「{_short(error)}」は使えません。"
                f"英数字で始まる英数字・「.」「_」「-」で書いてください（形: {context['pattern']}）。"
            ),
            f"{_short(error)!r} is not allowed; it must have the form {context['pattern']}.",
        )
    if kind.startswith("bool_"):
        return (
            f"「{_short(error)}」は使えません。true か false にしてください。",
            f"{_short(error)!r} is not allowed: true or false.",
        )
    if kind in ("string_type", "model_type", "tuple_type", "dict_type"):
        ja, en = {
            "string_type": ("語", "a word"),
            "tuple_type": ("一覧（- で始まる行）", "a list (lines that begin with -)"),
        }.get(kind, ("「キー: 値」の並び", "`key: value` lines"))
        return f"ここには{ja}を書いてください。", f"This must be {en}."
    if kind in ("string_too_short", "string_too_long"):
        limit = (error.get("ctx") or {}).get("min_length" if kind == "string_too_short" else "max_length")
        ja, en = ("以上", "at least") if kind == "string_too_short" else ("以内", "at most")
        return f"{limit} 文字{ja}で書いてください。", f"Write {en} {limit} characters."
    return f"使えない値です（{error['msg']}）。", f"Not an allowed value ({error['msg']})."


def _around(root: type[BaseModel], path: Path) -> type[BaseModel]:
    """The model that the last key of the path belongs to."""
    found, inner = root, cast(object, root)
    for part in path[:-1]:
        if inner is found and isinstance(part, str) and part in found.model_fields:
            inner = found.model_fields[part].annotation
        elif get_origin(inner) in (dict, tuple):
            inner = next(arg for arg in reversed(get_args(inner)) if arg is not ...)
        inner = next((arg for arg in get_args(inner) if _is_model(arg)), inner) if _optional(inner) else inner
        if _is_model(inner):
            found = cast(type[BaseModel], inner)
    return found


def _optional(annotation: object) -> bool:
    return get_origin(annotation) in (Union, UnionType)


def _is_model(annotation: object) -> bool:
    return isinstance(annotation, type) and issubclass(annotation, BaseModel)


def _allowed(root: type[BaseModel], path: Path) -> tuple[str, ...]:
    """The allowed words of a key, read off the model."""
    info = _around(root, path).model_fields.get(str(path[-1]))
    if info is None:
        return ()
    words = [word for part in (info.annotation, *get_args(info.annotation)) for word in get_args(part)]
    return tuple(dict.fromkeys(word for word in words if isinstance(word, str)))


def _limits(root: type[BaseModel], path: Path) -> tuple[int, int]:
    """The smallest and the largest number that a key may have."""
    rules = _around(root, path).model_fields[str(path[-1])].metadata
    low, high = ([getattr(rule, name) for rule in rules if hasattr(rule, name)] for name in ("ge", "le"))
    return low[0], high[0]


def _short(error: ErrorDetails) -> str:
    return str(error["input"])[:60]
