"""Mixtures against mpmath: no error exceeds its bound in ``fastdist/accuracy.py``, where the worst is stated.

Densities and responsibilities are those of weights, means and covariances as they are: the errors of the
factors count.
"""

from __future__ import annotations

import functools
import json
import math
from collections.abc import Iterator
from fractions import Fraction
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from fastdist.accuracy import HALF_ULP_OF_1, bound
from tests.support import golden_mixture as golden

mpmath = golden.mpmath

DTYPES = ["float64", "float32"]
BOUNDS = ["mixture weighted log density", "mixture log density", "mixture responsibilities"]


def of_hex(value: Any) -> Any:
    return [of_hex(each) for each in value] if isinstance(value, list) else float.fromhex(value)


def of_decimals(value: Any) -> Any:
    return [of_decimals(each) for each in value] if isinstance(value, list) else mpmath.mpf(value)


@functools.cache
def golden_cases() -> list[SimpleNamespace]:
    """The mixtures of the golden file, each with its points (x, q, a, log density) and moments."""
    found: list[SimpleNamespace] = []
    for line in json.loads(golden.GOLDEN.read_text(encoding="utf-8")):
        if len(line) == 5:
            name, conditions, weights, means, triangles = line
            means = np.array(of_hex(means))
            components, d = means.shape
            covariances = np.zeros((components, d, d))
            covariances[:, *np.tril_indices(d)] = of_hex(triangles)
            found.append(
                SimpleNamespace(
                    name=name, d=d, conditions=conditions, weights=of_hex(weights), means=means,
                    covariances=covariances, points=[],
                )
            )  # fmt: skip
        elif isinstance(line[0], list):
            x, *results = line
            found[-1].points.append((of_hex(x), *of_decimals(results)))
        else:
            found[-1].log_likelihood, *found[-1].moments = of_decimals(line)
    return found


class Case:
    """A golden mixture as a kernel of one level and dtype, in one form, with the bounds of its results."""

    def __init__(self, level: Any, given: SimpleNamespace, dtype: str, diagonal: bool):
        self.given, self.dtype, self.diagonal = given, dtype, diagonal
        triangular = level.cholesky.cholesky(given.covariances)
        diagonals = triangular[:, range(given.d), range(given.d)]
        self.logs = [sum(abs(math.log(v)) + 1 for v in row) for row in diagonals.tolist()]
        self.log_weights = [math.log(weight) for weight in given.weights]
        heights = np.array(self.log_weights) + level.multivariate_density.log_peak(triangular)
        parameters = heights, np.array(given.weights), given.means, diagonals if diagonal else triangular

        def of_components(chosen: slice) -> Any:
            arrays = (np.ascontiguousarray(array[chosen]) for array in parameters)
            return level.mixture.Mixture(*arrays, np.dtype(dtype))

        self.model = of_components(slice(None))
        self.alone = [of_components(slice(k, k + 1)) for k in range(len(heights))]
        self.x = np.array([x for x, *_ in given.points], dtype)

    def errors_of_components(self, q: list[Any], a: list[Any]) -> list[float]:
        """e_k, the bounds of the weighted log densities."""
        entry = bound("mixture weighted log density")
        return [
            entry(
                self.dtype, d=self.given.d, condition=1.0 if self.diagonal else self.given.conditions[k],
                q=float(q[k]), logs=self.logs[k], log_weight=self.log_weights[k],
                log_height=float(a[k] + q[k] / 2), a=float(a[k]),
            )
            for k in range(len(a))
        ]  # fmt: skip

    def error_of_log_density(self, errors: list[float], a: list[Any], log_density: Any) -> tuple[Any, Any]:
        """e, and the bound of the log density."""
        parts = [
            mpmath.exp(a_k - log_density) * mpmath.expm1(e_k) for a_k, e_k in zip(a, errors, strict=True)
        ]
        e = mpmath.fsum(parts)
        limit = bound("mixture log density")(self.dtype, e=e, K=len(a), log_density=float(log_density))
        return e, limit

    def error_of_responsibility(self, e_k: float, e: Any, components: int, log_r: Any) -> Any:
        entry = bound("mixture responsibilities")
        return entry(self.dtype, e_k=e_k, e=e, K=components, log_r=float(log_r))


def cases(level: Any, dtype: str) -> Iterator[Case]:
    """Every golden mixture of the dtype; in the diagonal form, too, where it has one.

    In float32 x must be a float32 number and no deviation below u |mean|; and a condition that is moderate in
    float64 may not be so where u is larger.
    """
    u = HALF_ULP_OF_1[dtype]
    for given in golden_cases():
        d = given.d
        deviations = np.sqrt(given.covariances[:, range(d), range(d)])
        x = np.array([point for point, *_ in given.points])
        with np.errstate(over="ignore"):
            if (x.astype(dtype) != x).any() or (
                dtype == "float32" and (u * np.abs(given.means) > deviations).any()
            ):
                continue
        if 4 * d * (d + 1) * u * max(given.conditions) <= 0.1:
            yield Case(level, given, dtype, False)
        if not given.covariances[:, *np.tril_indices(d, -1)].any():
            yield Case(level, given, dtype, True)


