"""Overlays for the tests: a small section with a hand-off, and overlay files as data laid over it."""

from __future__ import annotations

from typing import Any

from app.domain.library import Procedure, Section
from app.domain.overlay import Overlay, OverlayFile
from app.domain.planner import make_plan
from app.domain.procedure import Plan, Step
from app.domain.versions import Version
from tests.domain.examples import cluster

TEXT = {"ja": "する", "en": "Do it"}
CHECK = {
    "probe": "disk",
    "params": {"kib": "1000"},
    "present": ["enough"],
    "ja": "空きがある",
    "en": "Space is free",
}
SECTION: dict[str, Any] = {
    "section": "3.3.1",
    "role": "standby",
    "steps": [
        {"step": 1, "kind": "gate", "title": TEXT, "instructions": TEXT},
        {
            "step": 2, "kind": "manual", "why_manual": "handoff", "title": TEXT, "instructions": TEXT, "per": "site",
            "handoff": {"document": {"ja": "導入ガイド", "en": "The install guide"}, "section": "4.2"}, "checks": [CHECK],
        },
        {"step": 3, "kind": "check", "title": TEXT, "instructions": TEXT, "checks": [CHECK]},
    ],
}  # fmt: skip
EXTRA: dict[str, Any] = {"after": "3.3.1-2", "kind": "manual", "title": TEXT, "instructions": TEXT}
COMMAND: dict[str, Any] = {"text": "convert [[database]]"}


def overlay_of(sha256: str = "ab" * 32, **told: Any) -> OverlayFile:
    """An overlay for the example's cluster."""
    return OverlayFile(
        Overlay.model_validate({"schema": 1, "name": "自社", "clusters": ["tokyo-batch"], **told}), sha256
    )


def planned(
    overlay: OverlayFile | None, *, section: Any = None, literal: str | None = None, **changes: Any
) -> Plan:
    """A plan of the small section on the example's cluster with the overlay laid over it."""
    made = Procedure(number="3.3", sections=(Section.model_validate(section or SECTION),))
    plan = make_plan(
        lambda _: made,
        cluster(**changes),
        "patch",
        Version.parse("R16.3.1"),
        overlay=overlay,
        literal=literal,
    )
    assert isinstance(plan, Plan)
    return plan


def step_of(plan: Plan, key: str) -> Step:
    """One step of the plan by its key."""
    return next(step for step in plan.steps if step.key == key)
