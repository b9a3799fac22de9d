"""The worst error of every numeric function, stated once: tests and docs/accuracy.md read it from here.

An error is counted in ULP (units in the last place) of the exact result, in the dtype of the result:
half an ULP is the best that any algorithm can do.  Each bound stands a little above the worst error
found, and ``worst_input`` reproduces that one.

The multivariate functions have no such number: their errors grow with the dimension, and with the condition
number of the covariance.  ``BOUNDS`` states a function of these for each.  docs/error_bounds.md proves them.
"""

from __future__ import annotations

import ast
import inspect
from collections.abc import Callable
from dataclasses import dataclass, replace


@dataclass(frozen=True)
class Accuracy:
    """What is promised of one function for one dtype, and where the number comes from."""

    function: str
    dtype: str
    valid_range: str
    max_ulp: float
    worst_ulp: float  # the worst error found
    worst_input: tuple[str, ...]  # where, in hex
    source: str
    # For a result that passes through zero where its parts do not: the error there, in halves of an
    # ULP of 1, relative to the scale that ``valid_range`` names.  ``max_ulp`` holds away from there.
    max_near_zero: float | None = None
    # With loc and scale, in ULP of the result, or of the largest term where the result is a sum.
    max_located: float | None = None


MATHEMATICS = (
    Accuracy(
        "minus_log",
        "float64",
        "-ln((1 + f) 2^-e): f in [sqrt(1/2) - 1, sqrt(2) - 1], e = 0, 1, ..., 1074, result >= 0",
        1.0,
        0.898,
        ("0x1.a337fdd49129cp-2", "0x1p+0"),
        "3e7 arguments, and 1.5e7 about the worst, against 80-bit arithmetic",
    ),
    Accuracy(
        "minus_log",
        "float32",
        "-ln((1 + f) 2^-e): f in [sqrt(1/2) - 1, sqrt(2) - 1], e = 0, 1, ..., 149, result >= 0",
        1.0,
        0.880,
        ("0x1.a08db8p-2", "0x1p+0"),
        "all f of |f| >= 2^-11 with e <= 6, and 5e7 others, against float64",
    ),
    Accuracy(
        "sin_pi",
        "float64",
        "sin(pi t): t in [-1/4, 1/4]",
        0.9,
        0.851,
        ("0x0.a2e783afe124ap-1022",),
        "3e7 arguments, and 1.5e7 about the worst, against 80-bit arithmetic",
    ),
    Accuracy(
        "sin_pi",
        "float32",
        "sin(pi t): t in [-1/4, 1/4]",
        1.0,
        0.964,
        ("0x1.45f148p-127",),
        "all t in [2^-14, 1/4], all subnormal ones and a third of the others, against 80-bit arithmetic",
    ),
    Accuracy(
        "cos_pi",
        "float64",
        "cos(pi t): t in [-1/4, 1/4]",
        1.2,
        1.124,
        ("0x1.feab273fb10bp-3",),
        "3e7 arguments, and 1.5e7 about the worst, against 80-bit arithmetic",
    ),
    Accuracy(
        "cos_pi",
        "float32",
        "cos(pi t): t in [-1/4, 1/4]",
        1.2,
        1.087,
        ("0x1.f5b85p-3",),
        "all t in [2^-13, 1/4], against 80-bit arithmetic",
    ),
    Accuracy(
        "exp",
        "float64",
        "exp(a): a in [-745.2, 0], subnormal results included",
        0.9,
        0.809,
        ("-0x1.6261a24a865c2p+9",),
        "3e7 arguments, and 3.5e7 with results next to the subnormal ones, against 80-bit arithmetic",
    ),
    Accuracy(
        "exp",
        "float32",
        "exp(a): a in [-104, 0], subnormal results included",
        0.9,
        0.779,
        ("-0x1.5ed742p+6",),
        "all a <= -2^-26, against float64",
    ),
)

