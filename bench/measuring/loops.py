"""The innermost loops of compiled functions, from ``objdump --disassemble`` (AT&T syntax, x86-64).

A loop is what lies between a backward jump and its target.  It is an innermost one if nothing in between
jumps or calls, so that every iteration executes all of it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from bench.measuring.tools import output

FUNCTION = re.compile(r"^[0-9a-f]+ <(?P<symbol>[^>]+)>:$")
INSTRUCTION = re.compile(r"^\s*(?P<address>[0-9a-f]+):\s+(?P<text>\S.*)$")
# (base), (base,index) or (base,index,scale), of which base may be missing
MEMORY = re.compile(r"\((?P<base>%\w+)?(?:,(?P<index>%\w+)(?:,(?P<scale>[1248]))?)?\)")
STEP = re.compile(r"^\$(?P<step>-?0x[0-9a-f]+),(?P<register>%r\w+)$")


class Instruction(NamedTuple):
    address: int
    mnemonic: str
    operands: str

    @property
    def target(self) -> int | None:
        """Where a jump goes to, if that is a fixed place."""
        if not self.mnemonic.startswith("j") or not re.fullmatch(r"(0x)?[0-9a-f]+", self.operands):
            return None
        return int(self.operands, 16)

    @property
    def leaves(self) -> bool:
        """Whether something else than the next instruction may come next."""
        return self.mnemonic.startswith(("j", "call", "ret"))

    @property
    def assembly(self) -> str:
        """For an assembler: a bare target would be a decimal number or the name of a symbol."""
        return f"{self.mnemonic} {self.operands if self.target is None else hex(self.target)}"


@dataclass(frozen=True)
class Loop:
    instructions: tuple[Instruction, ...]

    def uses(self, register: str) -> int:
        """How many instructions are on registers of this kind: ``ymm``, ``zmm``."""
        return sum(f"%{register}" in instruction.operands for instruction in self.instructions)

    def has(self, mnemonic: str) -> bool:
        """Whether one of its instructions starts like that."""
        return any(instruction.mnemonic.startswith(mnemonic) for instruction in self.instructions)

    @property
    def assembly(self) -> list[str]:
        return [instruction.assembly for instruction in self.instructions]

    @property
    def bytes_an_iteration(self) -> int:
        """By how much the addresses that move at all move on; raises if they do not all by the same."""
        moves = set(self.moves()) - {0}
        if len(moves) != 1:
            address = self.instructions[0].address
            raise ValueError(f"the addresses of the loop at {address:#x} move on by {sorted(moves)} bytes")
        return moves.pop()

    def moves(self) -> Iterator[int]:
        """By how many bytes an iteration moves each address in memory."""
        steps = self.steps()
        for _, mnemonic, operands in self.instructions:
            address = None if mnemonic.startswith("lea") else MEMORY.search(operands)
            if address:
                base, index = steps.get(address["base"], 0), steps.get(address["index"], 0)
                yield base + index * int(address["scale"] or 1)

    def steps(self) -> dict[str, int]:
        """The registers to which an iteration adds a constant, and which."""
        steps: dict[str, int] = {}
        for _, mnemonic, operands in self.instructions:
            match = STEP.match(operands)
            if match and mnemonic in ("add", "addq", "sub", "subq"):
                sign = 1 if mnemonic.startswith("add") else -1
                steps[match["register"]] = steps.get(match["register"], 0) + sign * signed(match["step"])
        return steps


def signed(number: str) -> int:
    """objdump writes -128 as 0xffffffffffffff80."""
    value = int(number, 16)
    return value - (1 << 64) if value >= 1 << 63 else value


def disassemble(module: Path) -> str:
    return output(["objdump", "--disassemble", "--no-show-raw-insn", "--section=.text", str(module)])


def functions(listing: str) -> dict[str, list[Instruction]]:
    """The instructions of each symbol of a listing."""
    found: dict[str, list[Instruction]] = {}
    body: list[Instruction] = []
    for line in listing.splitlines():
        if match := FUNCTION.match(line):
            body = found.setdefault(match["symbol"], [])
        elif match := INSTRUCTION.match(line):
            body.append(instruction(int(match["address"], 16), match["text"]))
    return found


def instruction(address: int, text: str) -> Instruction:
    """Without objdump's remarks: ``# 37268 <name>`` of an address, ``<name+0x10>`` of a target."""
    text = re.sub(r"\s*(#.*|<[^>]*>)$", "", text.partition("#")[0].rstrip())
    mnemonic, _, operands = text.partition(" ")
    return Instruction(address, mnemonic, operands.strip())


def innermost_loops(body: Sequence[Instruction]) -> list[Loop]:
    """In the order of their addresses."""
    places = {instruction.address: i for i, instruction in enumerate(body)}
    found = []
    for end, jump in enumerate(body):
        start = places.get(jump.target, end + 1) if jump.target is not None else end + 1
        if start <= end and not any(instruction.leaves for instruction in body[start:end]):
            found.append(Loop(tuple(body[start : end + 1])))
    return found


def vector_loops(loops: Iterable[Loop], register: str) -> list[Loop]:
    """Those of which at least half of the instructions are on whole registers of this kind."""
    return [loop for loop in loops if 2 * loop.uses(register) >= len(loop.instructions)]


def one_function(listing: Mapping[str, list[Instruction]], symbol: str) -> list[Instruction]:
    """The instructions of the one function whose symbol ends in what this regular expression matches."""
    found = [name for name in listing if re.search(f"{symbol}$", name)]
    if len(found) != 1:
        raise LookupError(f"{len(found)} functions are called {symbol}, not one; is the module stripped?")
    return listing[found[0]]