def shares_of_the_bounds(level: Any, dtype: str) -> dict[str, float]:
    """The worst error of each result over the golden values, as a share of its bound."""
    worst = dict.fromkeys(BOUNDS, 0.0)

    def note(name: str, share: Any) -> None:
        worst[name] = max(worst[name], float(share))

    log_tiny = math.log(float(np.finfo(dtype).tiny))
    for case in cases(level, dtype):
        log_density, r = np.empty(len(case.x), dtype), np.empty((len(case.x), case.model.components), dtype)
        case.model.responsibilities(case.x, r, log_density)
        of_components = np.empty((case.model.components, len(case.x)), dtype)
        for k, alone in enumerate(case.alone):
            alone.score_samples(case.x, of_components[k])
        for row, (_, q, a, exact) in enumerate(case.given.points):
            errors = case.errors_of_components(q, a)
            for k, a_k in enumerate(a):
                if errors[k] <= 0.1:
                    error = abs(mpmath.mpf(float(of_components[k, row])) - a_k)
                    note("mixture weighted log density", error / errors[k])
            e, limit = case.error_of_log_density(errors, a, exact)
            if limit > 0.1:
                continue
            note("mixture log density", abs(mpmath.mpf(float(log_density[row])) - exact) / limit)
            for k, a_k in enumerate(a):
                log_r = a_k - exact
                limit = case.error_of_responsibility(errors[k], e, len(a), log_r)
                if log_r > log_tiny and limit <= 0.1:
                    error = abs(mpmath.mpf(float(r[row, k])) / mpmath.exp(log_r) - 1)
                    note("mixture responsibilities", error / limit)
                elif log_r < log_tiny - 40:
                    assert r[row, k] == 0
    return worst


@pytest.mark.parametrize("dtype", DTYPES)
def test_densities_against_mpmath(level, dtype):
    """No error exceeds its bound; the worst of both dtypes is what is stated."""
    for name, share in shares_of_the_bounds(level, dtype).items():
        assert share <= 1, f"{level.name}, {name}, {dtype}: {share:.3f} of the bound"
        assert share <= 1.05 * bound(name).worst_share, f"{level.name}, {name}, {dtype}: {share:.2g}"


def test_worst_shares(level):
    """What is stated as the worst was found."""
    found = [shares_of_the_bounds(level, dtype) for dtype in DTYPES]
    for name in BOUNDS:
        worst = max(shares[name] for shares in found)
        assert worst == pytest.approx(bound(name).worst_share, rel=0.05), f"{level.name}, {name}: {worst:.3g}"


# The sums of a step


def rounding_of_sums(dtype: str, n: int, d: int, diagonal: bool, totals: bool = False) -> float:
    """The bound of moments, relative to sums of magnitudes."""
    short = min(n / 16, 16) + n / 256
    m = n / 16 if totals else short if diagonal or d <= 15 else min(n, 64) + n / 50
    return bound("mixture moments")(dtype, m=m)


@functools.cache
def exact_sums(d: int, n: int, dtype: str) -> tuple[Any, ...]:
    """x, responsibilities, centre; and the exact sums and sums of magnitudes: of g, g v, g v v^T."""
    random = np.random.default_rng(d)
    x = (random.normal(size=(n, d)) * 10.0 ** random.integers(-2, 3, d) + 1).astype(dtype)
    r, centre = (random.uniform(size=(n, 1)) ** 4).astype(dtype), random.normal(size=(1, d))
    g = list(map(Fraction, r[:, 0].tolist()))
    at = list(map(Fraction, centre[0].tolist()))
    v = [[Fraction(number) - c for number, c in zip(row, at, strict=True)] for row in x.tolist()]
    u = Fraction(HALF_ULP_OF_1[dtype])
    sizes = [[abs(number) + u * abs(c) for number, c in zip(row, at, strict=True)] for row in v]

    def sums(v: list[list[Fraction]]) -> dict[str, list[Fraction]]:
        weighted = [[g_k * number for number in row] for g_k, row in zip(g, v, strict=True)]
        return {
            "totals": [sum(g, Fraction())],
            "sums": [sum((row[i] for row in weighted), Fraction()) for i in range(d)],
            "products": [
                sum((weighted[k][i] * v[k][j] for k in range(n)), Fraction())
                for i in range(d)
                for j in range(i + 1)
            ],
        }

    return x, r, centre, sums(v), sums(sizes)


