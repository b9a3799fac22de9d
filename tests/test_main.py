"""``python -m fastdist``: checks that can fail, one report as table, JSON and plot, the exit status."""

import io
import json
import math
import subprocess
import sys
from contextlib import contextmanager
from dataclasses import replace
from statistics import NormalDist
from types import SimpleNamespace

import numpy as np
import pytest

import fastdist
from fastdist import __main__ as command
from fastdist import norm
from fastdist._main_job import (
    SECTIONS,
    european_call,
    mixture_rungs,
    multivariate_normals,
    normal_distribution,
    plot,
    standard_normals,
    table,
)
from fastdist._main_job.job import (
    ALL_THREADS,
    ALPHA,
    DTYPES,
    NUMPY,
    ONE_THREAD,
    PURE_PYTHON,
    SCIKIT_LEARN,
    SCIPY,
    Check,
    Job,
    Report,
    Result,
    run,
)

SMALL = Job(samples=100_000, pure_python_samples=1000, repeats=2)
CHECKS = 89
RUNGS = [PURE_PYTHON, NUMPY, ONE_THREAD, ALL_THREADS]
STANDARD_LIBRARY, NUMPY_EXPRESSION = (
    normal_distribution.STANDARD_LIBRARY,
    normal_distribution.NUMPY_EXPRESSION,
)
FUNCTION_RUNGS = {
    "norm.pdf": [PURE_PYTHON, STANDARD_LIBRARY, NUMPY_EXPRESSION, NUMPY, SCIPY, ONE_THREAD, ALL_THREADS],
    "norm.logpdf": [PURE_PYTHON, NUMPY_EXPRESSION, NUMPY, SCIPY, ONE_THREAD, ALL_THREADS],
    "norm.cdf": [PURE_PYTHON, STANDARD_LIBRARY, SCIPY, ONE_THREAD, ALL_THREADS],
}
SAMPLING_RUNGS = [PURE_PYTHON, NUMPY, ONE_THREAD, ALL_THREADS]
DENSITY_RUNGS = [PURE_PYTHON, SCIPY, ONE_THREAD, ALL_THREADS]
VECTOR_RUNGS = {
    f"{function}, d = {d}": names
    for d in multivariate_normals.DIMENSIONS
    for function, names in (("sampling", SAMPLING_RUNGS), ("logpdf", DENSITY_RUNGS))
}
MIXTURE_RUNGS = {
    function: [PURE_PYTHON, SCIKIT_LEARN, ONE_THREAD, ALL_THREADS]
    for function in (mixture_rungs.FIT, mixture_rungs.SCORE, mixture_rungs.INFER, mixture_rungs.SAMPLE)
}
TIMED = {"standard_normal": RUNGS, **FUNCTION_RUNGS, **VECTOR_RUNGS, **MIXTURE_RUNGS}
SMALL_COMMAND = (
    "import sys; from fastdist.__main__ import main; from fastdist._main_job.job import Job;"
    "sys.exit(main(job=Job(samples=100_000, pure_python_samples=1000, repeats=2)))"
)


def normals(n=SMALL.samples, dtype="float64", seed=1958):
    return fastdist.default_rng(seed).standard_normal(n, dtype)


def report_of(checks):
    return Report(SMALL, fastdist.show_config(mode="dicts"), [Result("", "", checks, [], [])])


def failures(z):
    """The names of the checks that a sample fails, at ALPHA for all of them."""
    return {check.name for check in report_of(standard_normals.check_normals(z)).failed}


# The checks


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("seed", range(20))
def test_normals_pass(dtype, seed):
    """Fixed seeds, n = 100000; all 20 runs would pass for other seeds with probability 1 - 20 ALPHA."""
    assert failures(normals(dtype=dtype, seed=seed)) == set()


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(
    ("spoil", "name"),
    [
        (lambda z: z + 0.05, "moment 1"),
        (lambda z: z - 0.05, "Kolmogorov-Smirnov"),
        (lambda z: 1.05 * z, "moment 2"),
        (lambda z: 0.97 * z, "moment 6"),
        (lambda z: z + 0.05 * (z * z - 1), "moment 3"),
        (lambda z: z + 0.02 * (z**3 - 3 * z), "moment 4"),
        (lambda z: z[np.abs(z) < 3], "beyond 3 sigma"),
        (lambda z: np.clip(z, -3.9, 3.9), "beyond 4 sigma"),
        (lambda z: np.append(z, [6.0] * 6), "beyond 5 sigma"),
        (lambda z: np.abs(z), "moment 5"),
        (lambda z: np.round(z, 1), "Kolmogorov-Smirnov"),
    ],
)
def test_spoilt_normals_fail(dtype, spoil, name):
    """Shifted, scaled, skewed, heavy-tailed, truncated and rounded samples each fail the check made for them.

    Each is off by 6 standard errors or more at n = 100000 (beyond 4 sigma: none of 6.3 expected, so a
    million are taken there).
    """
    assert name in failures(spoil(normals(1_000_000 if "4" in name else SMALL.samples, dtype)).astype(dtype))


