"""What can be made to go wrong, and how. Owns the list of faults and their carrying out on a Machine."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from app.lab.machine import Machine
from app.lab.model import LabError


@dataclass(frozen=True)
class Kind:
    """A fault: its name, what it does (both languages), and the parameters it takes with their defaults."""

    name: str
    en: str
    ja: str
    parameters: Mapping[str, str]


KINDS = {
    kind.name: kind
    for kind in (
        Kind(
            "crash",
            "power failure: every process dies, files stay (silent=1: connections freeze instead of being reset)",
            "電源断。全プロセスが消え、ファイルは残ります（silent=1 で接続はリセットされず固まります）",
            {"silent": "0"},
        ),
        Kind(
            "boot", "power on; the node rejoins the cluster", "電源投入。ノードはクラスタに再参加します", {}
        ),
        Kind(
            "cut",
            "pull the console's cable: connections freeze, new ones get no answer",
            "コンソール側の回線断。既存の接続は固まり、新しい接続には応答がありません",
            {},
        ),
        Kind("heal", "plug the cable in again", "回線を元に戻します", {}),
        Kind(
            "reset",
            "reset (RST) every open connection once",
            "開いている接続をすべて一度リセット（RST）します",
            {},
        ),
        Kind("blackhole", "cut, and heal after SECONDS", "SECONDS 秒間だけ回線断", {"seconds": "5"}),
        Kind(
            "slow",
            "every command starts MS milliseconds late",
            "コマンドの開始を MS ミリ秒遅らせます",
            {"ms": "1000"},
        ),
        Kind(
            "wrong-output",
            "a command (what=crm_mon or rpm) answers with garbage and exit status 0",
            "コマンド（what=crm_mon または rpm）が終了ステータス 0 で壊れた出力を返します",
            {"what": "crm_mon"},
        ),
        Kind(
            "failing-patch",
            "rpm -ivh fails with exit status 1",
            "rpm -ivh が終了ステータス 1 で失敗します",
            {},
        ),
        Kind(
            "stale-patch",
            "rpm -ivh reports success but leaves the old files in place",
            "rpm -ivh は成功を返しますが、ファイルは古いまま残ります",
            {},
        ),
        Kind(
            "full-disk",
            "no space left: df says so, and new commands cannot write to files",
            "ディスクフル。df の空きが 0 になり、新しいコマンドはファイルに書き込めません",
            {},
        ),
        Kind(
            "nqs-site",
            "NQS_SITE is set in root's login environment (erratum E3)",
            "root のログイン環境に NQS_SITE を設定します（正誤 E3）",
            {"site": ""},
        ),
        Kind(
            "clear",
            "end all faults of the node (a crashed one stays off)",
            "ノードの障害をすべて解除します（電源は入れません）",
            {},
        ),
    )
}
_LINE = "NQS_SITE={}\n"
_PROFILE = "NQS_SITE={}; export NQS_SITE\n"


def parameters(kind: str, given: Mapping[str, str]) -> dict[str, str]:
    """The parameters of a fault with defaults filled in. Raises LabError for an unknown kind, name or number."""
    if kind not in KINDS:
        known = ", ".join(KINDS)
        raise LabError(
            f"no fault {kind!r}; there are {known}", f"障害 {kind} はありません（使えるのは {known}）。"
        )
    allowed = KINDS[kind].parameters
    for name, value in given.items():
        number = name in ("ms", "seconds")
        if name not in allowed or (number and not value.replace(".", "", 1).isdigit()):
            raise LabError(
                f"{kind} cannot take {name}={value}", f"{kind} に {name}={value} は指定できません。"
            )
    return {**allowed, **given}


async def apply(machine: Machine, kind: str, values: Mapping[str, str]) -> None:
    """Carry a fault out; `values` come from `parameters`."""
    wire, marks = machine.wire, machine.folder / "faults"
    if kind == "crash":
        await machine.crash(silently=values["silent"] not in ("0", ""))
    elif kind == "boot":
        await machine.boot()
    elif kind == "cut":
        await wire.cut()
    elif kind == "heal":
        await wire.heal()
    elif kind == "reset":
        await wire.reset()
    elif kind == "blackhole":
        await wire.cut()
        asyncio.get_running_loop().call_later(
            float(values["seconds"]), lambda: asyncio.ensure_future(wire.heal())
        )
    elif kind == "nqs-site":
        set_site(Path(machine.node.home), values["site"] or machine.lab.sites[0].name)
    elif kind == "clear":
        await clear(machine)
    else:
        (marks / kind).write_text(values.get("ms") or values.get("what") or "")


async def clear(machine: Machine) -> None:
    """End every fault but a crash."""
    await machine.wire.heal()
    for mark in (machine.folder / "faults").iterdir():
        mark.unlink()
    set_site(Path(machine.node.home), None)


def set_site(home: Path, site: str | None) -> None:
    """Put NQS_SITE into what a login reads (~/.ssh/environment for commands, ~/.profile for shells), or take it out."""
    for name, line in ((".ssh/environment", _LINE), (".profile", _PROFILE)):
        file = home / name
        file.parent.mkdir(mode=0o700, exist_ok=True)
        kept = [text for text in _lines(file) if not text.lstrip().startswith("NQS_SITE=")]
        file.write_text("".join(kept) + (line.format(site) if site else ""))


def _lines(file: Path) -> list[str]:
    return file.read_text().splitlines(keepends=True) if file.exists() else []
