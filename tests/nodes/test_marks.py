"""Taking a call's channels apart: nothing lost at any border between chunks."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from app.nodes.guard import Event, Marks

MARK = "a1b2"
LINE = b"\x1etejun a1b2 "
PIECES = st.lists(
    st.sampled_from(
        [b"x", b"\n", b"\x1e", b"\x1etejun ", b"\x1etejun a1b3 done\n", b"tejun", LINE[:-1], b"a1b2"]
    ),
    max_size=12,
)


def feed(stream: str, data: bytes, borders: list[int]) -> list[Event]:
    marks, events, last = Marks(MARK), list[Event](), 0
    for border in [*sorted({b % (len(data) + 1) for b in borders}), len(data)]:
        events += marks.feed("out" if stream == "out" else "err", data[last:border])
        last = border
    return events + marks.flush("err")


@given(PIECES, PIECES, st.lists(st.integers(0, 500), max_size=8))
def test_stderr_is_taken_apart_at_any_border(
    noise: list[bytes], body: list[bytes], borders: list[int]
) -> None:
    before, command = b"".join(noise), b"".join(body)
    data = before + LINE + b"claim 1 2\n" + command + LINE + b"done 0\n"
    events = feed("err", data, borders)
    words = [event for event in events if isinstance(event, list)]
    assert words == [["claim", "1", "2"], ["done", "0"]]
    assert b"".join(event[1] for event in events if isinstance(event, tuple)) == command


@given(PIECES, st.lists(st.integers(0, 500), max_size=8))
def test_stdout_begins_behind_its_mark_and_is_free_after_it(body: list[bytes], borders: list[int]) -> None:
    command = b"".join(body) + LINE + b"done 0\n"
    events = feed("out", b"Welcome\n" + LINE + b"begin\n" + command, borders)
    assert events[0] == ["begin"]
    assert b"".join(event[1] for event in events if isinstance(event, tuple)) == command


def test_output_is_not_held_back_for_a_mark_that_may_come() -> None:
    marks = Marks(MARK)
    marks.feed("err", LINE + b"claim\n")
    assert marks.feed("err", b"warning: no newline yet") == [("err", b"warning: no newline yet")]