def test_right_moments_alone_do_not_pass():
    """The nodes of a Gauss-Hermite quadrature have the first seven moments of the normal distribution."""
    nodes, weights = np.polynomial.hermite_e.hermegauss(4)
    counts = np.round(weights / weights.sum() * 1_000_000).astype(int)
    assert failures(np.repeat(nodes, counts)) == {
        "Kolmogorov-Smirnov", "beyond 3 sigma", "beyond 4 sigma"
    }  # fmt: skip


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_one_value_that_is_no_number_fails(bad):
    """No NaN compares as a pass."""
    z = normals()
    z[12345] = bad
    assert {f"moment {k}" for k in range(1, 7)} <= failures(z)


def test_check_leaves_the_sample_alone():
    z = normals(1000)
    standard_normals.check_normals(z)
    assert (z == normals(1000)).all()


def test_exact_moments():
    assert [standard_normals.exact_moment(k) for k in range(1, 9)] == [0, 1, 0, 3, 0, 15, 0, 105]


def test_moments_of_a_known_sample():
    """Longer than a chunk, so that the sums go on from one to the next."""
    z = np.resize([1.0, 2.0], 2 * standard_normals.CHUNK + 2)
    assert [check.value for check in standard_normals.check_moments(z)] == [1.5, 2.5, 4.5, 8.5, 16.5, 32.5]


@pytest.mark.parametrize("n", [1, 2, 1000])
def test_kolmogorov_smirnov_is_the_textbook_statistic(n):
    """sqrt(n) max(i / n - Phi(x_i), Phi(x_i) - (i - 1) / n)."""
    ordered = np.sort(normals(n))
    phi, i = [NormalDist().cdf(x) for x in ordered.tolist()], range(1, n + 1)
    expected = max(max(k / n - p, p - (k - 1) / n) for k, p in zip(i, phi, strict=True))
    check = standard_normals.check_kolmogorov_smirnov(ordered)
    assert check.value == pytest.approx(math.sqrt(n) * expected, rel=1e-9)


def test_kolmogorov_smirnov_of_some_values_is_a_close_bound(monkeypatch):
    n, taken = 10_000, 100
    ordered = np.sort(normals(n))
    exact = standard_normals.check_kolmogorov_smirnov(ordered).value
    monkeypatch.setattr(standard_normals, "CDF_VALUES", taken)
    assert exact < standard_normals.check_kolmogorov_smirnov(ordered).value <= exact + math.sqrt(n) / taken


@pytest.mark.parametrize(("x", "p"), [(0.0, 1), (0.19, 1), (1.2238, 0.1), (1.3581, 0.05), (1.6276, 0.01)])
def test_kolmogorov_distribution(x, p):
    """The quantiles of the tables, which have four decimals."""
    assert standard_normals.kolmogorov_survival(x) == pytest.approx(p, abs=3e-5)


def test_critical_distance_is_bonferroni():
    """Two-sided at ALPHA / m for each of m checks."""
    report = report_of([Check("", "float64", 0, 0, 1, 0)] * 21)
    assert NormalDist().cdf(-report.critical_distance) == pytest.approx(ALPHA / 42)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("seed", range(20))
def test_functions_pass(dtype, seed):
    """Fixed seeds, n = 100000; all 20 runs would pass for other seeds with probability 1 - 20 ALPHA."""
    assert not report_of(normal_distribution.check_functions(replace(SMALL, seed=seed), dtype)).failed