# z = +-r (c +- s) is a function of u and t.  t is exact.  In float64, u is (x + 1/2) 2^-64, rounded to
# float64.  In float32, g is rounded to float32: g = u up to 1/2, and g = u - 1 above.
STANDARD_NORMAL = (
    Accuracy(
        "standard_normal",
        "float64",
        "+-r (c +- s) of any two words, u as rounded to float64: |c +- s| >= 1/2 in ULP; else relative to r",
        2.0,
        1.895,
        ("0x9b4281bc7625a782", "0x25f2cf420205413"),
        "2e7 pairs, and the worst of 6e7 radii with the worst of 6e7 directions, against 80-bit arithmetic",
        1.75,
    ),
    Accuracy(
        "standard_normal",
        "float32",
        "+-r (c +- s) of any two half words, u as rounded to float32: as for float64",
        2.0,
        1.843,
        ("0x9ac8d8a0", "0x1c56e5d2"),
        "1e7 pairs, and the worst of 6e7 radii with the worst of 6e7 directions, against float64",
        1.75,
    ),
)

# The words come from another bit generator.  In float64, t is rounded to float64.  In float32, the word is
# rounded to float32.
STANDARD_NORMAL_BY_INVERSION = (
    Accuracy(
        "standard_normal by inversion",
        "float64",
        "Phi^-1((1 + t) / 2) of any word, t, and in the tails (1 - |t|) / 2, as rounded to float64",
        2.5,
        2.286,
        ("0xffff5539495de270",),
        "7e7 words, against 80-bit arithmetic",
    ),
    Accuracy(
        "standard_normal by inversion",
        "float32",
        "Phi^-1((1 + t) / 2) of any half word, as for float64",
        2.0,
        1.835,
        ("0x316c3ec",),
        "1e8 words, against 80-bit arithmetic",
    ),
)

# ``max_ulp`` of all distribution functions holds for loc = 0 and scale = 1, ``max_located`` for any.
DENSITIES = (
    Accuracy(
        "norm.pdf",
        "float64",
        "all x, subnormal results included",
        1.0,
        0.919,
        ("0x1.a6177f12d61b0p-1",),
        "5e6 arguments, and 1e6 about the worst, against 113-bit arithmetic",
        max_located=2.5,
    ),
    Accuracy(
        "norm.pdf",
        "float32",
        "all x, subnormal results included",
        0.9,
        0.870,
        ("0x1.6e9f6ap+0",),
        "all x that change the result, against the float64 function",
        max_located=2.5,
    ),
    Accuracy(
        "norm.logpdf",
        "float64",
        "all x",
        0.9,
        0.849,
        ("0x1.9cd51bf3b85aap-13",),
        "5e6 arguments, and 1e6 about the worst, against 113-bit arithmetic",
        max_located=2.0,
    ),
    Accuracy(
        "norm.logpdf",
        "float32",
        "all x",
        0.8,
        0.762,
        ("0x1.0p-12",),
        "all x that change the result, against the float64 function",
        max_located=2.0,
    ),
)

LOWER_TAILS = (
    Accuracy(
        "norm.cdf",
        "float64",
        "all x, subnormal results included",
        1.4,
        1.227,
        ("-0x1.2c85279b10f30p+4",),
        "5e6 arguments, and 1e6 about the worst, against 113-bit arithmetic",
        max_located=2.0,
    ),
    Accuracy(
        "norm.cdf",
        "float32",
        "all x, subnormal results included",
        1.1,
        1.024,
        ("-0x1.8a3eeap+3",),
        "all x that change the result, against the float64 function",
        max_located=2.0,
    ),
    Accuracy(
        "norm.logcdf",
        "float64",
        "all x",
        1.6,
        1.422,
        ("0x1.090d7022c54a1p+3",),
        "5e6 arguments, and 1e6 about the worst, against 113-bit arithmetic",
        max_located=2.0,
    ),
    Accuracy(
        "norm.logcdf",
        "float32",
        "all x",
        1.25,
        1.195,
        ("0x1.54f192p+2",),
        "all x that change the result, against the float64 function",
        max_located=2.0,
    ),
)

