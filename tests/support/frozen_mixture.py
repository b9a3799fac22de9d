"""Results of mixtures that are frozen: samples, log densities, responsibilities and sums of a step of EM.

Through the public interface also three steps of a fit.

    python -m tests.support.frozen_mixture  # write tests/data/mixture_sha256.json

Run it only after a deliberate change.
"""

from __future__ import annotations

import importlib
import json
import math
import warnings
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np

import fastdist
from fastdist.reference import cholesky as twin_cholesky
from fastdist.reference import mixture as twin
from fastdist.reference import mixture_density
from fastdist.reference import mixture_sampling as twin_sampling
from fastdist.reference import multivariate_density as twin_density
from fastdist.reference.arithmetic import Float32
from fastdist.reference.stream import FLOAT64_NORMALS
from tests.support.digests import SEED, digest, mean_and_covariance

DIGESTS = Path(__file__).parents[1] / "data" / "mixture_sha256.json"
CASES = [(2, "full"), (2, "diag"), (16, "full"), (16, "diag")]
NUMBERS = 140_000  # in all rows: enough for two threads
FIRST_NUMBERS = 600  # in those that the twin is asked for
KERNELS = ("stream", "box_muller", "cholesky", "multivariate_density", "mixture", "mixture_sampling")

WEIGHTS = np.array([0.25, 0.25, 0.5])
LOG_WEIGHTS = -0.6931471805599453 * np.array([2, 2, 1])  # ln 2: no library's logarithm is frozen here
DTYPES = ("float64", "float32")


def name_of(d: int, covariance_type: str) -> str:
    return f"{covariance_type}, d={d}"


def means_and_covariances(d: int, covariance_type: str) -> tuple[np.ndarray, np.ndarray]:
    """Three means a few deviations apart; covariances that differ by a factor, of which entries are exact."""
    mean, cov = mean_and_covariance(d)
    k = np.arange(3.0)
    covariances = (k[:, None, None] + 1) / 2 * (cov if covariance_type == "full" else np.diag(np.diag(cov)))
    means: np.ndarray = mean + 2 * k[:, None] * (-1.0) ** np.arange(d)
    if covariance_type == "diag":
        covariances = np.ascontiguousarray(covariances[:, range(d), range(d)])
    return means, covariances


def kernel_results(
    level: Any, key: np.ndarray, d: int, covariance_type: str, rows: int
) -> dict[str, np.ndarray]:
    """Of the first rows of a key."""
    means, covariances = means_and_covariances(d, covariance_type)
    if covariance_type == "full":
        factors = triangles = level.cholesky.cholesky(covariances)
    else:
        factors = np.sqrt(covariances)
        triangles = factors[:, :, None] * np.eye(d)
    sampler = level.mixture_sampling.MixtureSampler(np.cumsum(WEIGHTS), means, factors)
    normals = level.stream.BlockStream(key, FLOAT64_NORMALS, level.box_muller.float64)
    x, labels = np.empty((rows, d)), np.empty(rows, np.int64)
    sampler.fill_range(normals, key, 0, 0, x, labels)
    results = {"rows": x, "labels": labels}
    heights = LOG_WEIGHTS + level.multivariate_density.log_peak(triangles)
    for dtype in DTYPES:
        model = level.mixture.Mixture(heights, WEIGHTS, means, factors, np.dtype(dtype))
        log_density, r = np.empty(rows, dtype), np.empty((rows, 3), dtype)
        model.responsibilities(x.astype(dtype), r, log_density)
        sums = np.zeros(3), np.zeros((3, d)), np.zeros(factors.shape)
        likelihood = model.add_expectations(x.astype(dtype), None, means, *sums)
        moments = np.concatenate([[likelihood], *(array.ravel() for array in sums)])
        results |= {f"log density {dtype}": log_density, f"responsibilities {dtype}": r}
        results |= {f"moments {dtype}": moments}
    return results


