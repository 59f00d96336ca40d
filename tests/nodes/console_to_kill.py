"""A console of one Windows node, to be killed: follows a command, asks beside it, and says a word once it has some of its output.

`python -m tests.nodes.console_to_kill PORT HOST_KEY PASSWORD_FILE KEY`, the command on stdin.
"""

from __future__ import annotations

import asyncio
import sys

from app.domain.procedure import CommandText
from app.nodes import Credential, Links, Target, Windows


async def main() -> None:
    """Never comes back by itself while the command runs."""
    port, host_key, secret, key = sys.argv[1:]
    credential = Credential("password_file", secret, Windows(auth="ntlm"))
    target = Target("node-a", "127.0.0.1", int(port), "Administrator", host_key, credential, transport="psrp")
    text = CommandText(shell="powershell", text=sys.stdin.read())

    async def sink(_stream: str, _offset: int, _data: bytes) -> None:
        sys.stdout.write("output\n")
        sys.stdout.flush()

    async with Links() as links:
        await links.reach(target, "powershell", timeout=60)
        await links.run(target, key, text, offsets=(0, 0), sink=sink, attach_only=False)


if __name__ == "__main__":
    asyncio.run(main())
