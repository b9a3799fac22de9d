"""What the benchmarks hold fastdist against: complete programs, and the limits of the CPU."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

# They are in the checkout alone.
programs = pytest.importorskip("bench.measuring.programs", reason="bench is not importable")
loops = pytest.importorskip("bench.measuring.loops", reason="bench is not importable")
clock = pytest.importorskip("bench.measuring.clock", reason="bench is not importable")
llvm_mca = pytest.importorskip("bench.measuring.llvm_mca", reason="bench is not importable")
port_model = pytest.importorskip("bench.measuring.port_model", reason="bench is not importable")
tools = pytest.importorskip("bench.measuring.tools", reason="bench is not importable")

# Of GNU time 1.9
REPORT = """\
a warning of the program
\tCommand being timed: "python program.py"
\tUser time (seconds): 93.10
\tPercent of CPU this job got: 99%
\tElapsed (wall clock) time (h:mm:ss or m:ss): {elapsed}
\tAverage resident set size (kbytes): 0
\tMaximum resident set size (kbytes): 66416
\tExit status: 0
"""

# As objdump writes it.  One function: a loop of scalars, within a loop that is not innermost; a loop of
# vectors, entered in its middle; one whose step is written as a subtraction of -128, of scaled addresses;
# one that calls, and one with a way out.
LISTING = """
module.so:     file format elf64-x86-64


Disassembly of section .text:

0000000000001000 <before>:
    1000:\tret

0000000000001010 <__pyx_f_4made_6kernel_tile>:
    1010:\tvmovsd (%rdi,%rax,8),%xmm0
    1014:\tadd    $0x1,%rax
    1018:\tcmp    %rax,%rcx
    101c:\tjne    1010 <__pyx_f_4made_6kernel_tile>
    101e:\tsub    $0x1,%rdx
    1020:\tjne    1010 <__pyx_f_4made_6kernel_tile>
    1022:\tjmp    1028 <__pyx_f_4made_6kernel_tile+0x18>
    1024:\tvmovapd %ymm1,%ymm2
    1028:\tvmovupd (%rdi,%rax,1),%ymm0
    102c:\tvmulpd 0x1234(%rip),%ymm0,%ymm1        # 37268 <table+0x18>
    1030:\tvdivpd %ymm0,%ymm1,%ymm1
    1034:\tvmovupd %ymm1,(%rsi,%rax,1)
    1038:\tadd    $0x20,%rax
    103c:\tcmp    %rax,%rcx
    1040:\tjne    1024 <__pyx_f_4made_6kernel_tile+0x14>
    1044:\tvaddps (%rdi),%ymm0,%ymm0
    1048:\tvmovups %ymm0,(%rsi,%r8,4)
    104c:\tsub    $0xffffffffffffff80,%rdi
    104e:\tvmovaps %ymm0,%ymm1
    1050:\tadd    $0x20,%r8
    1054:\tjne    1044 <__pyx_f_4made_6kernel_tile+0x34>
    1058:\tvmovupd (%rdi),%ymm0
    105c:\tcall   1000 <before>
    1060:\tjne    1058 <__pyx_f_4made_6kernel_tile+0x48>
    1064:\tvmovupd (%rdi),%ymm0
    1068:\tje     1070 <__pyx_f_4made_6kernel_tile+0x60>
    106c:\tjne    1064 <__pyx_f_4made_6kernel_tile+0x54>
    1070:\tret
