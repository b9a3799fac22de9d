"""The main job of ``python -m fastdist``: what it checks and times.

To add a topic, write a module beside these with its checks and its rungs, and a `Section` here.
"""

from __future__ import annotations

from fastdist._main_job import (
    european_call,
    mixture_rungs,
    mixtures,
    multivariate_normals,
    normal_distribution,
    standard_normals,
)
from fastdist._main_job.job import Section

SECTIONS = (
    Section(
        "standard normals",
        checks={
            "float64 normals": standard_normals.check_float64,
            "float32 normals": standard_normals.check_float32,
        },
        unit="normal",
        rungs=standard_normals.rungs,
    ),
    Section(
        "normal distribution",
        checks={
            "float64 functions": normal_distribution.check_float64,
            "float32 functions": normal_distribution.check_float32,
        },
        unit="value",
        rungs=normal_distribution.rungs,
        notes=normal_distribution.notes,
    ),
    Section(
        "multivariate normal",
        checks={
            "float64 vectors": multivariate_normals.check_float64,
            "float32 vectors": multivariate_normals.check_float32,
        },
        unit="number",
        rungs=multivariate_normals.rungs,
        notes=multivariate_normals.notes,
    ),
    Section(
        "Gaussian mixture",
        checks={
            "float64 mixture": mixtures.check_float64,
            "float32 mixture": mixtures.check_float32,
        },
        unit="point",
        rungs=mixture_rungs.rungs,
        notes=mixture_rungs.notes,
        findings=mixtures.findings,
    ),
    Section("European call", checks={"European call": european_call.check}),
)
