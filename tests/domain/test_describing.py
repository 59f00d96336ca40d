"""Conditions told without a case, in both languages."""

from __future__ import annotations

import re

import pytest

from app.domain import conditions
from app.domain.describing import described

TOLD = {
    "from <= R12.7": ("適用前の版が R12.7.x 以前", "the version before is R12.7.x or earlier"),
    "installed >= R12.8": (
        "その時点でノードに入っている版が R12.8 以降",
        "the version on the node at that moment is R12.8 or later",
    ),
    "to >= R12.4.1": ("適用後の版が R12.4.1 以降", "the version to arrive at is R12.4.1 or later"),
    "from > R12.4": ("適用前の版が R12.4.x より後", "the version before is later than R12.4.x"),
    "operation = patch": ("作業がパッチ適用", "the operation is a patch"),
    "not clwin": ("「ノードに CL/Win が入っている」ではない", "not: CL/Win is installed on the nodes"),
    "install != fresh": ("「新規インストール」ではない", "not: it is installed anew"),
    "platform != wsfc": ("クラスタの種別が wsfc 以外", "the platform is other than wsfc"),
    "from <= R12.10 and to >= R13.0": (
        "適用前の版が R12.10.x 以前、かつ適用後の版が R13.0 以降",
        "the version before is R12.10.x or earlier and the version to arrive at is R13.0 or later",
    ),
    "os = linux and (clwin or local_site = used)": (
        "OS が linux、かつ（ノードに CL/Win が入っている、またはローカルサイトを使う）",
        "the operating system is linux and (CL/Win is installed on the nodes or the local sites are used)",
    ),
}


@pytest.mark.parametrize("text", TOLD)
def test_a_condition_is_told_as_what_has_to_be_so(text: str) -> None:
    found = described(conditions.parse(text))
    assert (found.ja, found.en) == TOLD[text]


@pytest.mark.parametrize("name", conditions.NAMES)
def test_every_name_of_the_language_can_be_told_with_every_sign(name: str) -> None:
    values = conditions._WORDS.get(name)
    if name in conditions._FLAGS:
        texts = [name, f"not {name}"]
    elif values:
        texts = [f"{name} {sign} {value}" for value in values for sign in ("=", "!=")]
    else:
        texts = [f"{name} {sign} R13.1" for sign in conditions._COMPARE]
    for text in texts:
        found = described(conditions.parse(text))
        assert re.search(r"[\u3040-\u30ff]", found.ja)
        assert re.fullmatch(r"[\x20-\x7e]+", found.en)
