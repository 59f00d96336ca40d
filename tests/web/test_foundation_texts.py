"""Every text a person reads exists in both languages, and the catalogue holds nothing that no page shows."""

from __future__ import annotations

from pathlib import Path

import pytest
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po

from app.domain.lifecycle import AttemptState, Awaiting, DeliveryState, SessionState, StepState
from app.models.sessions import APPROVAL_STATES
from app.web import filters, i18n
from app.web.i18n import CATALOGUES, translations
from app.web.rendering import TEMPLATES
from app.web.wording import BADGES

WEB = Path(i18n.__file__).parent
MIDDAY = 1_795_834_800_123_456  # 2026-11-28 12:00:00 in Tokyo, and a bit


def used() -> set[str]:
    """Message ids of the templates and of app/web."""
    places = ((TEMPLATES, "**.html", "jinja2.ext:babel_extract"), (WEB, "**.py", "python"))
    found: set[str] = set()
    for folder, pattern, method in places:
        for _, _, message, _, _ in extract_from_dir(folder, [(pattern, method)]):
            assert isinstance(message, str), f"plural forms are not used: {message}"
            found.add(message)
    return found


def translated() -> dict[str, str]:
    """What the catalogues hold."""
    found = {}
    for path in sorted(CATALOGUES.glob("*.po")):
        with path.open("rb") as file:
            catalogue = read_po(file, locale="ja", abort_invalid=True)
        assert not catalogue.obsolete, path.name
        for message in catalogue:
            if message.id:
                assert not message.fuzzy, (path.name, message.id)
                assert isinstance(message.id, str)
                found[message.id] = str(message.string)
    return found


def test_every_message_has_a_japanese_text() -> None:
    texts = translated()
    assert sorted(message for message in used() if not texts.get(message)) == []


def test_no_message_is_translated_that_no_page_shows() -> None:
    assert sorted(set(translated()) - used()) == []


def test_a_translation_keeps_the_values_of_its_message() -> None:
    for message, text in translated().items():
        names = {part.split(")")[0] for part in message.split("%(")[1:]}
        assert {part.split(")")[0] for part in text.split("%(")[1:]} == names, message


def test_the_catalogues_merge_and_english_is_the_message_itself() -> None:
    assert translations("ja").gettext("Sign in") == "サインイン"
    assert translations("en").gettext("Sign in") == "Sign in"


@pytest.mark.parametrize(
    ("kind", "states"),
    [
        ("session", SessionState),
        ("step", StepState),
        ("awaiting", Awaiting),
        ("attempt", AttemptState),
        ("delivery", DeliveryState),
        ("verdict", ("pass", "fail", "unknown")),
        ("approval", APPROVAL_STATES),
    ],
)
def test_every_state_has_a_badge_with_words_and_a_sign(kind: str, states: tuple[str, ...]) -> None:
    for state in states:
        badge = BADGES[kind][state]
        assert badge.text.ja
        assert badge.text.en
        assert badge.sign


def test_signs_tell_apart_what_colours_alone_would() -> None:
    for kind in ("step", "attempt"):
        looks = {
            (badge.sign, badge.tone)
            for state, badge in BADGES[kind].items()
            if state in ("succeeded", "failed", "unknown")
        }
        assert len({sign for sign, _ in looks}) == 3


@pytest.mark.parametrize(
    ("microseconds", "ja", "en"),
    [
        (0, "0.0秒", "0.0 s"),
        (1_234_000, "1.2秒", "1.2 s"),
        (59_000_000, "59秒", "59 s"),
        (61_000_000, "1分1秒", "1 min 1 s"),
        (3_600_000_000, "1時間0分0秒", "1 h 0 min 0 s"),
        (None, "–", "–"),
    ],
)
def test_durations_are_read_at_a_glance(microseconds: int | None, ja: str, en: str) -> None:
    assert filters.duration(microseconds, "ja") == ja
    assert filters.duration(microseconds, "en") == en


def test_times_are_shown_in_the_clusters_zone_to_the_second() -> None:
    shown = filters.local(MIDDAY, "Asia/Tokyo")
    assert ">2026-11-28 12:00:00 JST<" in shown
    assert 'datetime="2026-11-28T03:00:00.123Z"' in shown
    assert ">2026-11-28 03:00:00 GMT<" in filters.local(MIDDAY, "Europe/London")
    assert filters.field_time(MIDDAY) == "2026-11-28 12:00"
    assert filters.local(None) == "–"


@pytest.mark.parametrize(
    ("count", "shown"),
    [
        (0, "0 B"),
        (1023, "1,023 B"),
        (1024, "1.0 KiB"),
        (12 * 2**20, "12.0 MiB"),
        (5 * 2**40, "5.0 TiB"),
        (None, "–"),
    ],
)
def test_sizes_are_in_binary_units(count: int | None, shown: str) -> None:
    assert filters.size(count) == shown


def test_what_a_person_typed_is_escaped_in_a_digest() -> None:
    assert "<script>" not in filters.digest("<script>")
