"""How fast is it?  Best times of calls in turn: fastdist beside pure Python, NumPy, SciPy and scikit-learn.

Each round times every contender once, so that whatever disturbs the machine hits all of them alike.  The best
time of a contender is the least disturbed one.  If the best times of the first and the second half of the
rounds differ by more than TOLERANCE, the machine was too busy to tell, and no ratio is given.
"""

from __future__ import annotations

import importlib
import math
import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from time import perf_counter_ns
from types import ModuleType
from typing import Any

import numpy as np

import fastdist
from fastdist import GaussianMixture, multivariate_normal, norm
from fastdist._demo.checks import Job
from fastdist._demo.mixture import PUBLISHED, published_mixture
from fastdist._demo.multivariate import Example
from fastdist.reference.box_muller import textbook_normals
from fastdist.reference.mixture import textbook_density, textbook_em_step
from fastdist.reference.mixture_sampling import textbook_mixture_samples
from fastdist.reference.multivariate_density import textbook_logpdf
from fastdist.reference.multivariate_sampling import textbook_multivariate_normals
from fastdist.reference.normal import textbook_cdf, textbook_pdf, textbook_ppf
from fastdist.reference.normal import textbook_logpdf as textbook_normal_logpdf
from fastdist.typing import Array

ONE_THREAD, ALL_THREADS = "one thread", "all threads"
PYTHON, NUMPY, SCIPY, SCIKIT_LEARN = PEERS = ("Python", "NumPy", "SciPy", "sklearn")
TOLERANCE = 0.2
# Of a call's values, slow contenders get these parts; pure Python gets PYTHON_VALUES.
SCIPY_PART, MULTIVARIATE_PART, MIXTURE_PART = 10, 10, 25
PYTHON_VALUES = 512
DIMENSIONS = (2, 16)
EM_STEPS = 5

Call = Callable[[], object]


@dataclass(frozen=True)
class Contender:
    """One way to compute a function, and how many values a call makes."""

    name: str
    n: int
    call: Call


@dataclass(frozen=True)
class Row:
    """A function and its contenders, of which the first is fastdist."""

    function: str
    contenders: Sequence[Contender]


@dataclass(frozen=True)
class Timing:
    """The best time for a value, in ns, and how much the halves of the rounds differ."""

    ns: float
    difference: float

    @property
    def steady(self) -> bool:
        """Whether the machine was quiet enough for a verdict."""
        return self.difference <= TOLERANCE


@dataclass(frozen=True)
class Speeds:
    """The timings of a function, by contender."""

    function: str
    timings: dict[str, Timing]

    def ratio(self, peer: str) -> float | None:
        """How many times as fast as a peer fastdist is in one thread; NaN if the machine was too busy."""
        if peer not in self.timings:
            return None
        ours, theirs = self.timings[ONE_THREAD], self.timings[peer]
        return theirs.ns / ours.ns if ours.steady and theirs.steady else math.nan


def optional(name: str) -> ModuleType | None:
    """A module that need not be installed."""
    try:
        return importlib.import_module(name)
    except ImportError:
        return None


