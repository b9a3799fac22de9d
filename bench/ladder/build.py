"""Compile the steps of the ladder that are written in Cython, and annotate them.

All are compiled with the flags of fastdist's own kernels for the instruction set in use, so that two steps
differ by their sources alone.
"""

from __future__ import annotations

import contextlib
import importlib
import io
import os
import re
import shutil
import sys
from functools import cache, partial
from importlib import metadata
from pathlib import Path
from types import ModuleType
from typing import Any

import fastdist
from bench.ladder import BUILT, FOLDER
from fastdist._dispatch import target

ROOT = Path(fastdist.__file__).parents[1]
ANNOTATED = FOLDER / "annotated"
SOURCES = {
    "step_3_compiled": "step_1_pure_python.py",
    "step_4_types": "step_4_types.pyx",
    "step_5_pointers": "step_5_pointers.pyx",
    "step_6_tiles": "step_6_tiles.pyx",
}
STEPS = ("step_1_pure_python", "step_2_numpy", *SOURCES, "step_7_threads")
NEED_NO_COMPILER = STEPS[:2]

# As in setup.py: a loop becomes one over vectors only if all that it calls is inlined, and nothing raises.
MACROS = [("CYTHON_INLINE", "inline __attribute__((always_inline))")]
DIRECTIVES = {"cdivision": True}
# No symbols for debuggers, and no warnings of what Cython wrote.
FLAGS = [*target.flags.split(), "-g0", "-w"]


def load(step: str) -> ModuleType:
    """The module; what is out of date is compiled first."""
    if step not in NEED_NO_COMPILER:
        build()
    return importlib.import_module(f"bench.ladder.{step}")


@cache
def build() -> None:
    """Compile what is out of date, in parallel; quiet unless it fails."""
    extensions = cythonized(BUILT)
    from setuptools import Distribution
    from setuptools.command.build_ext import build_ext
    from setuptools.errors import BaseError, CCompilerError

    command: Any = build_ext(Distribution({"name": "ladder", "ext_modules": extensions}))
    command.build_lib = str(BUILT)
    command.build_temp = str(BUILT / "objects")
    command.parallel = os.cpu_count()
    command.ensure_finalized()
    try:
        command.run()
    except (BaseError, CCompilerError) as error:
        raise RuntimeError(
            f"the ladder was not compiled: {error}. A C compiler and Python's headers are needed, as for "
            "fastdist itself; on Debian: apt install gcc python3-dev"
        ) from error
    importlib.invalidate_caches()


def cythonized(folder: Path) -> list[Any]:
    """The steps as Extensions, whose C files and annotated HTML are in the folder."""
    try:
        from Cython.Build import cythonize
        from Cython.Compiler.Errors import CompileError
        from setuptools import Extension
    except ImportError as error:
        raise RuntimeError(
            f"{error}: the ladder is compiled with what pip install --editable '.[bench]' brings"
        ) from error
    versions = [sys.version, metadata.version("cython"), os.environ.get("CC"), os.environ.get("CFLAGS")]
    empty_unless_made_with(folder, repr([*versions, FLAGS, MACROS, DIRECTIVES]))
    extensions = [
        Extension(
            step,
            [str(copied_source(step, folder))],
            include_dirs=[str(ROOT / "fastdist" / "_kernels")],
            libraries=["m"] if os.name == "posix" else [],
            define_macros=MACROS,
            extra_compile_args=FLAGS,
        )
        for step in SOURCES
    ]
    cython: Any = partial(cythonize, include_path=[str(ROOT)], compiler_directives=DIRECTIVES)
    messages = io.StringIO()
    try:
        with contextlib.redirect_stderr(messages):
            return list(cython(extensions, annotate=True, quiet=True))
    except CompileError as error:
        raise RuntimeError(f"Cython rejects a step of the ladder:\n{messages.getvalue()}") from error


def empty_unless_made_with(folder: Path, settings: str) -> None:
    """Files' dates do not show that the settings have changed."""
    record = folder / "settings.txt"
    if not record.exists() or record.read_text() != settings:
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        record.write_text(settings)


def copied_source(step: str, folder: Path) -> Path:
    """A copy under the name of the step: so step 3 is the very file of step 1."""
    source = FOLDER / SOURCES[step]
    copy = folder / "sources" / f"{step}{source.suffix}"
    copy.parent.mkdir(exist_ok=True)
    if not copy.exists() or copy.read_bytes() != source.read_bytes():
        shutil.copyfile(source, copy)
        copy.with_suffix(".c").unlink(missing_ok=True)
    return copy


def annotate(folder: Path = ANNOTATED) -> dict[str, list[int]]:
    """Write the annotated HTML of each step that is Cython; print how many lines of it touch Python.

    Returns the numbers of those lines.
    """
    cythonized(BUILT)
    folder.mkdir(parents=True, exist_ok=True)
    lines = {}
    for step in SOURCES:
        page = folder / f"{step}.html"
        shutil.copyfile(BUILT / "sources" / page.name, page)
        lines[step] = python_lines(page.read_text())
        print(f"{page}: {len(lines[step])} lines touch Python")
    return lines


def python_lines(page: str) -> list[int]:
    """The numbers of the lines that an annotated page shows in yellow: their C code calls Python."""
    scores = re.findall(r'class="cython line score-(\d+)".*?<span class="">0*(\d+)</span>', page)
    return [int(number) for score, number in scores if int(score) > 0]
