"""What the engine relies on, over real SSH to real shells: reads, runs, following, cancelling."""

from __future__ import annotations

import asyncio
import os
import signal

import pytest

from app.domain.shell import sh
from app.nodes import guard
from app.nodes.errors import ConnectionCut, NoSpace, ReadTooLarge, Superseded, TimedOut
from app.nodes.links import Links
from app.nodes.results import Ended, Output, Unknown
from app.nodes.target import Target
from tests.nodes.server import Node
from tests.nodes.support import Recorder, attach, claimed, new_key, start, until_claimed


async def test_a_read_brings_back_bytes_and_status(links: Links, target: Target) -> None:
    output = await links.read(target, sh("printf 'a\\377'; echo \"it's\" >&2; cat; exit 3\n"), timeout=10)
    assert output == Output(b"a\xff", b"it's\n", 3)


async def test_a_read_does_not_meet_its_own_text_among_the_processes(links: Links, target: Target) -> None:
    output = await links.read(target, sh("ps -ef | grep very_unlikely_name | grep -v grep"), timeout=10)
    assert output == Output(b"", b"", 1)


async def test_what_a_login_shell_prints_is_no_part_of_the_output(
    links: Links, node: Node, target: Target
) -> None:
    noisy = node.home / "noisy"
    noisy.write_text('#!/bin/sh\necho "Welcome"; echo "motd" >&2\nexec /bin/sh "$@"\n')
    noisy.chmod(0o755)
    node.shell = str(noisy)
    recorder = Recorder()
    assert await links.read(target, sh("echo hi"), timeout=10) == Output(b"hi\n", b"", 0)
    assert await start(links, target, recorder, new_key(), "echo hi; echo e >&2") == Ended(0, 3, 2, 0, 0)
    assert recorder.out == b"hi\n"
    assert recorder.err == b"e\n"


async def test_a_read_that_hangs_is_given_up(links: Links, target: Target) -> None:
    with pytest.raises(TimedOut) as caught:
        await links.read(target, sh("sleep 30"), timeout=0.5)
    assert caught.value.code == "timed_out"


async def test_a_read_that_floods_is_given_up(links: Links, target: Target) -> None:
    with pytest.raises(ReadTooLarge):
        await links.read(target, sh("yes"), timeout=20)


async def test_a_read_whose_connection_dies_is_cut(links: Links, node: Node, target: Target) -> None:
    reading = asyncio.create_task(links.read(target, sh("echo some; sleep 30"), timeout=20))
    await asyncio.sleep(0.5)
    node.connections[-1].abort()
    with pytest.raises(ConnectionCut):
        await reading


async def test_many_calls_share_one_connection(links: Links, node: Node, target: Target) -> None:
    outputs = await asyncio.gather(*(links.read(target, sh(f"echo {i}"), timeout=30) for i in range(20)))
    assert [int(output.stdout) for output in outputs] == list(range(20))
    assert len(node.connections) == 1


async def test_long_runs_leave_room_for_a_cancel(links: Links, target: Target) -> None:
    keys = [new_key() for _ in range(4)]
    runs = [asyncio.create_task(start(links, target, Recorder(), key, "sleep 60")) for key in keys]
    await asyncio.sleep(1)
    assert await asyncio.wait_for(links.read(target, sh("echo in"), timeout=5), 5) == Output(b"in\n", b"", 0)
    for key in keys:
        assert await links.cancel(target, key, grace=1) in ("dead", "absent")
    results = await asyncio.gather(*runs)
    assert {type(result) for result in results} <= {Ended, Unknown}


async def test_a_run_says_how_it_ended(links: Links, target: Target, recorder: Recorder) -> None:
    end = await start(links, target, recorder, new_key(), "echo 出力; printf err >&2; exit 9")
    assert end == Ended(9, 7, 3, 0, 0)
    assert recorder.out.decode() == "出力\n"
    assert recorder.err == b"err"
    assert recorder.claims == 1


async def test_the_first_bytes_do_not_wait_for_the_end(links: Links, target: Target) -> None:
    first = asyncio.Event()

    async def sink(stream: str, offset: int, data: bytes) -> None:
        first.set()

    key = new_key()
    running = asyncio.create_task(
        links.run(target, key, sh("echo now; sleep 3"), offsets=(0, 0), sink=sink, attach_only=False)
    )
    await asyncio.wait_for(first.wait(), 2)
    assert await links.state(target, key) == "running"
    assert isinstance(await running, Ended)


async def test_no_more_is_read_than_the_sink_takes(links: Links, target: Target, node: Node) -> None:
    gate, taken = asyncio.Event(), 0

    async def sink(stream: str, offset: int, data: bytes) -> None:
        nonlocal taken
        assert offset == taken
        taken += len(data)
        if taken > 300_000:
            await gate.wait()

    size = 50_000_000
    running = asyncio.create_task(
        links.run(
            target,
            new_key(),
            sh(f"dd if=/dev/zero bs=1000000 count={size // 1000000} 2>/dev/null"),
            offsets=(0, 0),
            sink=sink,
            attach_only=False,
        )
    )
    await asyncio.sleep(2)
    assert taken < 1_000_000
    gate.set()
    assert await running == Ended(0, size, 0, 0, 0)
    assert taken == size


