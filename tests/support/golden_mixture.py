"""Golden values of Gaussian mixtures, from mpmath:

    python -m tests.support.golden_mixture  # write tests/data/mixture_golden.json, in some seconds
    python -m tests.support.golden_mixture --check  # compare with it: exit 1 where a line differs

The file has one line for each mixture, behind it one for each x, and then one for the sums of a step of EM:

    [name, conditions, weights, means, covariances]    condition = 1 / the least eigenvalue of the
                                                       correlation matrix; lower triangles, row by row
    [x, q, a, log density]                             q[k] the squared distances, a[k] = ln(w_k p_k(x))
    [log-likelihood, totals, sums, products]           of these x, about the means; lower triangles

Arguments stand in hex: the results, in DIGITS digits, are those of the numbers as they are.
"""

from __future__ import annotations

import json
import random
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import mpmath

from tests.support import golden_multivariate as multivariate

shown = multivariate.shown

GOLDEN = Path(__file__).parents[1] / "data" / "mixture_golden.json"
SEED = 20261123
DIGITS = 25


def float32(x: float) -> float:
    """x rounded to float32, so that results hold for that type as well."""
    rounded: float = struct.unpack("<f", struct.pack("<f", x))[0]
    return rounded


def covariance(d: int, exponent: int, scale: float, source: random.Random) -> mpmath.matrix:
    """As in golden_multivariate.py, its standard deviations multiplied by a power of two near ``scale``."""
    power = mpmath.mpf(2) ** int(mpmath.floor(mpmath.log(scale, 2)))
    exact: mpmath.matrix = multivariate.covariance(d, exponent, source) * power**2
    return exact


def mixtures(source: random.Random) -> Iterator[tuple[str, list[float], list[list[float]], list[Any], bool]]:
    """Name, weights, means, covariances; and whether x are float32 numbers."""
    shapes = [
        (1, 0, 1),
        (2, 4, 1),
        (1, 0, 2),
        (2, 1, 3),
        (2, 4, 7),
        (3, 2, 4),
        (8, 1, 2),
        (3, 8, 3),
        (8, 4, 3),
    ]
    for d, exponent, components in shapes:
        covariances = [covariance(d, exponent, 1.0, source) for _ in range(components)]
        means = [[source.gauss(0, 10) for _ in range(d)] for _ in range(components)]
        yield "ordinary", weights_of(components, source), means, covariances, True
    for d in (1, 3):
        covariances = [mpmath.diag([1 + i for i in range(d)]), mpmath.diag([0.25] * d)]
        means = [[1e8 + source.gauss(0, 1) for _ in range(d)] for _ in range(2)]
        yield "means of 1e8", weights_of(2, source), means, covariances, False
        far = [[1e6 * source.gauss(0, 1) for _ in range(d)] for _ in range(3)]
        unit = [mpmath.diag([1.0] * d)] * 3
        yield "1e6 deviations apart", weights_of(3, source), far, unit, True
        wide = [mpmath.diag([64.0 * (1 + i) for i in range(d)])] * 2
        yield "means of 1e8 in float32", weights_of(2, source), means, wide, True
    for d in (1, 2):
        covariances = [covariance(d, 2, 1e148, source) for _ in range(2)]
        means = [[1e150 * source.gauss(0, 1) for _ in range(d)] for _ in range(2)]
        yield "covariances of 1e300", weights_of(2, source), means, covariances, False
        means = [[1e200] * d, [1e200 * (1 + 2.0**-52)] * d]
        yield "means of 1e200", weights_of(2, source), means, [mpmath.diag([2.0**996] * d)] * 2, False
        covariances = [covariance(d, 2, 1e-150, source) for _ in range(2)]
        means = [[1e-150 * source.gauss(0, 1) for _ in range(d)] for _ in range(2)]
        yield "covariances of 1e-300", weights_of(2, source), means, covariances, False
    covariances = [covariance(2, 1, 1.0, source) for _ in range(3)]
    means = [[source.gauss(0, 1), source.gauss(0, 1)] for _ in range(3)]
    yield "tiny weights", [1 - 1e-10, 1e-10, 1e-300], means, covariances, True


def weights_of(components: int, source: random.Random) -> list[float]:
    """Of different sizes; their sum is nearly 1, which no result needs."""
    parts = [source.uniform(0.1, 1) for _ in range(components)]
    return [part / sum(parts) for part in parts]


