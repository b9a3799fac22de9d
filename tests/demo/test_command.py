"""``python -m fastdist``: its lines, JSON, picture and exit status."""

import io
import json
import subprocess
import sys

import numpy as np
import pytest

import fastdist
from fastdist import __main__ as command
from fastdist._demo import SECTIONS, european_call, normals
from fastdist._demo.speeds import ALL_THREADS, PEERS
from tests.support.demo import SMALL

CHECKS = 89
SMALL_COMMAND = (
    "import sys; from fastdist.__main__ import main; from fastdist._demo.checks import Job;"
    "sys.exit(main(job=Job(samples=100_000, values=10_000, rounds=2)))"
)


def test_every_check_and_every_speed_is_in_80_columns_of_ascii(capsys):
    """ASCII, so that no terminal or pipe can fail, whatever its encoding."""
    assert command.main(["--json"], SMALL) == 0
    report = json.loads(capsys.readouterr().out, parse_constant=pytest.fail)
    assert report["passed"]
    assert [section["title"] for section in report["sections"]] == [section.title for section in SECTIONS]
    names = [check["name"] for section in report["sections"] for check in section["checks"]]
    assert len(names) == CHECKS
    assert command.main([], SMALL) == 0
    text = capsys.readouterr().out
    assert text.isascii()
    assert max(map(len, text.splitlines())) <= 86
    assert f"all {CHECKS} checks pass" in text
    for name in names:
        (line,) = [line for line in text.splitlines() if line.startswith(f"  {name:<20}")]
        assert len(line.removeprefix(f"  {name:<20}").split()) in (4, 6)  # no columns touch
    for row in report["speeds"]:
        assert row["function"] in text
        assert set(row["ns"]) <= {"one thread", ALL_THREADS, *PEERS}
        assert all(ns > 0 for ns in row["ns"].values())


def test_checks_depend_on_the_seed_alone():
    def checks(threads):
        with fastdist.num_threads(threads):
            return [section.run(SMALL) for section in SECTIONS]

    assert checks(1) == checks(3)


@pytest.mark.parametrize("arguments", [[], ["--json"]])
@pytest.mark.parametrize("bad", [1.5, np.nan])
def test_exit_status_of_a_failed_check(monkeypatch, capsys, arguments, bad):
    draw = normals.draw
    monkeypatch.setattr(normals, "draw", lambda job, dtype: bad * draw(job, dtype))
    assert command.main(arguments, SMALL) == command.FAILED == 1
    out = capsys.readouterr().out
    if arguments:
        assert not json.loads(out, parse_constant=pytest.fail)["passed"]
    else:
        assert " checks FAIL" in out
        assert "!" in next(line for line in out.splitlines() if "moment 2" in line)


def test_exit_status_of_a_wrong_price(monkeypatch, capsys):
    right = european_call.EuropeanCall.black_scholes
    monkeypatch.setattr(european_call.EuropeanCall, "black_scholes", lambda call: 1.05 * right(call))
    assert command.main([], SMALL) == 1
    assert f"1 of {CHECKS} checks FAIL" in capsys.readouterr().out


def test_info(capsys):
    assert command.main(["info"]) == 0
    text = capsys.readouterr().out
    fastdist.show_config()
    assert text == capsys.readouterr().out


@pytest.mark.parametrize("arguments", [["info", "--json"], ["--json", "info"]])
def test_info_as_json(capsys, arguments):
    assert command.main(arguments) == 0
    assert json.loads(capsys.readouterr().out) == fastdist.show_config(mode="dicts")


@pytest.mark.parametrize(
    "arguments", [["--seed", "-1"], ["--seed", "1.5"], ["more"], ["--plot"], ["--plot", "a.png", "info"]]
)
def test_bad_command_line(capsys, arguments):
    with pytest.raises(SystemExit) as exit:
        command.main(arguments, SMALL)
    assert exit.value.code == command.USAGE == 2
    assert capsys.readouterr().out == ""


def test_interrupt(monkeypatch, capsys):
    def interrupted(job, dtype):
        raise KeyboardInterrupt

    monkeypatch.setattr(normals, "draw", interrupted)
    assert command.main([], SMALL) == 130
    output = capsys.readouterr()
    assert "checks of 100,000 normals" in output.out
    assert output.err == "python -m fastdist: interrupted\n"


