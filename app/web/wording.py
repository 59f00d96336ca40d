"""How states are shown: words in both languages, a sign and a tone, never colour alone. Knows the words, no rows."""

from __future__ import annotations

from typing import NamedTuple

from app.domain.lifecycle import SESSION_NAMES, SessionState
from app.domain.policy import ROLE_NAMES, Role
from app.domain.text import Text


class Badge(NamedTuple):
    """What a badge shows. `tone` is one of idle, busy, wait, good, bad, unsure; it chooses colour and border."""

    text: Text
    sign: str
    tone: str


def _badge(ja: str, en: str, sign: str, tone: str) -> Badge:
    return Badge(Text(ja=ja, en=en), sign, tone)


_SESSION_LOOKS: dict[SessionState, tuple[str, str]] = {
    SessionState.DRAFT: ("✎", "idle"),
    SessionState.SUBMITTED: ("◆", "wait"),
    SessionState.RETURNED: ("↩", "bad"),
    SessionState.APPROVED: ("◎", "good"),
    SessionState.RUNNING: ("▶", "busy"),
    SessionState.PAUSED: ("‖", "wait"),
    SessionState.COMPLETED: ("✓", "good"),
    SessionState.ABORTED: ("■", "bad"),
}

BADGES: dict[str, dict[str, Badge]] = {
    "session": {state: _badge(*SESSION_NAMES[state], *look) for state, look in _SESSION_LOOKS.items()},
    "step": {
        "pending": _badge("未実施", "pending", "○", "idle"),
        "running": _badge("実行中", "running", "▶", "busy"),
        "awaiting": _badge("操作待ち", "awaiting", "◆", "wait"),
        "succeeded": _badge("完了", "succeeded", "✓", "good"),
        "overridden": _badge("完了（確認の不一致を承知）", "done, check overridden", "✓!", "wait"),
        "failed": _badge("失敗", "failed", "✕", "bad"),
        "skipped": _badge("省略", "skipped", "↷", "idle"),
        "unknown": _badge("結果不明", "outcome unknown", "?", "unsure"),
        "not_applicable": _badge("対象外", "does not apply", "–", "idle"),
    },
    "awaiting": {
        "execute": _badge("実行の指示待ち", "waiting for the word to execute", "◆", "wait"),
        "tick": _badge("実施者の入力待ち", "waiting for the performer", "◆", "wait"),
        "check": _badge("確認不一致・再確認待ち", "check disagreed, verify again", "!", "bad"),
        "checker": _badge("確認者の確認待ち", "waiting for the checker", "◆", "wait"),
    },
    "attempt": {
        "queued": _badge("開始待ち", "queued", "○", "idle"),
        "running": _badge("実行中", "running", "▶", "busy"),
        "succeeded": _badge("成功", "succeeded", "✓", "good"),
        "failed": _badge("失敗", "failed", "✕", "bad"),
        "unreachable": _badge("接続不可（未送信）", "unreachable, nothing sent", "⊘", "bad"),
        "timed_out": _badge("時間切れ（停止確認済み）", "timed out, confirmed stopped", "⊘", "bad"),
        "cancelled": _badge("取り消し（停止確認済み）", "cancelled, confirmed stopped", "⊘", "bad"),
        "unknown": _badge("結果不明", "outcome unknown", "?", "unsure"),
    },
    "delivery": {
        "queued": _badge("配布待ち", "queued", "○", "idle"),
        "running": _badge("配布中", "copying", "▶", "busy"),
        "delivered": _badge("配布済み（照合済み）", "delivered and verified", "✓", "good"),
        "failed": _badge("失敗", "failed", "✕", "bad"),
        "unreachable": _badge("接続不可", "unreachable", "⊘", "bad"),
    },
    "verdict": {
        "pass": _badge("合格", "pass", "✓", "good"),
        "fail": _badge("不一致", "fail", "✕", "bad"),
        "unknown": _badge("判定不能", "unknown", "?", "unsure"),
    },
    "approval": {
        "pending": _badge("判断待ち", "pending", "◆", "wait"),
        "granted": _badge("承認", "granted", "✓", "good"),
        "denied": _badge("却下", "denied", "✕", "bad"),
        "void": _badge("取り下げ", "void", "–", "idle"),
    },
}


def badge_of(kind: str, state: str) -> Badge:
    """How a state of `session`, `step`, `awaiting`, `attempt`, `delivery`, `verdict` or `approval` is shown; else KeyError."""
    return BADGES[kind][state]


def role_name(role: str) -> Text:
    """A role's name."""
    return ROLE_NAMES[Role(role)]
