"""All operations by topic, and what of the public interface is none."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

from bench import (
    bench_ladder,
    bench_mixture,
    bench_multivariate_normal,
    bench_norm,
    bench_normal,
    bench_stream,
)
from bench.cases.case import Case, Operation, Rung
from bench.cases.fastdist_rungs import IN_USE, thread_counts
from bench.peers.multivariate_expressions import PEERS_LARGEST

TOPICS: dict[str, Sequence[Operation]] = {
    "ladder": bench_ladder.OPERATIONS,
    "stream": bench_stream.OPERATIONS,
    "normal": bench_normal.OPERATIONS,
    "norm": bench_norm.OPERATIONS,
    "multivariate_normal": bench_multivariate_normal.OPERATIONS,
    "mixture": bench_mixture.OPERATIONS,
}
OPERATIONS: list[Operation] = [operation for operations in TOPICS.values() for operation in operations]


class MemoryCase(NamedTuple):
    """Who is measured, and what each of them does, of as many numbers as the others."""

    operation: str
    answers: list[tuple[Rung, Case]]


def memory_of(operation: str, numbers: int | None, *peers: str) -> MemoryCase:
    """The peak of a call of so many numbers, or of the main case, by these peers and by fastdist."""
    found = next(each for each in OPERATIONS if each.name == operation)
    headline = next(case for case in found.cases if found.is_headline(case))
    case = headline if numbers is None else replace(headline, size=numbers)
    names = (*peers, IN_USE, f"fastdist, {thread_counts()[-1]} threads")
    answers = [
        (rung, nearest)
        for rung, nearest in found.answers(case)
        if rung.name in names and nearest.size == case.size
    ]
    if absent := [name for name in names if name not in [rung.name for rung, _ in answers]]:
        raise LookupError(f"{operation}: no rung that can do all of {case} is called {' or '.join(absent)}")
    return MemoryCase(operation, answers)


MEMORY = [
    memory_of("standard_normal, float64", 10_000_000, "NumPy PCG64", "mkl_random SFMT19937"),
    memory_of("norm.cdf, float64", 10_000_000, "SciPy", "scipy.special"),
    memory_of("norm.loglikelihood", 10_000_000, "NumPy expression", "SciPy"),
    memory_of("sampling, d = 16, covariance given", PEERS_LARGEST, "NumPy cholesky", "SciPy"),
    memory_of("logpdf, d = 16, frozen", PEERS_LARGEST, "NumPy expression", "SciPy"),
    memory_of("fit, d = 16, k = 8", None, "scikit-learn"),
]

SETTING = "a setting, or what tells of one"
ATTRIBUTE = "an attribute that is read or set, not computed"
ARGUMENTS = "keeps its arguments, and computes nothing"
SCIPYS = "is SciPy's own, called"
OURS_ALONE = "no library that is compared has it"
PLACES = "no peer reaches a normal by its place in the stream"
# Public name: why it is not measured.
WITHOUT_PEER: dict[str, str] = {
    "get_num_threads": SETTING,
    "set_num_threads": SETTING,
    "num_threads": SETTING,
    "show_config": SETTING,
    "random": "a module of names that are measured",
    "BlockXoshiro256.key": ATTRIBUTE,
    "BlockXoshiro256.lock": ATTRIBUTE,
    "BlockXoshiro256.state": ATTRIBUTE,
    "Generator.seek": PLACES,
    "Generator.tell": PLACES,
    "norm.args": ATTRIBUTE,
    "norm.kwds": ATTRIBUTE,
    "norm.random_state": ATTRIBUTE,
    "norm.fit_loc_scale": "is `norm.fit`, but for data that have no spread",
    "norm.expect": SCIPYS,
    "multivariate_normal.mean": ATTRIBUTE,
    "multivariate_normal.cov": ATTRIBUTE,
    "multivariate_normal.random_state": ATTRIBUTE,
    "multivariate_normal.cdf": SCIPYS,
    "multivariate_normal.logcdf": SCIPYS,
    "multivariate_normal.wasserstein": OURS_ALONE,
    "GaussianMixture": ARGUMENTS,
    "GaussianMixture.from_parameters": ARGUMENTS,
    "GaussianMixture.get_params": ARGUMENTS,
    "GaussianMixture.set_params": ARGUMENTS,
    "GaussianMixture.accumulate": OURS_ALONE,
    "GaussianMixture.partial_fit": OURS_ALONE,
    "GaussianMixture.step": OURS_ALONE,
    "GaussianMixture.modes": OURS_ALONE,
    "GaussianMixture.is_unimodal": OURS_ALONE,
    "GaussianMixture.plot": "a picture, whose time is matplotlib's",
}
