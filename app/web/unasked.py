"""Outcomes of a person's step that nobody was asked to do yet: what had to hold before it did not, or could not be read."""

from __future__ import annotations

from app.domain.text import Text

UNASKED: dict[str, tuple[str, Text, Text]] = {
    "not_admitted": (
        "danger",
        Text(
            ja="実施前の条件が満たされていないため、まだ実施しないでください。",
            en="What must hold before this step does not, so it must not be done now.",
        ),
        Text(
            ja="下の「実行直前の条件」で不一致の項目を確認し、クラスタを計画どおりの状態に戻してから「再試行」で読み直してください。",
            en="See which condition differs below, bring the cluster back to what the plan expects, then retry to read it again.",
        ),
    ),
    "not_read": (
        "warning",
        Text(
            ja="実施前の条件を読み取れませんでした。まだ実施しないでください。",
            en="What must hold before this step could not be read. Do not do it yet.",
        ),
        Text(
            ja="ノードへの接続を確認してから「再試行」で読み直してください。",
            en="Check the connection to the node, then retry to read it again.",
        ),
    ),
}
"""Code -> tone, what happened, what to do: rows of outcomes.py's table."""
