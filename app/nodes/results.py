"""What comes back from a node: frozen values, and the words of the guard turned into them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Literal

from app.domain.text import Text

READ_LIMIT = 4 * 1024 * 1024
"""Bytes that a read-only probe may write."""

Stream = Literal["out", "err"]
Sink = Callable[[Stream, int, bytes], Awaitable[None]]


@dataclass(frozen=True)
class Output:
    """A read-only probe's answer, raw bytes; `exit_status` is 128 + n for a probe that died of signal n."""

    stdout: bytes
    stderr: bytes
    exit_status: int


@dataclass(frozen=True)
class Ended:
    """The command is over. Sizes are bytes kept on the node; `*_dropped` bytes were written beyond the cap, at that place.

    `*_dropped` is exact where the node's file system can punch holes, a lower bound elsewhere.
    """

    exit_status: int
    out_size: int
    err_size: int
    out_dropped: int
    err_dropped: int


@dataclass(frozen=True)
class Unknown:
    """Nobody can tell what became of the command: a person decides. `reason` is a stable code, one of REASONS."""

    reason: str

    @property
    def text(self) -> Text:
        """The reason for the reader, with what to do."""
        ja, en = REASONS[self.reason]
        return Text(
            ja=f"{ja}ノードの状態を確認し、担当者が結果を判断してください。",
            en=f"{en} Look at the node and decide.",
        )


State = Literal["absent", "running"] | Ended | Unknown

REASONS = {
    "spool_gone": (
        "実行の記録がノードに見つかりません。開始済みのはずのため、再実行はしません。",
        "The node has no record of this run. It should have been started, so it is not started again.",
    ),
    "no_process": (
        "コマンドを監視するプロセスが、終了コードを残さずに消えています。コマンド自体は動き続けている可能性があります。",
        "The process that watched the command is gone and left no exit status. The command itself may live on.",
    ),
    "other_boot": (
        "コマンドの実行中にノードが再起動しています。どこまで進んだかは分かりません。",
        "The node was rebooted while the command ran. How far it came is not known.",
    ),
    "bad_claim": (
        "ノードにある開始の記録が壊れています。コマンドが開始されたかどうかは分かりません。",
        "The record of the start on the node is damaged. Whether the command was started is not known.",
    ),
    "bad_status": (
        "ノードにある終了コードの記録が壊れています。",
        "The record of the exit status on the node is damaged.",
    ),
    "output_short": (
        "ノードに残っている出力が、記録されたサイズや取得済みのバイト数と一致しません。",
        "The output on the node does not match the recorded size or what was fetched before.",
    ),
    "removed": (
        "この実行の出力は保存済みとして、ノードから削除されています。再実行はしません。",
        "The output of this run was stored and removed from the node. It is not started again.",
    ),
    "cancelled": (
        "開始前に取り消されているため、このコマンドが開始されることはありません。",
        "It was cancelled before it started; this command will never start.",
    ),
}


def ended(words: list[str]) -> Ended:
    """`done RC OUT ERR OUT_DROPPED ERR_DROPPED` of the guard. Raises ValueError if it is not that."""
    status, out_size, err_size, out_dropped, err_dropped = (int(word) for word in words[1:])
    return Ended(status, out_size, err_size, out_dropped, err_dropped)
