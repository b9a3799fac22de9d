"""Results of a process of its own, in which another instruction set is in use."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]


def result_on(level: str, function: Callable[[], Any]) -> Any:
    """What a function of `tests.support` returns where ``FASTDIST_ISA`` is ``level``, by way of JSON."""
    module, name = function.__module__, function.__name__
    assert module.startswith("tests.support."), "a process of its own loads no test"
    code = f"import json; from {module} import {name}; print(json.dumps({name}()))"
    environment = {**os.environ, "FASTDIST_ISA": level}
    shown = subprocess.run(
        [sys.executable, "-c", code], env=environment, cwd=ROOT, capture_output=True, text=True
    )
    assert not shown.returncode, shown.stderr
    return json.loads(shown.stdout)
