"""Overlay files: YAML bytes to an overlay, every step that it names compared with the library. Owns reading and its messages.

The rules of the form are domain/overlay.py's. An overlay is exported as the very bytes that came in.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

from pydantic import ValidationError

from app import procedures
from app.domain.library import Section, StepTemplate
from app.domain.overlay import ExtraStep, Overlay, OverlayFile, StepChange
from app.domain.overlay_words import Place
from app.domain.overlaying import HANDED_OFF
from app.domain.places import OF_NODE, OF_SITE, fill, line_of, used
from app.domain.procedure import Shell
from app.procedures.syntax import problems
from app.procedures.yamlfile import MAX_BYTES, Path, Source, explained, read_mapping

__all__ = ["MAX_BYTES", "load_overlay"]


def load_overlay(data: bytes, name: str = "overlay.yaml") -> OverlayFile:
    """Read an overlay file; `name` stands in the messages. Raises Invalid: file, line, key, what is allowed."""
    source = Source(name, "overlay.invalid")
    told = read_mapping(data, source)
    try:
        overlay = Overlay.model_validate(told)
    except ValidationError as no:
        raise explained(no, source, Overlay) from None
    for key, change in overlay.steps.items():
        path: Path = ("steps", key)
        section, template = _found(Place.parse(key), source, path)
        _require_change_fits(change, section, template, source, path)
    for number, extra in enumerate(overlay.extra):
        path = ("extra", number)
        section, _ = _found(Place.parse(extra.after), source, (*path, "after"))
        _require_extra_fits(extra, section, source, path)
    return OverlayFile(overlay, hashlib.sha256(data).hexdigest())


def _found(place: Place, source: Source, path: Path) -> tuple[Section, StepTemplate]:
    """The section and the step of the library that are named."""
    names = [name for names in procedures.SECTIONS.values() for name in names]
    if place.section not in names:
        allowed = ", ".join(names)
        raise source.error(
            f"節 {place.section} はありません。書けるのは {allowed} です。",
            f"There is no section {place.section}; allowed: {allowed}.",
            path,
        )
    section = procedures.section(place.section)
    template = next((step for step in section.steps if place.names(step)), None)
    if template is None:
        allowed = ", ".join(_base(place.section, step) for step in section.steps)
        raise source.error(
            f"ステップ {place.base} はありません。節 {place.section} にあるのは {allowed} です。",
            f"There is no step {place.base}; section {place.section} has {allowed}.",
            path,
        )
    return section, template


def _base(section: str, step: StepTemplate) -> str:
    return Place(section, step.step, step.added, "").base


def _require_change_fits(
    change: StepChange, section: Section, template: StepTemplate, source: Source, path: Path
) -> None:
    """A command only where the library leaves it to another document; places only where they have a value."""
    forms = [form for _, form in template.alternatives]
    if change.command and not any(form.why_manual in HANDED_OFF for form in forms):
        raise source.error(
            "このステップにコマンドは書けません。書けるのは、別の文書に任されているステップ"
            f"（why_manual: {' / '.join(HANDED_OFF)}）だけです。",
            "This step takes no command; only those take one that are left to another document "
            f"(why_manual: {' / '.join(HANDED_OFF)}).",
            (*path, "command"),
        )
    no_node = _has_no_node(section, template)
    if change.command and no_node:
        raise source.error(
            "このステップはノードに結び付いていないため、コマンドを実行する先がありません。",
            "This step belongs to no node, so there is nowhere to run a command.",
            (*path, "command"),
        )
    if change.command:
        _require_sendable(change.command.shell, change.command.text, source, (*path, "command", "text"))
    texts = [change.command.text] if change.command else []
    _require_places(texts, template, no_node, source, (*path, "command", "text"))
    note = list(change.note.model_dump().values()) if change.note else []
    _require_places(note, template, no_node, source, (*path, "note"))
    for number, check in enumerate(change.checks):
        _require_asked(no_node, source, (*path, "checks", number))
        _require_places(check.template.texts, template, no_node, source, (*path, "checks", number))


def _require_extra_fits(extra: ExtraStep, section: Section, source: Source, path: Path) -> None:
    template = extra.template(1)
    if extra.command:
        _require_sendable(extra.shell, extra.command, source, (*path, "command"))
    no_node = _has_no_node(section, template)
    if extra.command and no_node:
        raise source.error(
            "コマンドを実行するノードがありません。where に active、target、every、standbys のどれかを書いてください。",
            "There is no node to run the command on: give where as active, target, every or standbys.",
            (*path, "where") if extra.where == "none" else path,
        )
    for name, checks in (("checks", extra.checks), ("interlocks", extra.interlocks)):
        for number, check in enumerate(checks):
            _require_asked(no_node, source, (*path, name, number))
            _require_places(check.template.texts, template, no_node, source, (*path, name, number))
    for name, text in (
        ("title", extra.title),
        ("instructions", extra.instructions),
        ("inverse", extra.inverse),
    ):
        texts = list(text.model_dump().values()) if text else []
        _require_places(texts, template, no_node, source, (*path, name))
    _require_places([extra.command or ""], template, no_node, source, (*path, "command"))


_STANDING_IN: Mapping[Shell, str] = {"sh": '"$place"', "powershell": "$place", "cmd": '"%place%"'}
"""For the value of an open place, which only a plan knows: a variable, so that no rule takes it for a path spelled out."""


def _require_sendable(shell: Shell, text: str, source: Source, path: Path) -> None:
    """The rules of the library's own texts, but for the closed list of commands: an organisation has its own."""
    asked = dict.fromkeys(used([text]), "")
    for told in problems(shell, fill(text, asked, lambda _value: _STANDING_IN[shell]), own=True):
        raise source.error(told.ja, told.en, path, source.within(path, told.line))


def _has_no_node(section: Section, template: StepTemplate) -> bool:
    return template.where == "none" or (template.where == "phase" and section.role == "cluster")


def _require_asked(no_node: bool, source: Source, path: Path) -> None:
    if no_node:
        raise source.error(
            "このステップはノードに結び付いていないため、読み取る先がありません。",
            "This step belongs to no node, so there is nobody to ask.",
            path,
        )


def _require_places(
    texts: list[str] | tuple[str, ...], template: StepTemplate, no_node: bool, source: Source, path: Path
) -> None:
    """Places of a site only in steps that are repeated for each, places of a node only where there is one."""
    found = used(texts)
    wrong = (found & OF_SITE if template.per is None else frozenset()) | (
        found & OF_NODE if no_node else frozenset()
    )
    if wrong:
        number = line_of(f"[[{min(wrong)}]]", next(iter(texts))) if len(texts) == 1 else None
        raise source.error(
            f"[[{min(wrong)}]] は、サイトごと・ノードごとに繰り返すステップにだけ値があります。このステップでは使えません。",
            f"[[{min(wrong)}]] has a value only where a step is repeated for each site or node; it has none in this step.",
            path,
            source.within(path, number) if number else None,
        )