async def test_attaching_never_starts(links: Links, node: Node, target: Target, recorder: Recorder) -> None:
    key = new_key()
    assert await attach(links, target, recorder, key) == Unknown("spool_gone")
    assert not claimed(node, key).exists()


async def test_a_lost_connection_is_taken_up_where_it_broke(
    links: Links, node: Node, target: Target, recorder: Recorder
) -> None:
    key, text = new_key(), "echo one; sleep 1; echo two; sleep 1; echo three"
    running = asyncio.create_task(start(links, target, recorder, key, text))
    await until_claimed(node, key)
    await asyncio.sleep(0.3)
    node.connections[-1].abort()
    with pytest.raises(ConnectionCut) as caught:
        await running
    assert caught.value.code == "connection_cut"
    assert await attach(links, target, recorder, key) == Ended(0, 14, 0, 0, 0)
    assert recorder.out == b"one\ntwo\nthree\n"


async def test_the_newest_attach_wins(links: Links, node: Node, target: Target, recorder: Recorder) -> None:
    key, text = new_key(), "echo one; sleep 2; echo two"
    older = asyncio.create_task(start(links, target, recorder, key, text))
    await until_claimed(node, key)
    await asyncio.sleep(0.2)
    newer = Recorder()
    assert await start(links, target, newer, key, text) == Ended(0, 8, 0, 0, 0)
    with pytest.raises(Superseded):
        await older
    assert newer.out == b"one\ntwo\n"


async def test_a_late_call_of_a_dead_console_does_not_end_the_one_that_took_over(
    links: Links, node: Node, target: Target, recorder: Recorder
) -> None:
    key, text = new_key(), "echo one; sleep 2; echo two"
    running = asyncio.create_task(start(links, target, recorder, key, text))
    await until_claimed(node, key)
    await asyncio.sleep(0.2)
    async with Links() as dead:
        mark = guard.Caller().nonce()
        async with dead._line(target).call(guard.line(None, "attach", mark, key, 0, 0), mark, b""):
            await asyncio.sleep(0.3)
    assert await running == Ended(0, 8, 0, 0, 0)
    assert recorder.claims == 1
    assert recorder.out == b"one\ntwo\n"


async def test_a_killed_runner_is_unknown(
    links: Links, node: Node, target: Target, recorder: Recorder
) -> None:
    key = new_key()
    running = asyncio.create_task(start(links, target, recorder, key, "sleep 60"))
    os.kill(await until_claimed(node, key), signal.SIGKILL)
    assert await running == Unknown("no_process")
    assert await links.state(target, key) == Unknown("no_process")
    assert await links.cancel(target, key, grace=1) == "dead"


async def test_another_boot_is_unknown(links: Links, node: Node, target: Target, recorder: Recorder) -> None:
    boot = node.home / "boot_id"
    boot.write_text("before\n")
    node.env["TEJUN_BOOT_FILE"] = str(boot)
    key = new_key()
    running = asyncio.create_task(start(links, target, recorder, key, "sleep 60"))
    runner = await until_claimed(node, key)
    boot.write_text("after\n")
    assert await running == Unknown("other_boot")
    assert await links.state(target, key) == Unknown("other_boot")
    os.killpg(runner, signal.SIGKILL)


async def test_a_full_disk_refuses_before_the_claim(
    links: Links, node: Node, target: Target, recorder: Recorder
) -> None:
    key = new_key()
    with pytest.raises(NoSpace) as caught:
        await links.run(
            target,
            key,
            sh("true"),
            offsets=(0, 0),
            sink=recorder.sink,
            attach_only=False,
            floor_kib=2**31 - 1,
        )
    assert caught.value.free
    assert await links.state(target, key) == "absent"


async def test_a_gigabyte_passes_quickly_through_a_small_cap(
    links: Links, node: Node, target: Target, recorder: Recorder
) -> None:
    key, cap, size = new_key(), 100_000, 1 << 30
    text = f"dd if=/dev/zero bs=1048576 count={size >> 20} 2>/dev/null; echo after >&2; exit 6"
    async with asyncio.timeout(30):
        end = await links.run(
            target, key, sh(text), offsets=(0, 0), sink=recorder.sink, attach_only=False, cap_bytes=cap
        )
    assert end == Ended(6, cap, 6, size - cap, 0)
    assert recorder.out == bytes(cap)
    assert (node.home / ".tejun" / key / "out").stat().st_size == cap


async def test_a_cancelled_run_is_over(links: Links, node: Node, target: Target, recorder: Recorder) -> None:
    key = new_key()
    running = asyncio.create_task(start(links, target, recorder, key, "echo begun; sleep 60"))
    await until_claimed(node, key)
    await asyncio.sleep(0.2)
    assert await links.cancel(target, key, grace=2) == "dead"
    end = await running
    assert isinstance(end, Ended)
    assert (end.exit_status, bytes(recorder.out)) == (
        143,
        b"begun\n",
    )  # its own sh may say "Terminated" on stderr
    assert await links.cancel(target, key) == "dead"


async def test_a_daemon_that_keeps_stdout_does_not_hold_the_step(
    links: Links, target: Target, recorder: Recorder
) -> None:
    key = new_key()
    end = await asyncio.wait_for(start(links, target, recorder, key, "sleep 60 & echo started"), 10)
    assert end == Ended(0, 8, 0, 0, 0)
