"""The price of a European call: Monte Carlo against the closed form.

Under the risk-neutral measure the share ends at  S_T = S e^((r - sigma^2/2) T + sigma sqrt(T) z),  and the
call is worth  C = e^(-r T) E max(S_T - K, 0).
F. Black, M. Scholes, Journal of Political Economy 81 (1973).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np

import fastdist
from fastdist._demo.checks import Check, Job

# Paths that are simulated together: they stay in the L2 cache.
CHUNK_PATHS = 1 << 15


@dataclass(frozen=True)
class EuropeanCall:
    """The right to buy a share at the strike, at the end of a time in years."""

    spot: float = 100.0
    strike: float = 105.0
    rate: float = 0.03
    volatility: float = 0.2
    time: float = 1.0

    def black_scholes(self) -> float:
        """C = S Phi(d1) - K e^(-r T) Phi(d2)."""
        deviation = self.volatility * math.sqrt(self.time)
        # d1 = (ln(S / K) + (r + sigma^2/2) T) / (sigma sqrt(T)),  d2 = d1 - sigma sqrt(T)
        d1 = (math.log(self.spot / self.strike) + self.rate * self.time) / deviation + deviation / 2
        d2 = d1 - deviation
        phi = NormalDist().cdf
        return self.spot * phi(d1) - self.strike * math.exp(-self.rate * self.time) * phi(d2)

    def monte_carlo(self, rng: np.random.Generator, paths: int) -> tuple[float, float]:
        """The mean of the discounted payoffs of so many paths, and its standard error."""
        drift = (self.rate - self.volatility**2 / 2) * self.time
        deviation = self.volatility * math.sqrt(self.time)
        buffer = np.empty(min(CHUNK_PATHS, paths))
        total = total_of_squares = 0.0
        for start in range(0, paths, CHUNK_PATHS):
            x = rng.standard_normal(out=buffer[: paths - start])
            x *= deviation
            x += drift
            np.exp(x, out=x)  # S_T / S
            x *= self.spot
            x -= self.strike
            np.maximum(x, 0.0, out=x)
            total += float(x.sum())
            total_of_squares += float(np.square(x, out=x).sum())
        mean = total / paths
        variance = total_of_squares / paths - mean**2
        discount = math.exp(-self.rate * self.time)
        return discount * mean, discount * math.sqrt(variance / paths)


def check(job: Job, dtype: str) -> list[Check]:
    """The Monte Carlo price, from as many normals as are checked, and from those that follow."""
    call = EuropeanCall()
    rng = fastdist.default_rng(job.seed)
    rng.seek(job.samples)
    price, standard_error = call.monte_carlo(rng, job.samples)
    return [Check.of_mean("Monte Carlo price", dtype, price, call.black_scholes(), standard_error)]
