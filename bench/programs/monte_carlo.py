"""The price of an arithmetic Asian call option, by Monte Carlo: python monte_carlo.py [paths]."""

import sys

import numpy as np
from numpy.random import default_rng

SPOT, STRIKE, RATE, VOLATILITY, YEARS, DATES = 100.0, 100.0, 0.03, 0.25, 1.0, 64
PATHS_AT_ONCE = 10_000

paths = int(sys.argv[1]) if len(sys.argv) > 1 else 700_000
rng = default_rng(12345)
step = YEARS / DATES
drift, spread = (RATE - VOLATILITY**2 / 2) * step, VOLATILITY * np.sqrt(step)

payoffs = np.empty(paths)
for start in range(0, paths, PATHS_AT_ONCE):
    part = payoffs[start : start + PATHS_AT_ONCE]
    z = rng.standard_normal((DATES, part.size))
    prices = np.exp(np.cumsum(drift + spread * z, axis=0))
    part[:] = np.maximum(SPOT * prices.mean(axis=0) - STRIKE, 0)

payoffs *= np.exp(-RATE * YEARS)
print(f"price: {payoffs.mean():.10g}")
print(f"standard error: {payoffs.std(ddof=1) / np.sqrt(paths):.10g}")
