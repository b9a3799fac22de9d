"""The public .pxd: other Cython code can cimport the fill functions."""

import importlib.util
import subprocess
import sys
import sysconfig
from pathlib import Path

import numpy as np
import pytest

import fastdist

pytest.importorskip("Cython", reason="Cython compiles the test module")

SOURCE = """
# cython: language_level=3
from libc.stdint cimport uint64_t
from fastdist cimport fill_normals_float32, fill_normals_float64, fill_uniforms, fill_words

def words(uint64_t[::1] key, uint64_t first, uint64_t[::1] out):
    with nogil:
        fill_words(&key[0], first, &out[0], out.shape[0])

def uniforms(uint64_t[::1] key, uint64_t first, double[::1] out):
    with nogil:
        fill_uniforms(&key[0], first, &out[0], out.shape[0])

def float64(uint64_t[::1] key, uint64_t first, double[::1] out, double loc, double scale):
    with nogil:
        fill_normals_float64(&key[0], first, &out[0], out.shape[0], loc, scale)

def float32(uint64_t[::1] key, uint64_t first, float[::1] out, double loc, double scale):
    with nogil:
        fill_normals_float32(&key[0], first, &out[0], out.shape[0], loc, scale)
"""

SETUP = """
from setuptools import Extension, setup
from Cython.Build import cythonize
setup(name="client", ext_modules=cythonize([Extension("client", ["client.pyx"])], include_path=[{path!r}]))
"""


@pytest.fixture(scope="module")
def client(tmp_path_factory):
    """A module that someone else wrote, compiled against the installed package."""
    folder = tmp_path_factory.mktemp("client")
    (folder / "client.pyx").write_text(SOURCE)
    (folder / "setup.py").write_text(SETUP.format(path=str(Path(fastdist.__file__).parents[1])))
    built = subprocess.run(
        [sys.executable, "setup.py", "build_ext", "--inplace"], cwd=folder, capture_output=True, text=True
    )
    assert built.returncode == 0, built.stdout + built.stderr
    path = folder / ("client" + sysconfig.get_config_var("EXT_SUFFIX"))
    spec = importlib.util.spec_from_file_location("client", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("first", [0, 1, 1023, 4095, 4096, 10**15])
@pytest.mark.parametrize("n", [1, 2, 1024, 5000])
def test_fill_functions_are_the_generator(client, first, n):
    """Samples first .. first + n - 1, as the Generator draws them."""
    bits = fastdist.BlockXoshiro256(7)
    rng = fastdist.Generator(bits)
    for dtype, fill in ((np.float64, client.float64), (np.float32, client.float32)):
        out = np.empty(n, dtype)
        fill(bits.key, first, out, 1.5, 0.5)
        rng.seek(first, dtype)
        np.testing.assert_array_equal(out, rng.normal(1.5, 0.5, n, dtype=dtype))
    out = np.empty(n)
    client.uniforms(bits.key, first, out)
    rng.seek(first, np.uint64)
    np.testing.assert_array_equal(out, rng.random(n))
    out = np.empty(n, np.uint64)
    client.words(bits.key, first, out)
    rng.seek(first, np.uint64)
    np.testing.assert_array_equal(out, bits.random_raw(n))


def test_every_declared_function_is_there():
    """What fastdist/__init__.pxd declares is what the package exports at run time."""
    declared = Path(fastdist.__file__).with_name("__init__.pxd").read_text()
    names = {line.split("(")[0].split()[-1] for line in declared.splitlines() if line.startswith("cdef void")}
    assert names == set(fastdist.__pyx_capi__)