LOWER_QUANTILES = (
    Accuracy(
        "norm.ppf",
        "float64",
        "all p in [0, 1]",
        1.4,
        1.243,
        ("0x1.ea8f777d93409p-8",),
        "5e6 arguments, and 1e6 about the worst, against 113-bit arithmetic",
        max_located=2.0,
    ),
    Accuracy(
        "norm.ppf",
        "float32",
        "all p in [0, 1]",
        1.15,
        1.096,
        ("0x1.7792ap-6",),
        "all p that change the result, against the float64 function",
        max_located=2.0,
    ),
)


def upper_tail(lower: Accuracy) -> Accuracy:
    """The statement about the mirror function:  sf(x) = cdf(-x),  logsf(x) = logcdf(-x).

    >>> upper_tail(accuracy("norm.cdf", "float32")) == accuracy("norm.sf", "float32")
    True
    """
    (x,) = lower.worst_input
    return replace(
        lower,
        function={"norm.cdf": "norm.sf", "norm.logcdf": "norm.logsf"}[lower.function],
        worst_input=(x.removeprefix("-") if x.startswith("-") else f"-{x}",),
    )


def upper_quantile(lower: Accuracy) -> Accuracy:
    """The statement about the mirror function:  isf(q) = -ppf(q),  at the same q."""
    return replace(lower, function="norm.isf")


ACCURACY = (
    *MATHEMATICS,
    *STANDARD_NORMAL,
    *STANDARD_NORMAL_BY_INVERSION,
    *DENSITIES,
    *LOWER_TAILS,
    *map(upper_tail, LOWER_TAILS),
    *LOWER_QUANTILES,
    *map(upper_quantile, LOWER_QUANTILES),
)


def accuracy(function: str, dtype: str) -> Accuracy:
    """The statement about one function for one dtype.

    >>> accuracy("cos_pi", "float64").max_ulp
    1.2
    """
    for entry in ACCURACY:
        if (entry.function, entry.dtype) == (function, dtype):
            return entry
    raise KeyError(f"no accuracy is stated for {function} in {dtype}")


def markdown_table() -> str:
    """All statements as a table, for docs/accuracy.md."""
    lines = [
        "| function | dtype | valid range | max ULP | worst found | at |",
        "|---|---|---|---|---|---|",
    ]
    for entry in ACCURACY:
        bound = f"{entry.max_ulp:g}"
        if entry.max_near_zero is not None:
            bits = {"float64": 53, "float32": 24}[entry.dtype]
            bound += f"; else {entry.max_near_zero:g} · 2^-{bits} r"
        if entry.max_located is not None:
            of_sums = entry.function in ("norm.logpdf", "norm.ppf", "norm.isf")
            bound += f"; {entry.max_located:g} with loc, scale" + " (of the largest term)" * of_sums
        cells = (
            f"`{entry.function}`",
            entry.dtype,
            entry.valid_range.replace("|", "\\|"),
            bound,
            f"{entry.worst_ulp:.2f}",
            ", ".join(f"`{number}`" for number in entry.worst_input),
        )
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


# Bounds that depend on the problem


HALF_ULP_OF_1 = {"float64": 2.0**-53, "float32": 2.0**-24}  # u
BOTH = ("float64", "float32")


