"""Best times in turn, and when no verdict is given."""

import itertools
import math
import sys

import numpy as np
import pytest

from fastdist._demo import report, speeds
from fastdist._demo.checks import Job
from fastdist._demo.speeds import NUMPY, ONE_THREAD, PEERS, PYTHON, Contender, Row, Speeds, Timing
from tests.support.demo import SMALL


def simulated(durations):
    """A clock by which the calls take these times, one after the other."""
    now = 0
    for duration in durations:
        yield now
        now += duration
        yield now


def measured(rounds):
    """A row of two contenders whose calls take the given times in each round, in ns."""
    row = Row("f", [Contender(ONE_THREAD, 10, list), Contender(NUMPY, 10, list)])
    clock = simulated(itertools.chain.from_iterable(rounds))
    (found,) = speeds.measure([row], len(rounds), lambda name: None, lambda: next(clock))
    return found


def test_best_times():
    """The least of all rounds, for each value: a disturbed round does not count."""
    found = measured([(100, 300), (900, 310), (110, 2000), (105, 305)])
    assert found.timings[ONE_THREAD].ns == 10
    assert found.timings[NUMPY].ns == 30
    assert found.ratio(NUMPY) == 3
    assert found.ratio(PYTHON) is None


@pytest.mark.parametrize("disturbed", [0, 1])
def test_no_verdict_on_a_busy_machine(disturbed):
    """The best time of one half of the rounds is beyond TOLERANCE of the other's."""
    slow = 1 + 1.1 * speeds.TOLERANCE
    rounds = [[100, 300], [100, 300], [100, 300], [100, 300]]
    for each in rounds[2:]:
        each[disturbed] = round(slow * each[disturbed])
    found = measured(rounds)
    assert math.isnan(found.ratio(NUMPY))
    text = "\n".join(report.speed_lines([found], SMALL))
    assert "busy" in text.splitlines()[2]
    assert "too busy for 1 of 1 ratios" in text
    assert "fastest" not in text


def test_a_faster_peer_is_named():
    found = measured([(400, 300)] * 4)
    text = "\n".join(report.speed_lines([found], SMALL))
    assert "0.750x" in text
    assert "a peer is faster: f (NumPy)" in text


def test_verdict_when_all_is_quiet():
    steady = {name: Timing(ns, 0.0) for name, ns in zip((ONE_THREAD, *PEERS), range(1, 6), strict=True)}
    found = Speeds("f", steady)
    text = "\n".join(report.speed_lines([found], SMALL))
    assert "fastdist is the fastest in all comparisons" in text
    assert "not installed" not in text


def test_what_is_not_installed_is_named(monkeypatch):
    for name in "scipy.stats", "sklearn.mixture":
        monkeypatch.setitem(sys.modules, name, None)
    rows = speeds.all_rows(SMALL)
    assert {contender.name for row in rows for contender in row.contenders}.isdisjoint({"SciPy", "sklearn"})
    text = "\n".join(report.speed_lines(speeds.measure(rows[:1], 2, lambda name: None), SMALL))
    assert "SciPy is not installed: pip install 'fastdist-kernels[scipy]'" in text
    assert "sklearn is not installed" in text


def test_contenders_compute_the_same():
    """Functions of the same values agree, and samples have the size that their time is divided by."""
    pytest.importorskip("sklearn")
    for row in speeds.all_rows(Job(values=20_000)):
        results = {contender.name: (contender.n, contender.call()) for contender in row.contenders}
        _, ours = results[ONE_THREAD]
        if row.function.startswith(("norm.", "logpdf", "GaussianMixture.score")):
            for name, (_, result) in results.items():
                if name == PYTHON and "score" in row.function:  # it is the density
                    result = np.log(result)
                values = np.asarray(result)
                np.testing.assert_allclose(values, np.asarray(ours)[: len(values)], rtol=1e-10, atol=1e-14)
        elif "fit" in row.function:
            weights = [getattr(result, "weights_", None) for _, result in results.values()]
            assert all(np.allclose(each, weights[0]) for each in weights if each is not None)
        else:
            for n, result in results.values():
                values = result[0] if isinstance(result, tuple) else result
                rows = n if "GaussianMixture" in row.function else None
                assert (len(values) if rows else np.size(values)) == n
