"""What a session refuses: every verb in every wrong state, windows, four eyes, drift, two sessions at one place."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import pytest

from app.actions import clusters, people, sessions
from app.actions.act import Act
from app.actions.plans import Wish
from app.domain.errors import Forbidden, Invalid, Refusal, Refused
from app.domain.lifecycle import SESSION_MOVES, SessionState
from app.models import AuditEvent
from app.procedures.clusterfile import load_cluster
from tests.support.world import CLUSTER, HOUR, WINDOW, WISH, World

S = SessionState
Verb = Callable[[Act, int], Awaitable[object]]
VERBS: dict[str, tuple[str, Verb]] = {
    "submit": ("sato", sessions.submit_session),
    "return": ("takahashi", lambda act, n: sessions.return_session(act, n, "理由")),
    "approve": ("takahashi", lambda act, n: sessions.approve_session(act, n, "sha256:0")),
    "revise": ("sato", sessions.revise_session),
    "start": ("sato", sessions.start_session),
    "pause": ("sato", lambda act, n: sessions.pause_session(act, n, "理由")),
    "resume": ("sato", sessions.resume_session),
    "abort": ("sato", lambda act, n: sessions.abort_session(act, n, "理由")),
}


async def bring(world: World, state: SessionState) -> None:
    """A session in this state."""
    await {S.DRAFT: world.draft, S.SUBMITTED: world.submitted, S.RETURNED: world.submitted}.get(
        state, world.approved
    )()
    if state in (S.RUNNING, S.PAUSED, S.COMPLETED):
        await world.do("sato", sessions.start_session, world.session_id)
    if state is S.COMPLETED:
        await world.carried_out()
    verb = {S.RETURNED: "return", S.PAUSED: "pause", S.ABORTED: "abort"}.get(state)
    if verb:
        await world.do(VERBS[verb][0], VERBS[verb][1], world.session_id)
    assert (await world.session()).state == state


async def code_of(doing: Awaitable[object]) -> str:
    """The code of the refusal that this raises; empty where it goes through."""
    try:
        await doing
    except Refusal as no:
        return no.code if no.message.ja and no.message.en else "without words"
    return ""


@pytest.mark.parametrize("state", list(S))
async def test_every_verb_is_refused_in_every_wrong_state(world: World, state: SessionState) -> None:
    await bring(world, state)
    before = await world.count(AuditEvent)
    refused = {verb for verb, (allowed, _) in SESSION_MOVES.items() if state not in allowed} - {"complete"}
    for verb in sorted(refused):
        name, action = VERBS[verb]
        assert await code_of(world.do(name, action, world.session_id)) == "session_wrong_state", verb
    if state not in (S.DRAFT, S.RETURNED):
        edit = world.do("sato", sessions.edit_session, world.session_id, WISH, "", *WINDOW)
        assert await code_of(edit) == "session_wrong_state"
    assert await world.count(AuditEvent) == before
    assert (await world.session()).state == state


@pytest.mark.parametrize(
    ("verb", "name", "code"),
    [(verb, "tanaka", None) for verb in VERBS]
    + [("approve", "sato", "needs_approve"), ("start", "takahashi", "needs_perform")],
)
async def test_a_verb_needs_its_role(world: World, verb: str, name: str, code: str | None) -> None:
    await world.submitted()
    refused = await code_of(world.do(name, VERBS[verb][1], world.session_id))
    assert refused == code if code else refused.startswith("needs_")


@pytest.mark.parametrize("verb", ["approve", "return"])
async def test_who_submitted_never_decides_whatever_roles_they_hold(world: World, verb: str) -> None:
    await world.draft()
    await world.do("kimura", sessions.submit_session, world.session_id)
    assert await code_of(world.do("kimura", VERBS[verb][1], world.session_id)) == "approver_is_submitter"


async def test_a_session_is_not_submitted_where_nobody_else_could_approve(world: World) -> None:
    await world.draft()
    for name in ("takahashi",):
        await world.do("kanri", people.disable_user, name)
    assert await code_of(world.do("kimura", sessions.submit_session, world.session_id)) == "no_other_approver"
    await world.do("sato", sessions.submit_session, world.session_id)  # kimura can


async def test_a_session_is_not_submitted_where_nobody_could_check(world: World) -> None:
    await world.draft()
    for name in ("suzuki", "kimura"):
        await world.do("kanri", people.disable_user, name)
    assert await code_of(world.do("sato", sessions.submit_session, world.session_id)) == "no_other_checker"


@pytest.mark.parametrize(
    ("hours", "code"), [(-2, "window_not_open"), (5.9, ""), (7, "window_closed"), (24, "window_closed")]
)
async def test_a_session_starts_within_its_window_alone(world: World, hours: float, code: str) -> None:
    await world.approved()
    world.now += int(hours * HOUR)
    assert await code_of(world.do("sato", sessions.start_session, world.session_id)) == code


@pytest.mark.parametrize(
    ("window", "code"),
    [
        (("", ""), "bad_window"),
        (("2026-11-22 22:00", "2026-11-22 23:00"), "window_past"),
    ],
)
async def test_a_session_is_submitted_with_a_window_to_come(
    world: World, window: tuple[str, str], code: str
) -> None:
    await world.draft()
    await world.do("sato", sessions.edit_session, world.session_id, WISH, "", *window)
    assert await code_of(world.do("sato", sessions.submit_session, world.session_id)) == code


@pytest.mark.parametrize(
    "window",
    [
        ("2026-11-23 22:00", "2026-11-23 21:00"),
        ("2026-11-23 22:00", ""),
        ("あした", "2026-11-23 21:00"),
        ("9999-12-31 47:00", ""),
    ],
)
async def test_a_window_that_makes_no_sense_is_refused_at_its_field(
    world: World, window: tuple[str, str]
) -> None:
    with pytest.raises(Invalid) as refused:
        await world.do("sato", sessions.create_session, world.cluster_id, WISH, "", *window)
    assert refused.value.field in ("window_start", "window_end")


async def test_a_plan_without_the_patch_digest_is_not_submitted(world: World) -> None:
    wish = Wish(operation="patch", target="R16.3.2")
    row = await world.do("sato", sessions.create_session, world.cluster_id, wish, "", *WINDOW)
    assert await code_of(world.do("sato", sessions.submit_session, row.id)) == "plan_not_executable"


async def test_a_plan_for_a_transport_without_driver_is_not_submitted(world: World) -> None:
    """It can be made and read; it must not be found out in the maintenance window that nothing can be sent."""
    text = CLUSTER.replace("tokyo-batch", "osaka-batch").replace("transport: ssh", "transport: psrp")
    row = await world.do("sato", clusters.add_cluster, load_cluster(text.encode()))
    drafted = await world.do("sato", sessions.create_session, row.id, WISH, "", *WINDOW)
    assert await code_of(world.do("sato", sessions.submit_session, drafted.id)) == "plan_not_spoken"


async def test_a_digest_with_its_prefix_is_stored_without(world: World) -> None:
    wish = Wish(operation="patch", target="R16.3.2", patch_sha256="SHA256:" + "AB" * 32)
    row = await world.do("sato", sessions.create_session, world.cluster_id, wish, "", *WINDOW)
    assert row.patch_sha256 == "ab" * 32


async def test_an_approval_of_another_digest_is_refused(world: World) -> None:
    await world.submitted()
    shown = await world.asked_digest()
    await world.do("sato", sessions.revise_session, world.session_id)
    await world.do("sato", sessions.edit_session, world.session_id, WISH, "", WINDOW[0], "2026-11-23 30:00")
    await world.do("sato", sessions.submit_session, world.session_id)
    approve = world.do("takahashi", sessions.approve_session, world.session_id, shown)
    assert await code_of(approve) == "approval_other_digest"


async def test_a_replaced_host_key_asks_for_a_new_approval(world: World) -> None:
    await world.approved()
    await world.accept_key(2201, "C")
    assert await code_of(world.do("sato", sessions.start_session, world.session_id)) == "approval_drifted"
    await world.do("sato", sessions.revise_session, world.session_id)
    await world.do("sato", sessions.submit_session, world.session_id)
    await world.approve()
    await world.do("sato", sessions.start_session, world.session_id)


async def test_a_host_key_replaced_before_the_decision_is_not_approved(world: World) -> None:
    await world.submitted()
    await world.accept_key(2201, "C")
    assert await code_of(world.approve()) == "approval_drifted"


async def test_a_cluster_changed_after_approval_needs_a_new_plan_too(world: World) -> None:
    await world.approved()
    row = await world.cluster()
    changed = row.cluster.model_copy(update={"os_version": "9.4"})
    await world.do("sato", clusters.edit_cluster, row.id, row.version, changed)
    assert await code_of(world.do("sato", sessions.start_session, world.session_id)) == "approval_drifted"
    await world.do("sato", sessions.revise_session, world.session_id)
    assert await code_of(world.do("sato", sessions.submit_session, world.session_id)) == "plan_outdated"
    await world.do("sato", sessions.edit_session, world.session_id, WISH, "", *WINDOW)
    await world.do("sato", sessions.submit_session, world.session_id)


async def test_a_host_key_that_nobody_accepted_stops_the_submission(world: World) -> None:
    text = (await world.cluster()).cluster.model_copy(update={"name": "osaka"})
    nodes = tuple(node.model_copy(update={"port": node.port + 100}) for node in text.nodes)
    row = await world.do("sato", clusters.add_cluster, text.model_copy(update={"nodes": nodes}))
    session = await world.do("sato", sessions.create_session, row.id, WISH, "", *WINDOW)
    assert await code_of(world.do("sato", sessions.submit_session, session.id)) == "host_key_not_accepted"


async def test_a_second_session_on_the_same_cluster_does_not_start(world: World) -> None:
    first, second = await world.approved(), await world.approved()
    await world.do("sato", sessions.start_session, first)
    assert await code_of(world.do("sato", sessions.start_session, second)) == "cluster_busy"
    await world.do("sato", sessions.pause_session, first, "昼")
    assert await code_of(world.do("sato", sessions.start_session, second)) == "cluster_busy"
    await world.do("sato", sessions.abort_session, first, "終わり")
    await world.do("sato", sessions.start_session, second)


async def test_a_node_in_two_clusters_is_in_one_session_at_a_time(world: World) -> None:
    first = await world.approved()
    await world.add_cluster("osaka", (2301, 2302), "ZB")
    second = await world.approved()
    await world.do("sato", sessions.start_session, first)
    assert await code_of(world.do("sato", sessions.start_session, second)) == "cluster_busy"


async def test_two_nodes_with_one_host_key_are_refused_in_words(world: World) -> None:
    await world.add_cluster("clones", (2301, 2302), "YY")
    await world.approved()
    assert await code_of(world.do("sato", sessions.start_session, world.session_id)) == "same_host_key"


async def test_a_pause_and_an_abort_need_a_reason(world: World) -> None:
    await world.running()
    for action in (sessions.pause_session, sessions.abort_session):
        with pytest.raises(Invalid):
            await world.do("sato", action, world.session_id, "  ")


async def test_a_session_that_does_not_exist_is_not_found(world: World) -> None:
    for verb, (name, action) in VERBS.items():
        assert await code_of(world.do(name, action, 999)) == "no_such_session", verb


async def test_nobody_acts_without_signing_in(world: World) -> None:
    await world.submitted()
    for verb in set(VERBS) - {"pause"}:
        with pytest.raises(Forbidden):
            await world.do(None, VERBS[verb][1], world.session_id)


async def test_a_session_resumes_within_its_window_alone(world: World) -> None:
    await bring(world, S.PAUSED)
    world.now += 8 * HOUR
    with pytest.raises(Refused, match="window_closed"):
        await world.do("sato", sessions.resume_session, world.session_id)
