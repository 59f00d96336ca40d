"""Overlay files: what is accepted, and errors that name file, line, key and what is allowed."""

from __future__ import annotations

import hashlib

import pytest

from app.domain.errors import Invalid
from app.domain.overlaying import HANDED_OFF
from app.domain.planner import make_plan
from app.domain.procedure import Plan
from app.domain.versions import Version
from app.procedures import SECTIONS, procedure, section
from app.procedures.overlayfile import MAX_BYTES, load_overlay
from tests.domain.examples import cluster

TEXT = """\
schema: 1
name: tokyo-overlay
clusters: [tokyo-batch]
paths: {spool: /var/spool/nqs}
steps:
  "3.3.1-3":
    when: os = linux
    minutes: 20
    note: {ja: 監視の担当に電話する, en: Call the monitoring desk}
    checks:
      - probe: disk
        params: {kib: "2000"}
        present: [enough]
        ja: 空きがある
        en: Space is free
  "3.3.1-3@node-b": {minutes: 30}
extra:
  - after: "3.3.1-3"
    kind: command
    title: {ja: 控えを取る, en: Keep a copy}
    instructions: {ja: "[[node]] で控えを取る", en: "Keep a copy on [[node]]"}
    command: |
      cp -p [[nqs]]/a /var/tmp/a
      ls '/var/tmp'
    inverse: {ja: 消す, en: Remove it}
  - {after: "3.3.2-0+3", kind: gate, where: none, title: {ja: 判断, en: Decide}, instructions: {ja: 決める, en: Decide}}
"""

