"""The lab's own commands for what procedure 3.1 hands off to other documents, and the overlay file that says so.

The commands are those of the stand-in product (sh/tejun-lab-*.sh) and of rpm; none of them is NEC's. Runs nothing.
"""

from __future__ import annotations

from typing import Any

import yaml

from app.lab.model import Lab, Patch

_BEFORE = {
    "+2": "[[nqs]]/tejun-lab-keep save daemon",
    "+3": "[[nqs]]/tejun-lab-keep save jcwebserver",
    "+4": "[[nqs]]/tejun-lab-keep save nqs",
}
_AT = {
    "": "rpm -Uvh [[patches]]/{package}",
    "+2": "[[nqs]]/tejun-lab-keep restore daemon",
    "+3": "[[nqs]]/tejun-lab-keep restore jcwebserver",
    "+4": "[[nqs]]/tejun-lab-keep restore nqs",
    "+5": "[[nqs]]/tejun-lab-convert spool",
}
"""What is added behind the step before the upgrade, and the upgrade (step 3 of 3.1.2, 6 of 3.1.3) with what follows it."""
_SITE = "[[nqs]]/tejun-lab-convert site [[site]]"


def commands(upgrade: Patch) -> dict[str, str]:
    """Place of the step -> what is run there."""
    steps = {
        f"{section}-{step}{added}": text.format(package=upgrade.file)
        for section, upgrading in (("3.1.2", 3), ("3.1.3", 6))
        for step, texts in ((upgrading - 1, _BEFORE), (upgrading, _AT))
        for added, text in texts.items()
    }
    return {**steps, "3.1.3-9": _SITE}


def overlay_file(lab: Lab, upgrade: Patch) -> str:
    """The overlay file for the console, as YAML."""
    steps = {place: {"command": {"shell": "sh", "text": text}} for place, text in commands(upgrade).items()}
    content: dict[str, Any] = {
        "schema": 1,
        "name": f"{lab.name}-lab",
        "clusters": [lab.name],
        "steps": steps,
    }
    return yaml.safe_dump(content, sort_keys=False, allow_unicode=True)
