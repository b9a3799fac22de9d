"""Imports run one way: API -> _dispatch -> _isa; reference -> nothing; NumPy is all that is needed."""

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

import fastdist

PACKAGE = Path(fastdist.__file__).parent
TESTS = Path(__file__).parents[1]
# Each topic may use only itself and what stands left of it.
TOPICS = ("covariance", "random", "normal", "multivariate", "mixture")
# Below them: modules that belong to no topic, of which `_dispatch` alone knows the kernels.
FOUNDATION = {
    "_dispatch": {"_kernels", "_isa", "__version__", "parallel"},
    "accuracy": set(),
    "exceptions": set(),
    "parallel": set(),
    "read_only": set(),
    "typing": set(),
}


def name_of(path):
    parts = path.relative_to(PACKAGE.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def all_imports(path):
    """The names of all modules that a module imports."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif not isinstance(node, ast.ImportFrom):
            continue
        elif node.level:
            package = name_of(path).split(".")[: None if path.stem == "__init__" else -1]
            yield ".".join([*package[: len(package) - node.level + 1], node.module or ""]).strip(".")
        elif node.module == "fastdist":
            yield from (f"fastdist.{alias.name}" for alias in node.names)
        else:
            yield node.module


API = sorted(path for topic in TOPICS for path in PACKAGE.glob(f"{topic}/*.py"))
REFERENCE = sorted(PACKAGE.glob("reference/*.py"))


def test_every_module_has_a_topic():
    """Besides the public names, the command line and the foundation."""
    flat = {path.stem for path in PACKAGE.glob("*.py")}
    assert flat == {"__init__", "__main__", *FOUNDATION}
    packages = {path.parent.name for path in PACKAGE.glob("*/__init__.py")}
    assert packages == {*TOPICS, "_isa", "_kernels", "_demo", "reference"}


@pytest.mark.parametrize("path", API, ids=lambda path: f"{path.parent.name}.{path.stem}")
def test_each_topic_uses_what_stands_left_of_it(path):
    """Imports inside functions are no exception."""
    allowed = {*TOPICS[: TOPICS.index(path.parent.name) + 1], *FOUNDATION}
    for imported in all_imports(path):
        package, _, rest = imported.partition(".")
        if package == "fastdist":
            assert rest.split(".")[0] in allowed, f"{path} imports {imported}"


@pytest.mark.parametrize("name", FOUNDATION)
def test_the_foundation_uses_no_topic(name):
    for imported in all_imports(PACKAGE / f"{name}.py"):
        package, _, rest = imported.partition(".")
        if package == "fastdist":
            assert rest.split(".")[0] in FOUNDATION[name], imported


@pytest.mark.parametrize("path", REFERENCE, ids=lambda path: path.stem)
def test_reference_imports_the_standard_library_alone(path):
    for imported in all_imports(path):
        top = imported.split(".")[0]
        assert top in sys.stdlib_module_names or imported.startswith("fastdist.reference"), imported


@pytest.mark.parametrize("topic", TOPICS)
def test_a_package_names_its_modules(topic):
    """A newcomer finds each module of a topic in the docstring of its package, and no other."""
    tree = ast.parse((PACKAGE / topic / "__init__.py").read_text(encoding="utf-8"))
    text = ast.get_docstring(tree, clean=False)
    named = {line.split()[0] for line in text.splitlines() if line.startswith("    ")}
    named |= set(re.findall(r"(?<!`)`(\w+)`(?!`)", text))
    modules = {path.stem for path in PACKAGE.glob(f"{topic}/*.py")} - {"__init__"}
    assert modules <= named
    assert all((PACKAGE / topic / f"{name}.py").exists() for name in named)


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


KERNELS = sorted(path.stem for path in PACKAGE.glob("_kernels/*.pyx") if path.stem != "target")
# The folder of a kernel's test, where the stem does not begin with it.
FOLDER = {
    "mathematics": "package",
    "cholesky": "covariance",
    "stream": "random",
    "box_muller": "random",
    "inversion": "random",
    "deviations": "normal",
    "scatter": "multivariate",
}


def path_of_test(stem):
    """Where the test of a kernel is: the folder is not repeated in the name of the file."""
    for topic in TOPICS:
        if stem == topic:
            return TESTS / topic / "test_kernels.py"
        if stem.startswith(f"{topic}_"):
            return TESTS / topic / f"test_{stem.removeprefix(f'{topic}_')}.py"
    return TESTS / FOLDER[stem] / f"test_{stem}.py"


@pytest.mark.parametrize("stem", KERNELS)
def test_every_stem_is_repeated(stem):
    """A kernel, its stub, its twin and the test that compares the two have one stem."""
    assert (PACKAGE / "_kernels" / f"{stem}.pyi").exists()
    assert (PACKAGE / "reference" / f"{stem}.py").exists()
    imported = set(all_imports(path_of_test(stem)))
    assert {"fastdist.reference", f"fastdist.reference.{stem}"} & imported


def test_every_test_has_a_folder():
    """One for each topic, and one for what belongs to none."""
    folders = {path.parent.name for path in TESTS.glob("*/test_*.py")}
    assert folders <= {*TOPICS, "package", "bench", "demo"}
    assert {*TOPICS, "package"} <= folders


@pytest.mark.parametrize("path", sorted(TESTS.rglob("*.py")), ids=lambda path: str(path.relative_to(TESTS)))
def test_no_test_loads_another(path):
    """What tests share is in `tests.support`, which loads no test either."""
    text = path.read_text(encoding="utf-8")
    assert not re.search(r"^ *(from|import) (tests(\.\w+)*\.test_|runpy)", text, re.MULTILINE)
