"""The product's run.cmd as it is shipped, under the lab's cmd.exe and under Wine's: one start per key, its output, its status."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.wine.batches import encoded
from tests.wine.machines import Machine
from tests.wine.spool import FIRST, SECOND, Key, copied
from tests.wine.watching import watched

PAIRS = 20


@pytest.mark.parametrize(
    ("payload", "status"),
    [
        ("exit 0", 0),
        ("exit 3", 3),
        ("exit 3010", 3010),
        ("exit 1641", 1641),
        ("exit 255", 255),
        ("exit -1", -1),
        ("exit 2147483647", 2147483647),
        ("exit -2147483648", -2147483648),
        ("exit -1073741819", -1073741819),
        ("exit /b 0", 0),
        ("exit /b 3010", 3010),
        ("exit /b -1", -1),
        ("@cmd /d /c exit 1641", 1641),
        ("@cmd /d /c exit 9\n@echo that does not hide it", 9),
        ("@cmd /d /c exit 9\n@set X=but this does in a file whose name ends in .cmd", 0),
        ("@md sub\n@md sub", 1),
        ("@no-such-program-here", 1),
        ('@"C:\\none\\none.exe"', 1),
        ("@echo it ends with its last line", 0),
        ('@set "ERRORLEVEL=5"\n@set "RC=6"\n@exit /b 7', 7),
    ],
)
def test_the_status_is_how_the_payload_ended(machine: Machine, payload: str, status: int) -> None:
    key = Key(machine, encoded(f"{payload}\n"))
    assert key.start() == 0
    assert key.read("status") == f"{status} .\r\n".encode()
    assert key.names() == {"claim", "payload.cmd", "run.cmd", "out", "err", "work", "status"}


@pytest.mark.parametrize(
    "payload", ["@echo before\n@(\n@echo after\n", "@echo before\n@if exist (\n@echo after\n"]
)
def test_a_payload_that_cannot_be_read_has_not_succeeded(machine: Machine, payload: str) -> None:
    key = Key(machine, encoded(payload))
    assert key.start() == 0
    assert key.read("out") == b"before\r\n"
    assert key.read("err")
    assert key.read("status") == b"255 .\r\n"


def test_a_payload_that_is_not_there_has_not_succeeded(machine: Machine) -> None:
    key = Key(machine, None)
    assert key.start() == 0
    assert key.read("out") == b""
    assert key.read("status") == b"9009 .\r\n"  # Windows itself may say 1 here
    assert key.read("err")


@pytest.mark.parametrize("name", ["out", "err"])
def test_a_payload_whose_output_cannot_be_kept_has_not_succeeded(machine: Machine, name: str) -> None:
    key = Key(machine, b"@echo ran>..\\ran\r\n")
    (key.folder / name).unlink()
    (key.folder / name).mkdir()
    assert key.start() == 0
    assert key.read("status") == b"1 .\r\n"
    assert "ran" not in key.names()


def test_a_shell_that_it_does_not_know_has_not_succeeded(machine: Machine) -> None:
    key = Key(machine, b"@echo ran\r\n", nonces=(FIRST,))
    key.shell = "sh"
    assert key.start() == 0
    assert (key.read("out"), key.read("status")) == (b"", b"1 .\r\n")


@pytest.mark.parametrize("again", [FIRST, SECOND])
def test_a_second_start_does_nothing(machine: Machine, again: str) -> None:
    key = Key(machine, b"@echo ran\r\n@exit /b 5\r\n", nonces=(FIRST, SECOND))
    claim = key.read(f"claim.{FIRST}")
    assert key.start(FIRST) == 0
    before = copied(key.folder)
    assert (before["claim"], before["out"]) == (claim, b"ran\r\n")
    assert f"claim.{FIRST}" not in before
    assert key.start(again) == 0
    assert copied(key.folder) == before


def test_a_start_that_nobody_promised_does_nothing(machine: Machine) -> None:
    key = Key(machine, b"@echo ran\r\n", nonces=())
    before = copied(key.folder)
    assert key.start() == 0
    assert copied(key.folder) == before


def test_a_key_that_has_a_grave_does_not_start(machine: Machine) -> None:
    key = Key(machine, b"@echo ran\r\n")
    (key.ended / key.name).write_bytes(b"cancelled\r\n")
    assert key.start() == 0
    assert key.names() == {"claim", "payload.cmd", "run.cmd", "out", "err"}
    assert (key.read("out"), key.read("err")) == (b"", b"")


def test_output_is_kept_byte_for_byte_and_errors_apart(machine: Machine) -> None:
    said, wrong = "表示 ソース 能力 予約 十 ~", "エラー ソ"
    key = Key(machine, encoded(f"@echo {said}\n@echo {wrong}>&2\n@exit /b 3010\n"))
    key.start()
    assert (key.read("out"), key.read("err")) == (encoded(f"{said}\n"), encoded(f"{wrong}\n"))


def test_what_is_in_out_already_stays(machine: Machine) -> None:
    key = Key(machine, b"@echo new\r\n")
    (key.folder / "out").write_bytes(b"old\r\n")
    key.start()
    assert key.read("out") == b"old\r\nnew\r\n"


def test_the_payload_starts_in_a_folder_of_its_own(machine: Machine) -> None:
    key = Key(machine, b"@cd\r\n@echo x>left-behind\r\n")
    key.start()
    assert key.read("out").decode().rstrip() == rf"{key.windows}\work"
    assert key.read("work/left-behind") == b"x\r\n"


@pytest.mark.parametrize("folder", ["C:\\", "..\\..", "%SystemRoot%"])
def test_a_payload_that_goes_elsewhere_leaves_its_status_in_its_key(machine: Machine, folder: str) -> None:
    key = Key(machine, encoded(f"@cd /d {folder} || exit /b 90\n@exit /b 4\n"))
    key.start()
    assert key.read("status") == b"4 .\r\n"


def test_the_status_is_whole_when_it_has_its_name(machine: Machine) -> None:
    key = Key(machine, b"@exit /b 3010\r\n")
    with watched(key.folder) as seen:
        key.start()
    told = [one for one in seen if one[1].startswith("status")]
    assert told == [
        ("made", "status.new"),
        ("written", "status.new"),
        ("from", "status.new"),
        ("to", "status"),
    ]


@pytest.mark.parametrize("nonces", [(FIRST, FIRST), (FIRST, SECOND)])
def test_of_two_starts_at_once_one_runs(machine: Machine, nonces: tuple[str, str]) -> None:
    payload = b"@echo ran\r\n@exit /b 5\r\n"
    keys = [Key(machine, payload, nonces=tuple(dict.fromkeys(nonces))) for _ in range(PAIRS)]
    with ThreadPoolExecutor(2 * PAIRS) as pool:
        ended = list(
            pool.map(lambda pair: pair[0].start(pair[1]), [(key, nonce) for key in keys for nonce in nonces])
        )
    assert ended == [0] * 2 * PAIRS
    assert [(key.read("out"), key.read("status")) for key in keys] == [(b"ran\r\n", b"5 .\r\n")] * PAIRS
