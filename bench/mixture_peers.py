"""What Gaussian mixtures are measured against, from pure Python up; each on one thread, but for one."""

from __future__ import annotations

import importlib
import os
import random
import warnings
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
from ladder import SEED, Call, not_installed
from mixture import STEPS, Array, Mixture, MixtureRung, Parameters, fit_of, points, start
from threadpoolctl import ThreadpoolController, threadpool_limits

import fastdist
from fastdist._main_job.mixture_rungs import (
    python_factors,
    python_log_density,
    python_responsibilities,
    python_sample,
    python_step,
)

LN_2PI = float(np.log(2 * np.pi))
# Points x components x d^2, of which pure Python makes some ten million a second.
PURE_PYTHON_WORK, PURE_PYTHON_LARGEST = 1_000_000, 500


def peer(name: str, begin: Callable[[Mixture], Call], **options: Any) -> MixtureRung:
    """A rung whose libraries multiply and decompose on one thread."""

    def begin_alone(case: Mixture) -> Call:
        call = begin(case)
        threadpool_limits(1)  # of all libraries that are loaded by now
        return call

    return MixtureRung(name, begin_alone, **{"forms": ("new",), **options})


# Pure Python


def python(case: Mixture) -> Call:
    parameters = [part.tolist() for part in start(case)]
    gauss, uniform = random.Random(SEED).gauss, random.Random(SEED + 1).random
    factors = python_factors(parameters[2])
    weights, means, _ = parameters
    if case.method == "sample":
        return lambda: [python_sample(weights, means, factors, uniform, gauss)[0] for _ in range(case.size)]
    x = points(case).tolist()
    if case.method == "score_samples":
        return lambda: [python_log_density(x_i, weights, means, factors) for x_i in x]
    if case.method == "predict_proba":
        return lambda: [python_responsibilities(x_i, weights, means, factors) for x_i in x]

    def steps() -> Any:
        now = parameters
        for _ in range(STEPS if case.method == "fit" else 1):
            now = python_step(x, *now)
        return now

    return steps


# NumPy, as one would write it


def weighted_log_densities(x: Array, parameters: Parameters, covariance_type: str) -> Array:
    weights, means, covariances = parameters
    a = np.empty((len(x), len(weights)))
    for k, mean in enumerate(means):
        if covariance_type in ("full", "tied"):
            factor = np.linalg.cholesky(covariances if covariance_type == "tied" else covariances[k])
            squared = np.square(np.linalg.solve(factor, (x - mean).T)).sum(0)
            log_det = 2 * np.log(np.diagonal(factor)).sum()
        else:
            variances = np.broadcast_to(covariances[k], mean.shape)
            squared = (np.square(x - mean) / variances).sum(1)
            log_det = np.log(variances).sum()
        a[:, k] = np.log(weights[k]) - 0.5 * (squared + log_det + len(mean) * LN_2PI)
    return a


def log_sum_exp(a: Array) -> Array:
    highest = a.max(1, keepdims=True)
    total: Array = highest + np.log(np.exp(a - highest).sum(1, keepdims=True))
    return total


def numpy_responsibilities(x: Array, parameters: Parameters, covariance_type: str) -> Array:
    a = weighted_log_densities(x, parameters, covariance_type)
    r: Array = np.exp(a - log_sum_exp(a))
    return r


def numpy_step(x: Array, parameters: Parameters, covariance_type: str) -> Parameters:
    r = numpy_responsibilities(x, parameters, covariance_type)
    totals = r.sum(0)
    weights, means = totals / len(x), r.T @ x / totals[:, None]
    if covariance_type in ("diag", "spherical"):
        variances = r.T @ np.square(x) / totals[:, None] - np.square(means)
        return Parameters(weights, means, variances if covariance_type == "diag" else variances.mean(1))
    if covariance_type == "tied":
        return Parameters(weights, means, x.T @ x / len(x) - (weights * means.T) @ means)
    covariances = [
        (r_k * (x - mean).T) @ (x - mean) / total for r_k, mean, total in zip(r.T, means, totals, strict=True)
    ]
    return Parameters(weights, means, np.stack(covariances))


def numpy_sample(
    rng: np.random.Generator, n: int, parameters: Parameters, covariance_type: str
) -> tuple[Array, Array]:
    """Grouped by component, as scikit-learn's."""
    weights, means, covariances = parameters
    counts = rng.multinomial(n, weights)
    rows = []
    for k, (mean, count) in enumerate(zip(means, counts, strict=True)):
        z = rng.standard_normal((count, len(mean)))
        if covariance_type in ("full", "tied"):
            factor = np.linalg.cholesky(covariances if covariance_type == "tied" else covariances[k])
            rows.append(mean + z @ factor.T)
        else:
            rows.append(mean + z * np.sqrt(covariances[k]))
    return np.concatenate(rows), np.repeat(np.arange(len(means)), counts)


