"""How many clusters?  Mixtures of several sizes fitted, the best by BIC: python mixture_fit.py [points]."""

import sys

import numpy as np
from sklearn.mixture import GaussianMixture

size = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
rng = np.random.default_rng(2026)
means = np.array([[0.0, 0, 0, 0], [6, 0, 3, 0], [0, 6, 0, -3]])
component = rng.choice(3, size, p=[0.5, 0.3, 0.2])
scales = np.array([1.0, 0.7, 1.4])
points = means[component] + scales[component, None] * rng.standard_normal((size, 4))

fits = [GaussianMixture(k, random_state=0).fit(points) for k in (1, 2, 3)]
bic = [fit.bic(points) for fit in fits]
best = fits[int(np.argmin(bic))]
probabilities = best.predict_proba(points)

print(f"components: {best.n_components}")
for k, value in enumerate(bic, start=1):
    print(f"BIC of {k}: {value:.10g}")
print(f"log-likelihood a point: {best.score(points):.10g}")
print(f"largest weight: {best.weights_.max():.10g}")
print(f"points in doubt: {(probabilities.max(axis=1) < 0.9).mean():.10g}")
