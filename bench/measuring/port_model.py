"""What the execution ports of this CPU allow: a lower bound of the time that fastdist's kernels take.

    python -m bench.measuring.port_model

The innermost loops of a kernel are taken from the built module (`loops`), a model of the CPU tells their
cycles (`llvm_mca`), and the clock is measured (`clock`).  A kernel makes several passes over a tile; their
bounds add up.  Not in it: the way from call to kernel, the start of a block, caches and memory, decoding,
and what a divider that is busy keeps waiting.  So it is a bound of this code as it
was compiled, not of the problem.
"""

from __future__ import annotations

import shutil
import timeit
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

import fastdist
from bench.measuring import clock, llvm_mca, loops
from fastdist import _dispatch

REGISTERS = {"x86_64_v3": "ymm", "x86_64_v4": "zmm"}
ROUNDS = 21
# Numbers: so many that the call does not count, so few that they lie in an L2 cache.
SIZE = 50_000


@dataclass(frozen=True)
class Pass:
    """A pass over a tile: a loop of ``function``, whose symbol ends like that, in a module of kernels.

    The loop has instructions that start with each of ``has``, and none of ``lacks``.  If there are several,
    they are alternatives, and the cheapest is taken, so that the bound remains one; with ``in_turn`` they are
    so many passes.  The loop moves on by numbers of ``itemsize`` bytes, each of which ``makes`` results.
    """

    name: str
    module: str
    function: str
    itemsize: int = 8
    makes: float = 1
    has: tuple[str, ...] = ()
    lacks: tuple[str, ...] = ()
    in_turn: int | None = None
    scalar: bool = False  # a loop over numbers, one an iteration, instead of vectors

    def fits(self, loop: loops.Loop) -> bool:
        return all(map(loop.has, self.has)) and not any(map(loop.has, self.lacks))


@dataclass(frozen=True)
class Kernel:
    """``operation`` is its name among the benchmarks; ``call()`` makes SIZE results."""

    operation: str
    passes: tuple[Pass, ...]
    start: Callable[[], Callable[[], Any]]


def words(makes: float) -> Pass:
    return Pass("random words", "stream", "stream_next_tile", makes=makes)


def samples(method: str, dtype: type[np.generic]) -> Callable[[], Callable[[], Any]]:
    def start() -> Callable[[], Any]:
        draw, out = getattr(fastdist.default_rng(7), method), np.ones(SIZE, dtype)
        return lambda: draw(dtype=dtype, out=out)

    return start


def function(name: str) -> Callable[[], Callable[[], Any]]:
    def start() -> Callable[[], Any]:
        rng = np.random.default_rng(7)
        x = rng.random(SIZE) if name == "ppf" else rng.standard_normal(SIZE)
        call, out = getattr(fastdist.norm, name), np.ones(SIZE)
        return lambda: call(x, out=out)

    return start


# In Cython's names of fused functions fuse_0 is that of float64.
FLOAT64 = r"fuse_0\w+"


def density(name: str, *passes: Pass) -> Kernel:
    only = Pass("the function", "normal", rf"{FLOAT64}normal_standard_{name}_tile")
    return Kernel(f"norm.{name}, float64", passes or (only,), function(name))


LOGCDF = rf"{FLOAT64}normal_standard_logcdf_tile"
PPF = rf"{FLOAT64}normal_ppf_tile"
# Of uniform probabilities: those less than 2^-7 away from 0 or 1.
TAILS = 2.0**-6

KERNELS = (
    Kernel(
        "standard_normal, float64",
        (
            words(makes=1),
            # Half of the words are radii, and each of them makes two normals.
            Pass("squared radius", "box_muller", "box_muller_float64_tile", makes=2, has=("vdiv",)),
            Pass("rotation", "box_muller", "box_muller_float64_tile", makes=2, has=("vsqrt",)),
        ),
        samples("standard_normal", np.float64),
    ),
    Kernel(
        "standard_normal, float32",
        (
            words(makes=2),
            Pass("squared radius", "box_muller", "box_muller_float32_tile", 4, makes=2, has=("vdiv",)),
            Pass("rotation", "box_muller", "box_muller_float32_tile", 4, makes=2, has=("vsqrt",)),
        ),
        samples("standard_normal", np.float32),
    ),
    Kernel(
        "random, float64",
        (words(makes=1), Pass("uniforms", "stream", "stream_float64_tile")),
        samples("random", np.float64),
    ),
    density("pdf"),
    density("logpdf"),
    density("cdf"),
    density("logcdf", Pass("pass", "normal", LOGCDF, in_turn=2)),
    density(
        "ppf",
        Pass("variable", "normal", PPF, has=("vdiv",), lacks=("vsqrt",)),
        Pass("search for tails", "normal", PPF, has=("vcomisd",), scalar=True),
        Pass("centre", "normal", PPF, lacks=("vdiv", "vsqrt")),
        Pass("tails", "normal", PPF, has=("vsqrt",), makes=1 / TAILS),
    ),
)


@dataclass(frozen=True)
class Part:
    """A pass, and the cycles of the model for each result."""

    name: str
    instructions: float
    bound: float
    simulated: float


