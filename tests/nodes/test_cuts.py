"""Connections that die at bad moments: no byte lost, none twice, one start, whatever happens to the link."""

from __future__ import annotations

import asyncio
import hashlib
import random
import time

import pytest

from app.domain.shell import sh
from app.nodes.errors import ConnectionCut, Unreachable
from app.nodes.links import Links
from app.nodes.results import Ended, Unknown
from app.nodes.target import Target
from tests.nodes.server import Node, Proxy
from tests.nodes.support import Recorder, new_key

LINES = 60_000
# about 5 MB on stdout and 60 kB on stderr, a little slower than the machine, with everything derivable here
TEXT = (
    "echo x >>starts; awk 'BEGIN { for (i = 1; i <= "
    + str(LINES)
    + '; i++) { printf "%08d the quick brown fox jumps over the lazy dog, again and again and again, without end\\n", i; '
    'if (i % 1000 == 0) { printf "progress %07d\\n", i | "cat >&2"; system("sleep 0.02") } } }\'; exit 5'
)
OUT = b"".join(
    b"%08d the quick brown fox jumps over the lazy dog, again and again and again, without end\n" % i
    for i in range(1, LINES + 1)
)
ERR = b"".join(b"progress %07d\n" % i for i in range(1000, LINES + 1, 1000))
END = Ended(5, len(OUT), len(ERR), 0, 0)


async def persist(
    links: Links, target: Target, recorder: Recorder, key: str, text: str
) -> tuple[Ended | Unknown, int]:
    """What the engine does: again from the stored offsets until it is known how it ended; and how often it was cut."""
    cuts = 0
    while True:
        try:
            end = await links.run(
                target,
                key,
                sh(text),
                offsets=recorder.offsets,
                sink=recorder.sink,
                attach_only=recorder.claims > 0,
                on_claim=recorder.on_claim,
            )
            return end, cuts
        except (ConnectionCut, Unreachable):
            cuts += 1
            await asyncio.sleep(0.02)


def intact(node: Node, recorder: Recorder) -> None:
    assert (node.home / "starts").read_text() == "x\n"
    assert hashlib.sha256(recorder.out).digest() == hashlib.sha256(OUT).digest()
    assert hashlib.sha256(recorder.err).digest() == hashlib.sha256(ERR).digest()


async def test_resets_lose_and_repeat_nothing(
    links: Links, node: Node, proxy: Proxy, through_proxy: Target, recorder: Recorder
) -> None:
    proxy.tear_after = 300_000
    end, cuts = await persist(links, through_proxy, recorder, new_key(), TEXT)
    assert end == END
    assert cuts >= 10
    intact(node, recorder)


async def test_a_black_hole_is_noticed_and_survived(
    links: Links, node: Node, proxy: Proxy, through_proxy: Target, recorder: Recorder
) -> None:
    running = asyncio.create_task(persist(links, through_proxy, recorder, new_key(), TEXT))
    await asyncio.sleep(0.7)
    proxy.hole = True
    await asyncio.sleep(10)
    proxy.hole = False
    end, cuts = await asyncio.wait_for(running, 30)
    assert end == END
    assert cuts >= 1
    intact(node, recorder)


async def test_a_short_black_hole_is_not_even_a_cut(
    node: Node, proxy: Proxy, through_proxy: Target, recorder: Recorder
) -> None:
    async with Links() as patient:
        running = asyncio.create_task(persist(patient, through_proxy, recorder, new_key(), TEXT))
        await asyncio.sleep(0.5)
        proxy.hole = True
        await asyncio.sleep(2)
        proxy.hole = False
        assert await asyncio.wait_for(running, 30) == (END, 0)
    intact(node, recorder)


async def test_connections_that_die_around_the_start_start_it_once(
    links: Links, node: Node, proxy: Proxy, through_proxy: Target
) -> None:
    dice = random.Random(7)
    ends = []
    for number in range(25):
        recorder = Recorder()
        text = f"echo x >>starts.{number}; echo {number}"
        running = asyncio.create_task(persist(links, through_proxy, recorder, new_key(), text))
        for _ in range(3):
            await asyncio.sleep(dice.uniform(0, 0.04))
            proxy.reset()
        ends.append((await asyncio.wait_for(running, 20))[0])
        assert recorder.out == f"{number}\n".encode()
    assert {type(end) for end in ends} == {Ended}
    assert [(node.home / f"starts.{number}").read_text() for number in range(25)] == ["x\n"] * 25


async def test_a_connection_that_dies_before_a_channel_opens_has_sent_nothing(
    links: Links, node: Node, proxy: Proxy, through_proxy: Target, recorder: Recorder
) -> None:
    await links.read(through_proxy, sh("true"), timeout=5)
    proxy.hole = True
    began = time.monotonic()
    with pytest.raises(Unreachable):
        await links.run(
            through_proxy, new_key(), sh("true"), offsets=(0, 0), sink=recorder.sink, attach_only=False
        )
    assert time.monotonic() - began < 15
    assert len(node.commands) == 1


async def test_a_node_that_is_not_there_is_unreachable(links: Links, node: Node, target: Target) -> None:
    await node.stop()
    with pytest.raises(Unreachable) as caught:
        await links.read(target, sh("true"), timeout=10)
    assert caught.value.code == "unreachable"
    await node.start()
    assert (await links.read(target, sh("echo back"), timeout=10)).stdout == b"back\n"