UNIFORM, LOG_DENSITY, SHARE = "cdf(z), chi2 100 bins", "mean of logpdf(z)", "share of z, -1 to 2"
AREA, NARROW_AREA, TAIL = "area of pdf, -1 to 2", "area, scale 1/4", "z above 4, by sf"


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(
    ("function", "wrong", "names"),
    [
        ("cdf", lambda x, loc=0, scale=1: norm.cdf(1.1 * x, loc, scale), {UNIFORM, SHARE, AREA}),
        ("cdf", lambda x, loc=0, scale=1: norm.pdf(x, loc, scale), {UNIFORM, SHARE, AREA, NARROW_AREA}),
        ("cdf", lambda x, loc=0, scale=1: norm.sf(x, loc, scale), {SHARE, AREA, NARROW_AREA}),
        ("pdf", lambda x, loc, scale, out: np.multiply(norm.pdf(x, loc, scale), 1.02, out=out), {AREA}),
        ("pdf", lambda x, loc, scale, out: norm.pdf(x / scale, out=out), {NARROW_AREA}),
        ("pdf", lambda x, loc, scale, out: norm.cdf(x, loc, scale, out=out), {AREA, NARROW_AREA}),
        ("logpdf", lambda x: norm.logpdf(x, 0, 1.2), {LOG_DENSITY}),
        ("logpdf", lambda x: norm.logcdf(x), {LOG_DENSITY}),
        ("sf", lambda x: norm.sf(x - 1), {TAIL}),
        ("sf", lambda x: norm.cdf(x), {TAIL}),
        ("sf", lambda x: np.nan * x, {TAIL}),
        ("sf", lambda x: -norm.sf(x), {TAIL}),
    ],
)
def test_wrong_functions_fail(monkeypatch, dtype, function, wrong, names):
    """A function that is scaled, shifted or another one fails the checks that it takes part in."""
    functions = {name: getattr(norm, name) for name in ("pdf", "logpdf", "cdf", "sf")}
    monkeypatch.setattr(normal_distribution, "norm", SimpleNamespace(**{**functions, function: wrong}))
    found = report_of(normal_distribution.check_functions(SMALL, dtype)).failed
    assert names <= {check.name for check in found}


def test_distance_of_chi_square_is_that_of_its_p_value():
    """Wilson and Hilferty's approximation is right to 0.01 where a check may still pass."""
    chi2 = pytest.importorskip("scipy.stats").chi2(normal_distribution.BINS - 1)
    u = (np.arange(10_000) + 0.5) / 10_000
    for power in 1.08, 1.09, 1.1, 1.11, 1.12, 1.13:
        check = normal_distribution.check_uniform(norm.ppf(u**power))
        counts = np.histogram(u**power, normal_distribution.BINS, (0, 1))[0]
        assert check.value == pytest.approx(np.square(counts - 100).sum() / 100)
        assert check.distance == pytest.approx(norm.isf(chi2.sf(check.value)), abs=0.01)


@pytest.mark.parametrize(("a", "b", "scale"), [(-1, 2, 1), (-2, 2, 0.25), (0, 0.5, 2)])
def test_standard_error_of_an_area(a, b, scale):
    """The root of the variance of (b - a) pdf(u) over n, for u uniform on [a, b]."""
    u = a + (b - a) * (np.arange(100_000) + 0.5) / 100_000
    rng = fastdist.default_rng(1)
    check = normal_distribution.check_area("", rng, 1000, "float64", a, b, scale)
    deviation = ((b - a) * norm.pdf(u, 0, scale)).std()
    assert check.standard_error == pytest.approx(deviation / math.sqrt(1000), rel=1e-6)


def test_black_scholes():
    """The example of J. C. Hull, Options, Futures, and Other Derivatives: 4.76."""
    call = european_call.EuropeanCall(spot=42, strike=40, rate=0.1, volatility=0.2, time=0.5)
    assert call.black_scholes() == pytest.approx(4.76, abs=0.005)


def test_monte_carlo_price_is_the_mean_payoff():
    """Whatever the chunks."""
    call, paths = european_call.EuropeanCall(), 2 * european_call.CHUNK + 7
    end = call.spot * np.exp(0.01 + 0.2 * normals(paths))
    payoffs = math.exp(-0.03) * np.maximum(end - 105, 0)
    price, standard_error = call.monte_carlo(fastdist.default_rng(1958), paths)
    assert price == pytest.approx(payoffs.mean(), rel=1e-12)
    assert standard_error == pytest.approx(payoffs.std() / math.sqrt(paths), rel=1e-9)


