"""What the engine relies on, on a Windows node: a command starts once, its bytes come once, and its end is known or unknown."""

from __future__ import annotations

import asyncio
import hashlib

import pytest

from app.nodes.errors import ConnectionCut, GuardBroken, Superseded, Unreachable
from app.nodes.links import Links
from app.nodes.results import Ended, Unknown
from app.nodes.target import Target
from tests.nodes.support import Recorder, new_key
from tests.nodes.windows import SPOOL, WindowsLab, start

SLOW = 'foreach ($i in 1..8) { Write-Output "行 $i"; Start-Sleep -Milliseconds 250 }; exit 5'
SLOW_OUT = "".join(f"行 {i}\r\n" for i in range(1, 9)).encode("cp932")


async def persist(
    links: Links, target: Target, recorder: Recorder, key: str, text: str
) -> tuple[Ended | Unknown, int]:
    """What the engine does: again from the stored offsets until it is known how it ended; and how often it was cut."""
    cuts = 0
    while True:
        try:
            return await start(links, target, recorder, key, text), cuts
        except (ConnectionCut, Unreachable):
            cuts += 1
            await asyncio.sleep(0.05)


def starts(lab: WindowsLab, name: str) -> str:
    """What a command wrote into a file each time that it was started."""
    return lab.path(rf"C:\{name}").read_text("cp932")


async def until_claimed(lab: WindowsLab, key: str) -> None:
    while not lab.path(rf"{SPOOL}\{key}\claim").exists():
        await asyncio.sleep(0.02)


@pytest.mark.parametrize(
    ("shell", "text", "end", "out", "err"),
    [
        ("powershell", "Write-Output '表示'; exit 3", Ended(3, 6, 0, 0, 0), "表示\r\n", b""),
        ("powershell", "[Console]::Error.WriteLine('e'); exit 3010", Ended(3010, 0, 3, 0, 0), "", b"e\r\n"),
        ("cmd", "@echo off\necho 表示\nexit /b 9", Ended(9, 6, 0, 0, 0), "表示\r\n", b""),
        (
            "cmd",
            "@echo off\nset NQS_SITE=\nreg query HKLM\\None >nul 2>nul || exit /b 90",
            Ended(90, 0, 0, 0, 0),
            "",
            b"",
        ),
    ],
    ids=["powershell", "restart", "cmd", "refused"],
)
async def test_a_run_says_how_it_ended_and_is_cleared_away(
    links: Links,
    lab: WindowsLab,
    windows: Target,
    recorder: Recorder,
    shell: str,
    text: str,
    end: Ended,
    out: str,
    err: bytes,
) -> None:
    key = new_key()
    assert await start(links, windows, recorder, key, text, shell) == end  # type: ignore[arg-type]
    assert (bytes(recorder.out), bytes(recorder.err)) == (out.encode("cp932"), err)
    assert recorder.claims == 1
    assert await links.state(windows, key) == end
    digests = await links.digest(windows, key)
    assert digests == (
        hashlib.sha256(recorder.out).hexdigest(), hashlib.sha256(recorder.err).hexdigest(), (end.out_size, end.err_size),
    )  # fmt: skip
    with pytest.raises(GuardBroken, match="other_digest"):
        await links.remove(windows, key, digests[0], "0" * 64)
    await links.remove(windows, key, *digests[:2])
    assert not lab.path(rf"{SPOOL}\{key}").exists()
    assert await links.state(windows, key) == Unknown("removed")
    assert await start(links, windows, Recorder(), key, text, shell) == Unknown("removed")  # type: ignore[arg-type]


async def test_cut_connections_lose_and_repeat_nothing(
    links: Links, lab: WindowsLab, windows: Target, recorder: Recorder
) -> None:
    running = asyncio.create_task(persist(links, windows, recorder, new_key(), SLOW))
    for _ in range(4):
        await asyncio.sleep(0.6)
        await asyncio.to_thread(lab.endpoint.faults.cut)
    end, cuts = await asyncio.wait_for(running, 30)
    assert end == Ended(5, len(SLOW_OUT), 0, 0, 0)
    assert recorder.out == SLOW_OUT
    assert cuts >= 2


async def test_lost_replies_around_the_start_start_it_once(
    links: Links, lab: WindowsLab, windows: Target
) -> None:
    text = "@echo off\necho x>>C:\\starts\necho done"
    for verb in ("Command", "Receive", "Create"):
        recorder = Recorder()
        await links.reach(windows, "cmd")
        lab.endpoint.faults.lose_replies(2, verb)
        key = new_key()
        while True:
            try:
                end = await start(links, windows, recorder, key, text, "cmd")
                break
            except (ConnectionCut, Unreachable):
                continue
        assert end == Ended(0, 6, 0, 0, 0)
        assert recorder.out == b"done\r\n"
    assert starts(lab, "starts").split() == ["x", "x", "x"]


