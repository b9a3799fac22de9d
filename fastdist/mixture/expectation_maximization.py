"""The EM algorithm [1]_: from initial parameters to those for which the data are most likely.

    E step:  responsibility r_k(x) = weight_k N(x; mean_k, covariance_k) / p(x)
    M step:  the weights, means and covariances of the data, weighted with r_k

It never lowers the likelihood.  The sums of both are made in one pass over the data.

References
----------
.. [1] A. P. Dempster, N. M. Laird, D. B. Rubin, "Maximum likelihood from incomplete data via the EM
   algorithm", Journal of the Royal Statistical Society B 39 (1977).
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from fastdist.mixture import missing_values
from fastdist.mixture.data import Batch, Data
from fastdist.mixture.moments import Moments, expectation, is_far
from fastdist.mixture.parameters import MixtureParameters
from fastdist.typing import Array

# Passes until every mean is near its centre: the first leaves an error of 1e-16 of its way, so that two are
# enough but for ways that no data have.
PASSES = 20

# Called with the number of the iteration, the lower bound and its change; True ends the fit.
Callback = Callable[[int, float, float], Any]


@dataclass(slots=True)
class Fit:
    """What EM has found from one start."""

    parameters: MixtureParameters
    lower_bound: float = -math.inf
    converged: bool = False
    stopped: bool = False
    lower_bounds: list[float] = field(default_factory=list)


def em(
    data: Data,
    parameters: MixtureParameters,
    *,
    lower_bound: float,
    tol: float,
    max_iter: int,
    reg_covar: Any,
    report: Callback,
) -> Fit:
    """Steps of EM until the mean log-likelihood changes by less than ``tol``."""
    fit = Fit(parameters)
    for iteration in range(1, max_iter + 1):
        fit.parameters, log_likelihood = step(data, fit.parameters, reg_covar)
        before, lower_bound = lower_bound, log_likelihood / data.total_weight
        fit.lower_bounds.append(lower_bound)
        fit.lower_bound = lower_bound
        change = lower_bound - before
        fit.stopped = bool(report(iteration, lower_bound, change))
        fit.converged = abs(change) < tol
        if fit.converged or fit.stopped:
            break
    return fit


def e_step(data: Data, parameters: MixtureParameters, centres: Array) -> tuple[Moments, float]:
    """The sums over all rows, batch after batch, about these centres; and the log-likelihood."""
    moments = Moments.zeros(parameters.components, parameters.dimension, parameters.diagonal)
    logs = []
    for batch in data:
        part, log_likelihood = e_step_of_batch(batch, parameters, centres)
        moments.add(part)
        logs.append(log_likelihood)
    return moments, math.fsum(logs)


def e_step_of_batch(batch: Batch, parameters: MixtureParameters, centres: Array) -> tuple[Moments, float]:
    """The same over one batch; missing values are marginalised."""
    sums = missing_values.expectation if batch.missing else expectation
    return sums(parameters, batch.x, batch.sample_weight, centres)


def step(data: Data, parameters: MixtureParameters, reg_covar: Any) -> tuple[MixtureParameters, float]:
    """One E step and one M step: the new parameters, and the log-likelihood of the old ones."""
    m_step = MStep(parameters.means, parameters.covariance_type, reg_covar)
    for centres in m_step:
        moments, log_likelihood = e_step(data, parameters, centres)
        m_step.take(moments)
    return m_step.parameters, log_likelihood


class MStep:
    """An M step: the parameters for which the data are most likely, from sums about points near the means.

    Its items are the centres that the sums have to be about, each for a pass over the data whose sums `take`
    gets.  There is a second one only where a mean turns out to be far from its centre.

    Parameters
    ----------
    centres : ndarray of float64, shape (K, d)
        To begin with.
    covariance_type, reg_covar
        As for `Moments.maximize`, whose errors are raised.

    Attributes
    ----------
    parameters : MixtureParameters
        When there are no more centres, the result.
    """

    parameters: MixtureParameters

    def __init__(self, centres: Array, covariance_type: str, reg_covar: Any) -> None:
        self._centres, self._covariance_type, self._reg_covar = centres, covariance_type, reg_covar
        self._passes, self._done = 0, False

    def __iter__(self) -> Iterator[Array]:
        while not self._done:
            yield self._centres

    def take(self, moments: Moments) -> None:
        """Make the parameters of the sums about the last centres."""
        self._passes += 1
        centres, last = self._centres, self._passes > PASSES
        self._centres = moments.means(centres)
        try:
            self.parameters = moments.maximize(centres, self._covariance_type, self._reg_covar)
        except ValueError:
            if last or (self._centres == centres).all():
                raise
        else:
            self._done = last or not is_far(self.parameters, centres)


def online_step(
    batch: Batch, parameters: MixtureParameters, size: float, reg_covar: Any
) -> tuple[MixtureParameters, float]:
    """A step of online EM: the new parameters, and the mean log-likelihood of the batch under the old ones.

    The sums of what was seen before are those that the parameters stand for, of weight ``1 - size``.
    """
    batch = batch.of_moderate_weight()
    moments, log_likelihood = e_step_of_batch(batch, parameters, parameters.means)
    moments.scale(size / batch.total_weight)
    moments.add(Moments.of_parameters(parameters, reg_covar, 1 - size))
    new = moments.maximize(parameters.means, parameters.covariance_type, reg_covar)
    return new, log_likelihood / batch.total_weight


class Step:
    """A step of EM that is made batch by batch."""

    def __init__(self, parameters: MixtureParameters, reg_covar: Any) -> None:
        self._parameters, self._reg_covar = parameters, reg_covar
        self._moments = Moments.zeros(parameters.components, parameters.dimension, parameters.diagonal)
        self._log_likelihood = self._total_weight = 0.0

    def add(self, batch: Batch) -> None:
        """Add the sums over a batch, with the parameters before the step."""
        moments, log_likelihood = e_step_of_batch(batch, self._parameters, self._parameters.means)
        self._moments.add(moments)
        self._log_likelihood += log_likelihood
        self._total_weight += batch.total_weight

    def end(self) -> tuple[MixtureParameters, float]:
        """The parameters after the step, and the mean log-likelihood before it."""
        before = self._parameters
        new = self._moments.maximize(before.means, before.covariance_type, self._reg_covar)
        return new, self._log_likelihood / self._total_weight


# What is printed meanwhile


class Progress:
    """What scikit-learn prints during a fit, or a bar."""

    def __init__(self, verbose: Any, interval: int, max_iter: int, callback: Callback | None) -> None:
        self._level = 0 if verbose == "bar" else int(verbose)
        self._bar = _bar(max_iter) if verbose == "bar" else None
        self._interval = interval
        self._callback = callback
        self._started = self._last = time.perf_counter()

    def start(self, number: int) -> None:
        """Before the first step from a start."""
        if self._level:
            print(f"Initialization {number}")
        self._started = self._last = time.perf_counter()
        if self._bar is not None:
            self._bar.reset()

    def iteration(self, number: int, lower_bound: float, change: float) -> bool:
        """After each step; whether it is to be the last."""
        if self._level and number % self._interval == 0:
            if self._level == 1:
                print(f"  Iteration {number}")
            else:
                now = time.perf_counter()
                print(f"  Iteration {number}\t time lapse {now - self._last:.5f}s\t ll change {change:.5f}")
                self._last = now
        if self._bar is not None:
            self._bar.set_postfix_str(f"log-likelihood {lower_bound:.6g}, change {change:.1e}", refresh=False)
            self._bar.update()
        return self._callback is not None and bool(self._callback(number, lower_bound, change))

    def end(self, fit: Fit) -> None:
        """After a start."""
        if not self._level:
            return
        words = f"Initialization {'converged' if fit.converged else 'did not converge'}."
        if self._level > 1:
            elapsed = time.perf_counter() - self._started
            words += f" time lapse {elapsed:.5f}s\t lower bound {fit.lower_bound:.5f}."
        print(words)

    def close(self) -> None:
        """After all."""
        if self._bar is not None:
            self._bar.close()


def _bar(steps: int) -> Any:
    try:
        from tqdm.auto import tqdm
    except ImportError:
        raise ImportError("verbose='bar' needs tqdm: pip install 'fastdist-kernels[progress]'") from None
    return tqdm(total=steps, unit="step", leave=False)
