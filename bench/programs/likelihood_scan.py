"""A scan of a likelihood, a confidence interval, p-values: python likelihood_scan.py [data]."""

import sys

import numpy as np
from scipy.stats import norm

size = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
data = np.random.default_rng(2026).normal(1.5, 2.5, size)

error = data.std() / np.sqrt(size)
means = data.mean() + error * np.linspace(-4, 4, 21)
deviations = data.std() * (1 + np.linspace(-4, 4, 9) / np.sqrt(2 * size))
scan = np.array([[norm.logpdf(data, mu, sigma).sum() for sigma in deviations] for mu in means])

best_mean, best_deviation = np.unravel_index(scan.argmax(), scan.shape)
mu, sigma = means[best_mean], deviations[best_deviation]
# Wilks: twice the loss of log-likelihood is a chi square of one degree of freedom.
inside = means[2 * (scan.max() - scan.max(axis=1)) <= norm.ppf(0.975) ** 2]

p_values = 2 * norm.sf(np.abs((data - mu) / sigma))
uniforms = np.sort(norm.cdf(data, mu, sigma))
distance = np.abs(uniforms - (np.arange(size) + 0.5) / size).max() + 0.5 / size

print(f"mean: {mu:.12g}")
print(f"deviation: {sigma:.12g}")
print(f"log-likelihood: {scan.max():.12g}")
print(f"interval from: {inside[0]:.12g}")
print(f"interval to: {inside[-1]:.12g}")
print(f"smallest p-value: {p_values.min():.12g}")
print(f"p-values below 0.01: {(p_values < 0.01).mean():.12g}")
print(f"Kolmogorov-Smirnov distance: {distance:.12g}")