def size(cov: mpmath.matrix) -> mpmath.mpf:
    """A unit that makes deviations moderate: mpmath takes tiny covariances for singular ones."""
    return mpmath.sqrt(cov[0, 0])


def points(
    means: list[list[float]], covariances: list[Any], narrow: bool, source: random.Random
) -> Iterator[list[float]]:
    """Of each component: its mean, a typical x, and one ten times as far out; and x between components."""
    d = len(means[0])
    rounded = float32 if narrow else float
    for mean, cov in zip(means, covariances, strict=True):
        unit = size(cov)
        factor = mpmath.cholesky(cov / unit**2) * unit
        typical = factor * mpmath.matrix([source.gauss(0, 1) for _ in range(d)])
        yield [rounded(number) for number in mean]
        yield [rounded(float(mean[i] + typical[i])) for i in range(d)]
        yield [rounded(float(mean[i] + 10 * typical[i])) for i in range(d)]
    if len(means) > 1:
        for _ in range(3):
            share = source.uniform(0.45, 0.55)
            first, other = source.sample(means, 2)
            yield [rounded(share * first[i] + (1 - share) * other[i]) for i in range(d)]


def exact(
    x: list[float], weights: list[float], means: list[list[float]], covariances: list[Any]
) -> tuple[list[mpmath.mpf], list[mpmath.mpf], mpmath.mpf]:
    """The squared distances, the weighted log densities, and the log density."""
    squared, a = [], []
    for weight, mean, cov in zip(weights, means, covariances, strict=True):
        unit = size(cov)
        in_units = [[mpmath.mpf(number) / unit for number in vector] for vector in (x, mean)]
        q, log_density = multivariate.exact(*in_units, cov / unit**2)
        squared.append(q)
        a.append(mpmath.log(weight) + log_density - len(x) * mpmath.log(unit))
    largest = max(a)
    return squared, a, largest + mpmath.log(mpmath.fsum(mpmath.exp(each - largest) for each in a))


def moments(
    rows: list[list[float]], r: list[list[mpmath.mpf]], means: list[list[float]]
) -> tuple[list[Any], list[Any], list[Any]]:
    """totals, sums and products of responsibilities, about the means."""
    d = len(means[0])
    totals, sums, products = [], [], []
    for k, mean in enumerate(means):
        g = [each[k] for each in r]
        v = [[mpmath.mpf(row[i]) - mpmath.mpf(mean[i]) for i in range(d)] for row in rows]
        n = range(len(rows))
        totals.append(mpmath.fsum(g))
        sums.append([mpmath.fsum(g[row] * v[row][i] for row in n) for i in range(d)])
        products.append([
            mpmath.fsum(g[row] * v[row][i] * v[row][j] for row in n) for i in range(d) for j in range(i + 1)
        ])  # fmt: skip
    return totals, sums, products


def digits(value: Any) -> Any:
    """Numbers as decimal strings, however deep."""
    if isinstance(value, list):
        return [digits(each) for each in value]
    return mpmath.nstr(value, DIGITS)


def lines() -> Iterator[list[object]]:
    """The lines of the file, as they are computed."""
    source = random.Random(SEED)
    for name, weights, means, covariances, narrow in mixtures(source):
        d = len(means[0])
        conditions = [
            float(1 / min(mpmath.eigsy(multivariate.correlations(cov), eigvals_only=True)))
            for cov in covariances
        ]
        triangles = [[shown(cov[i, j]) for i in range(d) for j in range(i + 1)] for cov in covariances]
        yield [name, conditions, list(map(shown, weights)), [list(map(shown, m)) for m in means], triangles]
        rows, found, likelihood = [], [], []
        for x in points(means, covariances, narrow, source):
            squared, a, log_density = exact(x, weights, means, covariances)
            yield [list(map(shown, x)), digits(squared), digits(a), digits(log_density)]
            rows.append(x)
            found.append([mpmath.exp(each - log_density) for each in a])
            likelihood.append(log_density)
        totals, sums, products = moments(rows, found, means)
        yield [digits(mpmath.fsum(likelihood)), digits(totals), digits(sums), digits(products)]


def file_text() -> str:
    """JSON with one row a line."""
    with mpmath.workprec(multivariate.BITS):  # whatever another script has set
        return "[\n" + ",\n".join(json.dumps(line, separators=(",", ":")) for line in lines()) + "\n]\n"


if __name__ == "__main__":
    from tests.support.golden_file import write_or_check

    write_or_check("Golden values of Gaussian mixtures, from mpmath.", GOLDEN, file_text)
