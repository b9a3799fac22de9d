"""The table kernels x instruction sets, and the compiler flags; all else stands in pyproject.toml.

One cythonized C file is compiled once for each level into fastdist/_isa/<level>/, and
fastdist/_dispatch.py chooses the level when the package is imported.
"""

import copy
import os
import platform
import tempfile
from pathlib import Path

import numpy
from Cython.Build import cythonize
from setuptools import Extension, setup
from setuptools.command.build_ext import build_ext
from setuptools.errors import CompileError

KERNELS = (
    "mathematics",
    "stream",
    "box_muller",
    "inversion",
    "normal",
    "deviations",
    "scatter",
    "cholesky",
    "multivariate_sampling",
    "multivariate_density",
    "mixture",
    "mixture_sampling",
    "target",
)
SOURCES = "fastdist/_kernels"

# psABI micro-architecture levels.  At v4 GCC and clang would use half of each register unasked.
X86_64_LEVELS = {
    "x86_64_v3": ["-march=x86-64-v3"],
    "x86_64_v4": ["-march=x86-64-v4", "-mprefer-vector-width=512"],
}

# -ffp-contract=off: a * b + c is rounded twice unless the source says fma, so every level agrees.
# -fno-fast-math: in case the environment's CFLAGS ask for it.
# -fno-math-errno, -fno-trapping-math: sqrt and selections may be vectorised; no result changes.
EXACT_FLAGS = ["-O3", "-fno-fast-math", "-ffp-contract=off", "-fno-math-errno", "-fno-trapping-math"]

# What GCC does better with than without, by measurement, for a kernel alone; another compiler may reject it.
# No result changes.
KERNEL_FLAGS = {
    # Long chains of dependent operations, up to an eighth faster if they are interleaved before registers are
    # assigned; the other kernels are slower then.
    "normal": ["-fschedule-insns", "-fsched-pressure"],
    # Loops over sixteen lanes, up to a third faster if they become vectors instead of being unrolled before.
    "cholesky": ["--param", "max-completely-peel-times=15"],
    # Short loops around those over lanes, a tenth faster if they are not unrolled and merged.
    "multivariate_density": ["-fno-loop-unroll-and-jam"],
    # Both, and large loops left in functions of their own: in one function their sums leave the registers,
    # and they take twice the time.
    "mixture": [
        "-fno-inline-functions-called-once",
        "-fno-loop-unroll-and-jam",
        "--param",
        "max-completely-peel-times=15",
    ],
}

DIRECTIVES = {
    "language_level": 3,
    "boundscheck": False,
    "wraparound": False,
    "cdivision": True,
    "initializedcheck": False,
    "embedsignature": True,
}


def levels() -> list[str]:
    """The levels to build, from the plainest on."""
    x86_64 = platform.machine() in ("x86_64", "AMD64") and os.name == "posix"
    return ["baseline", *(X86_64_LEVELS if x86_64 else ())]


def extensions() -> list[Extension]:
    sources = [Extension(f"fastdist._kernels.{name}", [f"{SOURCES}/{name}.pyx"]) for name in KERNELS]
    kernels = cythonize(sources, compiler_directives=DIRECTIVES)
    return [
        Extension(
            f"fastdist._isa.{level}.{kernel.name.rpartition('.')[2]}",
            kernel.sources,
            depends=kernel.depends,
            include_dirs=[SOURCES, numpy.get_include()],
            libraries=["m"] if os.name == "posix" else [],
            define_macros=[
                ("NPY_NO_DEPRECATED_API", "NPY_2_0_API_VERSION"),
                # A loop becomes one over vectors only if all that it calls is inlined, however large.
                ("CYTHON_INLINE", "inline __attribute__((always_inline))"),
            ],
        )
        for level in levels()
        for kernel in kernels
    ]


class BuildLevels(build_ext):
    """Compile each level with its flags; a level that the compiler rejects is left out by name."""

    def finalize_options(self) -> None:
        super().finalize_options()
        self.parallel = self.parallel or os.cpu_count()

    def build_extensions(self) -> None:
        if not self.accepts(self.flags("baseline")):
            raise CompileError(f"no C compiler, or it rejects {' '.join(self.flags('baseline'))}")
        self.kernel_flags = {kernel: flags for kernel, flags in KERNEL_FLAGS.items() if self.accepts(flags)}
        accepted = {level for level in levels() if self.accepts(self.flags(level))}
        for level in levels():
            if level not in accepted:
                self.warn(f"the compiler rejects {self.flags(level)}: {level} is not built")
        self.extensions = [e for e in self.extensions if e.name.split(".")[-2] in accepted]
        super().build_extensions()

    def build_extension(self, extension: Extension) -> None:
        level, kernel = extension.name.split(".")[-2:]
        flags = self.flags(level) + self.kernel_flags.get(kernel, [])
        extension.extra_compile_args = flags
        extension.define_macros.append(("FASTDIST_FLAGS", f'"{" ".join(flags)}"'))
        # The same C file at each level: keep the object files apart.  A copy, because levels are compiled
        # at the same time.
        builder = copy.copy(self)
        builder.build_temp = str(Path(self.build_temp, level))
        super(BuildLevels, builder).build_extension(extension)

    def flags(self, level: str) -> list[str]:
        return EXACT_FLAGS + X86_64_LEVELS.get(level, [])

    def accepts(self, flags: list[str]) -> bool:
        with tempfile.TemporaryDirectory() as folder:
            probe = Path(folder, "probe.c")
            probe.write_text("int main(void) { return 0; }\n")
            try:
                self.compiler.compile([str(probe)], output_dir=folder, extra_postargs=flags)
            except CompileError:
                return False
            return True


setup(ext_modules=extensions(), cmdclass={"build_ext": BuildLevels})