def numpy_expression(case: Mixture) -> Call:
    parameters, covariance_type = start(case), case.covariance_type
    if case.method == "sample":
        rng = np.random.default_rng(SEED)
        return partial(numpy_sample, rng, case.size, parameters, covariance_type)
    x = points(case)
    if case.method == "score_samples":
        return lambda: log_sum_exp(weighted_log_densities(x, parameters, covariance_type))[:, 0]
    if case.method == "predict_proba":
        return partial(numpy_responsibilities, x, parameters, covariance_type)

    def steps() -> Parameters:
        now = parameters
        for _ in range(STEPS if case.method == "fit" else 1):
            now = numpy_step(x, now, covariance_type)
        return now

    return steps


# scikit-learn


def scikit_learn(case: Mixture) -> Call:
    estimator = importlib.import_module("sklearn.mixture").GaussianMixture
    fit = fit_of(case, estimator)
    if case.method == "fit":
        return fit
    # Of float32 data it makes float32 parameters.
    weights, means, covariances = (part.astype(case.dtype) for part in start(case))
    module = importlib.import_module("sklearn.mixture._gaussian_mixture")
    model = estimator(
        case.components,
        covariance_type=case.covariance_type,
        reg_covar=0.0,
        random_state=np.random.RandomState(SEED),  # an int would give the same samples in each call
    )
    model.weights_, model.means_, model.covariances_ = weights, means, covariances
    model.precisions_cholesky_ = module._compute_precision_cholesky(covariances, case.covariance_type)
    model.n_features_in_ = case.dimension
    if case.method == "sample":
        return partial(model.sample, case.size)
    x = points(case)
    if case.method != "step":
        return partial(getattr(model, case.method), x)

    def step() -> tuple[Array, Array, Array]:
        _, log_responsibilities = model._e_step(x)
        model._m_step(x, log_responsibilities)
        return model.weights_, model.means_, model.covariances_

    return step


def scikit_learn_by_default(case: Mixture) -> Call:
    """As it is, where nobody limits its BLAS."""
    call = scikit_learn(case)
    controller = ThreadpoolController()

    def unlimited() -> Any:
        with controller.limit(limits=fastdist.get_num_threads()):
            return call()

    return unlimited


# gmr, gmmx on JAX, pomegranate and tgmm on PyTorch


def gmr(case: Mixture) -> Call:
    estimator = importlib.import_module("gmr").GMM
    weights, means, covariances = start(case)
    # It fits in place.
    model = estimator(case.components, weights, means, covariances.copy(), random_state=SEED)
    if case.method == "sample":
        return partial(model.sample, case.size)
    x = points(case)
    if case.method == "predict_proba":
        return partial(model.to_responsibilities, x)
    if case.method == "step":

        def step() -> Any:
            model.from_samples(x, R_diff=0.0, n_iter=1)
            return model.priors, model.means, model.covariances

        return step

    def fit() -> Any:
        fitted = estimator(case.components, weights, means, covariances.copy())
        fitted.from_samples(x, R_diff=0.0, n_iter=STEPS)
        return fitted.priors, fitted.means, fitted.covariances

    return fit


def gmmx(case: Mixture) -> Call:
    one_thread = "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1"
    os.environ.setdefault("XLA_FLAGS", one_thread)  # read when JAX is imported
    jax = importlib.import_module("jax")
    jax.config.update("jax_enable_x64", False)  # it has float32 alone
    library = importlib.import_module("gmmx")
    weights, means, covariances = (jax.numpy.asarray(part, np.float32) for part in start(case))
    model = library.GaussianMixtureModelJax.from_squeezed(
        means=means, covariances=covariances, weights=weights, covariance_type=case.covariance_type
    )
    x = jax.numpy.asarray(points(case))
    if case.method in ("score_samples", "predict_proba"):
        function = jax.jit(getattr(model, case.method))
        shape = (case.size,) if case.method == "score_samples" else (case.size, case.components)
        return lambda: function(x).block_until_ready().reshape(shape)
    fitter = library.EMFitter(max_iter=STEPS if case.method == "fit" else 1, tol=0.0, reg_covar=0.0)

    def fit() -> Any:
        found = fitter.fit(x, model).gmm
        parts = (found.weights, found.means, found.covariances.values)
        return [part.block_until_ready() for part in parts]

    return fit


