"""What a person does by hand in procedure 3.1 on a lab: the commands of the lab's own overlay file, filled in."""

from __future__ import annotations

from pathlib import Path, PurePosixPath

import yaml

from app.lab import Lab

LEFT = (
    "private/root/transfile", "nqs/private/root/transfile", "nqs/private/root/control/0000001.req",
    "nqs/private/root/data/0000001.dat", "nqs/private/root/tracking/0000001.trk",
)  # fmt: skip


def left_behind(lab: Lab, site: str) -> int:
    """How many of the files that step 7 removes are there."""
    return sum((Path(lab.directory) / "shared" / site / place).exists() for place in LEFT)


def on_the_lab(lab: Lab, key: str) -> str | None:
    """The command of a hand-off, to be run on the node that the step's key names; None for any other step."""
    place, _, spot = key.partition("@")
    steps = yaml.safe_load(lab.overlay_file.read_text())["steps"]
    if place not in steps:
        return None
    name, _, site = spot.partition("/")
    node = lab.node(name)
    text = str(steps[place]["command"]["text"])
    folder = str(PurePosixPath(node.patch).parent)
    return text.replace("[[nqs]]", node.nqs).replace("[[patches]]", folder).replace("[[site]]", site)
