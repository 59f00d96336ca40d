"""The guard itself, under every POSIX shell that is installed here."""

from __future__ import annotations

import asyncio
import hashlib
import os
import secrets
import shlex
import shutil
import signal
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from app.nodes.guard import SCRIPT
from tests.nodes.shells import PATH, SHELLS, Guard
from tests.nodes.support import kill_marked, new_key


@pytest.fixture(params=SHELLS)
async def guard(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Guard]:
    name, *options = request.param.split()
    shell = tmp_path / "shell"
    shell.write_text(
        f'#!/bin/sh\nexec {shlex.quote(str(shutil.which(name, path=PATH)))} {" ".join(options)} "$@"\n'
    )
    shell.chmod(0o755)
    (tmp_path / "guard.sh").write_bytes(SCRIPT)
    guard = Guard(tmp_path, shell, secrets.token_hex(8))
    yield guard
    kill_marked(guard.mark)


async def test_a_command_runs_once_and_its_bytes_and_status_come_back(guard: Guard) -> None:
    key, counter = new_key(), guard.folder / "count"
    text = f"echo x >>{counter}; printf 'a\\000b\\377'; printf 'no newline' >&2; exit 42"
    told = await guard.run(key, text)
    assert (told.out, told.err, told.last) == (b"a\0b\xff", b"no newline", "done 42 4 10 0 0")
    again = await guard.run(key, text)
    assert (again.out, again.err, again.last) == (told.out, told.err, told.last)
    assert counter.read_text() == "x\n"


async def test_any_byte_may_be_the_first(guard: Guard) -> None:
    key = new_key()
    await guard.run(key, "dd if=/dev/zero bs=65536 count=3 2>/dev/null; printf tail; echo oops >&2")
    told = await guard("attach", key, 196606, 2)
    assert (told.out, told.err) == (b"\0\0tail", b"ps\n")


async def test_a_truncated_payload_is_never_run(guard: Guard) -> None:
    key, text = new_key(), f"touch {guard.folder}/ran"
    digest = hashlib.sha256(f"{text}; rm -f nothing".encode()).hexdigest()
    for payload in (text.encode(), b""):
        told = await guard("run", key, digest, 0, 0, 1024, 1000, stdin=payload)
        assert told.last == "error bad_payload"
    assert (await guard("state", key)).last == "absent"
    assert not (guard.folder / "ran").exists()
    assert not (guard.spool / key).exists()


async def test_a_start_that_gives_up_does_not_take_the_folder_from_one_that_begins(guard: Guard) -> None:
    # race: the start of a dead connection finds its payload short and removes the empty folder, while the next one is
    # between making that folder and writing into it
    tools, key = guard.folder / "tools", new_key()
    tools.mkdir()
    (tools / "mkdir").write_text(
        f'#!/bin/sh\n{shutil.which("mkdir")} "$@" || exit\n'
        f"[ -e {tools}/raced ] || {{ : >{tools}/raced; rmdir {guard.spool / key}; }}\n"
    )
    (tools / "mkdir").chmod(0o755)
    told = await guard.run(key, "echo started", PATH=f"{tools}:{PATH}")
    assert (tools / "raced").exists()
    assert (told.out, told.last) == (b"started\n", "done 0 8 0 0 0")


async def test_of_twenty_starters_one_starts_and_all_see_the_same(guard: Guard) -> None:
    key, counter = new_key(), guard.folder / "count"
    text = f"echo x >>{counter}; sleep 1; echo result"
    tellings = await asyncio.gather(*(guard.run(key, text) for _ in range(20)))
    assert counter.read_text() == "x\n"
    ends = [told for told in tellings if told.last.startswith("done")]
    assert ends
    assert {(told.out, told.last) for told in ends} == {(b"result\n", "done 0 7 0 0 0")}
    assert {told.words[-1][0] for told in tellings} <= {"done", "taken"}


async def test_another_command_does_not_pass_under_a_used_key(guard: Guard) -> None:
    key = new_key()
    await guard.run(key, "echo one")
    assert (await guard.run(key, "echo two")).last == "error other_payload"


async def test_the_command_finds_its_own_umask_home_and_signals(guard: Guard) -> None:
    home = guard.folder / "home"
    home.mkdir()
    wanted = "umask; pwd; sed -n 's/^SigIgn:.//p' /proc/self/status; tty"
    told = await guard.run(new_key(), wanted, HOME=str(home))
    umask, folder, ignored, terminal = told.out.decode().split("\n", 3)
    interrupt_and_quit = 1 << (signal.SIGINT - 1) | 1 << (signal.SIGQUIT - 1)
    if await guard.has("setsid -f true"):
        assert int(ignored, 16) & interrupt_and_quit == 0
    assert int(umask, 8) == 0o022
    assert folder == str(home)
    assert terminal == "not a tty\n"


async def test_an_older_call_of_the_same_caller_gives_way(guard: Guard) -> None:
    key = new_key()
    following = asyncio.create_task(guard.run(key, "sleep 1; echo over", nonce="c0ffee-10-aa"))
    await asyncio.sleep(0.5)
    assert (await guard("attach", key, 0, 0, nonce="c0ffee-9-bb")).last == "taken c0ffee-10-aa"
    assert (await following).last == "done 0 5 0 0 0"


async def test_a_killed_runner_leaves_an_unknown_end(guard: Guard) -> None:
    key = new_key()
    following = await guard.begin(key, "echo begun; sleep 60")
    await asyncio.sleep(0.3)
    os.kill(guard.runner(key), signal.SIGKILL)
    told = await following
    assert (told.out, told.last) == (b"begun\n", "unknown no_process")
    assert (await guard("state", key)).last == "unknown no_process"
    assert (await guard.run(key, "echo begun; sleep 60")).last == "unknown no_process"
    assert (await guard("cancel", key, 1)).last == "dead"


