"""`tejun lab`: the simulated cluster from the command line. Owns the words that a person reads there, in both languages.

Exit codes: 0 done, 1 refused (the message says what to do), 2 the command line itself is wrong.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from app.lab import control, shown
from app.lab.faults import KINDS, Kind
from app.lab.model import LabError


class Languages(StrEnum):
    """Of what is printed."""

    ja = "ja"
    en = "en"


class Platforms(StrEnum):
    """What is simulated."""

    auto = "auto"
    unix = "unix"
    wsfc = "wsfc"
    windows = "windows"


class Arches(StrEnum):
    """Processors of Windows nodes, as the cluster file names them."""

    x86 = "x86"
    x64 = "x64"
    ipf = "ipf"
    ipf32 = "ipf32"


class LocalSites(StrEnum):
    """Whether the nodes' own sites are in service."""

    used = "used"
    unused = "unused"


class Modes(StrEnum):
    """How nodes are simulated."""

    auto = "auto"
    ns = "ns"
    plain = "plain"


def _directory() -> Path:
    return Path(os.environ.get("TEJUN_HOME", "var")) / "lab"


Directory = Annotated[
    Path,
    typer.Option(
        "--directory", "-d", envvar="TEJUN_LAB", default_factory=_directory, show_default="$TEJUN_HOME/lab",
        help="ラボの置き場所 / the folder that is the lab",
    ),
]  # fmt: skip
Language = Annotated[
    Languages | None,
    typer.Option("--lang", help="表示言語（省略時は TEJUN_LANGUAGE、LANG） / language of the output"),
]

lab_app = typer.Typer(
    no_args_is_help=True,
    help="模擬クラスタ（ラボ）。この端末の上に、本物の SSH とプロセスを持つ JobCenter のノードを作ります。"
    "root 権限も追加パッケージも不要です。デモ、リハーサル、試験に使います。\n\n"
    "A simulated cluster on this machine: JobCenter nodes with real SSH and real processes, for demos, rehearsals and tests. "
    "Needs no root and no package.",
    epilog="例 / example:  tejun lab up  →  tejun lab fault crash node-a  →  tejun lab status  →  tejun lab fault boot node-a",
)


def _is_english(language: Languages | None) -> bool:
    """--lang, else TEJUN_LANGUAGE, else LANG; Japanese where none of them says anything."""
    said = language.value if language else os.environ.get("TEJUN_LANGUAGE") or os.environ.get("LANG", "")
    return said.startswith("en")


@contextmanager
def _refusals(english: bool) -> Iterator[None]:
    try:
        yield
    except LabError as error:
        typer.echo(str(error) if english else error.ja, err=True)
        raise typer.Exit(1) from error


@lab_app.command(
    "up", help="ラボを起動します（動いていればそのまま使います）。 / Start the lab, or find it running."
)
def up_command(
    directory: Directory,
    mode: Annotated[
        Modes,
        typer.Option(
            help="ns: 名前空間（/usr/lib/nqs が本物のパスになります） plain: 名前空間なし auto: 使えれば ns / "
            "ns: namespaces, plain: without, auto: ns where this machine allows it"
        ),
    ] = Modes.auto,
    version: Annotated[
        str,
        typer.Option(help="導入済みの JobCenter（初回のみ有効） / JobCenter installed, at the first start"),
    ] = "R16.3",
    nodes: Annotated[
        int,
        typer.Option(
            min=2,
            max=8,
            help="ノードの数。1 台目が運用系（初回のみ有効） / how many nodes, the first is active",
        ),
    ] = 2,
    sites: Annotated[
        int, typer.Option(min=1, max=8, help="クラスタサイトの数（初回のみ有効） / how many cluster sites")
    ] = 1,
    local_site: Annotated[
        LocalSites,
        typer.Option(help="ローカルサイトを使うか（初回のみ有効） / whether the local sites are used"),
    ] = LocalSites.used,
    name: Annotated[
        str, typer.Option(help="クラスタ名（初回のみ有効） / cluster name, at the first start")
    ] = "tokyo-batch",
    platform: Annotated[
        Platforms,
        typer.Option(
            help="unix: Linux と Pacemaker、wsfc: Windows Server と WSFC、windows: Windows Server と CLUSTERPRO X"
            "（初回のみ有効） / Linux and Pacemaker, Windows and WSFC, Windows and CLUSTERPRO X"
        ),
    ] = Platforms.auto,
    arch: Annotated[
        Arches, typer.Option(help="Windows のプロセッサ（初回のみ有効） / processor of Windows nodes")
    ] = Arches.x64,
    clwin: Annotated[
        bool, typer.Option("--clwin", help="CL/Win も導入済みにします（Windows） / CL/Win is installed, too")
    ] = False,
    foreground: Annotated[
        bool,
        typer.Option(
            "--foreground", help="Ctrl-C か SIGTERM まで前面で動かします / stay until Ctrl-C or SIGTERM"
        ),
    ] = False,
    lang: Language = None,
) -> None:
    """Start, and say where everything is."""
    english = _is_english(lang)
    with _refusals(english):
        lab = control.set_up(
            directory,
            mode=mode.value,
            name=name,
            version=version,
            local_site=local_site.value,
            nodes=control.node_names(nodes),
            sites=control.some_sites(sites),
            platform=platform.value,
            arch=arch.value,
            clwin=clwin,
        )
        if foreground:
            typer.echo(shown.where(lab, english))
            raise typer.Exit(control.run_foreground(directory))
        typer.echo(shown.where(control.up(directory), english))


