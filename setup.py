"""The table kernels x instruction sets, the compiler's flags, and what saves compiling twice.

All else stands in pyproject.toml.  One cythonized C file is compiled once for each level into
fastdist/_isa/<level>/, and fastdist/_dispatch.py chooses the level when the package is imported.

A module is compiled only if no file in build/kernels has its key: a digest of its sources, its flags and the
versions of all that compiles it.  Timestamps could not tell, since pip builds with a new NumPy each time.
"""

import ast
import copy
import os
import platform
import shutil
import subprocess
import sys
import sysconfig
import tempfile
import threading
from contextlib import suppress
from functools import cached_property
from hashlib import sha256
from pathlib import Path

import Cython
import numpy
from Cython.Build import cythonize
from Cython.Build.Dependencies import create_dependency_tree
from setuptools import Extension, setup
from setuptools.command.build_ext import build_ext
from setuptools.errors import CompileError

SOURCES = Path("fastdist/_kernels")
KEPT = Path("build/kernels")
MOST_KEPT = 400  # files: ten builds of everything

# psABI micro-architecture levels.  At v4 GCC and clang would use half of each register unasked.
X86_64_LEVELS = {
    "x86_64_v3": ["-march=x86-64-v3"],
    "x86_64_v4": ["-march=x86-64-v4", "-mprefer-vector-width=512"],
}

# -ffp-contract=off: a * b + c is rounded twice unless the source says fma, so every level agrees.
# -fno-fast-math: in case the environment's CFLAGS ask for it.
# -fno-math-errno, -fno-trapping-math: sqrt and selections may be vectorised; no result changes.
# -g0: debug information, which Python's own flags ask for, is a quarter of the time and most of the size.
EXACT_FLAGS = ["-fno-fast-math", "-ffp-contract=off", "-fno-math-errno", "-fno-trapping-math", "-g0"]

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
MACROS = [
    ("NPY_NO_DEPRECATED_API", "NPY_2_0_API_VERSION"),
    # A loop becomes one over vectors only if all that it calls is inlined, however large.
    ("CYTHON_INLINE", "inline __attribute__((always_inline))"),
]

NO_COMPILER = """\
fastdist is compiled when it is installed, and {problem}. Install a C compiler and Python's headers:
    Debian, Ubuntu   apt install build-essential python3-dev
    Fedora           dnf install gcc python3-devel
    macOS            xcode-select --install"""


def kernels() -> tuple[str, ...]:
    """The list in fastdist/_dispatch.py, which cannot be imported before they are built."""
    for statement in ast.parse(Path("fastdist/_dispatch.py").read_text()).body:
        if isinstance(statement, ast.Assign) and ast.unparse(statement.targets[0]) == "KERNELS":
            names: tuple[str, ...] = ast.literal_eval(statement.value)
            return names
    raise LookupError("fastdist/_dispatch.py has no KERNELS")


def levels() -> list[str]:
    """The levels to build, from the plainest on: all of the platform, or those that FASTDIST_LEVELS names."""
    x86_64 = platform.machine() in ("x86_64", "AMD64") and os.name == "posix"
    possible = ["baseline", *(X86_64_LEVELS if x86_64 else ())]
    chosen = os.environ.get("FASTDIST_LEVELS", ",".join(possible)).split(",")
    if unknown := set(chosen) - set(possible):
        raise SystemExit(f"FASTDIST_LEVELS: no {', '.join(sorted(unknown))}; there are {', '.join(possible)}")
    return [level for level in possible if level in ("baseline", *chosen)]


def extensions() -> list[Extension]:
    return [
        Extension(
            f"fastdist._isa.{level}.{kernel}",
            [str(SOURCES / f"{kernel}.pyx")],
            include_dirs=[str(SOURCES), numpy.get_include()],
            libraries=["m"] if os.name == "posix" else [],
            define_macros=MACROS,
        )
        for level in levels()
        for kernel in kernels()
    ]


def tell(line: str) -> None:
    """Print a line; pip, which keeps back what a build prints, does not keep it from the terminal."""
    print(line, file=sys.stderr, flush=True)
    if not sys.stderr.isatty():
        with suppress(OSError):  # there may be no terminal
            Path("/dev/tty").write_text(f"{line}\n")