async def test_another_boot_leaves_an_unknown_end(guard: Guard) -> None:
    key, boot = new_key(), guard.folder / "boot"
    boot.write_text("first\n")
    following = asyncio.create_task(guard.run(key, "sleep 1", TEJUN_BOOT_FILE=str(boot)))
    await asyncio.sleep(0.5)
    boot.write_text("second\n")
    assert (await guard("state", key, TEJUN_BOOT_FILE=str(boot))).last == "unknown other_boot"
    assert (await following).last in ("done 0 0 0 0 0", "unknown other_boot")


async def test_nothing_starts_below_the_floor(guard: Guard) -> None:
    key = new_key()
    told = await guard.run(key, f"touch {guard.folder}/ran", floor=2**31 - 1)
    assert told.words[-1][:2] == ["error", "nospace"]
    assert int(told.words[-1][2]) > 0
    assert (await guard("state", key)).last == "absent"
    assert not (guard.folder / "ran").exists()


async def test_output_beyond_the_cap_is_dropped_and_counted(guard: Guard) -> None:
    key = new_key()
    text = "i=0; while [ $i -lt 30 ]; do printf 0123456789; sleep 0.1; i=$((i+1)); done; echo end >&2; exit 7"
    told = await guard.run(key, text, cap=95)
    assert told.out == (b"0123456789" * 10)[:95]
    assert told.err == b"end\n"
    assert told.last == "done 7 95 4 205 0"
    assert (guard.spool / key / "out").stat().st_size == 95


async def test_cancel_ends_the_whole_tree_and_says_so(guard: Guard) -> None:
    key = new_key()
    marker = f"3{secrets.randbelow(10**6):06d}"
    text = f"(trap '' TERM; while :; do sleep {marker}; done) & sleep {marker} & sleep {marker}"
    following = await guard.begin(key, text)
    await asyncio.sleep(0.5)
    assert (await guard("cancel", key, 1)).last == "dead"
    assert (await following).words[-1][:2] in (["done", "143"], ["done", "137"])
    listing = await asyncio.create_subprocess_exec(
        "pgrep", "-f", f"sleep {marker}", stdout=asyncio.subprocess.PIPE
    )
    assert (await listing.communicate())[0] == b""


async def test_what_was_cancelled_before_its_start_never_starts(guard: Guard) -> None:
    key = new_key()
    assert (await guard("cancel", key, 1)).last == "absent"
    assert (await guard.run(key, f"touch {guard.folder}/ran")).last == "unknown cancelled"
    assert not (guard.folder / "ran").exists()


async def test_a_daemon_that_keeps_stdout_neither_holds_the_step_nor_adds_to_it(guard: Guard) -> None:
    key = new_key()
    text = "(while :; do echo late; sleep 0.05; done) & echo early; exit 5"
    told = await asyncio.wait_for(guard.run(key, text), 20)
    _, status, out, _, _, _ = told.words[-1]
    assert status == "5"
    assert len(told.out) == int(out)
    await asyncio.sleep(0.3)
    digest = (await guard("digest", key)).words[-1]
    assert digest[1] == hashlib.sha256(told.out).hexdigest()
    assert digest[3] == out


async def test_only_what_is_stored_is_removed(guard: Guard) -> None:
    key = new_key()
    told = await guard.run(key, "echo out; echo err >&2")
    out, err = hashlib.sha256(told.out).hexdigest(), hashlib.sha256(told.err).hexdigest()
    assert (await guard("remove", key, out, out)).last == "error other_digest"
    assert (await guard("state", key)).last == "done 0 4 4 0 0"
    assert (await guard("remove", key, out, err)).last == "removed"
    assert not (guard.spool / key).exists()
    assert (await guard("remove", key, out, err)).last == "unknown removed"
    assert (await guard.run(key, "echo out; echo err >&2")).last == "unknown removed"


async def test_a_running_command_is_not_removed(guard: Guard) -> None:
    key = new_key()
    following = await guard.begin(key, "sleep 2")
    assert (await guard("remove", key, "0" * 64, "0" * 64)).last == "error not_done"
    assert (await following).last == "done 0 0 0 0 0"


async def test_damaged_records_are_unknown(guard: Guard) -> None:
    key = new_key()
    await guard.run(key, "echo x")
    (guard.spool / key / "status").write_text("0 2")
    assert (await guard("attach", key, 0, 0)).last == "unknown bad_status"
    (guard.spool / key / "claim").write_text("")
    assert (await guard.run(key, "echo x")).last == "unknown bad_claim"
    assert (await guard("cancel", key, 1)).last == "error bad_claim"


async def test_output_that_the_node_lost_is_noticed(guard: Guard) -> None:
    key = new_key()
    await guard.run(key, "echo lost")
    (guard.spool / key / "out").write_bytes(b"lo")
    assert (await guard("attach", key, 0, 0)).last == "unknown output_short"


async def test_only_the_owner_may_look_into_the_spool(guard: Guard) -> None:
    key = new_key()
    await guard.run(key, "echo x")
    folders = [guard.spool / key, guard.spool / key / "out", guard.spool / key / "claim"]
    assert [path.stat().st_mode & 0o077 for path in folders] == [0, 0, 0]


@pytest.mark.parametrize("key", ["", "../x", "a/b", "a b", "ended", "*"])
async def test_a_key_is_no_path(guard: Guard, key: str) -> None:
    assert (await guard("state", key)).last == "error bad_key"