@lab_app.command(
    "down",
    help="ラボを停止します。ファイルとクラスタの状態は残ります。 / Stop the lab; files and state stay.",
)
def down_command(directory: Directory, lang: Language = None) -> None:
    """Stop."""
    english = _is_english(lang)
    with _refusals(english):
        control.down(directory)
    typer.echo("the lab is down" if english else "ラボを停止しました。")


@lab_app.command(
    "status", help="ノード、サイト、クラスタの状態を表示します。 / Show nodes, sites and cluster resources."
)
def status_command(directory: Directory, lang: Language = None) -> None:
    """Look. Exit status 1 where the lab is down."""
    english = _is_english(lang)
    with _refusals(english):
        found = control.status(directory)
    if not found.running:
        typer.echo(f"the lab in {directory} is down" if english else f"{directory} のラボは停止しています。")
        raise typer.Exit(1)
    typer.echo("\n".join(shown.status_lines(found, english)))


@lab_app.command(
    "reset",
    help="ラボを初期状態に戻します（鍵とポートは変わりません）。 / Make everything anew; keys and ports stay.",
)
def reset_command(directory: Directory, lang: Language = None) -> None:
    """Start over."""
    english = _is_english(lang)
    with _refusals(english):
        typer.echo(shown.where(control.reset(directory), english))


_WINDOWS_FAULTS = (
    "reboot", "stale-400", "lost-reply", "quota", "wrong-password", "expired-certificate", "clock-skew", "not-winrm",
    "failing-site", "dll-in-use",
)  # fmt: skip
"""Those that only Windows nodes have; `tejun lab fault` says what each does when it is made."""


def _kinds() -> dict[str, Kind]:
    """The faults of all platforms; where both have one of a name it means the same."""
    from app.lab.windows.faults import KINDS as WINDOWS_KINDS  # its machinery is needed by no other command

    return {**WINDOWS_KINDS, **KINDS}


def _fault_help() -> str:
    lines = [f"{kind.name}: {kind.ja} / {kind.en}" for kind in KINDS.values()]
    lines.append("Windows: " + "、".join(_WINDOWS_FAULTS))
    return "障害を起こします。 / Make something go wrong on a node.\n\n" + "\n\n".join(lines)


@lab_app.command("fault", help=_fault_help())
def fault_command(
    kind: Annotated[
        str, typer.Argument(metavar="KIND", help="障害の種類（下の一覧） / what goes wrong, see the list")
    ],
    node: Annotated[str, typer.Argument(metavar="NODE", help="ノード名 / the node")],
    directory: Directory,
    values: Annotated[
        list[str] | None, typer.Argument(metavar="[NAME=VALUE]...", help="例: ms=2000 / for instance ms=2000")
    ] = None,
    lang: Language = None,
) -> None:
    """Break something, or mend it (boot, heal, clear)."""
    english = _is_english(lang)
    pairs = [value.partition("=") for value in values or []]
    if any(not sign for _, sign, _ in pairs):
        raise typer.BadParameter("NAME=VALUE")
    with _refusals(english):
        control.fault(directory, kind, node, **{name: value for name, _, value in pairs})
    made = _kinds()[kind]
    typer.echo(f"{node}: {made.en if english else made.ja}")


@lab_app.command(
    "do",
    help="Windows のノードで、画面でしかできない操作をします（操作の一覧はラボのページにもあります）。 / "
    "Do on a Windows node what only a window does; the lab's page has the same.",
)
def do_command(
    node: Annotated[str, typer.Argument(metavar="NODE", help="ノード名 / the node")],
    act: Annotated[str, typer.Argument(metavar="ACT", help="操作。例: stop-local / the act")],
    directory: Directory,
    values: Annotated[
        list[str] | None,
        typer.Argument(metavar="[NAME=VALUE]...", help="例: site=site1 / for instance site=site1"),
    ] = None,
    lang: Language = None,
) -> None:
    """Act."""
    english = _is_english(lang)
    pairs = [value.partition("=") for value in values or []]
    if any(not sign for _, sign, _ in pairs):
        raise typer.BadParameter("NAME=VALUE")
    with _refusals(english):
        said = control.do(directory, node, act, **{name: value for name, _, value in pairs})
    typer.echo(f"{node}: {said[0] if english else said[1]}")
