"""What can be made to go wrong on a Windows node: the faults of every node, and those of WinRM, installers and DLLs."""

from __future__ import annotations

from collections.abc import Mapping

from app.lab import faults
from app.lab.faults import Kind
from app.lab.model import LabError
from app.lab.windows.power import WindowsMachine

_SHARED = ("crash", "boot", "cut", "heal", "reset", "blackhole", "slow", "full-disk")
_OWN = (
    Kind("reboot", "the node restarts at once, in the middle of whatever runs (away=SECONDS: how long it takes)",
         "実行中の処理の途中でノードを再起動します（away=SECONDS は停止している秒数）", {"away": "0.5"}),
    Kind("stale-400", "the next COUNT requests are answered 400 with nothing, as those of an idle connection",
         "次の COUNT 件の要求に、アイドル後の接続と同じ空の 400 を返します", {"count": "1"}),
    Kind("lost-reply", "the next COUNT requests (of VERB, if given) are carried out, and their answers lost",
         "次の COUNT 件の要求（VERB を指定した場合はその要求）を実行し、応答だけ失わせます", {"count": "1", "verb": ""}),
    Kind("quota", "the next COUNT shells or commands are refused by quota",
         "次の COUNT 件のシェルやコマンドをクォータ超過で拒否します", {"count": "1"}),
    Kind("wrong-password", "the administrator's password on the node becomes another one",
         "ノードの管理者パスワードを別のものに変えます", {}),
    Kind("expired-certificate", "WinRM shows a certificate that has expired", "期限切れの証明書を提示します", {}),
    Kind("clock-skew", "the node's clock is SECONDS ahead, as WinRM shows it",
         "ノードの時計を SECONDS 秒進めて見せます", {"seconds": "600"}),
    Kind("not-winrm", "a page of a proxy answers in WinRM's place", "WinRM の代わりにプロキシのページが応答します", {}),
    Kind("failing-patch", "installers and patches end with 1603", "インストーラーとパッチが 1603 で失敗します", {}),
    Kind("failing-site", "a cluster site does not come up on this node", "このノードでクラスタサイトが起動しません", {}),
    Kind("dll-in-use", "a process keeps a DLL loaded (file=PATH; necjsock.dll where not given)",
         "プロセスが DLL を読み込んだままにします（file=PATH、省略時は necjsock.dll）", {"file": ""}),
    Kind("constrained-language", "PowerShell on the node runs in ConstrainedLanguage",
         "ノードの PowerShell を ConstrainedLanguage にします", {}),
    Kind("nqs-site", "NQS_SITE is set for the machine (erratum E3)", "NQS_SITE をシステムの環境変数に設定します（E3）",
         {"site": ""}),
    Kind("clear", "end every fault but a crash", "電源断以外の障害をすべて解除します", {}),
)  # fmt: skip
KINDS = {**{name: faults.KINDS[name] for name in _SHARED}, **{kind.name: kind for kind in _OWN}}
_MARKS = ("failing-patch", "failing-site", "full-disk", "slow", "constrained-language")
_ON_NODE = (
    "stale-400", "lost-reply", "quota", "wrong-password", "expired-certificate", "clock-skew", "not-winrm", "dll-in-use",
    "reboot", "nqs-site",
)  # fmt: skip
_NUMBERS = ("ms", "seconds", "count", "away")


def parameters(kind: str, given: Mapping[str, str]) -> dict[str, str]:
    """The fault's parameters with their defaults filled in. Raises LabError for a wrong kind, name or value."""
    if kind not in KINDS:
        known = ", ".join(KINDS)
        raise LabError(
            f"no fault {kind!r}; there are {known}", f"障害 {kind} はありません（あるのは {known}）。"
        )
    allowed = KINDS[kind].parameters
    for name, value in given.items():
        if name not in allowed or (name in _NUMBERS and not value.replace(".", "", 1).isdigit()):
            raise LabError(
                f"{kind} cannot take {name}={value}", f"{kind} に {name}={value} は指定できません。"
            )
    return {**allowed, **given}


async def apply(node: WindowsMachine, kind: str, values: Mapping[str, str]) -> None:
    """Carry a fault out; `values` come from `parameters`."""
    marks = node.folder / "faults"
    if kind == "clear":
        await node.wire.heal()
        for mark in marks.iterdir():
            mark.unlink()
        await node.told("fault", kind="clear", values={})
    elif kind in _MARKS:
        (marks / kind).write_text(values.get("ms", ""))
    elif kind in _ON_NODE:
        if kind == "reboot":
            node.away = float(values["away"])
        else:
            (marks / kind).touch()
        told = await node.told("fault", kind=kind, values=dict(values))
        if "error" in told:
            raise LabError(told["error"], told["ja"])
    else:
        await faults.apply(node, kind, values)