# The command


@pytest.mark.parametrize("dtype", DTYPES)
def test_rungs_of_a_function_agree(dtype):
    """What is timed side by side is the same function of the same normals."""
    pytest.importorskip("scipy")
    tolerance = {"float64": 1e-13, "float32": 2e-6}[dtype]
    rungs = normal_distribution.rungs(SMALL)
    for function, names in FUNCTION_RUNGS.items():
        same = [rung for rung in rungs if (rung.function, rung.dtype) == (function, dtype)]
        assert [rung.name for rung in same] == (names if dtype == "float64" else of_arrays(names))
        expected = getattr(norm, function.removeprefix("norm."))(normals(SMALL.samples, dtype))
        for rung in same:
            np.testing.assert_allclose(rung.call(), expected[: rung.n], rtol=tolerance, strict=False)


def of_arrays(names):
    """The rungs that have float32 too; of vectors NumPy draws float64 alone."""
    missing = {PURE_PYTHON, STANDARD_LIBRARY} | ({NUMPY} if names is SAMPLING_RUNGS else set())
    return [name for name in names if name not in missing]


def test_table_has_every_check_and_every_rung_in_80_columns(capsys):
    pytest.importorskip("scipy")
    assert command.main([], SMALL) == 0
    lines = capsys.readouterr().out.splitlines()
    assert max(map(len, lines)) <= 80
    rows = [line.strip() for line in lines if line.startswith("  ")]
    for name in ["moment 6", "Kolmogorov-Smirnov", "beyond 5 sigma", "Monte Carlo price"]:
        assert sum(row.startswith(name) for row in rows) == 1
    for name in [UNIFORM, LOG_DENSITY, SHARE, AREA, NARROW_AREA, TAIL]:
        assert sum(row.startswith(name) for row in rows) == 1
    for name in ["mean, chi2", "cov, chi2", "mahalanobis", "mean logpdf"]:
        for d in multivariate_normals.DIMENSIONS:
            assert sum(row.startswith(f"{name}, d = {d} ") for row in rows) == 1
    for function, names in TIMED.items():
        start = next(i for i, line in enumerate(lines) if f"{line} ".startswith(f"{function} "))
        for line, name in zip(lines[start + 1 :], names, strict=False):
            assert line.startswith(f"  {name} ")
    assert any(line.startswith(f"all {CHECKS} checks pass") for line in lines)
    assert sum(line.startswith("Old Faithful, 272 eruptions") for line in lines) == 1


def test_columns_of_numbers_do_not_touch(capsys):
    """Eight numbers or dashes after the name, for SciPy beside NumPy and Python."""
    pytest.importorskip("scipy")
    assert command.main([], SMALL) == 0
    lines = capsys.readouterr().out.splitlines()
    rows = [line for line in lines if line.startswith(f"  {STANDARD_LIBRARY}")]
    assert [len(row.split()) for row in rows] == [9, 9]
    assert [row.split()[3] for row in rows][1] == "-"  # the cdf against NumPy, which has none


def test_table_without_scipy_says_so(monkeypatch, capsys):
    """SciPy is optional: no column and no row, but a line that tells what would bring them."""
    for name in "scipy", "scipy.stats":
        monkeypatch.setitem(sys.modules, name, None)
    assert command.main([], SMALL) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line for line in lines if SCIPY in line] == [
        "SciPy is not installed: pip install 'fastdist-kernels[scipy]' compares with it"
    ]


