"""The clock rate that this process gets now: instructions that have to wait for each other, one a cycle."""

from __future__ import annotations

import ctypes
import mmap
import platform
import time
from collections.abc import Callable
from functools import cache

ADDITIONS = 100  # in an iteration: the loop's own two instructions run beside them
ITERATIONS = 20_000  # half a millisecond

# The number of iterations is the first argument (rdi).  The additions are of a register: recent CPUs add
# constants without executing anything.
PROLOGUE = bytes.fromhex(
    "31 c0"  # xor eax, eax
    "be 03 00 00 00"  # mov esi, 3
)
ADDITION = bytes.fromhex("48 01 f0")  # add rax, rsi
DECREMENT = bytes.fromhex("48 ff cf")  # dec rdi
JUMP_IF_NOT_ZERO = bytes.fromhex("0f 85")  # jnz, by the four bytes that follow, from behind them
RETURN = bytes.fromhex("c3")  # ret


def machine_code() -> bytes:
    body = ADDITION * ADDITIONS + DECREMENT + JUMP_IF_NOT_ZERO
    return PROLOGUE + body + (-len(body) - 4).to_bytes(4, "little", signed=True) + RETURN


def why_not() -> str | None:
    """Why there is no measurement of the clock on this machine."""
    if platform.machine() not in ("x86_64", "AMD64") or platform.system() not in ("Linux", "Darwin"):
        return f"the clock is measured on x86-64 under Linux or macOS, not on {platform.platform()}"
    try:
        chain()
    except OSError as error:
        return f"the clock cannot be measured: memory cannot be made executable ({error})"
    return None


@cache
def chain() -> Callable[[int], int]:
    """The loop; it returns the sum."""
    code = machine_code()
    memory = mmap.mmap(-1, len(code), prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)
    memory.write(code)
    address = ctypes.addressof(ctypes.c_char.from_buffer(memory))
    function = ctypes.CFUNCTYPE(ctypes.c_uint64, ctypes.c_uint64)(address)

    def run(iterations: int) -> int:
        assert not memory.closed  # as long as the function is called, its code stays
        result: int = function(iterations)
        return result

    return run


def cycles_a_second() -> float:
    """Of one measurement: whatever else ran meanwhile makes it less, so the most of several is the rate."""
    run = chain()
    start = time.perf_counter()
    total = run(ITERATIONS)
    seconds = time.perf_counter() - start
    assert total == 3 * ADDITIONS * ITERATIONS
    return ADDITIONS * ITERATIONS / seconds
