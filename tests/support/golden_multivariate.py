"""Golden values of the multivariate normal's density, from mpmath:

    python -m tests.support.golden_multivariate  # write tests/data/multivariate_golden.json
    python -m tests.support.golden_multivariate --check  # compare with it: exit 1 where a line differs

The file has one line for each covariance, and behind it one for each x:

    [d, condition, mean, cov]          condition = 1 / the least eigenvalue of the correlation matrix;
                                       cov is its lower triangle, row by row
    [x, squared distance, logpdf]      exact results in DIGITS digits

Arguments stand in hex: the results are those of the numbers as they are.
"""

from __future__ import annotations

import json
import random
import re
from collections.abc import Iterator
from pathlib import Path

import mpmath

GOLDEN = Path(__file__).parents[1] / "data" / "multivariate_golden.json"
SEED = 20261122
BITS = 300  # 200 and more after what the worst condition number takes
DIGITS = 25

DIMENSIONS = (1, 2, 3, 8, 16)
CONDITIONS = (0, 4, 8, 12)  # decimal exponents

mpmath.mp.prec = BITS


def orthogonal(d: int, source: random.Random) -> mpmath.matrix:
    """A random orthogonal matrix: the Q of a matrix of normals."""
    normals = mpmath.matrix([[source.gauss(0, 1) for _ in range(d)] for _ in range(d)])
    return mpmath.qr(normals)[0]


def correlations(cov: mpmath.matrix) -> mpmath.matrix:
    d = cov.rows
    return mpmath.matrix(
        [[cov[i, j] / mpmath.sqrt(cov[i, i] * cov[j, j]) for j in range(d)] for i in range(d)]
    )


def covariance(d: int, exponent: int, source: random.Random) -> mpmath.matrix:
    """Correlations whose condition number is about 10^exponent, and standard deviations of any size.

    Half of the eigenvalues are 1 and the others 10^-exponent, before each row and column is divided for a
    diagonal of 1, which makes none of them less.
    """
    turned = orthogonal(d, source)
    eigenvalues = mpmath.diag([mpmath.mpf(10) ** (-exponent * (2 * i >= d)) for i in range(d)])
    matrix = correlations(turned * eigenvalues * turned.T)
    deviations = [10 ** source.uniform(-2, 2) for _ in range(d)]
    exact = mpmath.matrix(d)
    for i in range(d):
        for j in range(i + 1):
            exact[i, j] = exact[j, i] = float(matrix[i, j] * deviations[i] * deviations[j])
    return exact


def points(mean: list[float], cov: mpmath.matrix, source: random.Random) -> Iterator[list[float]]:
    """The mean; a typical x; one thirty times as far out; one away from where x has any probability."""
    d = len(mean)
    factor = mpmath.cholesky(cov)
    z = mpmath.matrix([source.gauss(0, 1) for _ in range(d)])
    typical = factor * z
    yield mean
    yield [float(mean[i] + typical[i]) for i in range(d)]
    yield [float(mean[i] + 30 * typical[i]) for i in range(d)]
    yield [float(mean[i] + mpmath.sqrt(cov[i, i]) * source.gauss(0, 1)) for i in range(d)]


def exact(x: list[float], mean: list[float], cov: mpmath.matrix) -> tuple[mpmath.mpf, mpmath.mpf]:
    """The squared distance and the log density."""
    d = len(mean)
    factor = mpmath.cholesky(cov)
    away = mpmath.matrix([mpmath.mpf(x[i]) - mpmath.mpf(mean[i]) for i in range(d)])
    squared = (away.T * mpmath.cholesky_solve(cov, away))[0]
    half_log_det = mpmath.fsum(mpmath.log(factor[i, i]) for i in range(d))
    return squared, -(squared + d * mpmath.log(2 * mpmath.pi)) / 2 - half_log_det


def shown(x: float) -> str:
    """Hex without the zeros at its end; ``float.fromhex`` reads it."""
    return re.sub(r"\.?0*p", "p", float(x).hex())


def lines() -> Iterator[list[object]]:
    """The lines of the file, as they are computed."""
    source = random.Random(SEED)
    for d in DIMENSIONS:
        for exponent in CONDITIONS if d > 1 else CONDITIONS[:1]:
            cov = covariance(d, exponent, source)
            least = min(mpmath.eigsy(correlations(cov), eigvals_only=True))
            mean = [source.gauss(0, 10) for _ in range(d)]
            triangle = [shown(cov[i, j]) for i in range(d) for j in range(i + 1)]
            yield [d, float(1 / least), list(map(shown, mean)), triangle]
            for x in points(mean, cov, source):
                results = [mpmath.nstr(result, DIGITS) for result in exact(x, mean, cov)]
                yield [list(map(shown, x)), *results]


def file_text() -> str:
    """JSON with one row a line."""
    return "[\n" + ",\n".join(json.dumps(line, separators=(",", ":")) for line in lines()) + "\n]\n"


if __name__ == "__main__":
    from tests.support.golden_file import write_or_check

    write_or_check("Golden values of the multivariate normal, from mpmath.", GOLDEN, file_text)