def parts(kernel: Kernel, level: str, model: llvm_mca.Model) -> list[Part]:
    return [part for one in kernel.passes for part in parts_of_pass(one, level, model)]


def parts_of_pass(wanted: Pass, level: str, model: llvm_mca.Model) -> Iterator[Part]:
    body = loops.one_function(listing(level, wanted.module), wanted.function)
    register = "xmm" if wanted.scalar else REGISTERS[level]
    innermost = loops.innermost_loops(body)
    candidates = innermost if wanted.scalar else loops.vector_loops(innermost, register)
    fitting = [part(wanted, loop, model) for loop in candidates if wanted.fits(loop)]
    if not fitting or (wanted.in_turn is not None and len(fitting) != wanted.in_turn):
        raise LookupError(
            f"{wanted.function} of {level} has {len(fitting)} loops on {register} that may be "
            f"{wanted.name!r}; {wanted.in_turn or 'one or more'} were expected: is the compiler another?"
        )
    if wanted.in_turn is None:
        yield min(fitting, key=lambda part: part.bound)
    else:
        yield from (replace(part, name=f"{part.name} {i}") for i, part in enumerate(fitting, start=1))


def part(wanted: Pass, loop: loops.Loop, model: llvm_mca.Model) -> Part:
    numbers = 1 if wanted.scalar else loop.bytes_an_iteration / wanted.itemsize
    made = numbers * wanted.makes
    cycles = model.cycles(loop.assembly)
    return Part(wanted.name, len(loop.instructions) / made, cycles.bound / made, cycles.simulated / made)


@cache
def listing(level: str, module: str) -> dict[str, list[loops.Instruction]]:
    """The functions of a built module."""
    built = _dispatch.load(level, module).__file__
    if built is None:
        raise LookupError(f"{module} of {level} is no file")
    return loops.functions(loops.disassemble(Path(built)))


def why_not(level: str) -> str | None:
    """Why there is no model of the kernels of a level."""
    if level not in REGISTERS:
        return f"the loops of {level} are no vectors of one width, or call fma()"
    if shutil.which("objdump") is None:
        return "there is no objdump: install GNU binutils (Debian: apt install binutils)"
    model = llvm_mca.choose(REGISTERS[level])
    return model if isinstance(model, str) else clock.why_not()


@dataclass(frozen=True)
class Bound:
    """Nanoseconds a result: what the ports allow, and what a call in the caches takes at the same time."""

    operation: str
    model: llvm_mca.Model
    parts: tuple[Part, ...]
    gigahertz: float
    measured: float

    @property
    def ns(self) -> float:
        return sum(part.bound for part in self.parts) / self.gigahertz

    @property
    def how(self) -> str:
        passes = " + ".join(f"{part.name} {part.bound:.2f}" for part in self.parts)
        simulated = sum(part.simulated for part in self.parts)
        # The bound is of throughput, so the model of the CPU is wrong, or the table of passes.
        verdict = "" if self.ns <= self.measured else ", which is less: the model is wrong here"
        return (
            f"{self.model}: {passes} cycles by throughput alone, {simulated:.2f} with latencies; the clock "
            f"is {self.gigahertz:.2f} GHz by measurement; a call of {SIZE} took {self.measured:.2f} ns at "
            f"best{verdict}"
        )


def bounds(level: str = _dispatch.LEVEL, rounds: int = ROUNDS) -> list[Bound] | str:
    """Of each kernel of the level in use, or why there are none."""
    try:
        if reason := why_not(level):
            return reason
        model = llvm_mca.choose(REGISTERS[level])
        assert isinstance(model, llvm_mca.Model)
        modelled = [tuple(parts(kernel, level, model)) for kernel in KERNELS]
    except (LookupError, ValueError) as error:
        return str(error)
    timers = [timeit.Timer(kernel.start()) for kernel in KERNELS]
    seconds: list[list[float]] = [[] for _ in KERNELS]
    rates = []
    with fastdist.num_threads(1):
        for _ in range(rounds):
            rates.append(clock.cycles_a_second())
            for timer, times in zip(timers, seconds, strict=True):
                times.append(timer.timeit(4) / 4 / SIZE)
    # Both at their best: what disturbs makes either slower.
    return [
        Bound(kernel.operation, model, made, max(rates) / 1e9, min(times) * 1e9)
        for kernel, made, times in zip(KERNELS, modelled, seconds, strict=True)
    ]


def main() -> None:
    found = bounds()
    if isinstance(found, str):
        raise SystemExit(found)
    print(f"{_dispatch.LEVEL}, {found[0].model}, {found[0].gigahertz:.2f} GHz\n")
    print("| | instructions | bound, cycles | simulated, cycles | bound, ns | measured, ns |")
    print("|---|---|---|---|---|---|")
    for bound in found:
        for part in bound.parts:
            cycles = f"{part.instructions:.2f} | {part.bound:.2f} | {part.simulated:.2f}"
            print(f"| {bound.operation}: {part.name} | {cycles} | {part.bound / bound.gigahertz:.2f} | |")
        print(f"| {bound.operation} | | | | {bound.ns:.2f} | {bound.measured:.2f} |")


if __name__ == "__main__":
    main()
