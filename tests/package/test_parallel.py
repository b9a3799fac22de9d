"""Threads: how many, how work is divided, and how it ends."""

import _thread
import os
import signal
import subprocess
import sys
import threading
import time

import numpy as np
import pytest

import fastdist
from fastdist import parallel


@pytest.mark.parametrize("n", [0, 1, 65_535, 65_536, 131_072, 131_073, 1_000_000])
@pytest.mark.parametrize("first", [0, 1, 4095, 4096, 10_000])
@pytest.mark.parametrize("threads", [1, 2, 3, 8])
def test_ranges_cover_all_once_and_end_on_borders(n, first, threads):
    """Every index once; ranges meet where first + index is a multiple of the block."""
    block = 4096
    ranges = []
    with fastdist.num_threads(threads):
        parallel.for_ranges(lambda start, stop: ranges.append((start, stop)), n, first, block)
    ranges.sort()
    stops = [stop for _, stop in ranges]
    starts = [start for start, _ in ranges]
    assert starts == ([0, *stops[:-1]] if n else [])
    assert stops[-1:] == ([n] if n else [])
    assert all((first + stop) % block == 0 for stop in stops[:-1])


def test_work_is_shared():
    """Two threads each take half."""
    done = {}
    both = threading.Barrier(2, timeout=60)

    def task(start, stop):
        name = threading.current_thread().name
        if name not in done:
            both.wait()  # neither goes on before the other has begun
        done[name] = done.get(name, 0) + stop - start

    with fastdist.num_threads(2):
        parallel.for_ranges(task, 10**7, 0, 4096)
    assert len(done) == 2
    assert abs(max(done.values()) - 5 * 10**6) <= 4096


def test_an_error_in_any_thread_is_raised_and_stops_the_rest():
    done = []

    def task(start, stop):
        if start:
            raise RuntimeError("in a worker")
        time.sleep(0.01)
        done.append(start)

    with fastdist.num_threads(2), pytest.raises(RuntimeError, match="in a worker"):
        parallel.for_ranges(task, 10**7, 0, 4096)
    assert len(done) <= 10**7 // (parallel.CHUNK_BLOCKS * 4096)


