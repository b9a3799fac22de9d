"""The examples in the docstrings of the Python layer give what they say."""

import doctest
import importlib
import importlib.util
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
    module = importlib.import_module(".".join(path.parts).removesuffix(".__init__"))
    runner = doctest.DocTestRunner()
    for examples in doctest.DocTestFinder(exclude_empty=True).find(module):
        if examples.name.endswith(".plot") and importlib.util.find_spec("matplotlib") is None:
            continue
        runner.run(examples)
    assert runner.tries
    assert not runner.failures
