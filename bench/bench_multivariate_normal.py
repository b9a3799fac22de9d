"""Multivariate normals: samples, densities and Cholesky factors, from pure Python up to all threads."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from bench.cases.benchmarks import test_operation as test_operation
from bench.cases.case import Operation, Rung
from bench.cases.multivariate import EACH_CALL, FASTDIST, ONCE, Vectors
from bench.cases.multivariate_relations import FASTDIST as RELATING
from bench.cases.multivariate_relations import Relation
from bench.peers import multivariate_relations as relations
from bench.peers.multivariate import LAPACK, MKL, NUMPY_CHOLESKY, PEERS, SCIPY, SCIPY_LOOP
from bench.peers.multivariate_expressions import NUMPY_EXPRESSION

ROWS, LARGEST = 100_000, 2_000_000
# Those of a curve, of three numbers each: 5e7 numbers at last.
CURVE_DIMENSION = 3
CURVE = (1, 10, 100, 1000, 10_000, ROWS, 1_000_000, 50_000_000 // CURVE_DIMENSION)
BATCH, BATCH_DIMENSION = 10_000, 3
# More than the caches hold, and enough for every number of threads.
FOR_THREADS, THREADS_DIMENSION = 8_000_000, 16

RUNGS: list[Rung] = [*PEERS, *FASTDIST]

GENERATOR = "Generator.multivariate_normal"


def rows_of(
    method: str, d: int, factor: str, rows: int = ROWS, dtype: type[np.generic] = np.float64
) -> Vectors:
    """100 000 of them, or fewer where that were too many numbers."""
    return Vectors(method, "new", dtype, d * rows, d, factor).of_at_most(max(LARGEST, CURVE_DIMENSION * rows))


def one_row(method: str, d: int, factor: str) -> Vectors:
    return Vectors(method, "scalar", size=d, dimension=d, factor=factor)


def batch_of(method: str) -> Vectors:
    size = BATCH * BATCH_DIMENSION ** (2 if method == "cholesky" else 1)
    return Vectors(method, "new", size=size, dimension=BATCH_DIMENSION, batch=True)


def matrix_of(d: int) -> Vectors:
    return Vectors("cholesky", "new", size=d * d, dimension=d)


def operation(name: str, case: Vectors, peer: Rung, covers: str, curve: Sequence[Vectors] = ()) -> Operation:
    return Operation(name, curve or [case], RUNGS, peer.name, [covers], headline=case)


def sampling(d: int, factor: str) -> Operation:
    """From a covariance as NumPy does it, from a factor as mkl_random does."""
    given, peer = ("covariance", NUMPY_CHOLESKY) if factor == EACH_CALL else ("factor", MKL)
    curve = [rows_of("sample", d, factor, rows) for rows in CURVE if d == CURVE_DIMENSION]
    return operation(
        f"sampling, d = {d}, {given} given", rows_of("sample", d, factor), peer, GENERATOR, curve
    )


def log_density(d: int, factor: str) -> Operation:
    given = "frozen" if factor == ONCE else "covariance given"
    curve = [rows_of("logpdf", d, factor, rows) for rows in CURVE if d == CURVE_DIMENSION]
    name = f"logpdf, d = {d}, {given}"
    return operation(name, rows_of("logpdf", d, factor), SCIPY, "multivariate_normal.logpdf", curve)


def of_rows(method: str, d: int, factor: str = ONCE) -> Operation:
    note = ", frozen" if factor == ONCE else ""
    name = f"{method}, d = {d}{note}"
    return operation(name, rows_of(method, d, factor), SCIPY, f"multivariate_normal.{method}")


def relation(method: str, d: int, peer: Rung, name: str | None = None) -> Operation:
    rungs = [*relations.PEERS, *RELATING]
    # To freeze is to call it.
    names = (method, "__call__") if method == "freeze" else (method,)
    covers = [f"multivariate_normal.{name}" for name in names]
    case = Relation(method, "scalar", dimension=d)
    return Operation(name or f"{method}, d = {d}", [case], rungs, peer.name, covers)


def cholesky(case: Vectors, name: str) -> Operation:
    """Of the kernel: what each call that is given a covariance begins with."""
    return operation(f"cholesky, {name}", case, LAPACK, "multivariate_normal.freeze")


OPERATIONS = [
    *(sampling(d, EACH_CALL) for d in (2, 3, 8, 16, 64, 256)),
    *(sampling(d, ONCE) for d in (2, 8, 16, 64, 256)),
    *(log_density(d, ONCE) for d in (2, 3, 8, 16, 64, 256)),
    *(log_density(d, EACH_CALL) for d in (2, 16, 64)),
    *(of_rows(method, 3) for method in ("pdf", "mahalanobis", "loglikelihood", "rvs")),
    of_rows("fit", 16, EACH_CALL),
    operation(
        "logpdf of one point, d = 2, frozen", one_row("logpdf", 2, ONCE), SCIPY, "multivariate_normal.logpdf"
    ),
    operation(
        "logpdf of one point, d = 2, covariance given",
        one_row("logpdf", 2, EACH_CALL),
        SCIPY,
        "multivariate_normal.logpdf",
    ),
    operation(
        "one sample, d = 2, covariance given", one_row("sample", 2, EACH_CALL), NUMPY_CHOLESKY, GENERATOR
    ),
    *(
        operation(
            f"{name}, d = 16, float32",
            rows_of(method, 16, ONCE, dtype=np.float32),
            NUMPY_EXPRESSION,
            covers,
        )
        for method, name, covers in (
            ("sample", "sampling", GENERATOR),
            ("logpdf", "logpdf", "multivariate_normal.logpdf"),
        )
    ),
    operation("10 000 covariances, d = 3, sampled", batch_of("sample"), SCIPY_LOOP, GENERATOR),
    operation(
        "10 000 covariances, d = 3, scored", batch_of("logpdf"), SCIPY_LOOP, "multivariate_normal.logpdf"
    ),
    *(cholesky(matrix_of(d), f"d = {d}") for d in (3, 16, 64, 256, 1024)),
    cholesky(batch_of("cholesky"), "10 000 of d = 3"),
    operation(
        "sampling, 8 million numbers, d = 16, out=",
        Vectors("sample", "out", np.float64, FOR_THREADS, THREADS_DIMENSION, ONCE),
        MKL,
        GENERATOR,
    ),
    operation(
        "logpdf, 8 million numbers, d = 16",
        Vectors("logpdf", "new", np.float64, FOR_THREADS, THREADS_DIMENSION, ONCE),
        SCIPY,
        "multivariate_normal.logpdf",
    ),
    relation("freeze", 16, relations.SCIPY, "freezing, d = 16"),
    relation("entropy", 16, relations.SCIPY, "entropy, d = 16, frozen"),
    relation("marginal", 16, relations.SCIPY, "marginal of 8 components, d = 16"),
    relation("conditional", 16, relations.NUMPY_EXPRESSION, "conditional, 8 components given, d = 16"),
    relation("kl_divergence", 16, relations.NUMPY_EXPRESSION),
    relation("confidence_ellipse", 2, relations.NUMPY_EXPRESSION),
]