def worst_of_moments(level: Any, d: int, n: int, diagonal: bool, dtype: str) -> float:
    """The worst error of a sum, as a share of its bound."""
    x, r, centre, exact, magnitudes = exact_sums(d, n, dtype)
    sums = np.zeros(1), np.zeros((1, d)), np.zeros((1, d) if diagonal else (1, d, d))
    level.mixture.add_moments(x, r, centre, *sums)
    places = [i * (i + 1) // 2 + i for i in range(d)] if diagonal else range(d * (d + 1) // 2)
    got = {
        "totals": sums[0].tolist(),
        "sums": sums[1][0].tolist(),
        "products": sums[2][0].tolist() if diagonal else sums[2][0][np.tril_indices(d)].tolist(),
    }
    worst = 0.0
    for name, values in got.items():
        limit = rounding_of_sums(dtype, n, d, diagonal, name == "totals")
        for i, value in enumerate(values):
            place = places[i] if name == "products" else i
            error = abs(Fraction(value) - exact[name][place]) / magnitudes[name][place]
            worst = max(worst, float(error) / limit)
    return worst


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("diagonal", [False, True])
@pytest.mark.parametrize(("d", "n"), [(1, 1), (1, 500), (3, 16), (3, 500), (15, 40), (16, 2), (16, 100)])
def test_error_of_moments(level, d, n, diagonal, dtype):
    """Against exact arithmetic, in each entry."""
    worst = worst_of_moments(level, d, n, diagonal, dtype)
    assert worst <= 1, f"{level.name}, {n} rows of d={d}, {dtype}: {worst:.3f} of the bound"
    assert worst <= 1.05 * bound("mixture moments").worst_share


def test_worst_error_of_moments(level):
    """What is stated as the worst was found."""
    worst = worst_of_moments(level, 16, 2, True, "float64")
    assert worst == pytest.approx(bound("mixture moments").worst_share, rel=0.05)


def sums_of_a_step(case: Case, limits: list[tuple[Any, Any]]) -> Iterator[tuple[str, float, Any, Any]]:
    """Of each sum over the golden points: what it is, its value, the exact one, and what the bounds allow."""
    given, d, n, components = case.given, case.given.d, len(case.x), case.model.components
    rounding = rounding_of_sums(case.dtype, n, d, case.diagonal)
    sums = np.zeros((components, d)), np.zeros((components, d) if case.diagonal else (components, d, d))
    totals = np.zeros(components)
    likelihood = case.model.add_expectations(case.x, None, given.means, totals, *sums)
    magnitude = mpmath.fsum(abs(exact) for *_, exact in given.points)
    allowed = mpmath.fsum(limit for _, limit in limits) + rounding * magnitude
    yield "log-likelihood", likelihood, given.log_likelihood, allowed
    for k in range(components):
        errors = []  # of the responsibilities, and of sums of them
        for (_, q, a, exact), (e, _) in zip(given.points, limits, strict=True):
            r = mpmath.exp(a[k] - exact)
            e_k = case.errors_of_components(q, a)[k]
            relative = min(1, case.error_of_responsibility(e_k, e, components, a[k] - exact))
            errors.append(r * (relative + rounding) + float(np.finfo(case.dtype).tiny))

        def allowed_for(sizes: list[Any], errors: list[Any] = errors) -> Any:
            return mpmath.fsum(error * size for error, size in zip(errors, sizes, strict=True))

        mean = given.means[k].tolist()
        sizes = [
            [
                abs(mpmath.mpf(x[i]) - mean[i]) + HALF_ULP_OF_1[case.dtype] * abs(mean[i])
                for x, *_ in given.points
            ]
            for i in range(d)
        ]
        yield f"total {k}", totals[k], given.moments[0][k], allowed_for([1] * n)
        for i in range(d):
            yield f"sum {k}, {i}", sums[0][k, i], given.moments[1][k][i], allowed_for(sizes[i])
            for j in [i] if case.diagonal else range(i + 1):
                got = sums[1][k, i] if case.diagonal else sums[1][k, i, j]
                exact = given.moments[2][k][i * (i + 1) // 2 + j]
                products = [one * other for one, other in zip(sizes[i], sizes[j], strict=True)]
                yield f"product {k}, {i}, {j}", got, exact, allowed_for(products)


@pytest.mark.parametrize("dtype", DTYPES)
def test_steps_against_mpmath(level, dtype):
    """A step of EM over the golden points: log-likelihood and sums, within what the bounds allow together."""
    checked = 0
    for case in cases(level, dtype):
        limits = [
            case.error_of_log_density(case.errors_of_components(q, a), a, exact)
            for _, q, a, exact in case.given.points
        ]
        if max(limit for _, limit in limits) > 0.1:
            continue
        checked += 1
        for what, got, exact, allowed in sums_of_a_step(case, limits):
            error = abs(mpmath.mpf(float(got)) - exact)
            assert error <= allowed, f"{level.name}, {dtype}, {case.given.name}: {what} {got}"
    assert checked >= {"float64": 30, "float32": 10}[dtype]


def test_golden_values_are_current():
    """The script gives what is committed."""
    assert golden.file_text() == golden.GOLDEN.read_text(encoding="utf-8")


def test_golden_values_are_of_all_kinds():
    """Numbers of all sizes, condition numbers up to 1e8, responsibilities of all sizes."""
    names = {case.name for case in golden_cases()}
    assert {"means of 1e8", "means of 1e200", "1e6 deviations apart", "tiny weights"} <= names
    assert max(max(case.conditions) for case in golden_cases()) > 1e6
    log_r = [a - exact for case in golden_cases() for _, _, all_a, exact in case.points for a in all_a]
    assert sum(-700 < each < -1 for each in log_r) > 20
    assert sum(each < -1e6 for each in log_r) > 20