@dataclass(frozen=True)
class Bound:
    """A proven bound of an error: a function, which tests call and whose formula docs/accuracy.md prints."""

    function: str
    dtypes: tuple[str, ...]
    error: str  # the error that is bounded
    compute: Callable[..., float]  # the bound, from u and the variables
    variables: str  # the meaning of the variables, and where the bound holds
    worst_share: float  # the worst error found, as a share of the bound
    source: str

    def __call__(self, dtype: str = "float64", **variables: float) -> float:
        """The bound for a dtype and values of the variables."""
        return self.compute(HALF_ULP_OF_1[dtype], **variables)

    @property
    def formula(self) -> str:
        """The expression that ``compute`` returns, as its source states it.

        >>> bound("cholesky").formula
        '(d + 1) * u'
        """
        tree = ast.parse(inspect.getsource(self.compute))
        (result,) = (node.value for node in ast.walk(tree) if isinstance(node, ast.Return) and node.value)
        return ast.unparse(result)


# docs/error_bounds.md#factors-and-linear-maps
def cholesky_bound(u: float, d: float) -> float:
    return (d + 1) * u


# docs/error_bounds.md#factors-and-linear-maps
def colorize_bound(u: float, d: float, s: float, mean: float) -> float:
    return u * ((d + 2) * s + abs(mean))


# docs/error_bounds.md#factors-and-linear-maps
def whiten_bound(u: float, d: float) -> float:
    return (d + 3) * u


# docs/error_bounds.md#factors-and-linear-maps
def log_peak_bound(u: float, logs: float) -> float:
    return 3 * u * logs


# docs/error_bounds.md#squared-distances
def squared_mahalanobis_bound(u: float, d: float, condition: float) -> float:
    return 5 * d * (d + 1) * u * condition


# docs/error_bounds.md#log-densities
def logpdf_bound(u: float, d: float, condition: float, q: float, logs: float, logpdf: float) -> float:
    return u * (d * (d + 1) * condition * (2.5 * q + 0.6 * d) + 3 * logs + abs(logpdf))


# docs/error_bounds.md#log-densities
def pdf_bound(u: float, e: float) -> float:
    return 1.1 * e + 2 * u


# docs/error_bounds.md#weighted-log-densities-of-components
def weighted_log_density_bound(
    u: float,
    d: float,
    condition: float,
    q: float,
    logs: float,
    log_weight: float,
    log_height: float,
    a: float,
) -> float:
    return u * (
        d * (d + 1) * condition * (3 * q + 0.6 * d)
        + 3 * logs
        + 2 * abs(log_weight)
        + abs(log_height)
        + abs(a)
    )


# docs/error_bounds.md#log-densities-of-mixtures
def log_density_bound(u: float, e: float, K: float, log_density: float) -> float:
    return e + u * (4 * K + abs(log_density))


# docs/error_bounds.md#responsibilities
def responsibility_bound(u: float, e_k: float, e: float, K: float, log_r: float) -> float:
    return 1.1 * (e_k + e + u * (4 * K + abs(log_r)))


# docs/error_bounds.md#moments
def moment_bound(u: float, m: float) -> float:
    return (m + 10) * u


# docs/error_bounds.md#distribution-functions-of-mixtures
def mixture_cdf_bound(u: float, K: float) -> float:
    return (K + 6) * u


# docs/error_bounds.md#quantiles-of-mixtures
def mixture_ppf_bound(u: float, K: float, x: float, q: float, f: float) -> float:
    return u * (4 * abs(x) + (2 * K + 14) * q / f)


