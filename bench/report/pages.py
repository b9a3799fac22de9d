"""The tables and sentences of README.md and docs/benchmarks.md: which rungs of which operations."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bench.report.results import Run
from bench.report.tables import (
    Column,
    Place,
    Row,
    Sentence,
    Table,
    caption,
    fastdist_rows,
    sentences,
)

NUMPY = "NumPy PCG64"
NORMALS = {"float64": Place("standard_normal, float64"), "float32": Place("standard_normal, float32")}


def normals(run: Run) -> Sequence[Row]:
    return [
        Row("pure Python (`math.log`, `math.cos`)", ("python textbook",), NORMALS),
        Row("NumPy `default_rng`", (NUMPY,), NORMALS),
        Row("MKL (`mkl_random`, its fastest)", ("mkl_random SFMT19937",), NORMALS),
        *fastdist_rows(run, NORMALS),
    ]


FUNCTIONS = {name: Place(f"norm.{name}, float64") for name in ("pdf", "logpdf", "cdf", "logcdf", "ppf")}


def functions(run: Run) -> Sequence[Row]:
    return [
        Row("pure Python (`math`, `statistics`)", ("python math, statistics",), FUNCTIONS),
        Row("`scipy.stats.norm`", ("SciPy",), FUNCTIONS),
        Row("NumPy expression; `scipy.special`", ("NumPy expression", "scipy.special"), FUNCTIONS),
        *fastdist_rows(run, FUNCTIONS),
    ]


DIMENSIONS = (2, 8, 16, 64, 256)
SAMPLES = {str(d): Place(f"sampling, d = {d}, covariance given") for d in DIMENSIONS}
SAMPLES_BY_FACTOR = {str(d): Place(f"sampling, d = {d}, factor given") for d in DIMENSIONS}
LOGPDF = {str(d): Place(f"logpdf, d = {d}, frozen") for d in DIMENSIONS}


def multivariate(run: Run) -> Sequence[Row]:
    return [
        Row("samples: pure Python", ("python math, random",), SAMPLES),
        Row("NumPy, `method='cholesky'`", ("NumPy cholesky",), SAMPLES),
        Row("MKL (`multinormal_cholesky`, its factor given)", ("mkl_random SFMT19937",), SAMPLES_BY_FACTOR),
        *fastdist_rows(run, SAMPLES),
        Row("`logpdf`: pure Python", ("python math, random",), LOGPDF),
        Row("`scipy.stats.multivariate_normal`, frozen", ("SciPy",), LOGPDF),
        *fastdist_rows(run, LOGPDF),
    ]


SHAPES = ("d = 2, K = 4", "d = 16, K = 8", "d = 64, K = 8")


def of_shapes(operation: str) -> Mapping[str, Place]:
    return {shape: Place(f"{operation}, {shape.lower()}") for shape in SHAPES}


STEP, SCORE, SAMPLE = (of_shapes(name) for name in ("EM step", "score_samples", "sample"))


def mixtures(run: Run) -> Sequence[Row]:
    return [
        Row("a step of EM: pure Python", ("python math, random",), STEP),
        Row("`sklearn.mixture.GaussianMixture`", ("scikit-learn",), STEP),
        *fastdist_rows(run, STEP),
        Row("`score_samples`: scikit-learn", ("scikit-learn",), SCORE),
        *fastdist_rows(run, SCORE),
        Row("`sample`: scikit-learn", ("scikit-learn",), SAMPLE),
        *fastdist_rows(run, SAMPLE),
    ]


TABLES = {
    "normals": Table(
        "ns per normal, one thread",
        [
            Column("float64", "float64"),
            Column("against NumPy", "float64", NUMPY),
            Column("float32", "float32"),
            Column("against NumPy", "float32", NUMPY),
        ],
        normals,
    ),
    "norm": Table(
        "ns per value, float64, one thread",
        [Column(f"`{name}`", name) for name in FUNCTIONS],
        functions,
    ),
    "multivariate normals": Table(
        "ns per number, float64, one thread",
        [Column(f"d = {d}" if d == DIMENSIONS[0] else str(d), str(d)) for d in DIMENSIONS],
        multivariate,
    ),
    "mixtures": Table(
        "ns per point, float64, full covariances, one thread",
        [Column(shape, shape) for shape in SHAPES],
        mixtures,
    ),
}

SMALL_CALLS = {
    "calls of norm": [
        Sentence(
            "One Python float takes `norm.logpdf` {ours} (SciPy: {theirs}).",
            Place("norm.logpdf, one number"),
            "SciPy",
        ),
        Sentence(
            "A hundred take it {ours} (SciPy: {theirs}).", Place("norm.logpdf, float64", size=100), "SciPy"
        ),
    ],
    "calls of multivariate normals": [
        Sentence(
            "One point of two dimensions takes a frozen `logpdf` {ours} (SciPy: {theirs}).",
            Place("logpdf of one point, d = 2, frozen"),
            "SciPy",
        ),
        Sentence(
            "Ten thousand covariances of three dimensions, each factored and sampled once, take {ours} "
            "(SciPy in a loop: {theirs}).",
            Place("10 000 covariances, d = 3, sampled"),
            "SciPy, in a loop",
        ),
    ],
}


@dataclass(frozen=True)
class Page:
    """A page of the documentation, and the names of the tables and sentences that it shows."""

    path: str  # from the root of the checkout
    tables: Sequence[str]
    small_calls: Sequence[str]
    report: str  # the page's link to REPORT.md

    def parts(self, run: Run) -> dict[str, list[str]]:
        """Everything between markers, by its name."""
        tables = {name: TABLES[name] for name in self.tables}
        return {
            **{name: table.lines(run) for name, table in tables.items()},
            **{name: sentences(run, SMALL_CALLS[name]) for name in self.small_calls},
            "caption": caption(run, tables, self.report),
        }


PAGES = (
    Page("README.md", ("normals", "norm"), (), "bench/REPORT.md"),
    Page("docs/benchmarks.md", tuple(TABLES), tuple(SMALL_CALLS), "../bench/REPORT.md"),
)
