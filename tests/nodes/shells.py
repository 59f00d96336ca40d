"""The guard called directly, by whichever shell a test chooses, without SSH in between.

TEJUN_TEST_SHELLS may name one more folder to look for shells in.
"""

from __future__ import annotations

import asyncio
import hashlib
import os
import secrets
import shutil
from dataclasses import dataclass, field
from pathlib import Path

from app.nodes.guard import Marks
from tests.nodes.support import MARKER

PATH = os.pathsep.join(filter(None, [os.environ["PATH"], os.environ.get("TEJUN_TEST_SHELLS")]))
NAMES = ["dash", "bash", "bash --posix", "busybox ash", "ksh93", "ksh", "mksh", "lksh", "yash", "posh"]
SHELLS = [name for name in NAMES if shutil.which(name.split()[0], path=PATH)]


@dataclass
class Told:
    """What one call of the guard said: the command's bytes and the guard's words."""

    out: bytes
    err: bytes
    words: list[list[str]]

    @property
    def last(self) -> str:
        return " ".join(self.words[-1])


@dataclass
class Guard:
    """guard.sh in a folder of its own, run by one shell."""

    folder: Path
    shell: Path
    mark: str
    env: dict[str, str] = field(default_factory=dict)

    @property
    def spool(self) -> Path:
        return self.folder / "spool"

    async def __call__(
        self, verb: str, key: str, *arguments: object, stdin: bytes = b"", nonce: str = "", **env: str
    ) -> Told:
        nonce = nonce or f"{secrets.token_hex(4)}-1-{secrets.token_hex(4)}"
        words = [str(self.shell), str(self.folder / "guard.sh"), str(self.spool), verb, nonce, key]
        process = await asyncio.create_subprocess_exec(
            *words,
            *map(str, arguments),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            env={
                **os.environ,
                "PATH": PATH,
                "TEJUN_SH": str(self.shell),
                MARKER: self.mark,
                **self.env,
                **env,
            },
            start_new_session=True,
        )
        out, err = await process.communicate(stdin)
        marks = Marks(nonce)
        told = Told(b"", b"", [])
        for event in [*marks.feed("out", out), *marks.feed("err", err), *marks.flush("err")]:
            if isinstance(event, list):
                told.words.append(event)
            elif event[0] == "out":
                told.out += event[1]
            else:
                told.err += event[1]
        return told

    async def has(self, text: str) -> bool:
        """Whether this shell finds a tool that does this."""
        process = await asyncio.create_subprocess_exec(
            str(self.shell), "-c", f"{text} 2>/dev/null", env={**os.environ, "PATH": PATH, **self.env}
        )
        return await process.wait() == 0

    async def run(self, key: str, text: str, *, floor: int = 1024, cap: int = 10**9, **env: str) -> Told:
        payload = text.encode()
        digest = hashlib.sha256(payload).hexdigest()
        return await self("run", key, digest, 0, 0, floor, cap, stdin=payload, **env)

    async def begin(self, key: str, text: str) -> asyncio.Task[Told]:
        """Start `text` and wait for the claim."""
        following = asyncio.create_task(self.run(key, text))
        while not (self.spool / key / "claim").exists():
            await asyncio.sleep(0.02)
        return following

    def runner(self, key: str) -> int:
        return int((self.spool / key / "claim").read_text().split()[0])
