"""`tejun audit`: read the chain, and verify it against the heads kept outside the database."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from app.cli_stores import run
from app.headfile import HeadFile
from app.main import Console
from app.models.audit import chain, chain_head, verify_chain

audit_app = typer.Typer(no_args_is_help=True, help="監査記録の検証と書き出し / the audit chain")


@audit_app.command("verify")
def audit_verify(
    head: Annotated[
        Path | None, typer.Option(help="別に保管した audit-head ファイル / a copy of the audit-head file")
    ] = None,
) -> None:
    """監査記録の連鎖を検証します。改ざん・欠落・並べ替え・末尾の切り捨てを検出します。

    Verify the chain: finds any changed, removed or reordered event, and truncation. Exit 1 where something is wrong.
    """

    async def do(console: Console) -> None:
        file = HeadFile(head) if head else console.head
        kept = file.heads()
        async with console.database.reading() as db:
            faults = await verify_chain(db, kept)
            seq, digest = await chain_head(db)
        for fault in faults:
            typer.echo(fault, err=True)
        for line in file.damaged():
            typer.echo(f"head_damaged:{line}", err=True)  # torn by a power cut, or changed by somebody
        typer.echo(f"{seq} events, head {digest.hex()}, {len(kept)} heads kept, {len(faults)} faults")
        if faults:
            raise typer.Exit(1)

    run(do)


@audit_app.command("export")
def audit_export() -> None:
    """監査記録を1行1件の JSON で書き出します（ハッシュ付き）。 Print every event as a line: its hash, a tab, its payload."""

    async def do(console: Console) -> None:
        after = 0
        async with console.database.reading() as db:
            while events := await chain(db, after=after):
                for event in events:
                    typer.echo(f"{event.hash.hex()}\t{event.payload.decode()}")
                after = events[-1].seq
                db.expunge_all()

    run(do)