class BuildLevels(build_ext):
    """Compile each level with its flags; a level that the compiler rejects is left out by name."""

    def finalize_options(self) -> None:
        super().finalize_options()
        self.parallel = self.parallel or os.cpu_count()
        self.force = True  # what need not be compiled is known by its key
        self.cythonizing = threading.Lock()

    def build_extensions(self) -> None:
        self.check_compiler()
        self.kernel_flags = {kernel: flags for kernel, flags in KERNEL_FLAGS.items() if self.accepts(flags)}
        accepted = [level for level in levels() if self.accepts(self.flags(level))]
        for level in levels():
            if level not in accepted:
                self.warn(f"the compiler rejects {self.flags(level)}: {level} is not built")
        self.extensions = [e for e in self.extensions if e.name.split(".")[-2] in accepted]
        missing = sum(not self.kept(extension).exists() for extension in self.extensions)
        if missing:
            minutes = max(1, round(missing * 4 / 60 / self.parallel))
            tell(
                f"fastdist: compiling {missing} of {len(self.extensions)} modules for {', '.join(accepted)}; "
                f"about {minutes} min with {self.parallel} CPUs. "
                "Set FASTDIST_LEVELS=x86_64_v3 in the environment to build only that level and the baseline."
            )
        super().build_extensions()
        for old in sorted(KEPT.iterdir(), key=lambda path: path.stat().st_mtime)[:-MOST_KEPT]:
            old.unlink()

    def build_extension(self, extension: Extension) -> None:
        kept, target = self.kept(extension), Path(self.get_ext_fullpath(extension.name))
        if not kept.exists():
            self.compile_extension(extension)
            kept.parent.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryDirectory(dir=kept.parent.parent) as folder:  # whole, or not there
                os.replace(shutil.copy(target, folder), kept)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(kept, target)
        kept.touch()

    def compile_extension(self, extension: Extension) -> None:
        level, kernel = extension.name.split(".")[-2:]
        flags = self.flags(level) + self.kernel_flags.get(kernel, [])
        # The same C file at each level: keep the object files apart.  Copies, because levels are compiled
        # at the same time.
        extension, builder = copy.copy(extension), copy.copy(self)
        extension.sources = [self.c_file(kernel)]
        extension.extra_compile_args = flags
        extension.define_macros = [*MACROS, ("FASTDIST_FLAGS", f'"{" ".join(flags)}"')]
        builder.build_temp = str(Path(self.build_temp, level))
        super(BuildLevels, builder).build_extension(extension)

    def c_file(self, kernel: str) -> str:
        """Of a kernel that is compiled: cythonized once, while others are compiled."""
        with self.cythonizing:
            if kernel not in self.c_files:
                source = Extension(f"fastdist._kernels.{kernel}", [str(SOURCES / f"{kernel}.pyx")])
                folder = Path(self.build_temp, "cython")
                (made,) = cythonize(
                    [source], compiler_directives=DIRECTIVES, build_dir=str(folder), force=True, quiet=True
                )
                self.c_files[kernel] = made.sources[0]
            return self.c_files[kernel]

    @cached_property
    def c_files(self) -> dict[str, str]:
        return {}

    # What need not be compiled again

    def kept(self, extension: Extension) -> Path:
        """Where a module is kept, whose name tells all that it is made of."""
        level, kernel = extension.name.split(".")[-2:]
        key = sha256(self.toolchain)
        key.update(repr((level, kernel, self.flags(level), self.kernel_flags.get(kernel))).encode())
        headers = SOURCES.glob("*.h")
        for path in sorted({*self.dependencies(kernel), *map(str, headers)}):
            key.update(Path(path).read_bytes())
        return KEPT / f"{level}.{kernel}.{key.hexdigest()[:32]}{sysconfig.get_config_var('EXT_SUFFIX')}"

    def dependencies(self, kernel: str) -> set[str]:
        """The files of Cython that a kernel is made of."""
        files: set[str] = create_dependency_tree(quiet=True).all_dependencies(str(SOURCES / f"{kernel}.pyx"))
        return files

    @cached_property
    def toolchain(self) -> bytes:
        """Versions and commands of all that takes part."""
        compiler: list[str] = self.compiler.compiler_so
        version = subprocess.run([compiler[0], "--version"], capture_output=True, check=False).stdout
        commands = (compiler, self.compiler.linker_so, MACROS, DIRECTIVES)
        return repr((version, commands, Cython.__version__, numpy.__version__, sys.version)).encode()

    # What the compiler can do

    def flags(self, level: str) -> list[str]:
        # Nobody runs the baseline of x86-64 for speed: -O2 compiles it in 60 % of the time.
        optimization = "-O2" if level == "baseline" and len(levels()) > 1 else "-O3"
        return [optimization, *EXACT_FLAGS, *X86_64_LEVELS.get(level, [])]

    def check_compiler(self) -> None:
        command = self.compiler.compiler_so[0]
        if shutil.which(command) is None:
            raise SystemExit(NO_COMPILER.format(problem=f"the compiler '{command}' is not found"))
        if not self.accepts([]):
            raise SystemExit(NO_COMPILER.format(problem=f"'{command}' cannot compile what includes Python.h"))
        if not self.accepts(flags := self.flags("baseline")):
            raise SystemExit(f"'{command}' rejects {' '.join(flags)}, which GCC and clang accept")

    def accepts(self, flags: list[str]) -> bool:
        with tempfile.TemporaryDirectory() as folder:
            probe = Path(folder, "probe.c")
            probe.write_text("#include <Python.h>\nint main(void) { return 0; }\n")
            try:
                self.compiler.compile([str(probe)], output_dir=folder, extra_postargs=flags)
            except CompileError:
                return False
            return True


if __name__ == "__main__":
    setup(ext_modules=extensions(), cmdclass={"build_ext": BuildLevels})