# what is replaced, by what, the field, and what the message must say
FAULTS = [
    ("schema: 1", "schema: 2", "schema", ["o.yaml:1"]),
    ("schema: 1\n", "", "schema", ["o.yaml"]),
    ("name: tokyo-overlay", "name: tokyo-overlay\nname: x", "name", ["o.yaml:3"]),
    ("name: tokyo-overlay", "name: '[[node]]'", "name", ["o.yaml:2"]),
    ("name: tokyo-overlay", "nmae: tokyo-overlay", "name", []),
    ("name: tokyo-overlay", "name: a\nnmae: b", "nmae", ["o.yaml:3", "schema, name, clusters, paths, steps, extra"]),
    ("clusters: [tokyo-batch]", "clusters: tokyo-batch", "clusters", ["o.yaml:3", "all"]),
    ("clusters: [tokyo-batch]", "clusters: []", "clusters", ["o.yaml:3", "all"]),
    ("clusters: [tokyo-batch]", "clusters: [a, a]", "clusters", ["o.yaml:3"]),
    ("spool: /var/spool/nqs", "spol: /var/spool/nqs", "paths.spol", ["o.yaml:4", "spool", "script"]),
    ("spool: /var/spool/nqs", "spool: var/spool", "paths.spool", ["o.yaml:4", "~/"]),
    ('"3.3.1-3":', '"3.3.1-33":', "steps.3.3.1-33", ["o.yaml:6", "3.3.1-1+1", "3.3.1-4"]),
    ('"3.3.1-3":', '"3.4.1-3":', "steps.3.4.1-3", ["o.yaml:6", "3.3.1"]),
    ('"3.3.1-3":', '"step 3":', "steps.step 3", ["o.yaml:6", "3.1.3-9@node-b/site1"]),
    ('"3.3.1-3":', '"3.3.1-3+50":', "steps.3.3.1-3+50", ["o.yaml:6", "3.3.1-3+1"]),
    ("when: os = linux", "when: os = linux and os = aix", "steps.3.3.1-3.when", ["o.yaml:7", "os = linux and os = aix"]),
    ("when: os = linux", "when: from < R16", "steps.3.3.1-3.when", ["o.yaml:7", "R16.3"]),
    ("when: os = linux", "when: from < 16.3", "steps.3.3.1-3.when", ["o.yaml:7", "16.3"]),
    ("when: os = linux", "when: from <= R12.4.0.1", "steps.3.3.1-3.when", ["o.yaml:7", "R12.4.0.1"]),
    ("when: os = linux", "when: system = linux", "steps.3.3.1-3.when", ["o.yaml:7", "clusterware"]),
    ("when: os = linux", "when: os = linx", "steps.3.3.1-3.when", ["o.yaml:7", "solaris"]),
    ("minutes: 20", "minutes: soon", "steps.3.3.1-3.minutes", ["o.yaml:8", "1440"]),
    ("minutes: 20", "minutes: 0", "steps.3.3.1-3.minutes", ["o.yaml:8", "1440"]),
    ("minutes: 20", "minute: 20", "steps.3.3.1-3.minute", ["o.yaml:8", "when, minutes, note, command, checks"]),
    (", en: Call the monitoring desk", "", "steps.3.3.1-3.note.en", ["o.yaml:9"]),
    ("監視の担当に電話する", '"[[databse]]"', "steps.3.3.1-3.note", ["o.yaml:9", "[[databse]]", "database"]),
    ("監視の担当に電話する", '"[[database]]"', "steps.3.3.1-3.note", ["o.yaml:9", "[[database]]"]),
    ("minutes: 20", "command: {text: ls}", "steps.3.3.1-3.command", ["o.yaml:8", "handoff", "unknown_command"]),
    ("probe: disk", "probe: disc", "steps.3.3.1-3.checks[0].probe", ["o.yaml:11", "disc", "processes"]),
    ('params: {kib: "2000"}', "params: {mib: 2}", "steps.3.3.1-3.checks[0].params", ["o.yaml:12", "kib"]),
    ("present: [enough]", "present: enough", "steps.3.3.1-3.checks[0].present", ["o.yaml:13"]),
    ("        present: [enough]\n", "", "steps.3.3.1-3.checks[0].probe", ["o.yaml:11", "absent"]),
    ("present: [enough]", 'present: ["[[evrything]]"]', "steps.3.3.1-3.checks[0].probe", ["[[evrything]]", "healthy"]),
    ("{minutes: 30}", "{}", "steps.3.3.1-3@node-b", ["o.yaml:16", "minutes"]),
    ("{minutes: 30}", "30", "steps.3.3.1-3@node-b", ["o.yaml:16"]),
    ('after: "3.3.1-3"\n', 'after: "3.3.1-3@node-b"\n', "extra[0].after", ["o.yaml:18", "3.1.3-9"]),
    ('after: "3.3.1-3"\n', 'after: "3.3.1-5"\n', "extra[0].after", ["o.yaml:18", "3.3.1-4"]),
    ("kind: command", "kind: order", "extra[0].kind", ["o.yaml:19", "gate"]),
    ("kind: command", "kind: manual", "extra[0].command", ["o.yaml:22"]),
    ("kind: command", "kind: command\n    harmless: true\n    destructive: true", "extra[0].harmless", ["o.yaml:20"]),
    ("kind: command", "kind: command\n    where: none", "extra[0].where", ["o.yaml:20", "active"]),
    ("ls '/var/tmp'", "ls '/var/tmp", "extra[0].command", ["o.yaml:24"]),
    ("ls '/var/tmp'", "ls '[[nqs]]'", "extra[0].command", ["o.yaml:24", "[[…]]"]),
    ("ls '/var/tmp'", "rm -rf [[nqs]]/*", "extra[0].command", ["o.yaml:24"]),
    ("ls '/var/tmp'", "sudo rm -rf /", "extra[0].command", ["o.yaml:24:", "sudo"]),
    ("ls '/var/tmp'", 'eval "rm -rf /*"', "extra[0].command", ["o.yaml:24:", "eval"]),
    ("ls '/var/tmp'", "printf x | xargs rm", "extra[0].command", ["o.yaml:24:", "xargs"]),
    ("ls '/var/tmp'", "\\rm -rf /srv/*", "extra[0].command", ["o.yaml:24:", "rm"]),
    ("監視の担当に電話する", '"\\ud800"', "steps.3.3.1-3.note.ja", ["o.yaml:9"]),
    ("監視の担当に電話する", '"\\0"', "steps.3.3.1-3.note.ja", ["o.yaml:9"]),
    ('"3.3.1-3":', '"3.3.1-03":', "steps.3.3.1-03", ["o.yaml:6"]),
    ("when: os = linux", f"when: {'not ' * 200} os = linux", "steps.3.3.1-3.when", ["o.yaml:7", "300"]),
    ("when: os = linux", "when: " + " or ".join(["from < R12.7"] * 9), "steps.3.3.1-3.when", ["o.yaml:7", "8"]),
    ("ls '/var/tmp'", "cd /var/tmp", "extra[0].command", ["o.yaml:24:", "cd"]),
    ("ls '/var/tmp'", "if true; then ls", "extra[0].command", ["o.yaml:24:", "sh"]),
    ("ls '/var/tmp'", "rm -rf [[nqs]]", "extra[0].command", ["o.yaml:24:", "rm"]),
    ("ls '/var/tmp'", "ls [[site]]", "extra[0].command", ["o.yaml:24", "[[site]]"]),
    ("ls '/var/tmp'", "ls [[site_processes]]", "extra[0].command", ["o.yaml:24", "[[site_processes]]"]),
    ("title: {ja: 判断", "title: {ja: '[[node]]'", "extra[1].title", ["o.yaml:26", "[[node]]"]),
    ("name: tokyo-overlay", "name: &x tokyo", None, ["o.yaml:2"]),
    ("paths:", "\tpaths:", None, ["o.yaml:4"]),
]  # fmt: skip


@pytest.mark.parametrize(("old", "new", "field", "said"), FAULTS, ids=[fault[1][:40] for fault in FAULTS])
def test_an_error_names_the_place_and_what_is_allowed(
    old: str, new: str, field: str | None, said: list[str]
) -> None:
    assert old in TEXT
    with pytest.raises(Invalid) as no:
        load_overlay(TEXT.replace(old, new, 1).encode(), "o.yaml")
    assert no.value.field == field
    for language in (no.value.message.ja, no.value.message.en):
        assert "o.yaml" in language
        for words in said:
            assert words in language