async def test_a_black_hole_is_noticed_and_survived(
    links: Links, lab: WindowsLab, windows: Target, recorder: Recorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.nodes.psrp.POLL_SECONDS", 1)
    running = asyncio.create_task(persist(links, windows, recorder, new_key(), SLOW))
    await asyncio.sleep(1.5)
    lab.endpoint.faults.black_hole(4.0)
    end, cuts = await asyncio.wait_for(running, 60)
    assert end == Ended(5, len(SLOW_OUT), 0, 0, 0)
    assert recorder.out == SLOW_OUT
    assert cuts >= 1


async def test_it_is_taken_up_in_the_middle_of_a_character(
    links: Links, lab: WindowsLab, windows: Target, recorder: Recorder
) -> None:
    key = new_key()
    await start(links, windows, recorder, key, "Write-Output '表示'")
    for offset in range(7):
        later = Recorder(bytearray(recorder.out[:offset]))
        later.claims = 1
        assert await start(links, windows, later, key, "") == Ended(0, 6, 0, 0, 0)
        assert later.out == recorder.out


async def test_attaching_never_starts(
    links: Links, lab: WindowsLab, windows: Target, recorder: Recorder
) -> None:
    key, recorder.claims = new_key(), 1
    assert await start(links, windows, recorder, key, "") == Unknown("spool_gone")
    assert await links.state(windows, key) == "absent"


async def test_a_restart_in_the_middle_is_unknown(
    links: Links, lab: WindowsLab, windows: Target, recorder: Recorder
) -> None:
    key = new_key()
    running = asyncio.create_task(persist(links, windows, recorder, key, "Start-Sleep -Seconds 60"))
    await until_claimed(lab, key)
    await asyncio.to_thread(lab.restart)
    assert (await asyncio.wait_for(running, 30))[0] == Unknown("other_boot")
    assert await links.cancel(windows, key) == "dead"


async def test_a_promise_of_before_a_restart_is_unknown(
    links: Links, lab: WindowsLab, windows: Target
) -> None:
    # the command ran, and the power went before the disk had the name of the claim
    key = new_key()
    await start(links, windows, Recorder(), key, "exit 0")
    folder = lab.path(rf"{SPOOL}\{key}")
    nonce = (folder / "claim").read_text().split()[4]
    (folder / "claim").rename(folder / f"claim.{nonce}")
    for name in ("status", "sizes"):
        (folder / name).unlink(missing_ok=True)
    assert await links.state(windows, key) == "absent"
    await asyncio.to_thread(lab.restart)
    assert await links.state(windows, key) == Unknown("other_boot")
    assert await start(links, windows, Recorder(), key, "exit 0") == Unknown("other_boot")


async def test_a_killed_runner_is_unknown(
    links: Links, lab: WindowsLab, windows: Target, recorder: Recorder
) -> None:
    key = new_key()
    running = asyncio.create_task(start(links, windows, recorder, key, "Start-Sleep -Seconds 60"))
    await until_claimed(lab, key)
    processes = lab.computer.machine.processes
    runner = next(p for p in processes.all() if rf"{key}\run.cmd" in p.line)
    processes.kill(runner.id, tree=True)
    assert await asyncio.wait_for(running, 20) == Unknown("no_process")


async def test_a_cancelled_run_is_over_with_all_its_processes(
    links: Links, lab: WindowsLab, windows: Target, recorder: Recorder
) -> None:
    key = new_key()
    text = "Write-Output begun; & $env:ComSpec /d /c ping -n 60 127.0.0.1"
    running = asyncio.create_task(start(links, windows, recorder, key, text))
    while not recorder.out:
        await asyncio.sleep(0.05)
    assert await links.cancel(windows, key) == "dead"
    end = await asyncio.wait_for(running, 20)
    assert isinstance(end, Ended)
    assert end.exit_status != 0
    assert recorder.out.startswith(b"begun\r\n")
    assert [p.line for p in lab.computer.machine.processes.all() if "ping" in p.line or key in p.line] == []


async def test_the_newest_attach_wins(
    links: Links, lab: WindowsLab, windows: Target, recorder: Recorder
) -> None:
    key = new_key()
    older = asyncio.create_task(start(links, windows, recorder, key, SLOW))
    while not recorder.out:
        await asyncio.sleep(0.02)
    newer = Recorder()
    assert await start(links, windows, newer, key, SLOW) == Ended(5, len(SLOW_OUT), 0, 0, 0)
    with pytest.raises(Superseded):
        await older
    assert newer.out == SLOW_OUT
