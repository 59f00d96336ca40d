"""`tejun overlay`: overlay files of the organisation, from the command line of the console's own machine. Recorded as `tejun`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from app.actions.overlays import import_overlay, no_such_overlay, retire_overlay
from app.cli_stores import Name, run
from app.main import Console
from app.models.overlays import overlay_named, overlays, versions_of
from app.procedures.overlayfile import MAX_BYTES

overlay_app = typer.Typer(
    no_args_is_help=True, help="オーバーレイファイルの一覧・取り込み・書き出し・廃止 / overlay files"
)


@overlay_app.command("list")
def overlay_list() -> None:
    """オーバーレイの一覧を表示します。 List the overlays with their newest versions."""

    async def do(console: Console) -> None:
        async with console.database.reading() as db:
            for row, version in await overlays(db):
                clusters = ",".join(version.cluster_names) or "all"
                state = "retired" if row.retired_at else "in use"
                typer.echo(f"{row.name}\tv{version.number}\t{clusters}\t{version.sha256}\t{state}")

    run(do)


@overlay_app.command("import")
def overlay_import(
    file: Annotated[
        Path, typer.Argument(exists=True, dir_okay=False, help="オーバーレイ YAML / overlay file")
    ],
) -> None:
    """オーバーレイファイルを取り込みます（同名があれば新しい版）。 Import an overlay file, or a new version of one."""
    with file.open("rb") as opened:
        data = opened.read(MAX_BYTES + 1)

    async def do(console: Console) -> None:
        async with console.act() as act:
            version = await import_overlay(act, data, str(file))
        typer.echo(f"v{version.number}\t{version.sha256}")

    run(do)


@overlay_app.command("export")
def overlay_export(
    name: Name,
    number: Annotated[
        int, typer.Option("--version", help="版の番号（省略時は最新） / version; the newest if left out")
    ] = 0,
) -> None:
    """オーバーレイファイルを取り込んだときのまま書き出します。 Print an overlay file, byte for byte as it came in."""

    async def do(console: Console) -> None:
        async with console.database.reading() as db:
            row = await overlay_named(db, name)
            stored = await versions_of(db, row.id) if row else []
        found = [version for version in stored if number in (0, version.number)]
        if not found:
            raise no_such_overlay()
        sys.stdout.buffer.write(found[0].document)

    run(do)


@overlay_app.command("retire")
def overlay_retire(name: Name) -> None:
    """オーバーレイを廃止します（版は残ります）。 Lay an overlay over no new plan; its versions stay."""

    async def do(console: Console) -> None:
        async with console.act() as act:
            row = await overlay_named(act.db, name)
            if row is None:
                raise no_such_overlay()
            await retire_overlay(act, row.id)

    run(do)
