"""What a person does by hand in procedure 3.1 on a lab: the lab's own commands for what the manual hands off."""

from __future__ import annotations

from pathlib import Path, PurePosixPath

from app.domain.procedure import Step
from app.lab import Lab

LEFT = (
    "private/root/transfile", "nqs/private/root/transfile", "nqs/private/root/control/0000001.req",
    "nqs/private/root/data/0000001.dat", "nqs/private/root/tracking",
)  # fmt: skip


def left_behind(lab: Lab, site: str) -> int:
    """How many of the places that step 7 empties still hold what the old version left."""
    return sum((Path(lab.directory) / "shared" / site / place).exists() for place in LEFT)


def on_the_lab(lab: Lab, step: Step) -> tuple[str, ...]:
    """The commands of a hand-off on its node; none for any other step."""
    if step.kind != "manual" or step.manual is None or step.node is None:
        return ()
    node = lab.node(step.node)
    assert lab.upgrade
    part = step.key.partition("@")[0].rpartition("-")[2].partition(".")[2]
    package = PurePosixPath(node.patch).parent / lab.upgrade.file
    commands = {
        "1": f"{node.nqs}/tejun-lab-keep save daemon",
        "2": f"{node.nqs}/tejun-lab-keep save jcwebserver",
        "3": f"{node.nqs}/tejun-lab-keep save nqs",
        "6": f"rpm -Uvh {package}",
        "7": f"{node.nqs}/tejun-lab-keep restore daemon",
        "8": f"{node.nqs}/tejun-lab-keep restore jcwebserver",
        "9": f"{node.nqs}/tejun-lab-keep restore nqs",
        "10": f"{node.nqs}/tejun-lab-convert spool",
    }
    if step.manual.section == "3.1.3" and step.manual.step == 9:
        return (f"{node.nqs}/tejun-lab-convert site {step.site}",)
    return (commands[part],) if part in commands else ()
