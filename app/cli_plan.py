"""`tejun plan`: a cluster file and an operation in, the plan out, for a person or as the contract's JSON.

Stores nothing and touches no node. Exit status: 0 a plan, 2 bad input, 3 the manual gives no procedure for the case.
Imports neither tables, web nor SSH: it must start fast enough to be used in loops.
"""

from __future__ import annotations

import json
import os
from enum import StrEnum
from pathlib import Path
from typing import Annotated, NoReturn

import typer

from app.domain.errors import Invalid
from app.domain.overlay import OverlayFile
from app.domain.planner import Inputs, NoProcedure, make_plan
from app.domain.procedure import Check, Plan, Step
from app.domain.text import Language
from app.domain.versions import Version
from app.procedures import procedure
from app.procedures.clusterfile import MAX_BYTES, load_cluster


class Operations(StrEnum):
    """What is to be done."""

    upgrade = "upgrade"
    patch = "patch"


class Methods(StrEnum):
    """How; auto takes rolling where the manual offers it."""

    auto = "auto"
    standard = "standard"
    rolling = "rolling"


class Installs(StrEnum):
    """Over the old version, or anew (the manual's 1.1.4)."""

    overwrite = "overwrite"
    fresh = "fresh"


class Languages(StrEnum):
    """Of the printed plan."""

    ja = "ja"
    en = "en"


def plan_command(
    cluster_file: Annotated[
        Path, typer.Argument(metavar="CLUSTER.yaml", help="クラスタファイル / the cluster file")
    ],
    operation: Annotated[Operations, typer.Option(help="作業 / what is to be done")],
    to: Annotated[str, typer.Option(metavar="R16.3.1", help="適用後の版 / the version to arrive at")],
    method: Annotated[Methods, typer.Option(help="方式 / how")] = Methods.auto,
    install: Annotated[
        Installs, typer.Option(help="上書きか新規か / over the old version or anew")
    ] = Installs.overwrite,
    patch_file: Annotated[
        str | None,
        typer.Option(metavar="PATH", help="ノード上のパッチファイル / the patch file on the nodes"),
    ] = None,
    patch_sha256: Annotated[
        str | None, typer.Option(metavar="HEX", help="パッチファイルの SHA-256 / its SHA-256")
    ] = None,
    overlay: Annotated[
        Path | None, typer.Option(metavar="FILE", help="自組織のオーバーレイファイル / your overlay file")
    ] = None,
    literal: Annotated[
        str | None,
        typer.Option(
            metavar="ERRATUM",
            help="この正誤だけマニュアルの記載順にする / the manual's literal order for one erratum",
        ),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="JSON で出力 / print the JSON object")] = False,
    lang: Annotated[Languages | None, typer.Option(help="表示の言語 / language of the output")] = None,
) -> None:
    """クラスタファイルから作業計画を作って表示します。 / Make a plan from a cluster file and print it."""
    language = language_of(lang)
    try:
        cluster = load_cluster(_bytes(cluster_file), str(cluster_file))
        inputs = Inputs.of(patch_file, patch_sha256)
        target = Version.parse(to, "--to")
        own = _overlay(overlay) if overlay else None
        plan = make_plan(
            procedure, cluster, operation.value, target, method.value, install.value, inputs, literal, own
        )
    except Invalid as no:
        _end(no.message.in_(language), 2)
    if isinstance(plan, NoProcedure):
        _refuse(plan, as_json, language)
    if as_json:
        _json(plan.model_dump(mode="json", by_alias=True))
    else:
        typer.echo("\n".join(lines(plan, language)))


def _overlay(file: Path) -> OverlayFile:
    from app.procedures.overlayfile import (
        load_overlay,  # it brings the shells' grammars: only for who has an overlay
    )

    return load_overlay(_bytes(file), str(file))


def language_of(lang: Languages | None) -> Language:
    if lang is not None:
        return "ja" if lang is Languages.ja else "en"
    setting = os.environ.get("LC_ALL") or os.environ.get("LC_MESSAGES") or os.environ.get("LANG") or ""
    return "en" if setting.startswith("en") else "ja"


def _bytes(path: Path) -> bytes:
    """The file, and one byte more than is allowed at most: the reader says that it is too large."""
    try:
        with path.open("rb") as file:
            return file.read(MAX_BYTES + 1)
    except OSError as no:
        reason = no.strerror or str(no)
        raise Invalid(
            "file.unreadable",
            f"{path}: ファイルを読めません（{reason}）。",
            f"{path}: cannot read the file ({reason}).",
        ) from None


def _json(value: object) -> None:
    typer.echo(json.dumps(value, ensure_ascii=False, indent=2).encode("utf-8"))


def _end(message: str, status: int) -> NoReturn:
    printable = message.encode("utf-8", "backslashreplace").decode()  # names of files may be any bytes
    typer.echo(printable, err=True)
    raise typer.Exit(status)


def _refuse(no: NoProcedure, as_json: bool, language: Language) -> NoReturn:
    """The message on stderr, always; with --json the contract's object on stdout as well."""
    if as_json:
        near = [{"procedure": one.procedure, "why_not": one.why_not.model_dump()} for one in no.nearest]
        _json({"refused": no.refused.model_dump(), "nearest": near})
    nearest = [f"  {one.procedure}: {one.why_not.in_(language)}" for one in no.nearest]
    title = ["近い手順:" if language == "ja" else "Nearest procedures:"] if nearest else []
    _end("\n".join([no.refused.in_(language), *title, *nearest]), 3)


def lines(plan: Plan, language: Language) -> list[str]:
    """The plan as text, a line each."""
    ja = language == "ja"
    head = (
        f"手順 {plan.procedure}  {plan.operation} / {plan.method}  {plan.from_version} → {plan.to}"
        if ja
        else f"Procedure {plan.procedure}  {plan.operation} / {plan.method}  {plan.from_version} -> {plan.to}"
    )
    found = [head, plan.digest, ""]
    found += [f"  {why.predicate}: {why.ja if ja else why.en}" for why in plan.why]
    mark = "注意" if ja else "Note"
    found += [
        f"  {mark}{f' [{warning.errata}]' if warning.errata else ''}: {warning.ja if ja else warning.en}"
        for warning in plan.warnings
    ]
    for phase in plan.phases:
        found += ["", f"== {phase.section} ({phase.role})"]
        for step in phase.steps:
            found += _step_lines(step, language)
    return found


def _step_lines(step: Step, language: Language) -> list[str]:
    ja = language == "ja"
    tick = "[ ]" if step.applies else "[-]"
    errata = f"  <{', '.join(step.errata)}>" if step.errata else ""
    found = [f"{tick} {step.key}  {step.kind}  {step.title.in_(language)}{errata}"]
    if step.reason:
        return [*found, f"      {'対象外' if ja else 'Does not apply'}: {step.reason.in_(language)}"]
    found += [f"      {line}" for line in step.instructions.in_(language).split("\n")]
    if step.minutes:
        found.append(f"      {'予定' if ja else 'Planned'}: {step.minutes} {'分' if ja else 'min'}")
    for command in step.commands:
        found += [f"      $ {line}" for line in command.text.split("\n")]
    found += [_check_line("直前に" if ja else "before", check, ja) for check in step.interlocks]
    found += [_check_line("確認" if ja else "check", check, ja) for check in step.checks]
    return found


def _check_line(mark: str, check: Check, ja: bool) -> str:
    wants = [*check.present, *(f"!{token}" for token in check.absent)]
    return f"      {mark}: {check.ja if ja else check.en}  ({' '.join(wants)})"
