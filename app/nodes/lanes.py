"""Threads that carry calls to Windows nodes: each owns one session, does one call after the other, and ends when it is idle.

pypsrp is blocking, and one connection of it must not be used by two threads. Knows no guard and reads no answers.
"""

from __future__ import annotations

import asyncio
import queue
import threading
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from app.nodes.errors import ConnectionCut, NodeError, Unreachable
from app.nodes.target import Target
from app.nodes.windows_errors import NodeBusy

if TYPE_CHECKING:
    from app.nodes.psrp import Session

IDLE_SECONDS = 60.0
"""Then a thread ends its session: HTTP.sys closes connections after two minutes, and nodes have few sessions to give."""
PAUSES = (0.5, 1.0, 2.0, 4.0)
"""Seconds between two tries to open a session on a node that has no room for one."""


@dataclass(eq=False)
class Call:
    """One pipeline. `errors`: what it said on the error stream, once it has ended."""

    script: str
    parameters: Mapping[str, str]
    loop: asyncio.AbstractEventLoop = field(default_factory=asyncio.get_running_loop)
    errors: list[str] = field(default_factory=list)
    stop: threading.Event = field(default_factory=threading.Event)
    ended: bool = False
    _news: asyncio.Queue[str | Exception | None] = field(default_factory=asyncio.Queue)

    def tell(self, news: str | Exception | None) -> None:
        """From the thread: a line, an error, or None for the end."""
        try:
            self.loop.call_soon_threadsafe(self._news.put_nowait, news)
        except RuntimeError:
            self.stop.set()  # the loop is closed: nobody listens any more

    async def lines(self) -> AsyncIterator[str]:
        """What the pipeline writes, as it comes. Raises what kept it from its end."""
        while not self.ended:
            news = await self._news.get()
            self.ended = not isinstance(news, str)
            if isinstance(news, Exception):
                raise news
            if news is not None:
                yield news


class Lane:
    """One thread with one session. `clean`: look for what dead consoles have left when it first connects."""

    def __init__(self, target: Target, timeout: float, *, clean: bool) -> None:
        self._target, self._timeout, self._clean = target, timeout, clean
        self._calls: queue.SimpleQueue[Call | None] = queue.SimpleQueue()
        self._lock = threading.Lock()
        self._closed = False
        self._session: Session | None = None
        self.thread = threading.Thread(target=self._work, name=f"psrp {target.name}", daemon=True)
        self.thread.start()

    def offer(self, call: Call) -> bool:
        """Have it carried out next; False where this lane has ended."""
        with self._lock:
            if not self._closed:
                self._calls.put(call)
            return not self._closed

    def retire(self) -> None:
        """End after the call that is under way."""
        with self._lock:
            self._closed = True
            self._calls.put(None)

    def interrupt(self) -> None:
        """Blocking, from any thread: make the call that is under way come back."""
        from app.nodes.psrp_faults import ANYTHING

        session = self._session
        try:
            if session is not None:
                session.interrupt()
        except ANYTHING:
            return  # the node is away, so the call comes back by itself

    def _next(self) -> Call | None:
        try:
            return self._calls.get(timeout=IDLE_SECONDS)
        except queue.Empty:
            with self._lock:
                if not self._calls.empty():
                    return self._calls.get()
                self._closed = True
            return None

    def _work(self) -> None:
        while (call := self._next()) is not None:
            self._carry_out(call)
        if self._session is not None:
            self._session.close()

    def _carry_out(self, call: Call) -> None:
        """One call, with a word of its end whatever happens. Once more with a new session where an old one turns out to be
        dead before it has answered: every text that is sent may arrive twice."""
        told: Exception | None = ConnectionCut(self._target.where, "the thread has ended")
        used = self._session is not None
        try:
            told, dead = self._try(call)
            if dead is not None and used and not dead.answered:
                self._drop(dead)
                told, dead = self._try(call)
                if isinstance(told, Unreachable):  # the first time it may have arrived
                    told = ConnectionCut(self._target.where, str(told))
        finally:
            call.tell(told)
        if dead is not None:
            self._drop(dead)

    def _try(self, call: Call) -> tuple[Exception | None, Session | None]:
        """Why it did not come to its end, and the session that has died of it."""
        from app.nodes.psrp_faults import FAULTS, PinBroken, translate

        try:
            session = self._session or self._open(call)
            call.errors = session.run(call.script, call.parameters, call.tell, call.stop.is_set)
        except (NodeError, PinBroken) as error:
            return error, None
        except FAULTS as error:
            dead, self._session = self._session, None
            return translate(self._target, error, sent=dead is not None and dead.sent), dead
        return None, None

    def _drop(self, session: Session) -> None:
        from app.nodes.psrp_faults import ANYTHING

        try:
            session.abandon()
        except ANYTHING:
            return

    def _open(self, call: Call) -> Session:
        """A session, after some patience with a node that has no room. Raises what psrp_faults.translate makes of it."""
        from app.nodes.psrp import Session
        from app.nodes.psrp_faults import FAULTS, translate

        pauses = iter(PAUSES)
        while True:
            session = None
            try:
                session = Session(self._target, self._timeout)
                session.open(clean=self._clean)
            except FAULTS as error:
                if session is not None:
                    session.forget()
                told = translate(self._target, error, sent=False)
                pause = next(pauses, None)
                if not isinstance(told, NodeBusy) or pause is None or call.stop.wait(pause):
                    raise told from error
                continue
            self._clean, self._session = False, session
            return session