def tensors(case: Mixture) -> tuple[Any, list[Any]]:
    """PyTorch on one thread, and where it starts."""
    library = importlib.import_module("torch")
    library.set_num_threads(1)
    library.manual_seed(SEED)
    return library, [library.from_numpy(part.astype(case.dtype)) for part in start(case)]


def pomegranate(case: Mixture) -> Call:
    torch, (weights, means, covariances) = tensors(case)
    normal = importlib.import_module("pomegranate.distributions").Normal
    mixture = importlib.import_module("pomegranate.gmm").GeneralMixtureModel

    def new(max_iter: int) -> Any:
        normals = [
            normal(mean.clone(), cov.clone(), case.covariance_type)
            for mean, cov in zip(means, covariances, strict=True)
        ]
        return mixture(normals, priors=weights.clone(), max_iter=max_iter, tol=-np.inf)

    x = torch.from_numpy(points(case))
    if case.method == "fit":
        return lambda: of_pomegranate(new(STEPS).fit(x))
    model = new(1)
    if case.method == "step":
        return lambda: of_pomegranate(model.fit(x))
    function = model.log_probability if case.method == "score_samples" else model.predict_proba
    return lambda: function(x).numpy()


def of_pomegranate(model: Any) -> list[Array]:
    normals = model.distributions
    means, covs = ([getattr(one, name).numpy() for one in normals] for name in ("means", "covs"))
    return [model.priors.numpy(), np.stack(means), np.stack(covs)]


def tgmm(case: Mixture) -> Call:
    torch, (weights, means, covariances) = tensors(case)
    estimator = importlib.import_module("tgmm").GaussianMixture

    def new(max_iter: int) -> Any:
        return estimator(
            case.components,
            case.dimension,
            case.covariance_type,
            max_iter=max_iter,
            tol=np.finfo(np.float64).tiny,  # 0 is refused
            reg_covar=0.0,
            init_weights=weights,
            init_means=means,
            init_covariances=covariances,
        )

    def quietly(call: Callable[[], Any]) -> Any:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # it has not converged, which was not asked for
            return call()

    x = torch.from_numpy(points(case))
    if case.method == "fit":

        def fit() -> list[Array]:
            model = quietly(partial(new(STEPS).fit, x))
            return [part.numpy() for part in (model.weights_, model.means_, model.covariances_)]

        return fit
    # It knows no parameters that were not fitted: one step, and then those of the start.
    model = quietly(partial(new(1).fit, x[: 10 * case.components * case.dimension]))
    model.weights_, model.means_, model.covariances_ = weights, means, covariances
    if case.method == "sample":
        return lambda: quietly(lambda: model.sample(case.size)[0].numpy())
    function = getattr(model, case.method)
    return lambda: quietly(lambda: function(x).numpy())


# The rungs

PYTHON = peer(
    "python math, random",
    python,
    dtypes=(np.float64,),
    covariance_types=("full",),
    largest=PURE_PYTHON_LARGEST,
    work=PURE_PYTHON_WORK,
)
NUMPY_EXPRESSION = peer("NumPy expression", numpy_expression, dtypes=(np.float64,))
SKLEARN = peer("scikit-learn", scikit_learn, missing=not_installed("sklearn"))
SKLEARN_DEFAULT = MixtureRung(
    "scikit-learn, default threads", scikit_learn_by_default, ("new",), missing=not_installed("sklearn")
)
GMR = peer(
    "gmr",
    gmr,
    dtypes=(np.float64,),
    methods=("step", "fit", "predict_proba", "sample"),  # densities, but no logarithms
    covariance_types=("full",),
    missing=not_installed("gmr"),
)
GMMX = peer(
    "gmmx (JAX)",
    gmmx,
    dtypes=(np.float32,),
    methods=("step", "fit", "score_samples", "predict_proba"),  # a matrix for each sample
    covariance_types=("full", "diag"),
    missing=not_installed("gmmx"),
)
POMEGRANATE = peer(
    "pomegranate (PyTorch)",
    pomegranate,
    dtypes=(np.float32,),  # of float64 its results have some seven digits
    methods=("step", "fit", "score_samples", "predict_proba"),  # a diagonal it samples as standard deviations
    covariance_types=("full", "diag"),
    missing=not_installed("pomegranate"),
)
TGMM = peer(
    "tgmm (PyTorch)",
    tgmm,
    methods=("fit", "score_samples", "predict_proba", "sample"),
    missing=not_installed("tgmm"),
)

PEERS = [PYTHON, NUMPY_EXPRESSION, SKLEARN, SKLEARN_DEFAULT, GMR, GMMX, POMEGRANATE, TGMM]
