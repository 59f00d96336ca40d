"""PSRP pipelines through unmodified pypsrp."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Iterator

import pytest
from pypsrp.complex_objects import ObjectMeta, PSInvocationState
from pypsrp.powershell import PowerShell, RunspacePool

from app.lab.winrm import Configuration, Endpoint
from tests.support.winrm import Clients, Scripts


@pytest.fixture
def pool(clients: Clients) -> Iterator[RunspacePool]:
    with clients.wsman() as wsman, RunspacePool(wsman, max_runspaces=2) as pool:
        yield pool


def run(pool: RunspacePool, *scripts: str) -> PowerShell:
    with PowerShell(pool) as pipeline:
        for script in scripts:
            pipeline.add_script(script).add_statement()
        pipeline.invoke()
    return pipeline


def test_what_a_script_says_arrives_in_its_streams(pool: RunspacePool) -> None:
    said = run(pool, "echo 日本語 😀 ①\x00", "streams 1")
    assert said.output == ["日本語 😀 ①\x00"]
    assert not said.had_errors
    streams = said.streams
    assert [each.message for each in streams.warning] == ["w1"]
    assert [each.message for each in streams.verbose] == ["v1"]
    assert [str(each.message_data) for each in streams.information] == ["i1"]
    assert [(each.activity, each.percent_complete) for each in streams.progress] == [("p1", 40)]
    (error,) = streams.error
    assert (str(error), error.fq_error, error.category) == ("e1", "NotThere", 13)


def test_lines_arrive_while_the_script_runs(pool: RunspacePool) -> None:
    with PowerShell(pool) as pipeline:
        pipeline.add_script("lines 50 0.05").begin_invoke()
        while len(pipeline.output) < 2:
            pipeline.poll_invoke()
        assert pipeline.state == PSInvocationState.RUNNING
        assert len(pipeline.output) < 40
        pipeline.stop()


def test_a_terminating_error_ends_the_pipeline_as_failed(pool: RunspacePool) -> None:
    ended = run(pool, "echo before", "throw もうだめ", "echo after")
    assert ended.state == PSInvocationState.FAILED
    assert ended.had_errors
    assert ended.output == ["before"]
    assert (str(ended.streams.error[-1]), ended.streams.error[-1].fq_error) == ("もうだめ", "Thrown")


def test_what_is_not_known_fails(pool: RunspacePool) -> None:
    ended = run(pool, "Get-Everything")
    assert ended.state == PSInvocationState.FAILED
    assert ended.streams.error[-1].fq_error == "CommandNotFoundException"


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_defect_of_the_interpreter_is_told_as_one_and_the_pool_goes_on(pool: RunspacePool) -> None:
    ended = run(pool, "break something")
    assert ended.state == PSInvocationState.FAILED
    assert ended.streams.error[-1].fq_error == "LabDefect"
    assert run(pool, "echo still here").output == ["still here"]


def test_arguments_and_parameters_arrive_as_plain_values(pool: RunspacePool) -> None:
    with PowerShell(pool) as pipeline:
        pipeline.add_script("arguments").add_argument("日本 & 'x'").add_argument(7).add_argument(None)
        pipeline.add_parameter("Flag", True).add_parameter("List", ["a", 2.5, b"\x00\xff"])
        said = pipeline.invoke()
    assert said == [
        "None=\"日本 & 'x'\"",
        "None=7",
        "None=None",
        "Flag=True",
        "List=['a', 2.5, bytearray(b'\\x00\\xff')]",
    ]


def test_a_secret_arrives_that_was_encrypted_with_the_pools_key(pool: RunspacePool) -> None:
    pool.exchange_keys()
    with PowerShell(pool) as pipeline:
        secret = pool.serialize("秘密", ObjectMeta("SS"))
        pipeline.add_script("arguments").add_parameter("Secret", secret)
        assert pipeline.invoke() == ["Secret='秘密'"]


def test_input_is_fed_object_by_object(pool: RunspacePool) -> None:
    with PowerShell(pool) as pipeline:
        pipeline.add_script("feed")
        assert pipeline.invoke(each for each in ("一", 2, [[3.5, True]], b"\x01")) == [
            "一",
            2,
            [3.5, True],
            b"\x01",
        ]


def test_objects_are_two_levels_deep_and_text_below(pool: RunspacePool) -> None:
    (thing,) = run(pool, "thing").output
    assert (thing.to_string, thing.types) == ("a thing", ["Lab.Thing", "System.Object"])
    assert thing.extended_properties["Name"] == "名前"
    assert thing.extended_properties["Size"] == 2**40
    assert thing.extended_properties["Inner"].extended_properties["Deep"] == "as text"


def test_a_running_pipeline_stops_when_it_is_told(
    pool: RunspacePool, clients: Clients, scripts: Scripts
) -> None:
    with PowerShell(pool) as pipeline:
        pipeline.add_script("lines 1000 0.02").begin_invoke()
        pipeline.poll_invoke()
        with clients.wsman() as second:
            second.session_id = pool.connection.session_id
            signal(second, pool, pipeline)
        pipeline.end_invoke()
        assert pipeline.state == PSInvocationState.STOPPED
    assert scripts.stopped.wait(5)
    assert run(pool, "echo next").output == ["next"]


def signal(wsman: object, pool: RunspacePool, pipeline: PowerShell) -> None:
    """Stop a pipeline over another connection, as a second thread has to."""
    before, pool.shell.wsman = pool.shell.wsman, wsman
    try:
        pool.shell.signal("powershell/signal/crtl_c", pipeline.id)
    finally:
        pool.shell.wsman = before


def test_pipelines_run_side_by_side_as_far_as_the_pool_has_runspaces(pool: RunspacePool) -> None:
    with PowerShell(pool) as first, PowerShell(pool) as second, PowerShell(pool) as third:
        for pipeline in (first, second):
            pipeline.add_script("lines 200 0.02").begin_invoke()
            pipeline.poll_invoke()
        third.add_script("echo third").begin_invoke()
        third.poll_invoke(timeout=1)
        assert third.output == []
        first.stop()
        third.end_invoke()
        assert third.output == ["third"]
        second.stop()


def test_a_megabyte_arrives_whole(pool: RunspacePool) -> None:
    text = "あ" * (1024 * 1024 // 3)
    assert run(pool, f"echo {text}").output == [text]


def test_the_pool_tells_its_free_runspaces(pool: RunspacePool) -> None:
    assert pool.get_available_runspaces() == 2


def test_streams_merged_by_the_client_are_refused_because_the_lab_does_not_know_them(
    pool: RunspacePool,
) -> None:
    with PowerShell(pool) as pipeline:
        pipeline.add_script("x").merge_error("output")
        pipeline.invoke()
        assert re.search("lab does not know", str(pipeline.streams.error[-1]), re.IGNORECASE)


def test_a_disconnected_client_finds_all_that_was_said_meanwhile(pool: RunspacePool) -> None:
    with PowerShell(pool) as pipeline:
        pipeline.add_script("lines 6 0.02").begin_invoke()
        pool.disconnect()
        time.sleep(0.2)
        pool.connect()
        pipeline.state = PSInvocationState.RUNNING
        assert pipeline.end_invoke() == [f"行 {number}" for number in range(6)]


def test_a_second_client_takes_over_a_disconnected_pool(pool: RunspacePool, clients: Clients) -> None:
    running = PowerShell(pool)
    running.add_script("lines 12 0.02").begin_invoke()
    running.poll_invoke()
    pool.disconnect()
    with clients.wsman() as second:
        (found,) = RunspacePool.get_runspace_pools(second)
        found.connect()
        (pipeline,) = found.create_disconnected_power_shells()
        said = running.output + pipeline.connect()
        assert said == [f"行 {number}" for number in range(12)]
        assert run(found, "echo mine now").output == ["mine now"]


def test_nobody_else_may_use_or_see_a_shell(pool: RunspacePool, clients: Clients) -> None:
    with clients.wsman(username="other", password="other words") as stranger:
        assert RunspacePool.get_runspace_pools(stranger) == []
        with pytest.raises(Exception, match="Access is denied"):
            signal(stranger, pool, PowerShell(pool))


class TestOldPowerShell:
    """2.0, as Windows Server 2008 R2 has it."""

    @pytest.fixture
    def configuration(self) -> Configuration:
        return Configuration(windows="6.1.7601", powershell="2.0")

    def test_a_client_learns_which_powershell_it_talks_to(self, pool: RunspacePool) -> None:
        assert (pool.protocol_version, pool.application_private_data is not None) == ("2.1", True)
        table = pool.application_private_data.data["PSVersionTable"]
        assert str(table["PSVersion"]) == "2.0"
        assert run(pool, "echo old").output == ["old"]


def test_idle_shells_cost_no_thread(clients: Clients, endpoint: Endpoint) -> None:
    before = threading.active_count()
    for _ in range(10):
        wsman = clients.wsman()
        RunspacePool(wsman).open()
        wsman.close()
    deadline = time.monotonic() + 5
    while threading.active_count() > before:
        assert time.monotonic() < deadline
        time.sleep(0.01)
    assert len(list(endpoint.registry)) == 10
