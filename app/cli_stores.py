"""`tejun user|cluster|session`: what is stored, from the command line of the console's own machine.

Whoever can run these can read the database file; they act without a sign-in and are recorded as `tejun`.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Annotated

import typer

from app.actions.clusters import add_cluster, edit_cluster
from app.actions.deliveries import deliver_session
from app.actions.people import add_user, change_user, disable_user
from app.domain.errors import NotFound
from app.domain.schedule import local
from app.domain.text import Language
from app.main import Console
from app.models.clusters import cluster_named, clusters
from app.models.people import all_people
from app.models.sessions import sessions
from app.models.steps import step_runs
from app.procedures.clusterfile import dump_cluster, load_cluster
from app.settings import Settings

user_app = typer.Typer(no_args_is_help=True, help="アカウントの一覧・追加・変更 / accounts")
cluster_app = typer.Typer(no_args_is_help=True, help="クラスタ定義の一覧・取り込み・書き出し / clusters")
session_app = typer.Typer(no_args_is_help=True, help="作業セッションの一覧と状態 / maintenance sessions")

Name = Annotated[str, typer.Argument(help="名前 / name")]


@asynccontextmanager
async def opened() -> AsyncIterator[Console]:
    """The console's parts without engine and pages."""
    console = Console(Settings().model_copy(update={"worker": "none"}))
    await console.prepare()
    try:
        yield console
    finally:
        await console.stop()


def run(do: Callable[[Console], Awaitable[None]]) -> None:
    """Run one command against the configured database."""

    async def go() -> None:
        async with opened() as console:
            await do(console)

    asyncio.run(go())


@user_app.command("list")
def user_list() -> None:
    """有効なアカウントの一覧を表示します。 List the accounts that can sign in."""

    async def do(console: Console) -> None:
        async with console.database.reading() as db:
            for person in await all_people(db):
                typer.echo(f"{person.name}\t{person.display_name}\t{' '.join(sorted(person.roles))}")

    run(do)


@user_app.command("add")
def user_add(
    name: Name,
    role: Annotated[list[str], typer.Option(help="viewer operator approver auditor admin")],
    display_name: Annotated[str, typer.Option(help="表示名 / name shown to others")] = "",
) -> None:
    """アカウントを追加します（パスワードは標準入力から1行）。 Add an account; its password is one line on standard input."""

    async def do(console: Console) -> None:
        async with console.act() as act:
            await add_user(act, name, display_name, role, _password())

    run(do)


@user_app.command("password")
def user_password(name: Name) -> None:
    """パスワードを変更します（標準入力から1行）。 Change a password (one line on standard input); the account's logins end."""

    async def do(console: Console) -> None:
        async with console.act() as act:
            await change_user(act, name, password=_password())

    run(do)


@user_app.command("roles")
def user_roles(
    name: Name, role: Annotated[list[str], typer.Option(help="viewer operator approver auditor admin")]
) -> None:
    """権限を付け替えます。 Give an account these roles instead of the ones it has."""

    async def do(console: Console) -> None:
        async with console.act() as act:
            await change_user(act, name, roles=role)

    run(do)


@user_app.command("disable")
def user_disable(name: Name) -> None:
    """アカウントを無効にします（履歴は残ります）。 Bar an account; its history stays."""

    async def do(console: Console) -> None:
        async with console.act() as act:
            await disable_user(act, name)

    run(do)


@cluster_app.command("list")
def cluster_list() -> None:
    """登録済みクラスタの一覧を表示します。 List the clusters."""

    async def do(console: Console) -> None:
        async with console.database.reading() as db:
            for row in await clusters(db):
                typer.echo(
                    f"{row.name}\t{row.cluster.platform}\t{row.cluster.version}\t{len(row.cluster.nodes)} nodes"
                )

    run(do)