def measure(
    rows: Sequence[Row], rounds: int, start: Callable[[str], None], clock: Callable[[], int] = perf_counter_ns
) -> list[Speeds]:
    """Time all contenders of all rows in turn, after one call each that warms up."""
    contenders = [contender for row in rows for contender in row.contenders]
    for contender in contenders:
        contender.call()
    ns = np.empty((rounds, len(contenders)))
    for i in range(rounds):
        start(f"time, round {i + 1} of {rounds}")
        for j, contender in enumerate(contenders):
            began = clock()
            contender.call()
            ns[i, j] = (clock() - began) / contender.n
    first, second = ns[: rounds // 2].min(axis=0), ns[rounds // 2 :].min(axis=0)
    best = np.minimum(first, second).tolist()
    differences = (np.maximum(first, second) / np.minimum(first, second) - 1).tolist()
    timings = iter(map(Timing, best, differences))
    return [Speeds(row.function, {each.name: next(timings) for each in row.contenders}) for row in rows]


# What is timed


def all_rows(job: Job) -> list[Row]:
    """Sampling and densities in one and in many dimensions, and a mixture."""
    return [*_normal_rows(job), *_multivariate_rows(job), *_mixture_rows(job)]


def _ours(n: int, call: Call) -> list[Contender]:
    def alone() -> object:
        with fastdist.num_threads(1):
            return call()

    ours = [Contender(ONE_THREAD, n, alone)]
    return ours if fastdist.get_num_threads() == 1 else [*ours, Contender(ALL_THREADS, n, call)]


def _of_each(function: Callable[..., float], values: Array, *parameters: Any) -> Contender:
    """Pure Python, value by value."""
    few = values[:PYTHON_VALUES].tolist()
    return Contender(PYTHON, len(few), lambda: [function(value, *parameters) for value in few])


def numpy_pdf(x: Array, out: Array) -> Array:
    """e^(-x^2 / 2) / sqrt(2 pi), with no temporary array."""
    np.multiply(x, x, out=out)
    out *= -0.5
    np.exp(out, out=out)
    out *= 1 / math.sqrt(2 * math.pi)
    return out


def numpy_logpdf(x: Array, out: Array) -> Array:
    """-x^2 / 2 - ln(2 pi) / 2, with no temporary array."""
    np.multiply(x, x, out=out)
    out *= -0.5
    out -= math.log(2 * math.pi) / 2
    return out


TEXTBOOK = {"pdf": textbook_pdf, "logpdf": textbook_normal_logpdf, "cdf": textbook_cdf, "ppf": textbook_ppf}
EXPRESSIONS = {"pdf": numpy_pdf, "logpdf": numpy_logpdf}


def _normal_rows(job: Job) -> Iterator[Row]:
    n = job.values
    for dtype in ("float64", "float32"):
        out = np.zeros(n, dtype)
        ours, theirs = fastdist.default_rng(job.seed), np.random.default_rng(job.seed)
        contenders = [
            *_ours(n, partial(ours.standard_normal, dtype=dtype, out=out)),
            Contender(NUMPY, n, partial(theirs.standard_normal, dtype=out.dtype.type, out=out)),
        ]
        if dtype == "float64":
            contenders.append(Contender(PYTHON, PYTHON_VALUES, partial(textbook_normals, PYTHON_VALUES)))
        yield Row(f"standard_normal, {dtype}", contenders)
    stats = optional("scipy.stats")
    z = fastdist.default_rng(job.seed).standard_normal(n)
    few = max(1, n // SCIPY_PART)
    for function, textbook in TEXTBOOK.items():
        x, out = (norm.cdf(z) if function == "ppf" else z), np.zeros(n)
        contenders = [*_ours(n, partial(getattr(norm, function), x, out=out)), _of_each(textbook, x)]
        if function in EXPRESSIONS:
            contenders.append(Contender(NUMPY, n, partial(EXPRESSIONS[function], x, out)))
        if stats is not None:
            contenders.append(Contender(SCIPY, few, partial(getattr(stats.norm, function), x[:few])))
        yield Row(f"norm.{function}", contenders)


def _multivariate_rows(job: Job) -> Iterator[Row]:
    stats = optional("scipy.stats")
    for example in map(Example, DIMENSIONS):
        d, mean, cov = example.d, example.mean, example.cov
        rows = max(1, job.values // MULTIVARIATE_PART // d)
        few = max(1, PYTHON_VALUES // 4 // d)
        ours, theirs = fastdist.default_rng(job.seed), np.random.default_rng(job.seed)
        yield Row(
            f"multivariate_normal, d = {d}",
            [
                *_ours(rows * d, partial(ours.multivariate_normal, mean, cov, rows, method="cholesky")),
                Contender(
                    NUMPY, rows * d, partial(theirs.multivariate_normal, mean, cov, rows, method="cholesky")
                ),
                Contender(
                    PYTHON,
                    few * d,
                    partial(textbook_multivariate_normals, few, mean.tolist(), cov.tolist()),
                ),
            ],
        )
        x = ours.multivariate_normal(mean, cov, rows)
        points = x[:few].tolist()
        contenders = [
            *_ours(rows * d, partial(multivariate_normal(mean, cov).logpdf, x)),
            Contender(
                PYTHON,
                few * d,
                partial(_each, points, textbook_logpdf, mean.tolist(), cov.tolist()),
            ),
        ]
        if stats is not None:
            frozen = stats.multivariate_normal(mean, cov)
            contenders.append(Contender(SCIPY, rows * d, partial(frozen.logpdf, x)))
        yield Row(f"logpdf, d = {d}, a number", contenders)


def _each(points: Sequence[Sequence[float]], function: Callable[..., object], *parameters: Any) -> object:
    return [function(point, *parameters) for point in points]


def _mixture_rows(job: Job) -> Iterator[Row]:
    n = max(PYTHON_VALUES, job.values // MIXTURE_PART)
    parameters = PUBLISHED.weights, PUBLISHED.means, PUBLISHED.covariances
    x, _ = published_mixture().sample(n, rng=fastdist.default_rng(job.seed))
    few = x[: PYTHON_VALUES // 4].tolist()
    library = optional("sklearn.mixture")
    ours = _mixture_calls(published_mixture(), GaussianMixture, x)
    theirs = {} if library is None else _mixture_calls(_in_scikit_learn(library), library.GaussianMixture, x)
    textbook: dict[str, Call] = {
        f"fit, {EM_STEPS} steps": partial(_textbook_fit, few),
        "score_samples": partial(_each, few, textbook_density, *parameters),
        "sample": partial(textbook_mixture_samples, len(few), *parameters),
    }
    for function, call in ours.items():
        contenders = [*_ours(n, call), Contender(PYTHON, len(few), textbook[function])]
        if theirs:
            contenders.append(Contender(SCIKIT_LEARN, n, theirs[function]))
        yield Row(f"GaussianMixture.{function}", contenders)


def _textbook_fit(x: Sequence[Sequence[float]]) -> object:
    parameters: Any = PUBLISHED.weights, PUBLISHED.means, PUBLISHED.covariances
    for _ in range(EM_STEPS):
        parameters = textbook_em_step(x, *parameters)
    return parameters


def _mixture_calls(model: Any, estimator: Any, x: Array) -> dict[str, Call]:
    """By the interface that both libraries have."""
    return {
        f"fit, {EM_STEPS} steps": partial(_fit, estimator, x),
        "score_samples": partial(model.score_samples, x),
        "sample": partial(model.sample, len(x)),
    }


def _in_scikit_learn(library: Any) -> Any:
    """The published mixture.  It cannot be built from parameters: its fitted attributes are set."""
    model = library.GaussianMixture(len(PUBLISHED.weights))
    model.weights_, model.means_ = np.array(PUBLISHED.weights), np.array(PUBLISHED.means)
    model.covariances_ = np.array(PUBLISHED.covariances)
    model.precisions_cholesky_ = np.linalg.inv(np.linalg.cholesky(model.covariances_)).swapaxes(1, 2)
    model.n_features_in_ = model.means_.shape[1]
    return model


def _fit(estimator: Any, x: Array) -> Any:
    """So many steps from the published parameters."""
    model = estimator(
        len(PUBLISHED.weights),
        tol=0.0,
        reg_covar=0.0,
        max_iter=EM_STEPS,
        weights_init=np.array(PUBLISHED.weights),
        means_init=np.array(PUBLISHED.means),
        precisions_init=np.linalg.inv(PUBLISHED.covariances),
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it has not converged, and need not
        return model.fit(x)
