"""Two people at once: exactly one of them succeeds, the other is told so in words, and the chain stays whole.

Both transactions are open at the same time: each runs in its own connection and they meet at the row that they lock.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Sequence

import pytest

from app.actions import clusters, people, sessions, steps
from app.actions.act import record
from app.actions.people import FREE_TRIES
from app.domain.errors import Refusal
from app.domain.lifecycle import AttemptState, Awaiting
from app.models import Attempt, AuditEvent, Login, PlanRecord, SignInFailure
from app.procedures.clusterfile import load_cluster
from tests.support.world import CLUSTER, PASSWORD, WINDOW, WISH, World


async def at_once(*doings: Awaitable[object]) -> list[str]:
    """Do all at once; "" for each that went through, else the code of its refusal, sorted. Anything else is raised."""
    found: Sequence[object] = await asyncio.gather(*doings, return_exceptions=True)
    for each in found:
        if isinstance(each, BaseException) and not isinstance(each, Refusal):
            raise each
    return sorted(each.code if isinstance(each, Refusal) else "" for each in found)


@pytest.mark.parametrize("waits", [Awaiting.EXECUTE, Awaiting.TICK, Awaiting.CHECKER])
async def test_of_two_who_act_on_a_step_one_succeeds(world: World, waits: Awaiting) -> None:
    await world.running()
    run = await world.until(waits)
    action = {"execute": steps.execute_step, "tick": steps.tick_step, "checker": steps.confirm_step}[
        waits.value
    ]
    before = len(world.enqueued)
    found = await at_once(world.do("suzuki", action, run.id), world.do("kimura", action, run.id))
    # whoever confirms moves the session on: for the other the step is not the current one any more
    assert found == ["", "not_current_step" if waits is Awaiting.CHECKER else "step_moved_on"]
    assert len(world.enqueued) - before == (0 if waits is Awaiting.TICK else 1)
    await world.require_sound()


async def test_of_two_who_retry_one_makes_an_attempt(world: World) -> None:
    await world.running()
    run = await world.ended(AttemptState.FAILED)
    before = await world.count(Attempt)
    retry = steps.retry_step
    assert await at_once(world.do("sato", retry, run.id), world.do("suzuki", retry, run.id)) == [
        "",
        "step_moved_on",
    ]
    assert await world.count(Attempt) == before + 1


async def test_of_two_starts_one_succeeds(world: World) -> None:
    number = await world.approved()
    start = sessions.start_session
    assert await at_once(world.do("sato", start, number), world.do("suzuki", start, number)) == [
        "",
        "session_wrong_state",
    ]
    assert world.enqueued == [(number, 1)]


async def test_of_two_sessions_that_start_on_one_cluster_one_succeeds(world: World) -> None:
    first, second = await world.approved(), await world.approved()
    start = sessions.start_session
    assert await at_once(world.do("sato", start, first), world.do("suzuki", start, second)) == [
        "",
        "cluster_busy",
    ]


async def test_of_two_sessions_that_start_on_one_node_of_two_clusters_one_succeeds(world: World) -> None:
    first = await world.approved()
    await world.add_cluster("osaka", (2301, 2302), "ZB")
    second = await world.approved()
    start = sessions.start_session
    assert await at_once(world.do("sato", start, first), world.do("suzuki", start, second)) == [
        "",
        "cluster_busy",
    ]


async def test_a_cluster_is_not_edited_while_a_session_starts_on_it(world: World) -> None:
    number, row = await world.approved(), await world.cluster()
    changed = row.cluster.model_copy(update={"os_version": "9.4"})
    found = await at_once(
        world.do("sato", sessions.start_session, number),
        world.do("suzuki", clusters.edit_cluster, row.id, row.version, changed),
    )
    assert found in (["", "cluster_in_session"], ["", "approval_drifted"])


async def test_of_two_approvals_one_succeeds(world: World) -> None:
    number = await world.submitted()
    digest, approve = await world.asked_digest(), sessions.approve_session
    found = await at_once(
        world.do("takahashi", approve, number, digest), world.do("kimura", approve, number, digest)
    )
    assert found == ["", "session_wrong_state"]


async def test_of_an_approval_and_a_return_one_succeeds(world: World) -> None:
    number = await world.submitted()
    digest = await world.asked_digest()
    found = await at_once(
        world.do("takahashi", sessions.approve_session, number, digest),
        world.do("kimura", sessions.return_session, number, "日程"),
    )
    assert found == ["", "session_wrong_state"]


async def test_of_two_edits_of_a_cluster_one_succeeds(world: World) -> None:
    row = await world.cluster()
    edit = clusters.edit_cluster
    found = await at_once(
        *(
            world.do(n, edit, row.id, row.version, row.cluster.model_copy(update={"os_version": n}))
            for n in ("sato", "suzuki")
        )
    )
    assert found == ["", "cluster_changed"]


async def test_twenty_events_at_once_make_one_chain(world: World) -> None:
    async def one(number: int) -> None:
        async with world.act("sato") as act:
            await record(act, "test.recorded", "test:1", number=number)

    before = await world.count(AuditEvent)
    await asyncio.gather(*(one(number) for number in range(20)))
    events = await world.events()
    assert [event.seq for event in events] == list(range(1, before + 21))
    await world.require_sound()


async def test_a_name_is_given_once_however_many_ask(world: World) -> None:
    cluster = load_cluster(CLUSTER.replace("tokyo-batch", "nagoya").encode())
    added = await at_once(
        *(world.do(name, clusters.add_cluster, cluster) for name in ("sato", "suzuki", "kimura"))
    )
    assert added == ["", "cluster_exists", "cluster_exists"]
    user = await at_once(
        *(world.do("kanri", people.add_user, "mori", "森", ["viewer"], PASSWORD) for _ in range(3))
    )
    assert user == ["", "user_exists", "user_exists"]


async def test_the_same_plan_made_twice_at_once_is_stored_once(world: World) -> None:
    create = sessions.create_session
    doings = (
        world.do(name, create, world.cluster_id, WISH, "", *WINDOW) for name in ("sato", "suzuki", "kimura")
    )
    assert await at_once(*doings) == ["", "", ""]
    assert await world.count(PlanRecord) == 1


async def test_a_host_key_offered_twice_at_once_is_one_row(world: World) -> None:
    offer = clusters.offer_host_key
    doings = [world.do(None, offer, "127.0.0.1", 2299, "ssh-ed25519 Q", "SHA256:Q") for _ in range(3)]
    rows = await asyncio.gather(*doings)
    assert len({row.id for row in rows}) == 1


async def test_of_two_host_keys_accepted_at_once_for_an_address_one_stays(world: World) -> None:
    offer, accept = clusters.offer_host_key, clusters.accept_host_key
    rows = [await world.do(None, offer, "127.0.0.1", 2201, f"ssh-ed25519 {k}", f"SHA256:{k}") for k in "PQ"]
    assert await at_once(*(world.do("kanri", accept, row.id) for row in rows)) == ["", ""]


async def test_failed_and_successful_sign_ins_at_once_do_not_wait_on_each_other(world: World) -> None:
    await world.do(None, people.fail_sign_in, "sato", "bad_credentials")
    fails = [world.do(None, people.fail_sign_in, "sato", "bad_credentials") for _ in range(FREE_TRIES - 2)]
    signs = [world.do(None, people.sign_in, "sato", PASSWORD) for _ in range(4)]
    assert await at_once(*fails, *signs) == [""] * (FREE_TRIES + 2)
    assert await world.count(Login) == 4
    assert (
        await at_once(*(world.do(None, people.fail_sign_in, "x", "bad_credentials") for _ in range(4)))
        == [""] * 4
    )
    assert await world.count(SignInFailure) in (1, 2)
    await world.require_sound()
