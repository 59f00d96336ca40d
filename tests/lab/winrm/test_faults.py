"""Each fault, and that a client which does the right thing afterwards has lost nothing."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from email.utils import parsedate_to_datetime

import pytest
import requests
from pypsrp.complex_objects import PSInvocationState
from pypsrp.exceptions import AuthenticationError, WinRMTransportError, WSManFaultError
from pypsrp.powershell import PowerShell, RunspacePool
from pypsrp.shell import Process, WinRS

from app.lab.winrm import Configuration, Endpoint, Patience, Quotas
from tests.support.winrm import Clients, Scripts

LINES = [f"行 {number}" for number in range(30)]


@pytest.fixture
def pool(clients: Clients) -> Iterator[RunspacePool]:
    with clients.wsman() as wsman, RunspacePool(wsman) as pool:
        yield pool
        pool.connection.transport.session.close()
        rebuild(pool)


@pytest.fixture
def running(pool: RunspacePool) -> Iterator[PowerShell]:
    pipeline = PowerShell(pool)
    pipeline.add_script("lines 30 0.03").begin_invoke()
    while len(pipeline.output) < 3:
        pipeline.poll_invoke()
    yield pipeline
    if pipeline.state == PSInvocationState.COMPLETED:
        pipeline.close()


def rebuild(pool: RunspacePool) -> None:
    """A new connection with a new login, as a client has to make one after a cut."""
    transport = pool.connection.transport
    transport.close()
    transport.session = transport.encryption = None


def test_after_a_cut_the_pipeline_goes_on_over_a_new_connection(
    pool: RunspacePool, running: PowerShell, endpoint: Endpoint
) -> None:
    endpoint.faults.cut()
    with pytest.raises((requests.exceptions.ConnectionError, WinRMTransportError)):
        running.end_invoke()
    with pytest.raises(WinRMTransportError) as stale:
        running.end_invoke()
    assert stale.value.code == 400
    rebuild(pool)
    assert running.end_invoke() == LINES


def test_a_cut_ends_a_waiting_receive_at_once(pool: RunspacePool, endpoint: Endpoint) -> None:
    with PowerShell(pool) as pipeline:
        pipeline.add_script("lines 2 3").begin_invoke()
        pipeline.poll_invoke()
        threading.Timer(0.1, endpoint.faults.cut).start()
        started = time.monotonic()
        with pytest.raises(requests.exceptions.ConnectionError):
            pipeline.end_invoke()
        assert time.monotonic() - started < 2.5, "not when the next line came"
        rebuild(pool)
        pipeline.stop()


def test_a_lost_reply_is_fetched_again(pool: RunspacePool, running: PowerShell, endpoint: Endpoint) -> None:
    for _ in range(3):
        endpoint.faults.lose_replies(1, "Receive")
        with pytest.raises(requests.exceptions.ConnectionError):
            running.end_invoke()
        rebuild(pool)
    assert running.end_invoke() == LINES


def test_a_command_whose_reply_is_lost_has_started_all_the_same(
    pool: RunspacePool, endpoint: Endpoint, scripts: Scripts
) -> None:
    pipeline = PowerShell(pool)
    pipeline.add_script("echo started")
    endpoint.faults.lose_replies(1, "Command")
    with pytest.raises(requests.exceptions.ConnectionError):
        pipeline.begin_invoke()
    deadline = time.monotonic() + 5
    while not scripts.logins:
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_a_black_hole_is_silence_and_then_all_goes_on(
    pool: RunspacePool, running: PowerShell, endpoint: Endpoint
) -> None:
    pool.connection.transport.read_timeout = 0.3
    pool.connection.operation_timeout = 0.2
    endpoint.faults.black_hole(0.8)
    assert running.end_invoke() == LINES


def test_a_body_of_another_connection_is_400(pool: RunspacePool, endpoint: Endpoint) -> None:
    endpoint.faults.answer_stale()
    for _ in range(2):
        with pytest.raises(WinRMTransportError) as stale:
            pool.shell._get_shell()
        assert (stale.value.code, stale.value.response_text) == (400, "")
    rebuild(pool)
    assert pool.shell._get_shell()["State"] == "Connected"


class TestIdle:
    """Connections that say nothing are closed."""

    @pytest.fixture
    def configuration(self) -> Configuration:
        return Configuration(patience=Patience(connection=0.5, shell=1.0))

    def test_after_a_pause_the_connection_is_400_until_it_is_rebuilt(self, pool: RunspacePool) -> None:
        time.sleep(0.7)
        with pytest.raises(WinRMTransportError) as stale:
            pool.shell._get_shell()
        assert stale.value.code == 400
        rebuild(pool)
        assert pool.shell._get_shell()["ShellId"] == pool.id

    def test_a_shell_that_nobody_receives_from_counts_as_disconnected(
        self, pool: RunspacePool, clients: Clients
    ) -> None:
        running = PowerShell(pool)
        running.add_script("lines 4 0.01").begin_invoke()
        with clients.wsman() as second:
            (found,) = RunspacePool.get_runspace_pools(second)
            with pytest.raises(WSManFaultError, match="another client is connected"):
                found.connect()
            time.sleep(1.1)
            rebuild(found)
            (found,) = RunspacePool.get_runspace_pools(second)
            found.connect()
            (pipeline,) = found.create_disconnected_power_shells()
            assert pipeline.connect() == LINES[:4]


def test_closing_idle_connections_at_once_does_the_same(pool: RunspacePool, endpoint: Endpoint) -> None:
    endpoint.faults.idle()
    with pytest.raises((WinRMTransportError, requests.exceptions.ConnectionError)):
        pool.shell._get_shell()
    rebuild(pool)
    assert pool.shell._get_shell()["State"] == "Connected"


def test_a_reboot_ends_every_shell(
    pool: RunspacePool, running: PowerShell, endpoint: Endpoint, scripts: Scripts
) -> None:
    endpoint.faults.reboot(down=60)
    assert scripts.stopped.wait(5)
    for _ in range(2):
        with pytest.raises(requests.exceptions.ConnectionError):
            running.end_invoke()
        rebuild(pool)
    endpoint.faults.heal()
    with pytest.raises(WSManFaultError) as lost:
        running.end_invoke()
    assert lost.value.code == 2150858843
    assert not pool.is_alive()


def test_a_quota_is_refused_with_its_number(clients: Clients, endpoint: Endpoint) -> None:
    endpoint.faults.refuse_by_quota()
    with clients.wsman() as wsman:
        with pytest.raises(WSManFaultError) as refused:
            WinRS(wsman).open()
        assert refused.value.code == 2150859173
        with WinRS(wsman) as shell:
            Process(shell, "exit", ["0"]).invoke()


@pytest.mark.parametrize(
    ("impostor", "status", "word"), [("proxy", 200, "プロキシ"), ("not_found", 404, "404")]
)
def test_what_answers_may_be_no_winrm(endpoint: Endpoint, impostor: str, status: int, word: str) -> None:
    endpoint.faults.impostor = impostor  # type: ignore[assignment]
    url = f"http://127.0.0.1:{endpoint.http_port}/wsman"
    for answer in (requests.post(url, data=b"", timeout=5), requests.get(url, timeout=5)):
        assert (answer.status_code, answer.headers["Content-Type"]) == (status, "text/html; charset=utf-8")
        assert word in answer.text
    endpoint.faults.heal()
    assert requests.post(url, data=b"", timeout=5).status_code == 401


def test_the_date_is_that_of_the_nodes_own_clock(endpoint: Endpoint) -> None:
    endpoint.faults.clock = 600
    answer = requests.post(f"http://127.0.0.1:{endpoint.http_port}/wsman", data=b"", timeout=5)
    assert abs(parsedate_to_datetime(answer.headers["Date"]).timestamp() - time.time() - 600) < 30


class TestMany:
    """More clients than one user may have shells by default."""

    @pytest.fixture
    def configuration(self) -> Configuration:
        return Configuration(quotas=Quotas(max_shells_per_user=40))

    def test_forty_clients_at_once_lose_nothing_and_leave_nothing(
        self, clients: Clients, endpoint: Endpoint
    ) -> None:
        with ThreadPoolExecutor(40) as threads:
            said = list(threads.map(lambda _: ask(clients), range(40)))
        assert said == [LINES[:3]] * 40
        assert list(endpoint.registry) == []


def ask(clients: Clients) -> list[object]:
    """A client's whole life: a connection, a pool, a pipeline."""
    with clients.wsman(read_timeout=60) as wsman, RunspacePool(wsman) as pool, PowerShell(pool) as pipeline:
        return pipeline.add_script("lines 3 0.2").invoke()


def test_whatever_breaks_no_line_is_lost_and_none_comes_twice(
    pool: RunspacePool, running: PowerShell, endpoint: Endpoint
) -> None:
    pool.connection.transport.read_timeout = 0.3
    pool.connection.operation_timeout = 0.2
    faults = endpoint.faults
    breaks = iter(
        [faults.cut, faults.lose_replies, faults.answer_stale, faults.idle, lambda: faults.black_hole(0.3)]
    )
    next_break = time.monotonic()
    while running.state == PSInvocationState.RUNNING:
        if time.monotonic() >= next_break:
            next(breaks, faults.heal)()
            next_break = time.monotonic() + 0.1
        try:
            running.poll_invoke()
        except (requests.exceptions.RequestException, WinRMTransportError, AuthenticationError):
            rebuild(pool)
    assert running.output == LINES