@cluster_app.command("import")
def cluster_import(
    file: Annotated[
        Path, typer.Argument(exists=True, dir_okay=False, help="クラスタ定義 YAML / cluster file")
    ],
    accept_keys: Annotated[
        bool,
        typer.Option(help="ファイルに書かれた指紋と一致するホスト鍵を承認 / accept host keys the file names"),
    ] = False,
) -> None:
    """クラスタ定義を取り込みます（同名があれば更新）。 Import a cluster file; an entry of that name is updated."""
    cluster = load_cluster(file.read_bytes(), str(file))

    async def do(console: Console) -> None:
        async with console.act() as act:
            record = await cluster_named(act.db, cluster.name)
            if record is None:
                await add_cluster(act, cluster)
            else:
                await edit_cluster(act, record.id, record.version, cluster)
        if accept_keys:
            from app.cli_serve import accept_named_keys  # it brings the pages

            for name in await accept_named_keys(console, cluster):
                typer.echo(f"host key accepted: {name}")

    run(do)


@cluster_app.command("export")
def cluster_export(name: Name) -> None:
    """クラスタ定義を YAML で書き出します。 Print a cluster as its YAML file."""

    async def do(console: Console) -> None:
        async with console.database.reading() as db:
            record = await cluster_named(db, name)
        if record is None:
            raise NotFound(
                "no_such_cluster", f"クラスタ「{name}」はありません。", f"There is no cluster “{name}”."
            )
        typer.echo(dump_cluster(record.cluster), nl=False)

    run(do)


@session_app.command("list")
def session_list() -> None:
    """作業セッションの一覧を表示します（新しい順）。 List the sessions, newest first."""

    async def do(console: Console) -> None:
        async with console.database.reading() as db:
            for row in await sessions(db):
                typer.echo(f"{row.id}\t{row.state}\t{row.cluster.name}\t{row.target}\t{row.title}")

    run(do)


@session_app.command("show")
def session_show(number: Annotated[int, typer.Argument(help="セッション番号 / session number")]) -> None:
    """セッションの手順と状態を表示します。 Show a session's steps and where they stand."""

    async def do(console: Console) -> None:
        language: Language = "en" if console.settings.language == "en" else "ja"
        async with console.database.reading() as db:
            row = next((s for s in await sessions(db, limit=100_000) if s.id == number), None)
            if row is None:
                raise NotFound("no_such_session", "そのセッションはありません。", "There is no such session.")
            runs = {r.seq: r for r in await step_runs(db, number)}
        typer.echo(f"{row.id} {row.state} {row.cluster.name} {row.plan.procedure} {row.plan_record.digest}")
        for seq, step in enumerate(row.plan.steps):
            run_ = runs.get(seq)
            ended = local(run_.ended_at, row.zone).strftime("%H:%M:%S") if run_ and run_.ended_at else ""
            state = f"{run_.state}{':' + run_.awaiting if run_.awaiting else ''}" if run_ else "-"
            mark = ">" if row.state in ("running", "paused") and seq == row.position else " "
            typer.echo(f"{mark} {step.key:<34} {state:<20} {ended:<9} {step.title.in_(language)}")

    run(do)


@session_app.command("deliver")
def session_deliver(number: Annotated[int, typer.Argument(help="セッション番号 / session number")]) -> None:
    """承認済みのパッケージをノードに配布します（作業時間帯の前でも可）。動いているコンソールが運びます。

    Have the approved package copied to the nodes, ahead of the window too. The console that is running carries it; ask again
    to see how far it is.
    """

    async def do(console: Console) -> None:
        async with console.act() as act:
            rows = await deliver_session(act, number)
        for row in rows:
            typer.echo(f"{row.node}\t{row.state}\t{row.done}/{row.size}\t{row.path}\t{row.problem or ''}")

    run(do)


def _password() -> str:
    if sys.stdin.isatty():
        return str(typer.prompt("パスワード / password", hide_input=True, confirmation_prompt=True))
    return sys.stdin.readline().rstrip("\n")