# The plot


def test_plot(tmp_path, capsys):
    pytest.importorskip("matplotlib")
    path = tmp_path / "normals.png"
    assert command.main(["--plot", str(path)], SMALL) == 0
    assert path.read_bytes().startswith(b"\x89PNG")
    assert capsys.readouterr().err == ""


@pytest.fixture
def no_work(monkeypatch):
    monkeypatch.setattr(normals, "draw", lambda *_: pytest.fail("the work was begun"))


@pytest.mark.parametrize(
    ("name", "message"),
    [("a.txt", "must end in"), ("a", "must end in"), ("no/a.png", "no folder"), ("b.png", "not writable")],
)
def test_plot_that_cannot_be_written_is_refused_at_once(no_work, tmp_path, capsys, name, message):
    pytest.importorskip("matplotlib")
    (tmp_path / "b.png").mkdir()
    assert command.main(["--plot", str(tmp_path / name)], SMALL) == 2
    output = capsys.readouterr()
    assert output.out == ""
    assert message in output.err
    assert output.err.count("\n") == 1


def test_plot_without_matplotlib(no_work, monkeypatch, tmp_path, capsys):
    for name in "matplotlib", "matplotlib.backends", "matplotlib.backends.backend_agg":
        monkeypatch.setitem(sys.modules, name, None)
    assert command.main(["--plot", str(tmp_path / "a.png")], SMALL) == 2
    output = capsys.readouterr()
    assert output.out == ""
    assert "pip install 'fastdist-kernels[plot]'" in output.err
    assert output.err.count("\n") == 1


def test_disk_full(monkeypatch, tmp_path, capsys):
    """The table is not lost."""
    pytest.importorskip("matplotlib")

    def full(job, path):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(command.picture, "write", full)
    assert command.main(["--plot", str(tmp_path / "a.png")], SMALL) == 2
    output = capsys.readouterr()
    assert ALL_THREADS in output.out
    assert "No space left on device" in output.err


# The progress bar


class Terminal(io.StringIO):
    def isatty(self):
        return True


def test_progress_bar_on_a_terminal(monkeypatch, capsys):
    pytest.importorskip("tqdm")
    monkeypatch.setattr(sys, "stderr", Terminal())
    assert command.main(["--json"], SMALL) == 0
    assert "check standard normals" in sys.stderr.getvalue()
    json.loads(capsys.readouterr().out)


def test_silence_without_tqdm(monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "tqdm", None)
    monkeypatch.setattr(sys, "stderr", Terminal())
    assert command.main([], SMALL) == 0
    assert sys.stderr.getvalue() == ""


# The process


def python(*arguments, **options):
    return subprocess.run(
        [sys.executable, *arguments], capture_output=True, text=True, check=False, timeout=300, **options
    )


def test_process_info():
    process = python("-m", "fastdist", "info")
    assert (process.returncode, process.stderr) == (0, "")
    assert process.stdout.startswith("fastdist")


def test_process():
    process = python("-c", SMALL_COMMAND, "--json")
    assert (process.returncode, process.stderr) == (0, "")
    assert json.loads(process.stdout)["passed"]


@pytest.mark.skipif(sys.platform == "win32", reason="pipes and signals of POSIX")
def test_process_whose_output_nobody_reads():
    with subprocess.Popen(
        [sys.executable, "-c", SMALL_COMMAND], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        process.stdout.close()
        assert process.stderr.read() == b""
        assert process.wait(60) == 141


def test_import_is_light():
    """The public names import neither the demo nor what only it needs."""
    process = python(
        "-c", "import fastdist, sys; print({'fastdist._demo', 'tqdm', 'matplotlib'} & set(sys.modules))"
    )
    assert process.stdout == "set()\n"


@pytest.mark.slow
def test_process_in_full():
    process = python("-m", "fastdist")
    assert (process.returncode, process.stderr) == (0, "")
    assert f"all {CHECKS} checks pass" in process.stdout


def test_the_first_line_comes_before_the_work():
    """Into a pipe too."""
    command_line = [sys.executable, "-c", SMALL_COMMAND]
    with subprocess.Popen(command_line, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:
        first = process.stdout.readline()
        assert process.poll() is None
        rest = process.stdout.read()
    assert first.startswith(b"fastdist ")
    assert b"checks pass" in rest
