"""What Gaussian mixtures are measured against, from pure Python up; each on one thread, but for one."""

from __future__ import annotations

import importlib
import warnings
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
from threadpoolctl import ThreadpoolController

import fastdist
from bench.cases.case import SEED, Call, not_installed
from bench.cases.fastdist_rungs import why_alone
from bench.cases.mixture import QUICK_POINTS, STEPS, Mixture, MixtureRung, fit_of, points, start
from bench.cases.mixture_data import Array
from bench.peers import libraries
from bench.peers.mixture_expressions import NUMPY_EXPRESSION, PYTHON, peer

# Of a call of some tenths of a second.
DEFAULT_WORK, GMMX_WORK = 150_000_000, 300_000_000
GMR_WORK, POMEGRANATE_WORK, TGMM_WORK = 60_000_000, 200_000_000, 150_000_000

# scikit-learn


def scikit_learn(case: Mixture) -> Call:
    # As its documentation recommends for speed: data are not searched for NaN.
    importlib.import_module("sklearn").set_config(assume_finite=True)
    estimator = importlib.import_module("sklearn.mixture").GaussianMixture
    fit = fit_of(case, estimator)
    if case.method in ("fit", "fit_predict"):
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
    jax = libraries.jax(float64=False)  # which it has not
    library = importlib.import_module("gmmx")
    weights, means, covariances = (jax.numpy.asarray(part, np.float32) for part in start(case))
    model = library.GaussianMixtureModelJax.from_squeezed(
        means=means, covariances=covariances, weights=weights, covariance_type=case.covariance_type
    )
    x = jax.numpy.asarray(points(case))
    if case.method in ("score_samples", "predict_proba"):
        function = getattr(model, case.method)  # which is compiled by its decorator
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
    library = libraries.torch()
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
    few = points(replace(case, size=10 * case.components * case.dimension))
    model = quietly(partial(new(1).fit, torch.from_numpy(few)))
    model.weights_, model.means_, model.covariances_ = weights, means, covariances
    if case.method == "sample":
        return lambda: quietly(lambda: model.sample(case.size)[0].numpy())
    function = getattr(model, case.method)
    return lambda: quietly(lambda: function(x).numpy())


# The rungs

FEWER = "of fewer points where a call would take long"

SKLEARN = peer(
    "scikit-learn",
    scikit_learn,
    "scikit-learn",
    how="`GaussianMixture`, its parameters set; a step is its `_e_step` and `_m_step`; "
    "`set_config(assume_finite=True)`; BLAS on one thread",
    missing=not_installed("sklearn"),
)
SKLEARN_DEFAULT = MixtureRung(
    "scikit-learn, default threads",
    scikit_learn_by_default,
    "scikit-learn",
    how=f"the same where nobody limits its BLAS; {FEWER}",
    forms=("new",),
    methods=("step", "score_samples"),  # a fit is ten steps
    covariance_types=("full", "tied"),  # of the others there is little to multiply
    work=DEFAULT_WORK,
    smallest=2 * QUICK_POINTS,  # with fewer, its threads wait for each other
    threads=max(2, fastdist.get_num_threads()),
    missing=not_installed("sklearn") or why_alone(),
)
GMR = peer(
    "gmr",
    gmr,
    "other",
    how=f"`GMM`, its parameters given; `from_samples(n_iter=...)`; {FEWER}",
    dtypes=(np.float64,),
    methods=("step", "fit", "predict_proba", "sample"),  # densities, but no logarithms
    covariance_types=("full",),
    work=GMR_WORK,
    missing=not_installed("gmr"),
)
GMMX = peer(
    "gmmx (JAX)",
    gmmx,
    "JAX",
    how=f"`GaussianMixtureModelJax` and `EMFitter`, which are compiled; float32, one thread; {FEWER}",
    dtypes=(np.float32,),
    methods=("step", "fit", "score_samples", "predict_proba"),  # a matrix for each sample
    covariance_types=("full", "diag"),
    work=GMMX_WORK,
    missing=not_installed("gmmx"),
)
POMEGRANATE = peer(
    "pomegranate (PyTorch)",
    pomegranate,
    "PyTorch",
    how=f"`GeneralMixtureModel` of `Normal`s; float32, for of float64 it keeps seven digits; {FEWER}",
    dtypes=(np.float32,),
    methods=("step", "fit", "score_samples", "predict_proba"),  # a diagonal it samples as standard deviations
    covariance_types=("full", "diag"),
    work=POMEGRANATE_WORK,
    missing=not_installed("pomegranate"),
)
TGMM = peer(
    "tgmm (PyTorch)",
    tgmm,
    "PyTorch",
    how=f"`GaussianMixture` on the CPU; `set_num_threads(1)`; {FEWER}",
    methods=("fit", "score_samples", "predict_proba", "sample"),
    work=TGMM_WORK,
    missing=not_installed("tgmm"),
)

PEERS = [PYTHON, NUMPY_EXPRESSION, SKLEARN, SKLEARN_DEFAULT, GMR, GMMX, POMEGRANATE, TGMM]