def twin_results(key: tuple[int, ...], d: int, covariance_type: str, rows: int) -> dict[str, np.ndarray]:
    """The same of the pure-Python twins."""
    means, covariances = (array.tolist() for array in means_and_covariances(d, covariance_type))
    if covariance_type == "full":
        factors = triangles = [twin_cholesky.cholesky(cov) for cov in covariances]
    else:
        factors = [[math.sqrt(variance) for variance in row] for row in covariances]
        triangles = [np.diag(row).tolist() for row in factors]
    x, labels = twin_sampling.mixture_samples(key, 0, 0, rows, np.cumsum(WEIGHTS).tolist(), means, factors)
    results = {"rows": np.array(x), "labels": np.array(labels)}
    heights = [
        log_weight + twin_density.log_peak(factor)
        for log_weight, factor in zip(LOG_WEIGHTS.tolist(), triangles, strict=True)
    ]
    for dtype, number in (("float64", float), ("float32", Float32)):
        mixture = mixture_density.prepare(heights, WEIGHTS.tolist(), means, factors, number)
        data = [list(map(number, row)) for row in x]
        found = [twin.responsibilities(row, mixture) for row in data]
        shape = (3, d, d) if covariance_type == "full" else (3, d)
        sums = [0.0] * 3, np.zeros((3, d)).tolist(), np.zeros(shape).tolist()
        likelihood = twin.add_expectations(data, None, mixture, means, *sums)
        results |= {
            f"log density {dtype}": np.array([log_density for _, log_density in found], dtype),
            f"responsibilities {dtype}": np.array([r for r, _ in found], dtype),
            f"moments {dtype}": np.concatenate([[likelihood], *(np.ravel(each) for each in sums)]),
        }
    return results


def public_results(d: int, covariance_type: str) -> dict[str, np.ndarray]:
    """Through the public interface; of a fit the parameters after three steps."""
    means, covariances = means_and_covariances(d, covariance_type)
    given = WEIGHTS, means, covariances, covariance_type
    model = fastdist.GaussianMixture.from_parameters(*given)
    x, labels = model.sample(NUMBERS // d, rng=SEED)
    results = {"rows": x, "labels": labels}
    for dtype in DTYPES:
        data = x.astype(dtype)
        results[f"log density {dtype}"] = model.score_samples(data)
        results[f"responsibilities {dtype}"] = model.predict_proba(data)
        steps = fastdist.GaussianMixture.from_parameters(*given, warm_start=True, max_iter=3, tol=0.0)
        with warnings.catch_warnings(action="ignore"):  # that three steps are few
            steps.fit(data)
        found = steps._parameters  # float64, whatever the data
        arrays = found.weights, found.means, found.covariances
        results[f"fit {dtype}"] = np.concatenate([array.ravel() for array in arrays])
    return results


def digests_of(results: dict[str, np.ndarray], prefix: str = "") -> dict[str, str]:
    return {prefix + what: digest(array) for what, array in results.items()}


def public_digests() -> list[dict[str, dict[str, str]]]:
    """Digests of each case, on one thread and on two."""
    found = []
    for threads in (1, 2):
        with fastdist.num_threads(threads):
            found.append({name_of(*case): digests_of(public_results(*case)) for case in CASES})
    return found


def rows_of_twin(d: int) -> int:
    return FIRST_NUMBERS // d


def write_digests() -> None:
    """Freeze the results of today: of the plainest instruction set, where the twins agree with it."""
    level = SimpleNamespace(
        **{kernel: importlib.import_module(f"fastdist._isa.baseline.{kernel}") for kernel in KERNELS}
    )
    key = np.random.SeedSequence(SEED).generate_state(4, np.uint64)
    one, two = public_digests()
    if one != two:
        raise SystemExit("one thread and two disagree; nothing is frozen")
    found: dict[str, dict[str, str]] = {}
    for case in CASES:
        rows = rows_of_twin(case[0])
        of_kernel = digests_of(kernel_results(level, key, *case, rows), "first ")
        if of_kernel != digests_of(twin_results(tuple(key.tolist()), *case, rows), "first "):
            raise SystemExit(f"{name_of(*case)}: kernel and twin disagree; nothing is frozen")
        found[name_of(*case)] = digests_of(kernel_results(level, key, *case, NUMBERS // case[0])) | of_kernel
        public = one[name_of(*case)]
        fits = {what: public[what] for what in public if what.startswith("fit")}
        if {**found[name_of(*case)], **public} != {**found[name_of(*case)], **fits}:
            raise SystemExit(f"{name_of(*case)}: kernel and GaussianMixture disagree; nothing is frozen")
        found[name_of(*case)] |= fits
    DIGESTS.write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    write_digests()