"""


@pytest.mark.parametrize(("elapsed", "seconds"), [("0:02.44", 2.44), ("1:35.00", 95.0), ("2:00:03", 7203.0)])
def test_report_of_gnu_time(elapsed: str, seconds: float) -> None:
    """Hours are written only if there are any; what the program wrote beside it does not matter."""
    measured, peak = programs.time_and_memory(REPORT.format(elapsed=elapsed))
    assert measured == pytest.approx(seconds, abs=1e-9)
    assert peak == 66416


def test_no_report_of_gnu_time() -> None:
    with pytest.raises(RuntimeError, match="no report"):
        programs.time_and_memory("Segmentation fault\n")


def test_programs_differ_in_one_line() -> None:
    """Both variants of each program are the same but for the import."""
    for program in programs.PROGRAMS:
        variants = program.variants()
        assert set(variants) == {program.peer, "fastdist"}
        theirs, ours = (variants[name].splitlines() for name in (program.peer, "fastdist"))
        assert len(theirs) == len(ours)
        differing = [pair for pair in zip(theirs, ours, strict=True) if pair[0] != pair[1]]
        assert differing == [(program.peer_line, program.our_line)]


@pytest.mark.parametrize("source", ["import a\nimport a\n", "import b\n", "import a as b\n", "  import a\n"])
def test_import_must_be_one_line(source: str) -> None:
    """It is neither guessed which of two lines is meant, nor is part of a line replaced."""
    with pytest.raises(ValueError, match="not one"):
        programs.with_another_import(source, "import a", "import c")


def test_results_must_agree() -> None:
    """Within the tolerance that is stated for each of them, and all have to be there."""
    program = next(one for one in programs.PROGRAMS if one.name == "monte_carlo")
    theirs = programs.results("price: 6.50\nstandard error: 0.01\n")
    programs.check_agreement(program, theirs, {"price": 6.42, "standard error": 0.0105})
    for ours in (
        {"price": 6.40, "standard error": 0.0105},
        {"price": 6.50, "standard error": 0.0112},
        {"price": float("nan"), "standard error": 0.01},
        {"price": 6.50},
    ):
        with pytest.raises(RuntimeError, match="monte_carlo"):
            programs.check_agreement(program, theirs, ours)


def another_time(path: Path, says: str) -> str:
    path.write_text(f"#!/bin/sh\necho '{says}'\n")
    path.chmod(0o755)
    return str(path)


def test_gnu_time_is_found_under_either_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """On macOS /usr/bin/time is another one."""
    of_macos = another_time(tmp_path / "time", "time: illegal option")
    find = programs.gnu_time.__wrapped__
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(programs, "TIMES", (of_macos, "gtime"))
    assert find() is None
    gnus = another_time(tmp_path / "gtime", "time (GNU Time) 1.9")
    assert find() == gnus
    monkeypatch.setattr(programs, "TIMES", (gnus, of_macos))
    assert find() == gnus


def test_without_gnu_time_the_report_says_what_helps(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(programs, "gnu_time", lambda: None)
    assert "brew install gnu-time" in programs.programs()


def test_failure_of_a_program_is_raised(tmp_path: Path) -> None:
    if reason := programs.why_not([]):
        pytest.skip(reason)
    broken = tmp_path / "broken.py"
    broken.write_text("raise SystemExit('no data')\n")
    with pytest.raises(RuntimeError, match="no data"):
        programs.run(broken, [])
    working = tmp_path / "working.py"
    working.write_text("import sys\nprint('size:', sys.argv[1])\n")
    done = programs.run(working, ["12"])
    assert done.printed == {"size": 12}
    assert done.wall_seconds < 60
    assert 1000 < done.peak_kib < 1 << 20


def kernel_loops() -> list[Any]:
    return list(loops.innermost_loops(loops.one_function(loops.functions(LISTING), "kernel_tile")))


def test_innermost_loops() -> None:
    """Neither the loop around another, nor one that calls, nor one that may be left in between."""
    found = kernel_loops()
    assert [loop.instructions[0].address for loop in found] == [0x1010, 0x1024, 0x1044]
    assert [loop.instructions[-1].address for loop in found] == [0x101C, 0x1040, 0x1054]
    assert [len(loop.instructions) for loop in found] == [4, 8, 6]


def test_vector_loops() -> None:
    found = kernel_loops()
    assert loops.vector_loops(found, "ymm") == found[1:]
    assert loops.vector_loops(found, "zmm") == []
    assert [loop.has("vdiv") for loop in found] == [False, True, False]


def test_bytes_an_iteration() -> None:
    """Of an index, of a scaled index, of a base from which -128 is subtracted."""
    assert [loop.bytes_an_iteration for loop in kernel_loops()] == [8, 32, 128]


def test_bytes_an_iteration_are_not_guessed() -> None:
    """Addresses that move differently leave open what the loop goes over."""
    listing = LISTING.replace("(%rsi,%r8,4)", "(%rsi,%r8,8)")
    with pytest.raises(ValueError, match=r"0x1044 move on by \[128, 256\]"):
        _ = loops.innermost_loops(loops.functions(listing)["__pyx_f_4made_6kernel_tile"])[
            2
        ].bytes_an_iteration


def test_assembly_is_without_remarks() -> None:
    _, vectors, _ = kernel_loops()
    assert vectors.assembly[2] == "vmulpd 0x1234(%rip),%ymm0,%ymm1"
    assert vectors.assembly[-1] == "jne 0x1024"


def test_function_that_is_not_there() -> None:
    with pytest.raises(LookupError, match="stripped"):
        loops.one_function(loops.functions(LISTING), "another_tile")


def test_as_on_zen_4() -> None:
    """Half as wide, and shifts instead of rotations."""
    line = "vfmadd231pd (%rax){1to8},%zmm30,%zmm2{%k1}"
    assert llvm_mca.as_on_zen_4(line) == "vfmadd231pd (%rax){1to4},%ymm30,%ymm2{%k1}"
    assert llvm_mca.as_on_zen_4("vprolq $0x17,%zmm1,%zmm2") == "vpsllq $0x17,%ymm1,%ymm2"
    assert llvm_mca.as_on_zen_4("vprord $0x3,%zmm1,%zmm2") == "vpsrld $0x3,%ymm1,%ymm2"


@pytest.fixture
def mca() -> str:
    """The name of the program."""
    chosen = llvm_mca.newest()
    if isinstance(chosen, str):
        pytest.skip(chosen)
    return str(chosen[0])


def test_cycles_of_a_loop(mca: str) -> None:
    """Four multiply-adds on the two ports of Zen 3 take two cycles; waiting for each other, four each."""
    model = llvm_mca.Model(mca, "any", "znver3")
    apart = model.cycles([f"vfmadd231pd %ymm{i},%ymm{i},%ymm{i + 8}" for i in range(4)])
    assert apart.bound == 2
    chained = model.cycles(["vfmadd231pd %ymm0,%ymm0,%ymm1"] * 4)
    assert chained.bound == 2
    assert chained.simulated == pytest.approx(16, rel=0.05)


def test_no_model_instead_of_another(mca: str) -> None:
    """llvm-mca takes another CPU's model if it does not know the one it is asked for."""
    with pytest.raises(ValueError, match="recognized"):
        llvm_mca.report(mca, "znver99", ["nop"])


