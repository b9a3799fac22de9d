"""What ``python -m fastdist`` does: it checks fastdist on your machine, times it, and draws a picture.

    checks           a statistical check, and when it fails
    normals          checks of standard normals and of `fastdist.norm`
    multivariate     checks of multivariate normals, their densities and ellipses
    mixture          checks of a mixture fitted to the eruptions of Old Faithful
    european_call    a Monte Carlo price against its closed form
    speeds           best times of fastdist and of its peers, in turn
    report           all of it as text and as JSON
    picture          the picture of ``--plot``

To add a topic, write a module with its checks and a `Section` here.
"""

from __future__ import annotations

from fastdist._demo import european_call, mixture, multivariate, normals
from fastdist._demo.checks import Section

SECTIONS = (
    Section("standard normals", normals.check_samples),
    Section("normal distribution", normals.check_functions),
    Section("multivariate normal", multivariate.check_vectors),
    Section("Gaussian mixture", mixture.check, findings=mixture.findings),
    Section("European call", european_call.check, dtypes=("float64",)),
)
