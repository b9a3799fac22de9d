"""The main job of ``python -m fastdist``: what it checks and times.

To add a topic, write a module beside these with its checks and its rungs, and a `Section` here.
"""

from __future__ import annotations

from fastdist._main_job import european_call, standard_normals
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
    Section("European call", checks={"European call": european_call.check}),
)
