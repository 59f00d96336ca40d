"""The product's texts use only what the lab knows; a new construct, command, type or member is named here first."""

from __future__ import annotations

from functools import cache
from typing import Any

import pytest
import yaml

from app.lab.powershell.objects import LabDoesNotKnow
from app.lab.powershell.parse import ParserError, parse
from app.lab.powershell.world import World
from tests.lab.powershell.product_texts import library_lines, product_texts
from tests.lab.powershell.survey import KINDS, LIST, survey, unknown


@cache
def listed() -> Any:
    return yaml.safe_load(LIST.read_text("utf-8"))


def test_every_text_is_read_as_a_whole() -> None:
    texts = product_texts()
    assert len(texts["powershell"]) > 40
    assert set(texts) == {"powershell", "cmd"}
    for text, place in texts["powershell"].items():
        try:
            parse(text)
        except (ParserError, LabDoesNotKnow) as error:
            pytest.fail(f"{place}: {error}")


def test_every_command_of_the_library_is_among_the_texts() -> None:
    rendered = {line for text in product_texts()["powershell"] for line in text.splitlines()}
    lines = dict(library_lines())
    assert len(lines) > 80
    assert {line: place for line, place in lines.items() if line not in rendered} == {}


@pytest.mark.parametrize("kind", KINDS)
def test_what_the_texts_use_is_listed(kind: str) -> None:
    used = survey(product_texts()["powershell"])[kind]
    known = {*listed()[kind], *listed()["machine"].get(kind, [])}
    assert {"not in survey.yaml": sorted(used - known), "used no more": sorted(known - used)} == {
        "not in survey.yaml": [],
        "used no more": [],
    }


def test_the_language_brings_all_that_is_not_the_machine_s() -> None:
    machine = {f"{kind[:-1]} {word}" for kind, words in listed()["machine"].items() for word in words}
    assert set(unknown(survey(product_texts()["powershell"]), World())) == machine


def test_a_new_name_is_found() -> None:
    used = survey(["[IO.Pipes.NamedPipe]::Open('x'); Get-Novelty -Name x | Write-Output -Loud"])
    assert unknown(used, World()) == [
        "command get-novelty",
        "command get-novelty -name",
        "command write-output -loud",
        "type io.pipes.namedpipe",
        "static io.pipes.namedpipe::open()",
    ]
