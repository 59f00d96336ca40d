"""`tejun package`: installers and patches in the store, from the command line of the console's own machine. Recorded as
`tejun`."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Annotated

import typer

from app.actions.packages import add_package, expected_digest, no_such_package, remove_package, require_noted
from app.cli_stores import run
from app.domain.filenames import file_name
from app.main import Console
from app.models.packages import packages
from app.packagestore import Incoming

package_app = typer.Typer(
    no_args_is_help=True,
    help="パッケージ（インストーラ・パッチ）の一覧・追加・削除 / packages: installers and patches",
)
BLOCK = 4 * 1024 * 1024  # bytes


@package_app.command("list")
def package_list() -> None:
    """保存済みのパッケージを表示します（新しい順）。 List the packages, newest first: number, name, bytes, SHA-256, note."""

    async def do(console: Console) -> None:
        async with console.database.reading() as db:
            for row in await packages(db):
                note = " ".join(row.note.split())
                typer.echo(f"{row.id}\t{row.name}\t{row.size}\t{row.sha256}\t{note}")

    run(do)


@package_app.command("add")
def package_add(
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="ファイル / the file")],
    name: Annotated[
        str, typer.Option(help="ノードでのファイル名（省略時は元の名前） / its name on the nodes")
    ] = "",
    sha256: Annotated[
        str,
        typer.Option(help="入手元が示す SHA-256。異なれば保存しません / as its supplier states it; must fit"),
    ] = "",
    note: Annotated[str, typer.Option(help="メモ / note")] = "",
) -> None:
    """パッケージを保存します。同じ内容があれば、それを使います。 Store a package; the same bytes again are recognised."""
    name = file_name(name or file.name)
    expected_digest(sha256)
    require_noted(note)

    async def do(console: Console) -> None:
        size = file.stat().st_size
        with await asyncio.to_thread(console.packages.receive, size) as incoming:
            await asyncio.to_thread(_take_in, incoming, file)
            async with console.act() as act:
                row, new = await add_package(act, console.packages, incoming, name, sha256, note)
        typer.echo(f"{row.id}\t{row.sha256}" + ("" if new else f"\t保存済み / stored already: {row.name}"))

    run(do)


@package_app.command("remove")
def package_remove(
    package: Annotated[str, typer.Argument(help="番号か SHA-256 / its number or SHA-256")],
) -> None:
    """パッケージを削除します（作業が終わっていないセッションが使っていれば断ります）。

    Remove a package. Refused while a session that has not ended uses it.
    """

    async def do(console: Console) -> None:
        async with console.act() as act:
            rows = await packages(act.db)
            found = [row for row in rows if package.lower() in (str(row.id), row.sha256)]
            if not found:
                raise no_such_package()
            await remove_package(act, found[0].id)
        await console.clear_packages()

    run(do)


def _take_in(incoming: Incoming, file: Path) -> None:
    with file.open("rb") as opened:
        while block := opened.read(BLOCK):
            incoming.write(block)
    incoming.finish()
