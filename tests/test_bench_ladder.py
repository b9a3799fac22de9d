"""The steps of the benchmark's ladder: all draw from one distribution, and ever less of them is Python."""

from __future__ import annotations

import math
import sys
from statistics import NormalDist

import numpy as np
import pytest

import fastdist
from fastdist.reference.stream import xoshiro256

pytest.importorskip("Cython", reason="Cython compiles the steps")
ladder = pytest.importorskip("bench.ladder.build", reason="bench is part of the checkout, not of the package")

SEED = 7
# Of each check; there are some 80.
ALPHA = 1e-6
N = 100_000
PYTHON_LISTS = ("step_1_pure_python", "step_3_compiled")
FAST = ("step_2_numpy", "step_5_pointers", "step_6_tiles", "step_7_threads")
UNWRITTEN = 99.0

# Borders of pairs, of vectors and of tiles; of shares.
SIZES = (0, 1, 2, 3, 15, 16, 17, 1023, 1024, 1025, 2047, 2049)
LARGE_SIZES = (65_535, 65_536, 65_537, 8 * 65_536 - 1, 8 * 65_536 + 1)


@pytest.fixture(scope="module", params=ladder.STEPS)
def step(request):
    return request.param


def filled(step, n, rng=None):
    """n numbers, and what lies behind them in memory."""
    module = ladder.load(step)
    rng = module.Generator(SEED) if rng is None else rng
    if step in PYTHON_LISTS:
        z = [UNWRITTEN] * n
        module.fill(z, rng)
        return np.array(z), np.empty(0)
    memory = np.full(n + 8, UNWRITTEN)
    module.fill(memory[:n], rng)
    return memory[:n], memory[n:]


