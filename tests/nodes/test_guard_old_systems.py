"""The guard where tools are missing: no setsid, no /proc, whole seconds in sleep, another tool for SHA-256, a plain sync."""

from __future__ import annotations

import asyncio
import hashlib
import secrets
import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from app.nodes.guard import SCRIPT
from tests.nodes.shells import Guard
from tests.nodes.support import kill_marked, new_key

POSIX = (
    *(
        "sh",
        "awk",
        "basename",
        "cat",
        "cut",
        "date",
        "dd",
        "df",
        "expr",
        "find",
        "grep",
        "head",
        "kill",
        "ln",
        "ls",
        "mkdir",
    ),
    *(
        "mv",
        "nohup",
        "printf",
        "ps",
        "pwd",
        "rm",
        "rmdir",
        "sed",
        "sort",
        "tail",
        "touch",
        "tr",
        "tty",
        "uname",
        "wc",
        "who",
    ),
)
WHOLE_SECONDS = '#!/bin/sh\ncase $1 in *.*) echo "bad number" >&2; exit 2;; esac\nexec {sleep} "$1"\n'
PLAIN_SYNC = "#!/bin/sh\n[ $# = 0 ] || exit 2\nexec {sync}\n"


def tools(folder: Path, digest: str) -> Path:
    """A folder with what an old UNIX has, and one tool for SHA-256."""
    folder.mkdir()
    for name in filter(None, [*POSIX, digest]):
        (folder / name).symlink_to(str(shutil.which(name)))
    for name, text in (("sleep", WHOLE_SECONDS), ("sync", PLAIN_SYNC)):
        (folder / name).write_text(text.format(**{name: shutil.which(name)}))
        (folder / name).chmod(0o755)
    return folder


def old(folder: Path, digest: str = "openssl") -> Guard:
    """The guard of such a system: asked in the same words, finding less."""
    (folder / "guard.sh").write_bytes(SCRIPT.replace(b"/proc/self/stat", b"/nonexistent/stat"))
    env = {"PATH": str(tools(folder / "bin", digest)), "TEJUN_BOOT_FILE": "/nonexistent/boot_id"}
    env["COLUMNS"] = "40"  # a login shell's narrow terminal: some ps cut their lines at it
    return Guard(folder, Path("/bin/sh"), secrets.token_hex(8), env)


@pytest.fixture
async def guard(tmp_path: Path) -> AsyncIterator[Guard]:
    guard = old(tmp_path)
    yield guard
    kill_marked(guard.mark)


@pytest.mark.parametrize("digest", ["openssl", "shasum", "sha256sum"])
async def test_any_tool_for_digests_will_do(tmp_path: Path, digest: str) -> None:
    guard, key = old(tmp_path, digest), new_key()
    told = await guard.run(key, "echo out; echo err >&2; exit 3")
    assert (told.out, told.err, told.last) == (b"out\n", b"err\n", "done 3 4 4 0 0")
    assert (await guard("digest", key)).words[-1][1] == hashlib.sha256(b"out\n").hexdigest()


async def test_without_a_tool_for_digests_nothing_starts(tmp_path: Path) -> None:
    guard, key = old(tmp_path, ""), new_key()
    assert (await guard.run(key, f"touch {tmp_path}/ran")).last == "error no_sha256"
    assert (await guard("state", key)).last == "absent"
    assert not (tmp_path / "ran").exists()


async def test_a_running_command_is_known_by_its_runners_arguments(guard: Guard) -> None:
    key = new_key()
    following = await guard.begin(key, "sleep 2; echo over")
    assert (await guard("state", key)).last == "running"
    assert (await following).last == "done 0 5 0 0 0"
    assert (await guard("state", key)).last == "done 0 5 0 0 0"


async def test_a_cancel_walks_the_tree(guard: Guard) -> None:
    key = new_key()
    following = await guard.begin(key, "(trap '' TERM; sleep 61; sleep 62) & sleep 63")
    await asyncio.sleep(0.5)
    assert (await guard("cancel", key, 1)).last == "dead"
    assert (await following).words[-1][:2] in (["done", "143"], ["done", "137"])


async def test_output_beyond_the_cap_is_cut_and_counted_at_least(guard: Guard) -> None:
    key = new_key()
    text = "i=0; while [ $i -lt 4 ]; do printf 0123456789; sleep 1; i=$((i+1)); done"
    told = await guard.run(key, text, cap=15)
    assert told.out == b"012345678901234"
    _, status, kept, _, dropped, _ = told.words[-1]
    assert (status, kept) == ("0", "15")
    assert 0 < int(dropped) <= 25


async def test_twenty_starters_start_it_once(guard: Guard) -> None:
    key, counter = new_key(), guard.folder / "count"
    await asyncio.gather(*(guard.run(key, f"echo x >>{counter}; sleep 1") for _ in range(20)))
    assert counter.read_text() == "x\n"
