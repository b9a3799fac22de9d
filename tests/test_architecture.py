"""Imports run one way: API -> _dispatch -> _isa; reference -> nothing; NumPy is all that is needed."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import fastdist

PACKAGE = Path(fastdist.__file__).parent
# From the bottom up: a module may import what stands on lower layers only, and within its own stem.
LAYERS = {
    "fastdist.accuracy": 0,
    "fastdist.parallel": 0,
    "fastdist._kernels": 1,
    "fastdist._dispatch": 2,
    "fastdist.stream": 3,
    "fastdist.normal_arguments": 0,
    "fastdist.normal_scipy": 3,
    "fastdist.normal_functions": 4,
    "fastdist.normal_likelihood": 3,
    "fastdist.normal_moments": 3,
    "fastdist.covariance": 3,
    "fastdist.multivariate_sampling": 4,
    "fastdist.generator": 5,
    "fastdist.random": 6,
    "fastdist.random_state": 6,
    "fastdist.confidence_ellipse": 4,
    "fastdist.factored_covariance": 4,
    "fastdist.multivariate_normal_parameters": 5,
    "fastdist.multivariate_normal_likelihood": 6,
    "fastdist.multivariate_normal_relations": 6,
    "fastdist.multivariate_normal_frozen": 7,
    "fastdist.multivariate_normal_functions": 7,
    "fastdist.multivariate_normal": 8,
    "fastdist.mixture_missing_patterns": 6,
    "fastdist.mixture_missing": 7,
    "fastdist.mixture_modes": 7,
    "fastdist.mixture_quantiles": 7,
    "fastdist.mixture_plot": 8,
    "fastdist.mixture_relations": 7,
    "fastdist.normal_frozen": 7,
    "fastdist.normal": 8,
    "fastdist.mixture_parameters": 5,
    "fastdist.mixture_moments": 6,
    "fastdist.mixture_initial_parameters": 6,
    "fastdist.mixture_estimator": 6,
    "fastdist.mixture_sampling": 7,
    "fastdist.mixture_data": 8,
    "fastdist.mixture_fitted": 9,
    "fastdist.mixture_expectation_maximization": 9,
    "fastdist.mixture_kmeans": 9,
    "fastdist.mixture_initialization": 10,
    "fastdist.mixture_inference": 10,
    "fastdist.mixture_progress": 10,
    "fastdist.mixture_distribution": 11,
    "fastdist.mixture_exploration": 11,
    "fastdist.mixture_learning": 11,
    "fastdist.mixture": 12,
    "fastdist.exceptions": 0,
    "fastdist.read_only": 0,
    "fastdist": 13,
    "fastdist.__main__": 14,
}


def name_of(path):
    parts = path.relative_to(PACKAGE.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imports_at_top(path):
    """What a module imports when it is imported; imports inside functions are late on purpose."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    nodes = [node for node in tree.body if isinstance(node, ast.Import | ast.ImportFrom)]
    for node in nodes:
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif node.level:
            package = name_of(path).split(".")[: None if path.stem == "__init__" else -1]
            yield ".".join([*package[: len(package) - node.level + 1], node.module or ""]).strip(".")
        elif node.module == "fastdist":
            yield from (f"fastdist.{alias.name}" for alias in node.names)
        else:
            yield node.module


API = sorted(path for path in PACKAGE.glob("*.py"))
REFERENCE = sorted(PACKAGE.glob("reference/*.py"))


@pytest.mark.parametrize("path", API, ids=lambda path: path.stem)
def test_imports_run_one_way(path):
    here = LAYERS[name_of(path)]
    for imported in imports_at_top(path):
        if imported.split(".")[0] == "fastdist":
            layer = max((name for name in LAYERS if (imported + ".").startswith(name + ".")), key=len)
            allowed = LAYERS[layer] < here or (imported == "fastdist._kernels" and here == 2)
            assert allowed, f"{path.name} imports {imported}"


@pytest.mark.parametrize("path", REFERENCE, ids=lambda path: path.stem)
def test_reference_imports_the_standard_library_alone(path):
    for imported in imports_at_top(path):
        top = imported.split(".")[0]
        assert top in sys.stdlib_module_names or imported.startswith("fastdist.reference"), imported


def test_the_map_of_the_mixture_names_its_modules():
    """A newcomer finds each module of a mixture in the docstring of `fastdist.mixture`, and no other."""
    words = ast.get_docstring(ast.parse((PACKAGE / "mixture.py").read_text(encoding="utf-8"))).split()
    named = [word for word in words if word.startswith("mixture_")]
    assert sorted(named) == [path.stem for path in API if path.stem.startswith("mixture_")]


def test_numpy_is_the_only_dependency():
    """A plain import loads no third-party module but NumPy."""
    code = (
        "import sys; before = set(sys.modules); import fastdist; "
        "print(*sorted({m.split('.')[0] for m in set(sys.modules) - before}))"
    )
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    foreign = {
        name
        for name in loaded.split()
        if name not in sys.stdlib_module_names and not name.startswith(("_cython", "cython_runtime", "_"))
    }
    assert foreign <= {"fastdist", "numpy"}


def test_every_stem_is_repeated():
    """A kernel has its twin, its stub and its test under the same stem."""
    for source in PACKAGE.glob("_kernels/*.pyx"):
        stem = source.stem
        assert source.with_suffix(".pyi").exists()
        if stem != "target":  # it computes nothing
            assert (PACKAGE / "reference" / f"{stem}.py").exists()