@pytest.mark.parametrize(
    ("program", "reason"),
    [
        ("raise SystemExit('no such file\\nusage: ...')", "no such file$"),
        ("raise SystemExit(3)", "it ended with 3, and said nothing$"),
        ("import sys; sys.stderr.write('not a processor')", "not a processor$"),
    ],
)
def test_a_program_that_fails_gives_a_reason(program: str, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        tools.output([sys.executable, "-c", program], refusal="not a processor")


def test_a_program_prints_what_it_makes_of_its_input() -> None:
    program = "import sys; print(sys.stdin.read().upper())"
    assert tools.output([sys.executable, "-c", program], "nop", refusal="not a processor") == "NOP\n"


def test_no_bounds_where_a_module_cannot_be_disassembled(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The report says why; the run goes on."""
    level = port_model._dispatch.LEVEL
    if reason := port_model.why_not(level):
        pytest.skip(reason)
    built = SimpleNamespace(__file__=str(tmp_path / "gone.so"))
    monkeypatch.setattr(port_model._dispatch, "load", lambda level, module: built)
    monkeypatch.setattr(port_model, "listing", port_model.listing.__wrapped__)
    assert "gone.so" in port_model.bounds(level)


@pytest.mark.skipif(shutil.which("objdump") is None, reason="without objdump nobody asks llvm-mca")
def test_no_bounds_where_llvm_mca_does_not_start(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    broken = tmp_path / "llvm-mca"
    broken.write_text("#!/bin/sh\necho 'libLLVM.so is not there' >&2\nexit 127\n")
    broken.chmod(0o755)
    monkeypatch.setattr(llvm_mca, "NAMES", (str(broken),))
    for name in ("newest", "choose"):
        monkeypatch.setattr(llvm_mca, name, getattr(llvm_mca, name).__wrapped__)
    assert port_model.bounds("x86_64_v3") == f"{broken} --version: libLLVM.so is not there"


def test_clock() -> None:
    """Between what any x86-64 CPU had, at the best of many tries, and what none has."""
    if reason := clock.why_not():
        pytest.skip(reason)
    rates = [clock.cycles_a_second() for _ in range(50)]
    assert 0.2e9 < max(rates) < 8e9


def test_port_model_of_the_kernels() -> None:
    """Every pass is found in the modules as they are built, and none waits less than its ports need."""
    from fastdist import _dispatch

    if reason := port_model.why_not(_dispatch.LEVEL):
        pytest.skip(reason)
    compiler = _dispatch.show_config(mode="dicts")["compiler"]
    if not compiler.startswith("GCC"):
        pytest.skip(f"the passes are those of the loops that GCC makes, not {compiler}")
    model = llvm_mca.choose(port_model.REGISTERS[_dispatch.LEVEL])
    for kernel in port_model.KERNELS:
        parts = port_model.parts(kernel, _dispatch.LEVEL, model)
        assert len(parts) >= len(kernel.passes)
        assert all(0 < part.bound <= part.simulated for part in parts), kernel.operation
        # Between a copy's load and store, and what took ten times as long as any kernel does.
        assert 0.05 < sum(part.bound for part in parts) < 100, kernel.operation
