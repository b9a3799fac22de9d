"""What the multivariate normal is measured against, from pure Python up; each on one thread."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from functools import cache, partial
from typing import Any, Literal

import numpy as np

from bench.cases.case import SEED, Call, not_installed
from bench.cases.multivariate import EACH_CALL, ONCE, SAMPLES, Vectors, parameters, points
from bench.peers import libraries
from bench.peers.multivariate_expressions import HERE, NUMPY_EXPRESSION, PYTHON, generator, peer

# NumPy


def numpy_method(method: Literal["svd", "cholesky"]) -> Callable[[Vectors], Call]:
    def start(case: Vectors) -> Call:
        mean, cov, _ = parameters(case)
        draw = partial(generator().multivariate_normal, method=method)
        if case.batch:
            return lambda: [draw(m, c) for m, c in zip(mean, cov, strict=True)]
        return partial(draw, mean, cov, None if case.form == "scalar" else case.rows)

    return start


def lapack_cholesky(case: Vectors) -> Call:
    return partial(np.linalg.cholesky, parameters(case).cov)


# mkl_random, SciPy


def mkl(case: Vectors) -> Call:
    mean, cov, scale_tril = parameters(case)
    draw, n = libraries.mkl_random().multinormal_cholesky, None if case.form == "scalar" else case.rows
    if case.factor == ONCE:
        return lambda: draw(mean, scale_tril, n)
    return lambda: draw(mean, np.linalg.cholesky(cov), n)


def scipy(case: Vectors) -> Call:
    density = importlib.import_module("scipy.stats").multivariate_normal
    mean, cov, _ = parameters(case)
    if case.method == "mahalanobis":
        cdist = importlib.import_module("scipy.spatial.distance").cdist
        return partial(cdist, points(case), mean[None], "mahalanobis", VI=np.linalg.inv(cov))
    if case.method == "fit":
        return partial(density.fit, points(case))
    if case.method in SAMPLES:
        if case.factor == ONCE:
            return partial(density(mean, cov).rvs, case.rows, generator())
        return partial(density.rvs, mean, cov, case.rows, generator())
    if case.factor == EACH_CALL:
        return partial(getattr(density, case.method), points(case), mean, cov)
    frozen, x = density(mean, cov), points(case)
    if case.method == "loglikelihood":
        return lambda: frozen.logpdf(x).sum()
    return partial(getattr(frozen, case.method), x)


def scipy_by_factor(case: Vectors) -> Call:
    """Of a covariance alone, `rvs` makes a singular value decomposition in each call, if frozen too."""
    stats = importlib.import_module("scipy.stats")
    from_cholesky, density = stats.Covariance.from_cholesky, stats.multivariate_normal
    mean, cov, scale_tril = parameters(case)
    once = density(mean, from_cholesky(scale_tril)) if case.factor == ONCE else None

    def distribution() -> Any:
        return once or density(mean, from_cholesky(np.linalg.cholesky(cov)))

    if case.method in SAMPLES:
        rng = generator()
        return lambda: distribution().rvs(case.rows, rng)
    x = points(case)
    if case.method == "loglikelihood":
        return lambda: distribution().logpdf(x).sum()
    return lambda: getattr(distribution(), case.method)(x)


def scipy_loop(case: Vectors) -> Call:
    density = importlib.import_module("scipy.stats").multivariate_normal
    mean, cov, _ = parameters(case)
    rng = generator()
    if case.method == "sample":
        return lambda: [density.rvs(m, c, 1, rng) for m, c in zip(mean, cov, strict=True)]
    x = points(case)
    return lambda: list(map(density.logpdf, x, mean, cov))


# PyTorch, JAX


def torch(case: Vectors) -> Call:
    library = libraries.torch()
    mean, cov, scale_tril = (
        library.from_numpy(array.astype(case.dtype, copy=False)) for array in parameters(case)
    )
    if case.method == "cholesky":
        return lambda: library.linalg.cholesky(cov).numpy()
    normal = partial(library.distributions.MultivariateNormal, validate_args=False)
    known = normal(mean, scale_tril=scale_tril) if case.factor == ONCE else None
    if case.method in SAMPLES:
        shape = () if case.batch or case.form == "scalar" else (case.rows,)
        return lambda: (known or normal(mean, cov)).sample(shape).numpy()
    x = library.from_numpy(points(case))
    if case.method == "loglikelihood":
        return lambda: (known or normal(mean, cov)).log_prob(x).sum().numpy()
    return lambda: (known or normal(mean, cov)).log_prob(x).numpy()


@cache
def jax_functions() -> dict[str, Any]:
    """Compiled once for each shape, whoever starts again."""
    library = libraries.jax()
    random, density = library.random, library.scipy.stats.multivariate_normal

    @partial(library.jit, static_argnames="shape")
    def sample(key: Any, mean: Any, cov: Any, shape: tuple[int, ...]) -> Any:
        key, now = random.split(key)
        return key, random.multivariate_normal(now, mean, cov, shape, method="cholesky")

    return {
        "sample": sample,
        "logpdf": library.jit(density.logpdf),
        "pdf": library.jit(density.pdf),
        "cholesky": library.jit(library.numpy.linalg.cholesky),
    }


def jax(case: Vectors) -> Call:
    library = libraries.jax()
    function = jax_functions()[case.method]
    mean, cov = (library.numpy.asarray(array, case.dtype) for array in parameters(case)[:2])
    if case.method == "cholesky":
        return lambda: function(cov).block_until_ready()
    if case.method != "sample":
        x = library.numpy.asarray(points(case))
        return lambda: function(x, mean, cov).block_until_ready()
    key = library.random.key(SEED)
    shape = () if case.form == "scalar" else (case.rows,)

    def call() -> Any:
        nonlocal key
        key, drawn = function(key, mean, cov, shape)
        return drawn.block_until_ready()

    return call


# The rungs

NUMPY_METHODS: tuple[tuple[Literal["svd", "cholesky"], str], ...] = (
    ("svd", "the default"),
    ("cholesky", "its fastest method"),
)
ONE_COVARIANCE, MANY_COVARIANCES = (False,), (True,)
# Of a loop whose steps are alike, some thousand numbers show what each takes.
LOOP_LARGEST = 1500

NUMPY_SVD, NUMPY_CHOLESKY = (
    peer(
        f"NumPy {method}",
        numpy_method(method),
        "NumPy",
        how=f'`default_rng().multivariate_normal(mean, cov, n, method="{method}")`, {why}{HERE}',
        methods=("sample",),
        factors=(EACH_CALL,),
        batches=ONE_COVARIANCE,
    )
    for method, why in NUMPY_METHODS
)
NUMPY_LOOP = peer(
    "NumPy cholesky, in a loop",
    numpy_method("cholesky"),
    "NumPy",
    how='a call with `method="cholesky"` for each covariance, of the first 500: it takes one',
    methods=("sample",),
    factors=(EACH_CALL,),
    batches=MANY_COVARIANCES,
    largest=LOOP_LARGEST,
)
LAPACK = peer(
    "numpy.linalg.cholesky",
    lapack_cholesky,
    "NumPy",
    how="LAPACK's `potrf`, of OpenBLAS on one thread; of a batch in one call",
    methods=("cholesky",),
)
MKL = peer(
    "mkl_random SFMT19937",
    mkl,
    "mkl_random",
    how=f"`multinormal_cholesky`, which takes a factor; `np.linalg.cholesky` before, if there is none{HERE}",
    methods=("sample",),
    batches=ONE_COVARIANCE,
    missing=not_installed("mkl_random"),
)
SCIPY = peer(
    "SciPy",
    scipy,
    "SciPy",
    how="`scipy.stats.multivariate_normal`, frozen where the factor is known; `cdist` for the Mahalanobis "
    f"distance{HERE}",
    methods=("sample", "rvs", "logpdf", "pdf", "mahalanobis", "loglikelihood", "fit"),
    batches=ONE_COVARIANCE,
    missing=not_installed("scipy"),
)
SCIPY_BY_FACTOR = peer(
    "SciPy, Cholesky factor",
    scipy_by_factor,
    "SciPy",
    how="`multivariate_normal(mean, Covariance.from_cholesky(factor))`, made before where the factor is "
    f"known; else `np.linalg.cholesky` before{HERE}",
    methods=("sample", "rvs", "logpdf", "pdf", "loglikelihood"),
    batches=ONE_COVARIANCE,
    missing=not_installed("scipy"),
)
SCIPY_LOOP = peer(
    "SciPy, in a loop",
    scipy_loop,
    "SciPy",
    how="`rvs` or `logpdf` for each covariance, of the first 500: it takes one",
    methods=("sample", "logpdf"),
    factors=(EACH_CALL,),
    batches=MANY_COVARIANCES,
    largest=LOOP_LARGEST,
    missing=not_installed("scipy"),
)
TORCH = peer(
    "PyTorch",
    torch,
    "PyTorch",
    how="`MultivariateNormal`, made once by `scale_tril=` where the factor is known; `validate_args=False`, "
    f"`set_num_threads(1)`{HERE}",
    dtypes=(np.float64, np.float32),
    methods=("sample", "rvs", "logpdf", "loglikelihood", "cholesky"),
    missing=not_installed("torch"),
)
JAX = peer(
    "JAX, jit",
    jax,
    "JAX",
    how='`jax.random.multivariate_normal(method="cholesky")` and `jax.scipy.stats.multivariate_normal`, '
    "under `jit`: they factor in each call, for there is no frozen form; one thread by NPROC, dispatched "
    f"in turn{HERE}",
    dtypes=(np.float64, np.float32),
    methods=("sample", "logpdf", "pdf", "cholesky"),
    missing=not_installed("jax"),
)

PEERS = [
    PYTHON, NUMPY_SVD, NUMPY_CHOLESKY, NUMPY_LOOP, NUMPY_EXPRESSION, LAPACK, MKL, SCIPY, SCIPY_BY_FACTOR,
    SCIPY_LOOP, TORCH, JAX,
]  # fmt: skip
