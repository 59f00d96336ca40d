"""The lab's own commands for what procedure 3.1 hands off to other documents, and the overlay file that says so.

The commands are those of the stand-in product (sh/tejun-lab-*.sh) and of rpm; none of them is NEC's. Runs nothing.
"""

from __future__ import annotations

from typing import Any

import yaml

from app.lab.model import Lab, Patch

_NODE = {
    "1": "[[nqs]]/tejun-lab-keep save daemon",
    "2": "[[nqs]]/tejun-lab-keep save jcwebserver",
    "3": "[[nqs]]/tejun-lab-keep save nqs",
    "6": "rpm -Uvh [[patches]]/{package}",
    "7": "[[nqs]]/tejun-lab-keep restore daemon",
    "8": "[[nqs]]/tejun-lab-keep restore jcwebserver",
    "9": "[[nqs]]/tejun-lab-keep restore nqs",
    "10": "[[nqs]]/tejun-lab-convert spool",
}
"""Part of step 3 of 3.1.2 and of step 6 of 3.1.3 -> command."""
_SITE = "[[nqs]]/tejun-lab-convert site [[site]]"


def commands(upgrade: Patch) -> dict[str, str]:
    """Place of the step -> what is run there."""
    steps = {
        f"{place}.{part}": text.format(package=upgrade.file)
        for place in ("3.1.2-3", "3.1.3-6")
        for part, text in _NODE.items()
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
