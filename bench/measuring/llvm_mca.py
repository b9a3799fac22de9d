"""llvm-mca: how many cycles LLVM's model of a CPU needs for a loop.

The *bound* is what its execution ports and the width of dispatch allow if nothing ever waits; *simulated*
is with the latencies of the instructions, through the model's finite queues.  Neither knows caches, the
decoding of instructions, or wrong predictions of branches.  The bound counts each set of ports by itself:
where operations for two ports and others for any of four come together, it is lower than it need be.
"""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from bench.measuring.machine import cpu_facts
from bench.measuring.tools import output

INSTALL = "install LLVM's tools (Debian: apt install llvm-19)"
# LLVM 14 gives Zen 3 one multiply-add a cycle where the CPU does two; those between were not tried.
OLDEST = 19
NAMES = ("llvm-mca", *(f"llvm-mca-{version}" for version in range(OLDEST, 40)))
ITERATIONS = 200  # until the start no longer counts

# What else is tried where LLVM does not know this CPU: by its maker, and the registers of the loop.
FALLBACKS = {
    ("AuthenticAMD", "zmm"): "znver4",
    ("AuthenticAMD", "ymm"): "znver3",
    ("GenuineIntel", "zmm"): "icelake-server",
    ("GenuineIntel", "ymm"): "skylake",
}


@dataclass(frozen=True)
class Cycles:
    """For one iteration."""

    bound: float
    simulated: float


@dataclass(frozen=True)
class Model:
    """A model of a CPU.  ``doubt`` says in what the CPU here differs from it."""

    program: str
    version: str
    cpu: str
    dispatch: int | None = None
    halved: bool = False
    doubt: str = ""

    def __str__(self) -> str:
        doubt = f" ({self.doubt})" if self.doubt else ""
        return f"llvm-mca {self.version} -mcpu={self.cpu}{doubt}"

    def cycles(self, assembly: Sequence[str]) -> Cycles:
        lines = [as_on_zen_4(line) for line in assembly] if self.halved else assembly
        summary = report(self.program, self.cpu, lines, self.dispatch)["CodeRegions"][0]["SummaryView"]
        return Cycles(float(summary["BlockRThroughput"]), summary["TotalCycles"] / summary["Iterations"])


def as_on_zen_4(line: str) -> str:
    """What Zen 4's tables have for the 512-bit operation that Zen 5 does: that of 256 bits.

    Measured on Zen 5 (EPYC), in cycles: rotation 0.5, division 4.0, square root 7.5, of 256 and 512 bits
    alike; of 512 bits multiplication and shift 0.5, logic 0.25.  The tables have 1 for a rotation, which is
    replaced by a shift, 5 for division and 9 for the square root, which are left.
    """
    line = line.replace("%zmm", "%ymm").replace("{1to8}", "{1to4}").replace("{1to16}", "{1to8}")
    line = re.sub(r"(64x4|32x8)\b", lambda match: {"64x4": "64x2", "32x8": "32x4"}[match[1]], line)
    return re.sub(r"^vpro([lr])([dq]) ", lambda match: f"vps{match[1]}l{match[2]} ", line)


def report(program: str, cpu: str, assembly: Sequence[str], dispatch: int | None = None) -> dict[str, Any]:
    """What llvm-mca says of a loop, as its JSON has it."""
    command = [program, f"-mcpu={cpu}", f"-iterations={ITERATIONS}", "-json"]
    if dispatch is not None:
        command.append(f"-dispatch={dispatch}")
    # It would go on with the model of another CPU.
    refusal = "not a recognized processor"
    parsed: dict[str, Any] = json.loads(output(command, "\n".join(assembly) + "\n", refusal))
    return parsed


@cache
def newest() -> tuple[str, str] | str:
    """The llvm-mca to use, and what it says of itself; or why there is none."""
    described = {name: output([name, "--version"]) for name in NAMES if shutil.which(name)}
    program = max(described, key=lambda name: major(described[name]), default=None)
    if program is None:
        return f"there is no llvm-mca: {INSTALL}"
    if major(described[program]) < OLDEST:
        return f"llvm-mca is of LLVM {major(described[program])}, older than {OLDEST}: {INSTALL}"
    return program, described[program]


def major(described: str) -> int:
    return int(found(r"LLVM version (\d+)", described) or 0)


@cache
def choose(register: str) -> Model | str:
    """The model for this CPU and loops on these registers, of the newest llvm-mca; or why there is none."""
    chosen = newest()
    if isinstance(chosen, str):
        return chosen
    program, described = chosen
    version = str(found(r"LLVM version (\S+)", described))
    host = found(r"Host CPU: (\S+)", described)
    vendor = cpu_facts().get("vendor_id", "unknown")
    fallback = FALLBACKS.get((vendor, register))
    doubt = "" if host and host != "(unknown)" else f"LLVM {version} does not know this CPU"
    cpu = fallback if doubt else host
    if cpu is None:
        return f"{doubt}, and none of {vendor} stands in for it: {INSTALL}, or a newer one"
    try:
        resources = report(program, cpu, ["nop"])["TargetInfo"]["Resources"]
    except ValueError as error:
        return f"{error}: {INSTALL}, or a newer one"
    # LLVM 19 takes Zen 4's tables for Zen 5, which dispatches 8 operations and has ports of 512 bits.
    if cpu == "znver5" and any(name.startswith("Zn4") for name in resources):
        doubt = "Zen 4's tables, with Zen 5's 8 operations a cycle"
        if register == "zmm":
            doubt += " and its 512 bits"
        return Model(program, version, cpu, dispatch=8, halved=register == "zmm", doubt=doubt)
    return Model(program, version, cpu, doubt=doubt)


def found(pattern: str, text: str) -> str | None:
    match = re.search(pattern, text)
    return match[1] if match else None
