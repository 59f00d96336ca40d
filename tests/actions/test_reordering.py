"""The literal order of one erratum: an administrator's, with a reason, before submission, kept and shown with the session."""

from __future__ import annotations

import json

import pytest

from app.actions import reordering, sessions
from app.domain.errors import Forbidden, Invalid, Refused
from app.models import PlanBasis
from app.models.overlays import basis_of
from tests.support.world import WINDOW, WISH, World


async def reorder(
    world: World, erratum: str = "B8", reason: str = "ベンダーの指示", by: str = "kanri"
) -> None:
    await world.do(by, reordering.reorder_session, world.session_id, erratum, reason)


async def basis(world: World) -> PlanBasis:
    async with world.database.reading() as db:
        found = await basis_of(db, world.session_id)
    assert found is not None
    return found


async def errata(world: World) -> list[str | None]:
    return [warning.errata for warning in (await world.session()).plan.warnings]


async def test_reorder_makes_the_plan_anew_and_says_who_chose_it_and_why(world: World) -> None:
    await world.draft()
    before = (await world.session()).plan.phases
    await reorder(world)
    assert (await world.session()).plan.phases != before
    assert "B8" in await errata(world)
    kept = await basis(world)
    assert (kept.literal, kept.reason, kept.chosen_by) == ("B8", "ベンダーの指示", world.people["kanri"].id)
    event = (await world.events())[-1]
    assert (event.action, json.loads(event.payload)["params"]["literal"]) == ("session.reordered", "B8")
    await reorder(world, "", "元に戻す")
    assert (await world.session()).plan.phases == before
    assert (await basis(world)).literal is None


async def test_the_approver_approves_the_literal_order(world: World) -> None:
    await world.draft()
    await reorder(world)
    await world.do("sato", sessions.submit_session, world.session_id)
    await world.approve()
    assert "B8" in await errata(world)
    await world.require_sound()


async def test_an_edit_keeps_the_literal_order_as_long_as_it_changes_something(world: World) -> None:
    await world.draft()
    await reorder(world)
    await world.do("sato", sessions.edit_session, world.session_id, WISH, "別の題", *WINDOW)
    assert "B8" in await errata(world)
    standard = WISH.model_copy(update={"method": "standard"})
    await world.do("sato", sessions.edit_session, world.session_id, standard, "", *WINDOW)
    await reorder(world, "B9")
    await world.do("sato", sessions.edit_session, world.session_id, WISH, "", *WINDOW)
    assert (await basis(world)).literal is None
    assert "B9" not in await errata(world)


async def test_only_an_administrator_reorders_with_a_reason_before_submission(world: World) -> None:
    await world.draft()
    for name in ("sato", "takahashi"):
        with pytest.raises(Forbidden, match="needs_administer"):
            await reorder(world, by=name)
    with pytest.raises(Invalid, match="no_reason"):
        await reorder(world, reason=" ")
    for erratum, code in (("E1", "literal.not_allowed"), ("B13", "literal_no_effect")):
        with pytest.raises(Invalid, match=code):
            await reorder(world, erratum)
    await world.do("sato", sessions.submit_session, world.session_id)
    with pytest.raises(Refused, match="session_not_a_draft"):
        await reorder(world)
    assert (await basis(world)).literal is None