def test_json_is_the_table_as_data(capsys):
    pytest.importorskip("scipy")
    assert command.main(["--json", "--seed", "7"], SMALL) == 0
    output = capsys.readouterr()
    data = json.loads(output.out)
    assert output.err == ""
    assert data["job"] == {"seed": 7, "samples": 100_000, "pure_python_samples": 1000, "repeats": 2}
    assert data["config"] == fastdist.show_config(mode="dicts")
    assert data["passed"]
    checks = [check for section in data["sections"] for check in section["checks"]]
    assert len(checks) == CHECKS
    (findings,) = (section["findings"] for section in data["sections"] if section["findings"] is not None)
    assert [component["name"] for component in findings["components"]] == ["short", "long"]
    assert all(check["passed"] for check in checks)
    timings = [timing for section in data["sections"] for timing in section["timings"]]
    for function, names in TIMED.items():
        of_function = [timing for timing in timings if timing["function"] == function]
        ns = {(timing["name"], timing["dtype"]): timing["ns"] for timing in of_function}
        assert list(ns) == [(name, "float64") for name in names] + [
            (name, "float32") for name in of_arrays(names) if function != mixture_rungs.SAMPLE
        ]
        for timing in of_function:
            low, high = timing["ns_quartiles"]
            assert 0 < low <= timing["ns"] <= high
            baselines = {
                name: ns[name, "float64" if name == PURE_PYTHON else timing["dtype"]]
                for name in (PURE_PYTHON, NUMPY, SCIPY, SCIKIT_LEARN)
                if (name, "float64" if name == PURE_PYTHON else timing["dtype"]) in ns
            }
            assert timing["speed_up"] == {name: median / timing["ns"] for name, median in baselines.items()}


def test_checks_depend_on_the_seed_alone():
    @contextmanager
    def silent(steps):
        yield lambda name: None

    def checks(threads):
        with fastdist.num_threads(threads):
            return run(SMALL, SECTIONS, silent).checks

    assert checks(1) == checks(3)


@pytest.mark.parametrize("arguments", [[], ["--json"]])
@pytest.mark.parametrize("bad", [1.5, np.nan])
def test_exit_status_of_a_failed_check(monkeypatch, capsys, arguments, bad):
    monkeypatch.setattr(standard_normals, "draw", lambda job, dtype: bad * normals(dtype=dtype))
    assert command.main(arguments, SMALL) == command.FAILED == 1
    out = capsys.readouterr().out
    if arguments:
        assert not json.loads(out, parse_constant=pytest.fail)["passed"]
    else:
        assert " checks FAIL" in out
        assert "!" in next(line for line in out.splitlines() if "moment 2" in line)


def test_exit_status_of_a_wrong_price(monkeypatch, capsys):
    right = european_call.EuropeanCall.black_scholes
    monkeypatch.setattr(european_call.EuropeanCall, "black_scholes", lambda call: 1.05 * right(call))
    assert command.main([], SMALL) == 1
    assert f"1 of {CHECKS} checks FAIL" in capsys.readouterr().out


def test_info(capsys):
    assert command.main(["info"]) == 0
    text = capsys.readouterr().out
    fastdist.show_config()
    assert text == capsys.readouterr().out


@pytest.mark.parametrize("arguments", [["info", "--json"], ["--json", "info"]])
def test_info_as_json(capsys, arguments):
    assert command.main(arguments) == 0
    assert json.loads(capsys.readouterr().out) == fastdist.show_config(mode="dicts")


@pytest.mark.parametrize(
    "arguments", [["--seed", "-1"], ["--seed", "1.5"], ["more"], ["--plot"], ["--plot", "a.png", "info"]]
)
def test_bad_command_line(capsys, arguments):
    with pytest.raises(SystemExit) as exit:
        command.main(arguments, SMALL)
    assert exit.value.code == command.USAGE == 2
    assert capsys.readouterr().out == ""


def test_interrupt(monkeypatch, capsys):
    def interrupted(job, dtype):
        raise KeyboardInterrupt

    monkeypatch.setattr(standard_normals, "draw", interrupted)
    assert command.main([], SMALL) == 130
    assert capsys.readouterr() == ("", "python -m fastdist: interrupted\n")


# The plot


def test_plot(tmp_path, capsys):
    pytest.importorskip("matplotlib")
    path = tmp_path / "normals.png"
    assert command.main(["--plot", str(path)], SMALL) == 0
    assert path.read_bytes().startswith(b"\x89PNG")
    assert capsys.readouterr().err == ""


def test_the_plotted_number_is_area_and_height():
    """One number stands at the shaded area and at the height of the cumulative distribution."""
    for one in plot.EXAMPLES:
        x = np.linspace(one.loc - 10 * one.scale, one.place, 10_001)
        assert one.probability == norm.cdf(one.place, one.loc, one.scale)
        area = np.trapezoid(norm.pdf(x, one.loc, one.scale), x)
        assert one.probability == pytest.approx(area, rel=1e-6)
        assert one.probability <= 1
    assert max(norm.pdf(one.loc, one.loc, one.scale) for one in plot.EXAMPLES) == pytest.approx(1.6, abs=0.01)


