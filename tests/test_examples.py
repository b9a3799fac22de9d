"""The examples in the docstrings of the Python layer give what they say."""

import doctest
import importlib
from pathlib import Path

import pytest

import fastdist

PACKAGE = Path(fastdist.__file__).parent
TOPICS = ("covariance", "random", "normal", "multivariate", "mixture")
WITH_EXAMPLES = sorted(
    path.relative_to(PACKAGE.parent).with_suffix("")
    for pattern in ("*.py", *(f"{topic}/*.py" for topic in TOPICS))
    for path in PACKAGE.glob(pattern)
    if ">>>" in path.read_text(encoding="utf-8")
)


@pytest.mark.parametrize("path", WITH_EXAMPLES, ids=str)
def test_examples(path):
    if path.name == "exploration":  # which has plot()
        pytest.importorskip("matplotlib")
    module = importlib.import_module(".".join(path.parts).removesuffix(".__init__"))
    results = doctest.testmod(module)
    assert results.attempted
    assert not results.failed
