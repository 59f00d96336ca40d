"""The wire in front of one node's SSH server, so that it can be cut, healed and reset without touching the server.

Owns the public port and its connections; knows no SSH.
"""

from __future__ import annotations

import asyncio
import socket
import struct

_BLOCK = 256 * 1024
_BACKLOG = 128


class _Link:
    """One connection: the client's socket and the server's, pumped in both directions."""

    def __init__(self, client: socket.socket, server: socket.socket) -> None:
        self.ends = (client, server)

    async def pump(self, source: socket.socket, target: socket.socket, passable: asyncio.Event) -> None:
        loop = asyncio.get_running_loop()
        while True:
            await passable.wait()
            block = await loop.sock_recv(source, _BLOCK)
            await (
                passable.wait()
            )  # cut while it was under way: it arrives after the wire is healed, as TCP would have it
            if not block:
                target.shutdown(socket.SHUT_WR)
                return
            await loop.sock_sendall(target, block)

    def abort(self) -> None:
        """RST to both ends."""
        for end in self.ends:
            end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


class Wire:
    """The public port of a node. Without a server behind it (a crashed node) connections are refused at once."""

    def __init__(self, port: int) -> None:
        self.port = port
        self._passable = asyncio.Event()
        self._passable.set()
        self._behind: int | None = None
        self._listener: socket.socket | None = None
        self._accepting: asyncio.Task[None] | None = None
        self._links: dict[asyncio.Task[None], _Link] = {}
        self._stoppers: list[socket.socket] = []

    @property
    def cut_off(self) -> bool:
        """Whether nothing passes."""
        return not self._passable.is_set()

    async def attach(self, behind: int) -> None:
        """Open the public port, with the SSH server at loopback port `behind`. Raises OSError if the port is taken."""
        listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        try:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.setblocking(False)
            listener.bind(("127.0.0.1", self.port))
            listener.listen(_BACKLOG)
        except OSError:
            listener.close()
            raise
        self._listener, self._behind = listener, behind
        if not self.cut_off:
            self._accept()

    async def detach(self, silently: bool = False) -> None:
        """The node is gone: close the port, reset what is open; silently: freeze it all, as a power failure does."""
        if silently:
            await self.cut()
            return
        await self.heal()
        await self._stop_accepting()
        await self.reset()
        if self._listener:
            self._listener.close()
        self._listener = self._behind = None

    async def cut(self) -> None:
        """Nothing passes from now on, and nobody is told: open connections freeze, new ones get no answer."""
        if self.cut_off:
            return
        self._passable.clear()
        await self._stop_accepting()
        if self._listener:
            await self._fill()

    async def heal(self) -> None:
        """Let everything pass again."""
        for stopper in self._stoppers:
            stopper.close()
        self._stoppers.clear()
        self._passable.set()
        if self._listener and self._behind is not None and self._accepting is None:
            self._listener.listen(_BACKLOG)
            self._accept()

    async def reset(self) -> None:
        """Cut every open connection off with RST, both ends."""
        for link in self._links.values():
            link.abort()
        for running in list(self._links):
            running.cancel()
        await asyncio.gather(*self._links, return_exceptions=True)

    async def _fill(self) -> None:
        """Fill the accept queue: the kernel then drops every further SYN, which is what a cut cable looks like."""
        assert self._listener
        self._listener.listen(0)
        loop = asyncio.get_running_loop()
        for _ in range(4):
            stopper = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
            stopper.setblocking(False)
            self._stoppers.append(stopper)
            try:
                await asyncio.wait_for(loop.sock_connect(stopper, ("127.0.0.1", self.port)), 0.05)
            except TimeoutError:
                return

    def _accept(self) -> None:
        assert self._listener
        self._accepting = asyncio.create_task(self._accept_on(self._listener))

    async def _stop_accepting(self) -> None:
        if self._accepting:
            self._accepting.cancel()
            await asyncio.gather(self._accepting, return_exceptions=True)
            self._accepting = None

    async def _accept_on(self, listener: socket.socket) -> None:
        loop = asyncio.get_running_loop()
        while True:
            client, _ = await loop.sock_accept(listener)
            server = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
            link = _Link(client, server)
            running = asyncio.create_task(self._carry(link))
            self._links[running] = link
            running.add_done_callback(self._links.pop)

    async def _carry(self, link: _Link) -> None:
        client, server = link.ends
        pumps: list[asyncio.Task[None]] = []
        try:
            for end in link.ends:
                end.setblocking(False)
                end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            await asyncio.get_running_loop().sock_connect(server, ("127.0.0.1", self._behind or 0))
            pumps = [
                asyncio.create_task(link.pump(client, server, self._passable)),
                asyncio.create_task(link.pump(server, client, self._passable)),
            ]
            await asyncio.gather(*pumps)
        except OSError:  # one end is gone: so is the other, once the news can pass
            await self._passable.wait()
        finally:
            for pump in pumps:
                pump.cancel()
            await asyncio.gather(*pumps, return_exceptions=True)
            client.close()
            server.close()