@pytest.fixture
def no_work(monkeypatch):
    monkeypatch.setattr(command, "run", lambda *_: pytest.fail("the work was begun"))


@pytest.mark.parametrize(
    ("name", "message"),
    [("a.txt", "must end in"), ("a", "must end in"), ("no/a.png", "no folder"), ("b.png", "not writable")],
)
def test_plot_that_cannot_be_written_is_refused_at_once(no_work, tmp_path, capsys, name, message):
    pytest.importorskip("matplotlib")
    (tmp_path / "b.png").mkdir()
    assert command.main(["--plot", str(tmp_path / name)], SMALL) == 2
    output = capsys.readouterr()
    assert output.out == ""
    assert message in output.err
    assert output.err.count("\n") == 1


def test_plot_without_matplotlib(no_work, monkeypatch, tmp_path, capsys):
    for name in "matplotlib", "matplotlib.backends", "matplotlib.backends.backend_agg":
        monkeypatch.setitem(sys.modules, name, None)
    assert command.main(["--plot", str(tmp_path / "a.png")], SMALL) == 2
    output = capsys.readouterr()
    assert output.out == ""
    assert "pip install 'fastdist-kernels[plot]'" in output.err
    assert output.err.count("\n") == 1


def test_disk_full(monkeypatch, tmp_path, capsys):
    """The table is not lost."""
    pytest.importorskip("matplotlib")

    def full(job, path):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(command.plot, "write", full)
    assert command.main(["--plot", str(tmp_path / "a.png")], SMALL) == 2
    output = capsys.readouterr()
    assert ALL_THREADS in output.out
    assert "No space left on device" in output.err


# The progress bar


class Terminal(io.StringIO):
    def isatty(self):
        return True


def test_progress_bar_on_a_terminal(monkeypatch, capsys):
    pytest.importorskip("tqdm")
    monkeypatch.setattr(sys, "stderr", Terminal())
    assert command.main(["--json"], SMALL) == 0
    assert "check float64 normals" in sys.stderr.getvalue()
    json.loads(capsys.readouterr().out)


def test_silence_without_tqdm(monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "tqdm", None)
    monkeypatch.setattr(sys, "stderr", Terminal())
    assert command.main([], SMALL) == 0
    assert sys.stderr.getvalue() == ""


def test_progress_bar_ends_full():
    totals, started = [], []

    @contextmanager
    def progress(steps):
        totals.append(steps)
        yield started.append

    run(SMALL, SECTIONS, progress)
    assert totals == [len(started)]


# The process


def python(*arguments, **options):
    return subprocess.run(
        [sys.executable, *arguments], capture_output=True, text=True, check=False, timeout=300, **options
    )


def test_process_info():
    process = python("-m", "fastdist", "info")
    assert (process.returncode, process.stderr) == (0, "")
    assert process.stdout.startswith("fastdist")


def test_process_main_job():
    process = python("-c", SMALL_COMMAND, "--json")
    assert (process.returncode, process.stderr) == (0, "")
    assert json.loads(process.stdout)["passed"]


def test_table_is_ascii():
    """So that no terminal or pipe, whatever its encoding, can fail."""
    report = run(SMALL, SECTIONS, command._progress_bar)
    assert all(line.isascii() and line == line.rstrip() for line in table.lines(report))


@pytest.mark.skipif(sys.platform == "win32", reason="pipes and signals of POSIX")
def test_process_whose_output_nobody_reads():
    with subprocess.Popen(
        [sys.executable, "-c", SMALL_COMMAND], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        process.stdout.close()
        assert process.stderr.read() == b""
        assert process.wait(60) == 141


def test_import_is_light():
    """The public names import neither the main job nor what only it needs."""
    process = python(
        "-c", "import fastdist, sys; print({'fastdist._main_job', 'tqdm', 'matplotlib'} & set(sys.modules))"
    )
    assert process.stdout == "set()\n"


@pytest.mark.slow
def test_process_main_job_in_full():
    process = python("-m", "fastdist")
    assert (process.returncode, process.stderr) == (0, "")
    assert f"all {CHECKS} checks pass" in process.stdout
