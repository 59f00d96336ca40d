"""A ScriptHost that says what guard.ps1 says of a command that writes the time once a second, without running any PowerShell.

A hundred simulated nodes that interpret the guard want more processor than the console that is to be measured; on nodes of their
own that is not the console's. The wire stays the real one, and the looks at the output come in the guard's own steps.
"""

from __future__ import annotations

import base64
import re
import time
from collections.abc import Iterator, Sequence

from app.lab.powershell.world import Streams
from app.lab.winrm import Login, Statement

UNIX_EPOCH = 621_355_968_000_000_000
SHORTEST, LONGEST = 0.02, 0.32
"""Seconds between two looks: doubled while there is nothing new, as in guard.ps1's Follow."""


class GuardWords:
    """Of one node. Takes `-Verb run` of a text with `1..COUNT` in it; refuses everything else by KeyError."""

    def run(
        self, statements: Sequence[Statement], _feed: Iterator[object], streams: Streams, _login: Login
    ) -> None:
        """Claim, lines, end."""
        [statement] = statements
        given = {name: str(value) for name, value in statement.parameters if name is not None}
        text = base64.b64decode(given["Payload"]).decode("utf-8-sig")
        found = re.search(r"1\.\.(\d+)", text)
        assert given["Verb"] == "run"
        assert found is not None
        say = f"tejun {given['Nonce']} {{}}".format
        streams.output(say(f"claim {given['Cap']}"))
        size, pause, begun = 0, SHORTEST, time.time()
        written = list[int]()
        while size == 0 or len(written) < int(found[1]):
            streams.wait(pause)
            pause = min(pause * 2, LONGEST)
            new = range(len(written), min(int(found[1]), int(time.time() - begun) + 1))
            ticks = [int((begun + second) * 1e7) + UNIX_EPOCH for second in new]
            if ticks:
                data = "".join(f"{each}\r\n" for each in ticks).encode()
                streams.output(say(f"out {size} {base64.b64encode(data).decode()}"))
                written += ticks
                size, pause = size + len(data), SHORTEST
        streams.output(say(f"done 0 {size} 0 0 0"))