@pytest.fixture
def sigint_raises():
    """Ctrl-C raises, as at a terminal: a process that was started in the background ignores SIGINT."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("sigint_raises")
@pytest.mark.parametrize("threads", [1, 2])
def test_keyboard_interrupt_during_a_long_fill(threads):
    """Ctrl-C ends the call soon, all threads stop, and the generator and the pool go on working."""
    chunk = parallel.CHUNK_BLOCKS * 4096
    started = threading.Event()
    tasks = []

    def task(start, stop):
        started.set()
        tasks.append(start)
        time.sleep(0.005)

    def interrupt():
        started.wait()
        time.sleep(0.02)
        _thread.interrupt_main()

    thread = threading.Thread(target=interrupt)
    with fastdist.num_threads(threads):
        thread.start()
        with pytest.raises(KeyboardInterrupt):
            parallel.for_ranges(task, 1000 * chunk, 0, 4096)
        thread.join()
        ended = len(tasks)
        assert ended < 500
        time.sleep(0.03)
        assert len(tasks) == ended
        rng = fastdist.default_rng(1)
        assert rng.standard_normal(300_000)[-1] == fastdist.default_rng(1).standard_normal(300_000)[-1]


@pytest.mark.usefixtures("sigint_raises")
def test_an_interrupted_call_has_taken_its_samples():
    """Nothing is drawn twice: after Ctrl-C the stream stands where the call would have left it."""
    out = np.empty(20_000_000)
    rng = fastdist.default_rng(1)
    calls = 0
    timer = threading.Timer(0.2, _thread.interrupt_main)

    def draw_for_ever():
        nonlocal calls
        timer.start()
        while True:
            rng.standard_normal(out=out)
            calls += 1

    with pytest.raises(KeyboardInterrupt):
        draw_for_ever()
    timer.join()
    assert rng.tell() in (calls * out.size, (calls + 1) * out.size)


@pytest.mark.parametrize(
    ("bad", "error"), [(0, ValueError), (-1, ValueError), (1.5, TypeError), ("2", TypeError)]
)
def test_number_of_threads_must_be_positive(bad, error):
    with pytest.raises(error, match="integer"):
        fastdist.set_num_threads(bad)
    with pytest.raises(error, match="integer"), fastdist.num_threads(bad):
        pass


def test_number_of_threads_may_be_any_integer_type():
    with fastdist.num_threads(np.int64(2)):
        assert fastdist.get_num_threads() == 2


def test_threads_that_cannot_start(monkeypatch):
    """Each range is then done by the caller, and by nobody else later on."""

    def fail(thread):
        raise RuntimeError("can't start new thread")

    parallel._forget_pool()
    ranges = []
    with monkeypatch.context() as patch, fastdist.num_threads(4):
        patch.setattr(threading.Thread, "start", fail)
        parallel.for_ranges(lambda start, stop: ranges.append((start, stop)), 10**7, 0, 4096)
    assert sum(stop - start for start, stop in ranges) == 10**7
    with fastdist.num_threads(4):  # the pool works again, and finds nothing left over
        parallel.for_ranges(lambda start, stop: None, 10**7, 0, 4096)
    assert sum(stop - start for start, stop in ranges) == 10**7
    parallel._forget_pool()


def test_context_is_local_and_restored():
    """``num_threads`` holds within its block, nests, survives an error, and is not seen by other threads."""
    outside = fastdist.get_num_threads()
    seen = []

    def nest():
        with fastdist.num_threads(3):
            assert fastdist.get_num_threads() == 3
            with fastdist.num_threads(5):
                assert fastdist.get_num_threads() == 5
            thread = threading.Thread(target=lambda: seen.append(fastdist.get_num_threads()))
            thread.start()
            thread.join()
            assert fastdist.get_num_threads() == 3
            raise RuntimeError

    with pytest.raises(RuntimeError):
        nest()
    assert seen == [outside]
    assert fastdist.get_num_threads() == outside


def test_set_num_threads():
    before = fastdist.get_num_threads()
    try:
        fastdist.set_num_threads(7)
        assert fastdist.get_num_threads() == 7
    finally:
        fastdist.set_num_threads(before)


def run(code, **environment):
    return subprocess.run(
        [sys.executable, "-c", code], env={**os.environ, **environment}, capture_output=True, text=True
    )


def test_environment_sets_the_default():
    code = "import fastdist; print(fastdist.get_num_threads())"
    assert run(code, FASTDIST_NUM_THREADS="3").stdout.strip() == "3"
    failed = run(code, FASTDIST_NUM_THREADS="many")
    assert failed.returncode
    assert "FASTDIST_NUM_THREADS must be a positive integer, not 'many'" in failed.stderr


@pytest.mark.skipif(not hasattr(os, "sched_getaffinity"), reason="no CPU affinity on this platform")
def test_default_is_the_cpus_that_the_process_may_use():
    code = "import os; os.sched_setaffinity(0, {min(os.sched_getaffinity(0))}); import fastdist; " + (
        "print(fastdist.get_num_threads())"
    )
    environment = {"FASTDIST_NUM_THREADS": ""}
    assert run(code, **environment).stdout.strip() == "1"


def test_a_large_draw_at_interpreter_exit():
    """When no thread can be started any more, the calling thread does the work."""
    code = (
        "import atexit, fastdist\n"
        "fastdist.set_num_threads(2)\n"
        "atexit.register(lambda: print(fastdist.default_rng(1).standard_normal(500_000).shape))\n"
    )
    result = run(code)
    assert result.stdout.strip() == "(500000,)", result.stderr
