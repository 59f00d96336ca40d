"""The guard's folder on a node: installed whole, cleared away only when verified, and every doubt has a text."""

from __future__ import annotations

import hashlib

import pytest

from app.nodes import guard
from app.nodes.errors import GuardBroken
from app.nodes.links import Links
from app.nodes.results import REASONS, Ended, Unknown
from app.nodes.target import Target
from tests.nodes.server import Node
from tests.nodes.support import Recorder, new_key, start


async def test_only_verified_output_is_removed(links: Links, target: Target, recorder: Recorder) -> None:
    key = new_key()
    end = await start(links, target, recorder, key, "echo out; echo err >&2")
    assert isinstance(end, Ended)
    out, err = (hashlib.sha256(data).hexdigest() for data in (recorder.out, recorder.err))
    assert await links.digest(target, key) == (out, err, (4, 4))
    with pytest.raises(GuardBroken) as caught:
        await links.remove(target, key, err, err)
    assert caught.value.detail == "error other_digest"
    assert await links.state(target, key) == end
    await links.remove(target, key, out, err)
    await links.remove(target, key, out, err)
    assert await links.state(target, key) == Unknown("removed")
    assert await start(links, target, Recorder(), key, "echo out; echo err >&2") == Unknown("removed")


async def test_a_damaged_guard_upload_is_not_installed(links: Links, node: Node, target: Target) -> None:
    spool = node.home / ".tejun"
    line = links._line(target)
    mark = guard.Caller().nonce()
    async with line.call(guard.install_line(None), mark, guard.SCRIPT[:-1]) as channel:
        while await channel.take() is not None:
            pass
    assert channel.exit_status == 70
    assert list(spool.iterdir()) == []


async def test_a_spool_that_cannot_be_made_is_said(links: Links, node: Node, target: Target) -> None:
    (node.home / ".tejun").write_text("in the way")
    with pytest.raises(GuardBroken):
        await links.state(target, new_key())


def test_every_reason_speaks_both_languages() -> None:
    texts = [Unknown(reason).text for reason in REASONS]
    assert all(text.ja and text.en and text.ja != text.en for text in texts)