def test_distribution(step):
    """Four moments, Kolmogorov-Smirnov, and no correlation where the two numbers of a pair can lie.

    n = 100 000, alpha = 1e-6 each, fixed seed.  Means of n are normal: the critical value is 4.9 standard
    errors.  Of Kolmogorov's limit P(sqrt(n) D > x) < 2 exp(-2 x^2), which is alpha for x = 2.69.
    """
    z, _ = filled(step, N)
    critical = NormalDist().inv_cdf(1 - ALPHA / 2)
    moments = (1, 0, 1, 0, 3, 0, 15, 0, 105)
    for k in range(1, 5):
        error = math.sqrt((moments[2 * k] - moments[k] ** 2) / N)
        assert abs(np.mean(z**k) - moments[k]) < critical * error, f"moment {k}"
    p = fastdist.norm.cdf(np.sort(z))
    ranks = np.arange(N + 1) / N
    distance = max(np.max(ranks[1:] - p), np.max(p - ranks[:-1]))
    assert math.sqrt(N) * distance < math.sqrt(math.log(2 / ALPHA) / 2)
    for lag in (1, 512, N // 2):
        first, second = z[:-lag], z[lag:]
        error = 1 / math.sqrt(N - lag)
        assert abs(np.mean(first * second)) < critical * error, f"lag {lag}"
        assert abs(np.mean((first**2 - 1) * (second**2 - 1))) < critical * 2 * error, f"squares, lag {lag}"


@pytest.mark.parametrize("n", SIZES)
def test_all_numbers_are_written_and_no_others(step, n):
    z, behind = filled(step, n)
    assert z.shape == (n,)
    assert np.isfinite(z).all()
    assert (np.abs(z) < 10).all()
    assert (behind == UNWRITTEN).all()


@pytest.mark.parametrize("n", LARGE_SIZES)
@pytest.mark.parametrize("step", FAST)
def test_all_numbers_of_many_are_written_and_no_others(step, n):
    test_all_numbers_are_written_and_no_others(step, n)


def test_a_seed_gives_the_same_numbers_again(step):
    """A generator goes on from call to call, and starts again with its seed."""
    rng = ladder.load(step).Generator(SEED)
    first, second = (filled(step, 1030, rng)[0] for _ in range(2))
    again, _ = filled(step, 1030)
    other, _ = filled(step, 1030, ladder.load(step).Generator(SEED + 1))
    np.testing.assert_array_equal(first, again)
    assert len(np.intersect1d(first, second)) == 0
    assert len(np.intersect1d(first, other)) == 0


def test_the_compiled_step_is_the_pure_python_one():
    """Bit for bit; and with C types to some ULP, since a compiler may compute sine and cosine together."""
    z, _ = filled("step_1_pure_python", 1001)
    np.testing.assert_array_equal(filled("step_3_compiled", 1001)[0], z)
    np.testing.assert_allclose(filled("step_4_types", 1001)[0], z, rtol=1e-14)


def test_pointers_are_box_muller_on_xoshiro256():
    """As the twin computes it from the same state: 53 bits of a word for u, then 53 for phi."""
    state = np.random.SeedSequence(SEED).generate_state(4, np.uint64).tolist()
    uniforms = ((word >> 11) * 2.0**-53 for word in xoshiro256(*state))
    want = []
    for _ in range(500):
        r = math.sqrt(-2 * math.log(1 - next(uniforms)))
        phi = 2 * math.pi * next(uniforms)
        want += [r * math.cos(phi), r * math.sin(phi)]
    np.testing.assert_allclose(filled("step_5_pointers", 1000)[0], want, rtol=1e-14)


def test_tiles_are_box_muller_on_sixteen_generators():
    """Of a tile of 1024 words, half are radii and half directions with two signs; all z0, then all z1."""
    state = np.random.SeedSequence(SEED).generate_state(64, np.uint64).reshape(4, 16)
    lanes = [xoshiro256(*words) for words in state.T.tolist()]
    words = [next(lane) for _ in range(64) for lane in lanes]
    r = [math.sqrt(-math.log(1 - (x >> 11) * 2.0**-53)) for x in words[:512]]
    phi = [math.pi * (1 / 4 - (y % 2**52 * 2.0**-53 - 1 / 4)) for y in words[512:]]
    signs = [[1 - 2 * (y >> bit & 1) for y in words[512:]] for bit in (63, 62)]
    z0 = np.sqrt(2) * np.multiply(r, np.cos(phi)) * signs[0]
    z1 = np.sqrt(2) * np.multiply(r, np.sin(phi)) * signs[1]
    np.testing.assert_allclose(filled("step_6_tiles", 1024)[0], [*z0, *z1], rtol=1e-12, atol=1e-15)


def test_any_number_of_threads_gives_the_same_numbers():
    n = 8 * 65_536 + 5
    step = ladder.load("step_7_threads")
    one, *others = (filled("step_7_threads", n, step.Generator(SEED, threads))[0] for threads in (1, 2, 5))
    for z in others:
        np.testing.assert_array_equal(z, one)
    assert len(np.unique(one)) == n


# What is compiled


def test_annotated_pages_show_ever_less_python(tmp_path, capsys):
    """Whoever types the variables takes Python out of the loop's arithmetic; pointers and tiles all of it."""
    lines = ladder.annotate(tmp_path)
    assert [page.stem for page in sorted(tmp_path.iterdir())] == list(lines)
    assert all("Generated by Cython" in page.read_text() for page in tmp_path.iterdir())
    assert [line.split(": ")[1] for line in capsys.readouterr().out.splitlines()] == [
        f"{len(numbers)} lines touch Python" for numbers in lines.values()
    ]
    compiled, types, pointers, tiles = (len(numbers) for numbers in lines.values())
    # What is left in the last two is the same: to import, to seed, and to be called.
    assert compiled > types > pointers >= tiles > 0
    in_loops = {step: texts(step, lines[step], "rng.random", "r * ", "sqrt(") for step in lines}
    assert len(in_loops["step_3_compiled"]) == 5
    assert len(in_loops["step_4_types"]) == 4
    assert in_loops["step_5_pointers"] == in_loops["step_6_tiles"] == []


def texts(step, numbers, *containing):
    """The lines with one of these in them."""
    source = (ladder.FOLDER / ladder.SOURCES[step]).read_text().splitlines()
    return [source[n - 1] for n in numbers if any(part in source[n - 1] for part in containing)]


def test_nothing_in_the_tiles_raises():
    """A check for a division by zero, in an inlined function, would keep its loop from becoming vectors."""
    ladder.build()
    assert "float division" not in (ladder.BUILT / "sources" / "step_6_tiles.c").read_text()


@pytest.fixture
def small_ladder(tmp_path, monkeypatch):
    """A ladder of one step, in a folder of its own; returns its source."""
    source = tmp_path / "double.py"
    source.write_text("def double(x):\n    return 2 * x\n")
    monkeypatch.setattr(ladder, "SOURCES", {"twice": str(source)})
    monkeypatch.setattr(ladder, "BUILT", tmp_path / "built")
    return source


def test_what_is_out_of_date_is_compiled_again(small_ladder, monkeypatch):
    compile_again = ladder.build.__wrapped__
    compile_again()
    (module,) = ladder.BUILT.glob("twice*.so")
    dates = [module.stat().st_mtime_ns]
    for change in (
        lambda: None,
        lambda: small_ladder.write_text("def double(x):\n    return x + x\n"),
        lambda: monkeypatch.setattr(ladder, "FLAGS", [*ladder.FLAGS, "-O1"]),
    ):
        change()
        compile_again()
        dates.append(module.stat().st_mtime_ns)
    assert dates[0] == dates[1] < dates[2] < dates[3]


def test_what_cannot_be_compiled_says_what_helps(small_ladder, monkeypatch):
    compile_again = ladder.build.__wrapped__
    with monkeypatch.context() as without_compiler:
        without_compiler.setenv("CC", "no-such-compiler")
        with pytest.raises(RuntimeError, match=r"no-such-compiler.*apt install gcc"):
            compile_again()
    small_ladder.write_text("def double(x):\n    return 2 *\n")
    with pytest.raises(RuntimeError, match=r"(?s)Cython rejects.*return 2 \*"):
        compile_again()
    with monkeypatch.context() as without_cython:
        without_cython.setitem(sys.modules, "Cython.Build", None)
        with pytest.raises(RuntimeError, match=r"pip install --editable '\.\[bench\]'"):
            compile_again()
