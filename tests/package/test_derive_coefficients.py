"""The coefficients that are committed are those that the script derives."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

import fastdist

SCRIPT = Path(fastdist.__path__[0], "_kernels", "derive_coefficients.py")


@pytest.mark.slow  # a quarter of a minute; .ci/run asks for it once
def test_regenerating_gives_the_committed_digits():
    """``derive_coefficients.py --check``: header and Python module hold the derived digits, all of them."""
    done = subprocess.run(
        [sys.executable, str(SCRIPT), "--check"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, f"not current; run {SCRIPT} and commit what it writes\n{done.stderr}"
