"""The connection doctor against a Windows node of the lab over WinRM, with its faults, and the words of Kerberos."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from spnego.exceptions import SpnegoError

from app.lab.winrm.registry import Quotas
from app.nodes import contact, errors, windows_errors
from app.nodes.doctor import LINE_OF
from app.nodes.errors import NodeError
from app.nodes.psrp_faults import translate
from app.nodes.target import Target
from tests.nodes.examining import WINDOWS, asked, only_failure, the, verdicts
from tests.nodes.windows import WindowsLab, known


async def test_a_sound_windows_node_passes_every_line_and_is_left_as_it_was(
    lab: WindowsLab, windows: Target
) -> None:
    before = sorted(each.relative_to(lab.path("C:\\")) for each in lab.path("C:\\").rglob("*"))
    found = (await asked(windows, WINDOWS)).examination
    assert found.verdict == "pass", found
    assert "not_asked" not in verdicts(found).values()
    assert "2" in the("hop", found).found.en
    assert list(lab.endpoint.registry) == []
    assert lab.computer.tasks.all() == []
    assert sorted(each.relative_to(lab.path("C:\\")) for each in lab.path("C:\\").rglob("*")) == before


async def test_an_unknown_certificate_is_shown_and_nothing_is_sent(lab: WindowsLab, windows: Target) -> None:
    examined = await asked(lab.target, WINDOWS)
    assert examined.offered is not None
    assert examined.offered.public_key == windows.host_key
    assert examined.offered.fingerprint in only_failure("identity", examined.examination)


async def test_a_changed_certificate_is_shown_and_nothing_is_sent(lab: WindowsLab, windows: Target) -> None:
    lab.endpoint.use_certificate(lab.authority.node("127.0.0.1"))
    examined = await asked(windows, WINDOWS)
    assert "eavesdropper" in only_failure("identity", examined.examination)
    assert examined.offered is not None
    assert examined.offered.public_key != windows.host_key


@pytest.mark.parametrize(
    ("name", "expired", "word"), [("127.0.0.1", True, "expired"), ("elsewhere.example", False, "lack")]
)
async def test_the_flaws_of_a_pinned_certificate_warn(
    lab: WindowsLab, name: str, expired: bool, word: str
) -> None:
    lab.endpoint.use_certificate(lab.authority.node(name, (), expired=expired))
    found = (await asked(await known(lab.target), WINDOWS)).examination
    assert found.verdict == "warn"
    assert word in the("identity", found).found.en


@pytest.mark.parametrize("named", [True, False])
async def test_a_certificate_is_judged_by_the_ca_file(lab: WindowsLab, tmp_path: Path, named: bool) -> None:
    ca = tmp_path / "ca.pem"
    lab.authority.own.write(ca)
    vouched = await known(lab.using(ca_file=str(ca)))
    if not named:
        lab.endpoint.use_certificate(lab.authority.node("elsewhere.example", ()))
    found, _ = await contact.windows_identity(vouched, 5.0, datetime.now(UTC))
    assert found.verdict == ("pass" if named else "fail")


async def test_a_wrong_password_of_windows_fails_at_the_sign_in(
    windows: Target, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NODE_PASSWORD", "wr0ng-secret")
    credential = replace(windows.credential, kind="password_env", ref="NODE_PASSWORD")
    found = (await asked(replace(windows, credential=credential), WINDOWS)).examination
    assert "DOMAIN\\user" in only_failure("signin", found)
    assert "wr0ng-secret" not in repr(found)


@pytest.mark.parametrize(("impostor", "word"), [("proxy", "サインイン"), ("not_found", "404")])
async def test_a_page_in_place_of_winrm_is_said_with_its_title(
    lab: WindowsLab, windows: Target, impostor: str, word: str
) -> None:
    lab.endpoint.faults.impostor = impostor  # type: ignore[assignment]
    found = (await asked(windows, WINDOWS)).examination
    assert "no WinRM" in only_failure("service", found)
    assert word in the("service", found).found.ja
    assert verdicts(found)["signin"] == verdicts(found)["clock"] == "not_asked"


async def test_http_where_tls_should_be_fails_at_the_certificate(lab: WindowsLab, windows: Target) -> None:
    found = (await asked(replace(windows, port=lab.endpoint.http_port), WINDOWS)).examination
    assert "TLS" in only_failure("identity", found)


async def test_without_tls_only_kerberos_is_let_through(lab: WindowsLab) -> None:
    plain = replace(lab.using(plain_http=True), port=lab.endpoint.http_port)
    assert "kerberos" in only_failure("identity", (await asked(plain, WINDOWS)).examination)


async def test_without_tls_kerberos_vouches_and_winrm_is_found_before_the_sign_in(lab: WindowsLab) -> None:
    plain = replace(lab.using(plain_http=True, auth="kerberos"), port=lab.endpoint.http_port)
    found = (await asked(await known(plain), WINDOWS)).examination
    assert verdicts(found)["identity"] == verdicts(found)["service"] == "pass"


@pytest.mark.parametrize(("seconds", "verdict"), [(-90, "warn"), (600, "fail")])
async def test_a_clock_that_is_off_is_told_in_seconds(
    lab: WindowsLab, windows: Target, seconds: int, verdict: str
) -> None:
    lab.endpoint.faults.clock = seconds
    found = (await asked(windows, WINDOWS)).examination
    assert found.verdict == the("clock", found).verdict == verdict
    told = re.search(r"[+-]\d+", the("clock", found).found.en)
    assert told is not None
    assert abs(int(told[0]) - seconds) <= 30  # the lab's node may be slow to answer


async def test_a_low_quota_fails_before_anything_breaks_on_it(
    lab: WindowsLab, windows: Target, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        lab.endpoint.registry, "quotas", Quotas(max_shells_per_user=4, max_memory_per_shell_mb=300)
    )
    said = only_failure("quotas", (await asked(windows, WINDOWS)).examination)
    assert "MaxShellsPerUser 4" in said
    assert "needed: MaxShellsPerUser 5" in said


async def test_a_node_without_room_says_so_at_the_sign_in(
    lab: WindowsLab, windows: Target, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.nodes.lanes.PAUSES", (0.01,))
    lab.endpoint.faults.refuse_by_quota(100)
    assert "MaxShellsPerUser" in only_failure("signin", (await asked(windows, WINDOWS)).examination)


@pytest.mark.parametrize(("mark", "line"), [("constrained-language", "language"), ("full-disk", "disk")])
async def test_what_is_wrong_with_the_node_itself_fails_on_its_line(
    lab: WindowsLab, windows: Target, mark: str, line: str
) -> None:
    place = lab.computer.machine.folder / "faults" / mark
    place.parent.mkdir(exist_ok=True)
    place.touch()
    try:
        found = (await asked(windows, WINDOWS)).examination
    finally:
        place.unlink()
    only_failure(line, found)
    assert (verdicts(found)["hop"] == "not_asked") == (line == "language")


async def test_a_scheduler_that_stands_still_and_a_foreign_folder_fail(
    lab: WindowsLab, windows: Target
) -> None:
    machine = lab.computer.machine
    machine.services.get("Schedule").state = "Stopped"
    machine.files.make_folder(r"C:\ProgramData\Tejun")
    try:
        found = (await asked(windows, WINDOWS)).examination
    finally:
        machine.services.get("Schedule").state = "Running"
        machine.files.delete_folder(r"C:\ProgramData\Tejun", True)
    assert [each.line for each in found.findings if each.verdict == "fail"] == ["scheduler", "spool"]


async def test_a_user_who_is_no_administrator_fails_on_rights(
    lab: WindowsLab, windows: Target, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lab.computer.machine, "administrators", {"system"})
    assert "LocalAccountTokenFilterPolicy" in only_failure(
        "rights", (await asked(windows, WINDOWS)).examination
    )


async def test_a_cluster_service_that_is_down_fails_on_the_second_hop(
    lab: WindowsLab, windows: Target
) -> None:
    service = lab.computer.machine.services
    service.stop("ClusSvc")
    try:
        found = (await asked(windows, WINDOWS)).examination
    finally:
        service.start("ClusSvc")
    assert "cluster service" in only_failure("hop", found)


@pytest.mark.parametrize(
    "words",
    [
        'Cannot find KDC for realm "CORP.EXAMPLE"',
        "Client 'x@CORP.EXAMPLE' not found in Kerberos database",
        "KDC reply did not match expectations",
    ],
)
def test_a_realm_that_nobody_knows_is_a_refusal_of_its_own(windows: Target, words: str) -> None:
    error = translate(windows, SpnegoError(0xD0000, context_msg=words), sent=False)
    assert isinstance(error, NodeError)
    assert (error.code, LINE_OF[error.code]) == ("realm_unknown", "signin")
    assert "krb5.conf" in error.message.ja
    assert "krb5.conf" in error.message.en


def test_every_error_of_connecting_has_its_line() -> None:
    kinds = {
        each.code
        for module in (errors, windows_errors)
        for each in vars(module).values()
        if isinstance(each, type) and issubclass(each, NodeError)
    }
    under_way = {
        "node", "transport_refused", "shell_refused", "connection_cut", "superseded", "timed_out", "read_too_large", "no_space",
        "guard_broken", "text_refused",
    }  # fmt: skip
    assert kinds - under_way == set(LINE_OF)
