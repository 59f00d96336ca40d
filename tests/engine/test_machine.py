"""Machine steps on a real node: what becomes of a command in every way that it can end."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path

import asyncssh
import pytest

from app.actions.act import Act, params_of
from app.actions.outputs import stored_digest
from app.actions.sessions import pause_session, resume_session
from app.actions.steps import cancel_step, retry_step, tick_step, verify_step
from app.models.audit import events, verify_chain
from tests.engine.rig import Rig, by_hand, command, words
from tests.nodes.server import Node, Proxy


async def test_a_command_that_succeeds_moves_the_session_to_its_end(rig: Rig) -> None:
    await rig.begin([command("one", "echo one"), command("two", "echo two >&2")])
    assert await rig.run_out() == "completed"
    assert [run.state for run in await rig.runs()] == ["succeeded", "succeeded"]
    [attempt] = await rig.attempts()
    assert (attempt.state, attempt.exit_status, attempt.out_size) == ("succeeded", 0, 4)
    async with rig.database.reading() as db:
        assert await stored_digest(db, attempt.id, "out") == (4, hashlib.sha256(b"one\n").hexdigest())
        assert await verify_chain(db, []) == []


async def test_a_command_that_fails_stops_the_session_there(rig: Rig) -> None:
    await rig.begin([command("no", "echo broken >&2; exit 7"), command("never", "touch ran")])
    assert await rig.run_out() == "waiting"
    first, second = await rig.runs()
    assert (first.state, first.outcome, second.state) == ("failed", "exit_status", "pending")
    assert (await rig.attempts())[0].exit_status == 7


async def test_a_retry_is_a_new_attempt_with_a_key_of_its_own(sqlite_rig: Rig, node: Node) -> None:
    rig = sqlite_rig
    await rig.begin([command("second-time", "test -e ready && exit 0; touch ready; exit 1")])
    assert await rig.run_out() == "waiting"
    async with rig.act() as act:
        await retry_step(act, (await rig.runs())[0].id)
    assert await rig.run_out() == "completed"
    assert [a.state for a in await rig.attempts()] == ["failed", "succeeded"]
    assert len(set(await rig.keys())) == 2


async def test_a_check_that_disagrees_fails_the_step_although_the_command_succeeded(sqlite_rig: Rig) -> None:
    await sqlite_rig.begin([command("liar", "exit 0", checks=[words("echo old", present=["replaced"])])])
    assert await sqlite_rig.run_out() == "waiting"
    [run] = await sqlite_rig.runs()
    assert (run.state, run.outcome) == ("failed", "check_fail")


async def test_a_check_is_asked_again_until_the_cluster_has_settled(sqlite_rig: Rig) -> None:
    check = words("test -e done && echo settled", present=["settled"])
    await sqlite_rig.begin(
        [command("slow-effect", "(sleep 1; touch done) >/dev/null 2>&1 &", checks=[check])]
    )
    assert await sqlite_rig.run_out() == "completed"


async def test_nothing_is_started_while_an_interlock_says_no(sqlite_rig: Rig, node: Node) -> None:
    lock = words("echo active", absent=["active"])
    await sqlite_rig.begin([command("patch", "touch patched", interlocks=[lock])])
    assert await sqlite_rig.run_out() == "waiting"
    [run] = await sqlite_rig.runs()
    assert (run.state, run.outcome) == ("failed", "interlock")
    assert not (node.home / "patched").exists()
    assert (await sqlite_rig.attempts())[0].claimed_at is None


async def test_nobody_is_asked_to_do_what_an_interlock_forbids(sqlite_rig: Rig, node: Node) -> None:
    lock = words("test -e stopped && echo stopped", present=["stopped"])
    check = words("test -e copied && echo copied", present=["copied"])
    rig = sqlite_rig
    await rig.begin([by_hand("copy", interlocks=[lock], checks=[check])])
    assert await stood(rig) == ("failed", None, "not_admitted", None)
    (node.home / "stopped").touch()
    await done(rig, retry_step)
    assert await stood(rig) == ("awaiting", "tick", None, None)
    await done(rig, tick_step)
    assert await stood(rig) == ("awaiting", "check", "check_fail", rig.person.id)
    (node.home / "copied").touch()
    await done(rig, verify_step)
    assert await stood(rig) == ("awaiting", "checker", None, rig.person.id)


async def test_what_was_read_for_a_person_before_a_pause_is_read_again(sqlite_rig: Rig, node: Node) -> None:
    lock = words("test -e stopped && echo stopped", present=["stopped"])
    rig = sqlite_rig
    (node.home / "stopped").touch()
    await rig.begin([by_hand("copy", interlocks=[lock])])
    assert await stood(rig) == ("awaiting", "tick", None, None)
    async with rig.act() as act:
        await pause_session(act, rig.session_id, "lunch")
    (node.home / "stopped").unlink()
    async with rig.act() as act:
        await resume_session(act, rig.session_id)
    assert await stood(rig) == ("failed", None, "not_admitted", None)


async def done(rig: Rig, doing: Callable[[Act, int], Awaitable[object]]) -> None:
    """A person does this to the only step."""
    [run] = await rig.runs()
    async with rig.act() as act:
        await doing(act, run.id)


async def stood(rig: Rig) -> tuple[str, str | None, str | None, int | None]:
    """Where the only step stands once the machine waits: state, for whom, outcome, performer."""
    assert await rig.run_out() == "waiting"
    [run] = await rig.runs()
    return run.state, run.awaiting, run.outcome, run.performer_id


async def test_a_repeatable_step_that_is_already_so_is_not_run(sqlite_rig: Rig, node: Node) -> None:
    check = words("echo stopped", present=["stopped"])
    await sqlite_rig.begin([command("stop", "touch ran", checks=[check], repeatable=True)])
    assert await sqlite_rig.run_out() == "completed"
    [attempt] = await sqlite_rig.attempts()
    assert (attempt.state, attempt.problem) == ("succeeded", "already_so")
    assert not (node.home / "ran").exists()


async def test_a_node_that_cannot_be_reached_ends_as_unreachable_and_nothing_was_sent(
    sqlite_rig: Rig, node: Node, proxy: Proxy
) -> None:
    await sqlite_rig.begin([command("gone", "touch ran")])
    await proxy.stop()
    await proxy.server.wait_closed()
    assert await sqlite_rig.run_out() == "waiting"
    [attempt] = await sqlite_rig.attempts()
    assert (attempt.state, attempt.problem, attempt.claimed_at) == ("unreachable", "unreachable", None)
    assert (await sqlite_rig.runs())[0].state == "failed"


async def test_a_command_that_ends_after_its_connection_died_has_succeeded(rig: Rig, proxy: Proxy) -> None:
    await rig.begin([command("outlives", "echo begun; sleep 1.5; echo ended")])
    working = asyncio.ensure_future(rig.run_out())
    await asyncio.sleep(0.8)
    proxy.hole = True
    proxy.reset()
    await asyncio.sleep(1.2)  # it ends while nobody can see it
    proxy.hole = False
    assert await working == "completed"
    [attempt] = await rig.attempts()
    assert (attempt.state, attempt.out_size) == ("succeeded", len("begun\nended\n"))


async def test_a_command_whose_node_rebooted_under_it_is_unknown_and_never_run_again(
    rig: Rig, node: Node, proxy: Proxy, tmp_path: Path
) -> None:
    boot = tmp_path / "boot_id"
    boot.write_text("first\n")
    node.env["TEJUN_BOOT_FILE"] = str(boot)
    await rig.begin([command("interrupted", "echo x >> starts; kill -9 $PPID; sleep 30")])
    working = asyncio.ensure_future(rig.run_out())
    await asyncio.sleep(0.8)
    boot.write_text("second\n")
    proxy.reset()
    assert await working == "waiting"
    [attempt] = await rig.attempts()
    assert (attempt.state, attempt.exit_status) == ("unknown", None)
    assert (await rig.runs())[0].state == "unknown"
    assert await rig.run_out() == "waiting"
    assert (node.home / "starts").read_text() == "x\n"


async def test_a_cancelled_command_counts_as_cancelled_once_it_is_dead(sqlite_rig: Rig, node: Node) -> None:
    await sqlite_rig.begin([command("endless", "echo $$ > pid; while :; do sleep 1; done")])
    working = asyncio.ensure_future(sqlite_rig.run_out())
    while not (node.home / "pid").exists():
        await asyncio.sleep(0.05)
    async with sqlite_rig.act() as act:
        await cancel_step(act, (await sqlite_rig.runs())[0].id)
    assert await working == "waiting"
    [attempt] = await sqlite_rig.attempts()
    assert attempt.state == "cancelled"
    assert not Path(f"/proc/{(node.home / 'pid').read_text().strip()}").exists()


async def test_a_command_past_its_time_limit_is_ended_and_timed_out(sqlite_rig: Rig) -> None:
    sqlite_rig.limits = replace(sqlite_rig.limits, attempt_seconds=1)
    await sqlite_rig.begin([command("endless", "sleep 300")])
    assert await sqlite_rig.run_out() == "waiting"
    assert (await sqlite_rig.attempts())[0].state == "timed_out"


async def test_a_full_disk_on_the_node_is_said_and_nothing_is_started(sqlite_rig: Rig, node: Node) -> None:
    sqlite_rig.limits = replace(sqlite_rig.limits, floor_kib=2**31 - 1)
    await sqlite_rig.begin([command("big", "touch ran")])
    assert await sqlite_rig.run_out() == "waiting"
    [attempt] = await sqlite_rig.attempts()
    assert (attempt.state, attempt.problem) == ("failed", "no_space")
    assert not (node.home / "ran").exists()


async def test_the_spool_is_removed_once_its_content_is_verified(sqlite_rig: Rig, node: Node) -> None:
    await sqlite_rig.begin([command("talks", "seq 1 20000")])
    assert await sqlite_rig.run_out() == "completed"
    [attempt] = await sqlite_rig.attempts()
    assert attempt.spool_removed_at is not None
    assert not (node.home / ".tejun" / attempt.key / "out").exists()


@pytest.mark.parametrize("late", [0, 99])
async def test_a_segment_that_is_not_the_live_one_changes_nothing(sqlite_rig: Rig, late: int) -> None:
    await sqlite_rig.begin([command("one", "touch ran")])
    assert await sqlite_rig.machine.take(sqlite_rig.session_id, late) == "stale"
    assert (await sqlite_rig.runs())[0].state == "pending"


async def test_a_known_secret_is_overwritten_before_it_is_stored_and_the_place_is_told(
    sqlite_rig: Rig,
) -> None:
    sqlite_rig.limits = replace(sqlite_rig.limits, secrets=lambda: (b"hush-hush",))
    await sqlite_rig.begin([command("leak", "printf 'a hush-'; sleep 0.3; echo 'hush b'; echo fine")])
    assert await sqlite_rig.run_out() == "completed"
    [attempt] = await sqlite_rig.attempts()
    shown = b"a ********* b\nfine\n"
    async with sqlite_rig.database.reading() as db:
        assert await stored_digest(db, attempt.id, "out") == (len(shown), hashlib.sha256(shown).hexdigest())
        [event] = await events(db, action="output.redacted")
        assert params_of(event) == {"places": [["out", 2, 9]]}
    assert attempt.spool_removed_at is not None


async def test_a_changed_host_key_under_a_running_command_is_unknown(
    sqlite_rig: Rig, node: Node, proxy: Proxy
) -> None:
    await sqlite_rig.begin([command("long", "touch begun; sleep 3")])
    working = asyncio.ensure_future(sqlite_rig.run_out())
    while not (node.home / "begun").exists():
        await asyncio.sleep(0.05)
    await node.stop()
    node.host_key = asyncssh.generate_private_key("ssh-ed25519")
    await node.start()
    proxy.reset()
    assert await working == "waiting"
    [attempt] = await sqlite_rig.attempts()
    assert (attempt.state, attempt.problem) == ("unknown", "host_key_changed")


async def test_a_pause_lets_the_running_command_end_and_starts_nothing(sqlite_rig: Rig, node: Node) -> None:
    rig = sqlite_rig
    await rig.begin([command("first", "touch begun; sleep 1"), command("second", "touch second")])
    working = asyncio.ensure_future(rig.run_out())
    while not (node.home / "begun").exists():
        await asyncio.sleep(0.05)
    async with rig.act() as act:
        await pause_session(act, rig.session_id, "dinner")
    assert await working == "paused"
    assert [run.state for run in await rig.runs()] == ["succeeded", "pending"]
    async with rig.act() as act:
        await resume_session(act, rig.session_id)
    assert await rig.run_out() == "completed"
