"""`tejun procedures`: look after the library of procedures. Reads files only; touches no node and no database."""

from __future__ import annotations

from typing import Annotated

import typer

from app.cli_plan import Languages, language_of
from app.procedures.table import table

procedures_app = typer.Typer(
    no_args_is_help=True, help="収録している手順の点検と一覧 / the library of procedures"
)


@procedures_app.command("lint")
def procedures_lint(
    lang: Annotated[Languages | None, typer.Option(help="表示の言語 / language of the output")] = None,
) -> None:
    """収録している手順を点検します。問題があれば一覧を表示し、終了コード 1 で終わります。

    Lint the library: every step of the manual accounted for, both languages, dangers guarded, commands that parse. Exit 1 with
    the list where something is wrong.
    """
    from app.procedures.lint import library_problems  # it plans every case: only for who asks

    found = library_problems()
    for problem in found:
        typer.echo(problem.in_(language_of(lang)), err=True)
    typer.echo(f"{len(found)} 件 / problems")
    if found:
        raise typer.Exit(1)


@procedures_app.command("table")
def procedures_table() -> None:
    """マニュアルの全ステップの一覧を Markdown で表示します。 / Print the table of all steps of the manual."""
    typer.echo(table(), nl=False)