BOUNDS = (
    Bound(
        "cholesky",
        BOTH,
        "|L L^T - A| / (|L| |L^T|), each entry",
        cholesky_bound,
        "d the dimension; also the finished columns of `pivoted_cholesky`",
        0.47,
        "Higham, Theorem 10.3",
    ),
    Bound(
        "colorize",
        BOTH,
        "|x - (mean + L z)|, each component",
        colorize_bound,
        "s = |L| |z|",
        0.82,
        "Higham, section 3.1",
    ),
    Bound(
        "whiten",
        ("float64",),
        "|x - mean - L y| / (|L| |y|), each component",
        whiten_bound,
        "d the dimension",
        0.30,
        "Higham, Theorem 8.5",
    ),
    Bound(
        "log_peak",
        ("float64",),
        "|log_peak - exact|, of a factor",
        log_peak_bound,
        "logs = sum of |ln L[i][i]| + 1",
        0.27,
        "two-sum: D. E. Knuth, TAOCP 2, 4.2.2",
    ),
    Bound(
        "squared_mahalanobis",
        ("float64",),
        "|q - exact| / exact, of a covariance",
        squared_mahalanobis_bound,
        "condition = 1 / the least eigenvalue of the correlation matrix (at most the condition number of "
        "this, and at most that of the covariance); 4 d (d + 1) u condition <= 1/10",
        0.148,
        "derived in `docs/error_bounds.md`",
    ),
    Bound(
        "multivariate_normal.logpdf",
        ("float64",),
        "|logpdf - exact|, of a covariance",
        logpdf_bound,
        "q the squared distance; condition and logs as above",
        0.180,
        "derived in `docs/error_bounds.md`",
    ),
    Bound(
        "multivariate_normal.pdf",
        ("float64",),
        "|pdf - exact| / exact, of a covariance",
        pdf_bound,
        "e <= 1/10 the bound of logpdf",
        0.144,
        "exp(e) - 1 <= 1.1 e",
    ),
    Bound(
        "mixture weighted log density",
        BOTH,
        "|a - exact|, a = ln(weight · density) of one component",
        weighted_log_density_bound,
        "log_height = a + q / 2; the others as above; in float32 no deviation is below u abs(mean)",
        0.370,
        "derived in `docs/error_bounds.md`",
    ),
    Bound(
        "mixture log density",
        BOTH,
        "|log density - exact|",
        log_density_bound,
        "e = sum over K components of r (exp(e_k) - 1), r the responsibility, e_k the bound of a",
        0.269,
        "derived in `docs/error_bounds.md`",
    ),
    Bound(
        "mixture responsibilities",
        BOTH,
        "|r - exact| / exact",
        responsibility_bound,
        "log_r = ln r; e_k and e as above; r a normal number, the bound <= 1/10",
        0.235,
        "exp(e) - 1 <= 1.1 e",
    ),
    Bound(
        "mixture moments",
        BOTH,
        "|sum - exact| / the sum of |g|, |g v| or |g v v^T|, each entry, of given g; "
        "|v| = |x - centre| + u |centre|",
        moment_bound,
        "n rows of up to 15 numbers, and diagonals: m = min(n / 16, 16) + n / 256; longer ones: "
        "m = min(n, 64) + n / 50; totals: m = n / 16",
        0.225,
        "Higham, section 4.2",
    ),
    Bound(
        "GaussianMixture.cdf",
        ("float64",),
        "|F - exact| / exact; also of `sf`",
        mixture_cdf_bound,
        "K the number of components; down to 1e-300",
        0.36,
        "sum of terms that are not negative, `norm.cdf`",
    ),
    Bound(
        "GaussianMixture.ppf",
        ("float64",),
        "|x - exact|; also of `isf`",
        mixture_ppf_bound,
        "f the density at x; q >= 1e-300",
        0.25,
        "derived in `docs/error_bounds.md`",
    ),
)


def bound(function: str) -> Bound:
    """The bound of one function.

    >>> bound("cholesky")(d=3) == 4 * 2.0**-53
    True
    """
    for entry in BOUNDS:
        if entry.function == function:
            return entry
    raise KeyError(f"no bound is stated for {function}")


def markdown_bounds() -> str:
    """All bounds as a table, for docs/accuracy.md."""
    lines = [
        "| function | dtype | error | at most | where | worst found, of that | source |",
        "|---|---|---|---|---|---|---|",
    ]
    for entry in BOUNDS:
        cells = (
            f"`{entry.function}`",
            ", ".join(entry.dtypes),
            entry.error.replace("|", "\\|"),
            f"`{entry.formula}`",
            entry.variables.replace("|", "\\|"),
            f"{entry.worst_share:.2g}",
            entry.source,
        )
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"
