"""The sentences for codes: what they say depends on whether the command had been sent."""

from __future__ import annotations

import pytest

from app.nodes import NodeError
from app.nodes.errors import ShellRefused, TransportRefused, Unreachable
from app.web.begun import BEGUN
from app.web.outcomes import explain

# such a node is told before anything is begun
FAULTS = sorted(
    {fault.code for fault in (*NodeError.__subclasses__(), *Unreachable.__subclasses__())}
    - {TransportRefused.code, ShellRefused.code}
)


@pytest.mark.parametrize("code", FAULTS)
def test_once_a_command_was_sent_nobody_reads_that_nothing_was_sent(code: str) -> None:
    told = explain(code, begun=True)
    assert "送信していません" not in told.what.ja
    assert "接続していません" not in told.what.ja
    assert "was sent." not in told.what.en.replace("Since the command was sent", "")
    assert "nothing was sent" not in told.what.en


@pytest.mark.parametrize("code", sorted(BEGUN))
def test_a_fault_after_the_start_is_settled_and_not_retried(code: str) -> None:
    assert "再試行" in explain(code).todo.ja or "管理者" in explain(code).todo.ja
    told = explain(code, begun=True)
    assert "結果を確定" in told.todo.ja
    assert "retry" not in told.todo.en
