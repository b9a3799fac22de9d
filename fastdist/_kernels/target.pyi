"""What a build was compiled with, and which instruction sets the CPU at hand has."""

from typing import Final

compiler: Final[str]
flags: Final[str]

def cpu_levels() -> tuple[str, ...]: ...
