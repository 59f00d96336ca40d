"""The literal order of one erratum: an administrator's, with a reason, before submission, kept and shown with the session."""

from __future__ import annotations

import hashlib
import json

import pytest

from app.actions import overlays, reordering, sessions
from app.domain.errors import Forbidden, Invalid, Refused
from app.models import PlanBasis
from app.models.overlays import basis_of
from tests.support.world import WINDOW, WISH, World

OVERLAY = """\
schema: 1
name: 夜間
clusters: all
steps:
  "3.3.1-1": {minutes: 5}
""".encode()


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


async def last_params(world: World) -> dict[str, object]:
    return dict(json.loads((await world.events())[-1].payload)["params"])


async def test_the_trail_of_an_edit_says_which_overlay_was_laid_and_which_order_was_kept_or_dropped(
    world: World,
) -> None:
    await world.draft()
    assert not {"overlay", "literal", "literal_dropped"} & (await last_params(world)).keys()
    await world.do("sato", overlays.import_overlay, OVERLAY, "o.yaml")
    laid = {"overlay": "夜間 v1", "overlay_sha256": hashlib.sha256(OVERLAY).hexdigest()}
    await reorder(world)
    assert (await last_params(world)).items() >= laid.items()
    await world.do("sato", sessions.edit_session, world.session_id, WISH, "別の題", *WINDOW)
    assert (await last_params(world)).items() >= {**laid, "literal": "B8"}.items()
    assert "literal_dropped" not in await last_params(world)
    standard = WISH.model_copy(update={"method": "standard"})
    await world.do("sato", sessions.edit_session, world.session_id, standard, "", *WINDOW)
    await reorder(world, "B9")
    await world.do("sato", sessions.edit_session, world.session_id, WISH, "", *WINDOW)
    told = await last_params(world)
    assert told.items() >= {**laid, "literal_dropped": "B9"}.items()
    assert "literal" not in told


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
