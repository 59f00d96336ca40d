"""How a command is started on a Windows node: as whom, by which way, and what keeps it from being started at all."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import threading
from dataclasses import replace
from pathlib import Path

import pytest

from app.domain.procedure import CommandText
from app.lab.windows.refusals import Refusal
from app.nodes.errors import GuardBroken, NoSpace
from app.nodes.guard import Body
from app.nodes.links import Links
from app.nodes.results import Ended, Unknown
from app.nodes.target import Target
from app.nodes.windows_errors import TextRefused
from tests.nodes.support import Recorder, new_key
from tests.nodes.windows import SPOOL, WindowsLab, known, start, windows_lab


async def test_a_key_that_was_cancelled_first_never_starts(
    links: Links, lab: WindowsLab, windows: Target, recorder: Recorder
) -> None:
    key = new_key()
    assert await links.cancel(windows, key) == "absent"
    assert await start(links, windows, recorder, key, "exit 0") == Unknown("cancelled")
    assert recorder.claims == 0


async def test_of_two_starts_at_the_same_instant_one_wins(
    links: Links, lab: WindowsLab, windows: Target, monkeypatch: pytest.MonkeyPatch
) -> None:
    # a reply is lost, the next worker asks again, and both see a key that nobody has claimed: the scheduler holds both runners
    # back until both are asked for
    both, go = threading.Barrier(2, timeout=20), lab.computer.tasks.start

    def held(path: str) -> None:
        both.wait()
        go(path)

    monkeypatch.setattr(lab.computer.tasks, "start", held)
    key, text = new_key(), "@echo off\necho x>>C:\\race\necho done"
    async with Links() as others:
        ends = await asyncio.gather(
            start(links, windows, Recorder(), key, text, "cmd"),
            start(others, windows, Recorder(), key, text, "cmd"),
            return_exceptions=True,
        )
    assert Ended(0, 6, 0, 0, 0) in ends
    assert not both.broken
    assert lab.path(r"C:\race").read_text().split() == ["x"]


async def test_a_truncated_command_never_runs(
    links: Links, lab: WindowsLab, windows: Target, recorder: Recorder
) -> None:
    key = new_key()
    node = links._node(windows)
    whole, half = b"exit 0 # and more", b"exit 0"
    parameters = node._named("run", "a-1-b", key, hashlib.sha256(whole).hexdigest(), 0, 0, 0, 1000)
    parameters |= node._to_run(Body(half, "powershell")) | {"Nonce": "a-1-b"}
    assert base64.b64decode(parameters["Payload"]) == half
    assert await node._short(parameters, "a-1-b") == ["error", "bad_payload"]
    assert not lab.path(rf"{SPOOL}\{key}").exists()


async def test_more_than_the_cap_is_counted_and_left_out(
    links: Links, lab: WindowsLab, windows: Target, recorder: Recorder
) -> None:
    end = await links.run(
        windows, new_key(), CommandText(shell="powershell", text="Write-Output '0123456789'"),
        offsets=(0, 0), sink=recorder.sink, attach_only=False, cap_bytes=4,
    )  # fmt: skip
    assert end == Ended(0, 4, 0, 8, 0)
    assert recorder.out == b"0123"


async def test_too_little_space_refuses_before_the_claim(
    links: Links, lab: WindowsLab, windows: Target, recorder: Recorder
) -> None:
    key = new_key()
    with pytest.raises(NoSpace) as caught:
        await links.run(
            windows, key, CommandText(shell="cmd", text="echo x"),
            offsets=(0, 0), sink=recorder.sink, attach_only=False, floor_kib=2**31 - 1,
        )  # fmt: skip
    assert caught.value.free
    assert await links.state(windows, key) == "absent"


async def test_a_folder_that_somebody_else_made_is_not_used(
    links: Links, lab: WindowsLab, windows: Target, recorder: Recorder
) -> None:
    machine = lab.computer.machine
    machine.files.make_folder(r"C:\Others")
    foreign = Target(**{**windows.__dict__, "spool": r"C:\Others"})
    with pytest.raises(GuardBroken, match=r"acl C:\\Others"):
        await start(links, foreign, recorder, new_key(), "exit 0")


async def test_what_the_code_page_cannot_say_is_refused_before_it_is_sent(
    links: Links, windows: Target, recorder: Recorder
) -> None:
    with pytest.raises(TextRefused):
        await start(links, windows, recorder, new_key(), "echo \U00020b9f", "cmd")


async def test_a_node_with_another_code_page_is_not_given_japanese_words(
    links: Links, lab: WindowsLab, windows: Target, recorder: Recorder
) -> None:
    pages, registry = r"HKLM\SYSTEM\CurrentControlSet\Control\Nls\CodePage", lab.computer.machine.registry
    registry.set(pages, "OEMCP", "437")
    try:
        with pytest.raises(TextRefused, match="437"):
            await start(links, windows, recorder, new_key(), "echo 表示", "cmd")
        assert await start(links, windows, recorder, new_key(), "@echo x", "cmd") == Ended(0, 3, 0, 0, 0)
    finally:
        registry.set(pages, "OEMCP", "932")


@pytest.mark.parametrize("run_as", ["SYSTEM", "self"])
async def test_the_account_that_was_asked_for_runs_the_command(
    links: Links, lab: WindowsLab, windows: Target, recorder: Recorder, run_as: str
) -> None:
    target = replace(windows, credential=lab.using(run_as=run_as).credential)
    key = new_key()
    assert await start(links, target, recorder, key, "exit 0") == Ended(0, 0, 0, 0, 0)
    registered = [task for task in lab.computer.tasks._tasks.values() if key in task.path]
    assert [task.user for task in registered] == ["SYSTEM" if run_as == "SYSTEM" else "Administrator"]
    digests = await links.digest(windows, key)
    await links.remove(windows, key, *digests[:2])
    assert [task for task in lab.computer.tasks._tasks.values() if key in task.path] == []


async def test_an_account_that_may_not_is_not_silently_replaced(
    links: Links, lab: WindowsLab, windows: Target, recorder: Recorder
) -> None:
    target = replace(windows, credential=lab.using(run_as="CORP\\jc$").credential)
    key = new_key()
    with pytest.raises(GuardBroken):
        await start(links, target, recorder, key, "exit 0")
    assert await links.state(windows, key) == "absent"
    assert recorder.claims == 0


async def test_where_no_task_can_be_registered_a_process_outside_the_session_runs_it(
    links: Links, lab: WindowsLab, windows: Target, recorder: Recorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(task: object, password: str | None, replace: bool = False) -> None:
        raise Refusal(5, "Schedule", "Access is denied.")

    monkeypatch.setattr(lab.computer.tasks, "register", refused)
    assert await start(links, windows, recorder, new_key(), "@echo x", "cmd") == Ended(0, 3, 0, 0, 0)


async def test_windows_server_2008_r2_runs_it_through_schtasks(
    links: Links, recorder: Recorder, tmp_path: Path
) -> None:
    with windows_lab(tmp_path / "lab", tmp_path / "password", windows="2008R2") as old:
        target, key = await known(old.target), new_key()
        assert await start(links, target, recorder, key, "Write-Output x; exit 7") == Ended(7, 3, 0, 0, 0)
        assert [task.path for task in old.computer.tasks._tasks.values() if key in task.path] != []
        digests = await links.digest(target, key)
        await links.remove(target, key, *digests[:2])
        assert old.computer.tasks._tasks == {}
        await links.close()
