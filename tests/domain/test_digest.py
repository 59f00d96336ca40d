"""Canonical bytes, digests and the chain."""

from __future__ import annotations

import hashlib

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from app.domain.digest import GENESIS, approval_digest, canonical, canonical_quickly, digest_of, link

TEXT = st.text(st.characters(exclude_categories=["Cs"]))
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | TEXT,
    lambda inner: st.lists(inner) | st.dictionaries(TEXT, inner),
    max_leaves=20,
)


@given(JSON)
def test_canonical_bytes_are_those_of_rfc_8785(value: object) -> None:
    assert canonical(value) == rfc8785.dumps(value)  # type: ignore[arg-type]


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | TEXT,
        lambda inner: st.lists(inner) | st.dictionaries(st.text("aAzZ_09-"), inner),
        max_leaves=20,
    )
)
def test_a_value_of_plain_keys_has_the_same_bytes_by_the_short_way(value: object) -> None:
    assert canonical_quickly(value) == canonical(value)


@pytest.mark.parametrize("value", [1.5, float("nan"), {1: 2}, {"a": {3}}, b"x", 2**53])
def test_what_has_no_single_spelling_is_refused(value: object) -> None:
    with pytest.raises(TypeError):
        canonical(value)


def test_the_order_of_keys_does_not_matter() -> None:
    assert digest_of({"a": 1, "b": [2]}) == digest_of({"b": [2], "a": 1}) != digest_of({"a": 1, "b": [3]})


def test_the_chain_is_plain_sha256_over_link_and_payload() -> None:
    first = link(GENESIS, b"one")
    assert first == hashlib.sha256(bytes(32) + b"one").digest()
    assert link(first, b"two") != link(first, b"tw")
    with pytest.raises(ValueError, match="32 bytes"):
        link(b"short", b"one")


@pytest.mark.parametrize("changed", [0, 1, 2, 3])
def test_an_approval_covers_all_four(changed: int) -> None:
    covered: list[object] = [
        "sha256:1",
        {"node-a": "127.0.0.1:22"},
        {"node-a": "SHA256:x"},
        {"patch.rpm": "aa"},
    ]
    other = list(covered)
    other[changed] = "sha256:2" if changed == 0 else {}
    assert approval_digest(*covered) != approval_digest(*other)  # type: ignore[arg-type]
