"""How the states of nodes, sites and groups are shown: a sign, a tone and a word in both languages. Tables only."""

from __future__ import annotations

from app.domain.text import Text

STATES: dict[str, tuple[str, str, Text]] = {
    "online": ("✓", "good", Text(ja="オンライン", en="online")),
    "standby": ("‖", "wait", Text(ja="一時停止", en="paused")),
    "maintenance": ("‖", "wait", Text(ja="メンテナンス", en="maintenance")),
    "pending": ("…", "busy", Text(ja="参加処理中", en="joining")),
    "offline": ("✕", "bad", Text(ja="オフライン", en="offline")),
    "unclean": ("✕", "bad", Text(ja="異常", en="unclean")),
    "unread": ("?", "unsure", Text(ja="読み取れません", en="not read")),
    "up": ("✓", "good", Text(ja="起動", en="up")),
    "partly": ("!", "bad", Text(ja="一部停止", en="partly up")),
    "down": ("○", "idle", Text(ja="停止", en="down")),
    "active": ("▶", "good", Text(ja="運用系", en="active")),
}
WORDS: dict[str, Text] = {
    "managed": Text(ja="監視中", en="managed"),
    "unmanaged": Text(ja="監視停止中", en="not managed"),
    "stopped": Text(ja="停止", en="stopped"),
    "pending": Text(ja="移行中", en="in transition"),
    "failed": Text(ja="失敗", en="failed"),
}
