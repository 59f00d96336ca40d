"""What a command says is kept in order for its client, and no more of it than there is room for."""

from __future__ import annotations

import threading

import pytest

from app.lab.winrm.flow import BLOCK, ROOM, Flow, Gone
from app.lab.winrm.soap import Fault


def here() -> bool:
    return False


def test_a_writer_waits_while_its_client_does_not_fetch() -> None:
    flow, stop, written = Flow(), threading.Event(), threading.Semaphore(0)

    def write() -> None:
        for _ in range(3):
            flow.put("stdout", b"x" * ROOM)
            flow.wait_for_room(stop)
            written.release()

    writer = threading.Thread(target=write)
    writer.start()
    taken = 0
    while taken < 3 * ROOM:
        assert not written.acquire(timeout=0.02), "it went on without room"
        before = taken
        while taken < before + ROOM:
            taken += sum(len(data) for _, data in flow.take(5, BLOCK, here).chunks)
        assert written.acquire(timeout=5)
    writer.join()


def test_a_stop_lets_a_writer_go_that_waits_for_room() -> None:
    flow, stop = Flow(), threading.Event()
    flow.put("stdout", b"x" * ROOM)
    writer = threading.Thread(target=flow.wait_for_room, args=(stop,))
    writer.start()
    stop.set()
    flow.wake()
    writer.join(5)
    assert not writer.is_alive()


def test_what_is_put_back_comes_first_and_the_end_comes_again() -> None:
    flow = Flow()
    flow.put("stdout", b"one")
    flow.put("stderr", b"two")
    flow.end(3010)
    first = flow.take(0, 100, here)
    flow.put_back(first)
    assert flow.take(0, 3, here).chunks == (("stdout", b"one"),)
    last = flow.take(0, 3, here)
    assert (last.chunks, last.done, last.exit_code) == ((("stderr", b"two"),), True, 3010)
    assert flow.take(0, 3, here).done


def test_nothing_is_taken_out_for_a_client_that_has_left() -> None:
    flow = Flow()
    flow.put("stdout", b"kept")
    with pytest.raises(Gone):
        flow.take(5, 100, lambda: True)
    assert flow.take(0, 100, here).chunks == (("stdout", b"kept"),)


@pytest.mark.parametrize(("closed", "code"), [(False, 2150858793), (True, 2150858843)])
def test_nothing_to_take_is_a_fault(closed: bool, code: int) -> None:
    flow = Flow()
    if closed:
        flow.put("stdout", b"dropped")
        flow.close()
    with pytest.raises(Fault) as fault:
        flow.take(0, 100, here)
    assert fault.value.code == code