COMMAND = """\
schema: 1
name: lines
clusters: all
steps:
  "3.1.3-6":
    command:
      shell: sh
      text: %s
"""
SCRIPT = ["export LANG=C", "ls /var/tmp", "", "WRONG", "ls /srv"]
WRONG = (
    "sudo ls",
    "rm -rf /srv/*",
    "cd /srv",
    "ls '/srv",
    "ls [[nowhere]]",
    "ls [[site]]",
    "[[ -e /srv ]] && ls",
)


@pytest.mark.parametrize("wrong", WRONG)
def test_an_error_in_a_command_names_the_line_that_is_wrong(wrong: str) -> None:
    """Of a text that keeps its lines; of one that the file folds or quotes, the line of its key."""
    lines = [line.replace("WRONG", wrong) for line in SCRIPT]
    for header, indent in (("|", 8), ("|-", 8), ("|2-", 8), ("| # the script", 10)):
        block = "\n".join([header, *(" " * indent + line if line else "" for line in lines)])
        with pytest.raises(Invalid) as no:
            load_overlay((COMMAND % block).encode(), "o.yaml")
        for told in (no.value.message.ja, no.value.message.en):
            assert told.startswith("o.yaml:12: "), told
    for quoted in (
        '"' + "\\n".join(lines) + '"',
        ">\n" + "\n\n".join(f"        {line}" for line in lines if line),
    ):
        with pytest.raises(Invalid) as no:
            load_overlay((COMMAND % quoted).encode(), "o.yaml")
        assert no.value.message.en.startswith("o.yaml:8: "), no.value.message.en


def test_a_sound_file_is_read_and_known_by_the_digest_of_its_bytes() -> None:
    file = load_overlay(TEXT.encode())
    assert file.sha256 == hashlib.sha256(TEXT.encode()).hexdigest()
    assert file.overlay.clusters == ("tokyo-batch",)
    assert [step.minutes for step in file.overlay.steps.values()] == [20, 30]
    assert [(template.step, template.added) for _, template in file.overlay.extras] == [(3, 50), (0, 50)]


@pytest.mark.parametrize(
    "data",
    [
        b"\xef\xbb\xbf" + TEXT.encode(),
        TEXT.replace("\n", "\r\n").encode(),
        TEXT.replace("tokyo", "東京").encode(),
        TEXT.replace("[tokyo-batch]", "all").encode(),
    ],
    ids=["bom", "crlf", "japanese", "all"],
)
def test_marks_line_ends_and_japanese_names_are_accepted(data: bytes) -> None:
    file = load_overlay(data)
    assert file.sha256 == hashlib.sha256(data).hexdigest()
    assert "\r" not in (file.overlay.extra[0].command or "")


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"- a\n",
        b"\xff\xfe\x00",
        b"a: [",
        "name: ソ表能".encode("cp932"),
        b"x" * (MAX_BYTES + 1),
        b"{a: " * 500,
    ],
)
def test_what_is_no_overlay_file_is_refused(data: bytes) -> None:
    with pytest.raises(Invalid):
        load_overlay(data)


def test_not_too_many_steps_may_be_added_behind_one() -> None:
    extra = TEXT.splitlines()[-1]
    with pytest.raises(Invalid) as no:
        load_overlay((TEXT + f"{extra}\n" * 50).encode(), "o.yaml")
    assert no.value.field == "extra"
    assert "50" in no.value.message.en


HANDOFFS = [
    f"{name}-{step.step}{f'+{step.added}' if step.added else ''}"
    for names in SECTIONS.values()
    for name in names
    for step in section(name).steps
    if any(form.why_manual in HANDED_OFF for _, form in step.alternatives)
]


@pytest.mark.parametrize("place", HANDOFFS)
def test_every_hand_off_of_the_library_takes_a_command(place: str) -> None:
    told = f'schema: 1\nname: own\nclusters: all\nsteps: {{"{place}": {{command: {{text: "true"}}}}}}\n'
    assert load_overlay(told.encode()).overlay.steps[place].command


def test_the_spool_that_an_upgrade_hands_off_is_converted_by_the_organisations_command() -> None:
    told = (
        "schema: 1\nname: own\nclusters: all\n"
        'steps: {"3.1.3-9": {when: os = linux, minutes: 15, command: {text: "convert [[database]]"}}}\n'
    )
    upgrade = cluster(version="R12.10")
    plan = make_plan(
        procedure, upgrade, "upgrade", Version.parse("R16.3"), overlay=load_overlay(told.encode())
    )
    assert isinstance(plan, Plan)
    [step] = [step for step in plan.steps if step.key == "3.1.3-9@node-a/site1"]
    assert (step.kind, step.destructive, step.minutes) == ("command", True, 15)
    assert step.commands[0].text == "unset NQS_SITE\nconvert /shared/site1"
