"""Taking a call's channels apart, and raw bytes as text: nothing lost at any border between chunks."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.nodes.encodings import ENCODINGS, Encoding, View, decode, line_starts, whole_lines
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


@pytest.mark.parametrize("encoding", ENCODINGS)
@given(text=st.text("ab\n日本語表ソ能ー、①", max_size=40), size=st.integers(1, 7))
def test_characters_survive_any_chunking(encoding: Encoding, text: str, size: int) -> None:
    text = text if encoding != "euc-jp" else text.replace("①", "")
    data = text.encode(encoding)
    view = View(encoding)
    chunks = [data[at : at + size] for at in range(0, len(data), size)]
    assert "".join(view.text(chunk) for chunk in chunks) + view.text(b"", last=True) == text


@pytest.mark.parametrize(
    ("encoding", "data", "shown"),
    [
        ("utf-8", b"ok \xff end", "ok \ufffd end"),
        ("euc-jp", b"ok \xff end", "ok \ufffd end"),
        ("cp932", b"ok \x81 end", None),
        ("utf-8", b"cut \xe6\x97", "cut \ufffd"),
    ],
)
def test_what_cannot_be_decoded_is_shown_as_such(encoding: Encoding, data: bytes, shown: str | None) -> None:
    text = decode(data, encoding)
    assert "\ufffd" in text if shown is None else text == shown
    view = View(encoding)
    assert view.text(data) + view.text(b"", last=True) == text


@given(st.binary(max_size=200).map(lambda data: data.replace(b"\x00", b"\n")), st.integers(0, 1000))
def test_line_starts_are_where_newlines_end(data: bytes, offset: int) -> None:
    assert line_starts(data, offset) == [offset + i + 1 for i, byte in enumerate(data) if byte == 0x0A]


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_a_newline_byte_is_never_part_of_another_character(encoding: Encoding) -> None:
    for code in [*range(0x80, 0x3100), *range(0x4E00, 0xA000), *range(0xFF00, 0xFFF0)]:
        try:
            assert b"\n" not in chr(code).encode(encoding)
        except UnicodeEncodeError:
            continue


def test_whole_lines_leave_the_rest_for_later() -> None:
    assert whole_lines(b"one\ntwo\nthr") == (b"one\ntwo\n", b"thr")
    assert whole_lines(b"thr") == (b"", b"thr")
