"""Secrets are overwritten at equal length wherever the chunks are cut."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from app.domain.redaction import Redactor, Span

SMALL = st.binary(min_size=1, max_size=5).map(
    lambda raw: bytes(b % 3 + 97 for b in raw)
)  # few letters: many overlaps


def run(secrets: list[bytes], chunks: list[bytes]) -> tuple[bytes, list[Span]]:
    redactor, out, spans = Redactor(secrets), b"", []
    for chunk in chunks:
        shown, found = redactor.feed(chunk)
        out, spans = out + shown, spans + list(found)
    return out + redactor.flush(), spans


@given(st.lists(SMALL, max_size=4), st.lists(SMALL | st.just(b""), max_size=12))
def test_chunk_borders_make_no_difference_and_no_secret_byte_stays(
    secrets: list[bytes], chunks: list[bytes]
) -> None:
    whole = b"".join(chunks)
    expected = bytearray(whole)
    for secret in secrets:
        for start in range(len(whole) - len(secret) + 1):
            if whole[start : start + len(secret)] == secret:
                expected[start : start + len(secret)] = b"*" * len(secret)
    shown, spans = run(secrets, chunks)
    assert shown == bytes(expected)
    covered = {offset for span in spans for offset in range(span.offset, span.offset + span.length)}
    assert covered == {offset for offset, byte in enumerate(expected) if byte == ord("*")}


def test_the_place_is_counted_from_the_first_byte_of_the_stream() -> None:
    assert run([b"secret"], [b"the sec", b"ret is ", b"out"]) == (b"the ****** is out", [Span(4, 6)])


def test_only_a_possible_beginning_is_held_back() -> None:
    redactor = Redactor([b"secret"])
    assert redactor.feed(b"plain text")[0] == b"plain text"
    assert redactor.feed(b"a sec")[0] == b"a "
    assert redactor.feed(b"ond")[0] == b"second"


def test_an_empty_secret_hides_nothing() -> None:
    assert run([b""], [b"abc"]) == (b"abc", [])


def test_a_cut_never_falls_into_a_secret_that_ends_with_its_own_beginning() -> None:
    redactor = Redactor([b"abcab"])
    shown, spans = redactor.feed(b"x abcab")
    assert b"cab" not in shown
    assert len(shown) in (2, 7), "either nothing of the secret is stored yet, or all of it is masked"
    rest = redactor.feed(b" y")[0] + redactor.flush()
    assert shown + rest == b"x ***** y"
    assert spans
