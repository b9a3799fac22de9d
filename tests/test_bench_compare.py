"""Comparison of two saved runs, whose ratios are known."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("bench.report", reason="the benchmarks are in the checkout alone")

from bench.__main__ import main
from bench.estimators import ESTIMATORS
from bench.report.changes import changes
from bench.report.compare import compare
from bench.report.history import find_run
from bench.report.results import load, ratio
from tests.support import synthetic_run as made

OURS = {"fastdist x86_64_v4": 1.0}
# The three best are far from each other.
WIDE = (0.7, 1.4, 0.85, 1.3, 1.0, 1.0)


def saved(folder: Path, name: str, noise: dict[str, tuple[float, ...]] | None = None, **ns: float) -> Path:
    times = OURS | {rung.replace("_", " "): each for rung, each in ns.items()}
    return Path(made.saved(folder, name, made.run(made.group("draw", "draw 7", 7, times, noise=noise))))


@pytest.mark.parametrize(
    ("loss", "status"),
    [pytest.param(0.12, 1, id="12 %"), pytest.param(0.05, 0, id="5 %"), pytest.param(-0.5, 0, id="gain")],
)
def test_status_tells_of_a_loss_to_numpy(tmp_path: Path, loss: float, status: int) -> None:
    before = saved(tmp_path, "a", NumPy_PCG64=8.0)
    assert compare(before, saved(tmp_path, "b", NumPy_PCG64=8.0 * (1 - loss))) == status


def test_loss_to_another_peer_is_shown_and_no_more(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = saved(tmp_path, "a", NumPy_PCG64=8.0, SciPy=20.0)
    assert compare(before, saved(tmp_path, "b", NumPy_PCG64=8.0, SciPy=10.0)) == 0
    printed = capsys.readouterr().out
    assert "| draw | draw 7 | fastdist x86_64_v4 | SciPy | 20.0 | 10.0 | -50.0 % |  |" in printed
    assert "Against NumPy: 0 of 1 changed" in printed


def test_ratios_of_one_run_alone_do_not_count(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = saved(tmp_path, "a", NumPy_PCG64=8.0, NumPy=9.0, SciPy=20.0)
    assert compare(before, saved(tmp_path, "b", NumPy_PCG64=8.0, SciPy=20.0)) == 0
    printed = capsys.readouterr().out
    assert "2 ratios are in both runs, 1 in the first alone, 0 in the second alone" in printed
    assert "Ratios to NumPy that the second run lacks are of: draw." in printed


def test_a_run_is_not_held_against_itself_without_a_word(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = saved(tmp_path, "a", NumPy_PCG64=8.0)
    assert compare(run, run) == 0
    assert "the same run twice" in capsys.readouterr().out


def test_losses_are_summed_up_in_the_end(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Of two rungs, both beyond the spread, one of which has two threads; and one within it."""
    ours = {"fastdist,_2_threads": 0.5}
    before = saved(tmp_path, "a", {"NumPy": WIDE}, NumPy_PCG64=8.0, NumPy=8.0, **ours)
    after = saved(tmp_path, "b", {"NumPy": WIDE}, NumPy_PCG64=6.0, NumPy=7.0, **ours)
    assert compare(before, after) == 1
    told = " ".join(capsys.readouterr().out.splitlines()[-3:])
    assert (
        "fell by more than 10.0 %: 4, by up to 25.0 %. Of these, 2 are beyond the spread, and 2 have" in told
    )


def test_runs_without_a_common_ratio_to_numpy_are_an_error(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before, after = saved(tmp_path, "a", NumPy_PCG64=8.0, SciPy=20.0), saved(tmp_path, "b", SciPy=10.0)
    assert main(["compare", str(before), str(after)]) == 2
    printed = capsys.readouterr()
    assert "| SciPy | 20.0 | 10.0 |" in printed.out
    assert "have no ratio to NumPy in common" in printed.err


@pytest.mark.parametrize(("noise", "beyond"), [(None, True), ({"NumPy PCG64": WIDE}, False)])
def test_spread_decides_what_has_changed(tmp_path: Path, noise: Any, beyond: bool) -> None:
    before = saved(tmp_path, "a", noise, NumPy_PCG64=8.0)
    after = saved(tmp_path, "b", noise, NumPy_PCG64=7.6)
    (change,) = changes(load(before), load(after))
    assert change.relative == pytest.approx(-0.05)
    assert change.beyond_spread == beyond
    assert compare(before, after) == 0


def test_large_loss_within_the_spread_is_a_loss(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    noise = {"NumPy PCG64": WIDE}
    before = saved(tmp_path, "a", noise, NumPy_PCG64=8.0)
    assert compare(before, saved(tmp_path, "b", noise, NumPy_PCG64=7.04)) == 1
    assert "LOSS, within the spread" in capsys.readouterr().out


def test_largest_changes_come_first(tmp_path: Path) -> None:
    before = saved(tmp_path, "a", NumPy_PCG64=8.0, SciPy=20.0, numexpr=4.0)
    after = saved(tmp_path, "b", NumPy_PCG64=7.2, SciPy=60.0, numexpr=2.0)
    assert [change.key.against for change in changes(load(before), load(after))] == [
        "SciPy",
        "numexpr",
        "NumPy PCG64",
    ]


def test_another_machine_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = saved(tmp_path, "a", NumPy_PCG64=8.0)
    compare(before, saved(tmp_path, "b", NumPy_PCG64=8.0))
    assert "machines differ" not in capsys.readouterr().out
    path = tmp_path / "b.json"
    path.write_text(path.read_text().replace("Synthetic 9000", "Synthetic 9001"))
    compare(before, path)
    printed = capsys.readouterr().out
    assert (
        "The machines differ:\n- CPU: Synthetic 9000 -> Synthetic 9001\nSo what is called a loss" in printed
    )


def test_machines_whose_caches_alone_differ_are_told_apart(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before, after = (saved(tmp_path, name, NumPy_PCG64=8.0) for name in "ab")
    after.write_text(after.read_text().replace("L1d 32 KiB", "L1d 48 KiB"))
    assert load(before).machine_name != load(after).machine_name
    compare(before, after)
    assert "The machines differ:\n- caches: L1d 32 KiB -> L1d 48 KiB\n" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("cpu", "model"),
    [({"family": 25, "model": 0}, "family 25, model 0"), ({"brand_raw": "Synthetic 9000"}, "unknown")],
)
def test_the_model_of_a_cpu_is_found_where_the_first_runs_have_it(
    tmp_path: Path, cpu: dict[str, Any], model: str
) -> None:
    figures = made.run([], machine_info={"cpu": cpu})
    del figures["machine"]["CPU model"]
    assert load(made.saved(tmp_path, "a", figures)).machine["CPU model"] == model


NO_RUN = made.run(made.group("draw", "draw 7", 7, OURS))
WITHOUT_A_PART = {
    name: json.dumps({part: value for part, value in NO_RUN.items() if part != name}) for name in NO_RUN
}


@pytest.mark.parametrize(
    "text",
    [
        "# no JSON",
        "{}",
        "[]",
        *(pytest.param(text, id=f"no {name}") for name, text in WITHOUT_A_PART.items()),
    ],
)
def test_a_file_that_is_no_run_is_named(
    tmp_path: Path, text: str, capsys: pytest.CaptureFixture[str]
) -> None:
    other = tmp_path / "other.json"
    other.write_text(text)
    assert main(["compare", str(other), str(other)]) == 2
    assert f"{other} was not written by python -m bench run" in capsys.readouterr().err


@pytest.mark.parametrize("seconds", [[], [0.0], [1e-9, float("nan")], [float("inf")]])
def test_times_that_cannot_be_are_an_error_and_no_loss(
    tmp_path: Path, seconds: list[float], capsys: pytest.CaptureFixture[str]
) -> None:
    figures = made.run(made.group("draw", "draw 7", 7, OURS | {"NumPy PCG64": 8.0}))
    figures["benchmarks"][0]["stats"]["data"] = seconds
    path = made.saved(tmp_path, "a", figures)
    assert main(["compare", str(path), str(path)]) == 2
    assert f"is damaged (ValueError: the times of fastdist x86_64_v4 are {tuple(seconds)})" in " ".join(
        capsys.readouterr().err.split()
    )


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("matplotlib")
    run = saved(tmp_path, "a", NumPy_PCG64=8.0)
    assert main(["report", str(run), "--into", str(run)]) == 2
    assert f"--into {run} is no folder that can be written" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("command", "said"),
    [("run", "interrupted: nothing was written\n"), ("annotate", "interrupted\n")],
)
def test_who_interrupts_hears_what_is_known(
    command: str, said: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupted(*_: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(f"bench.__main__.{command}", interrupted)
    assert main([command]) == 130
    assert capsys.readouterr().err == said


@pytest.mark.parametrize("estimator", ESTIMATORS)
def test_estimators_agree_where_rungs_are_disturbed_alike(tmp_path: Path, estimator: str) -> None:
    (group,) = load(saved(tmp_path, "a", NumPy_PCG64=8.0)).groups
    ours, theirs = group.timing("fastdist x86_64_v4"), group.timing("NumPy PCG64")
    found = ratio(theirs, ours, estimator)
    assert (found.value, found.lower, found.upper) == pytest.approx((8, 8, 8))


def test_a_ratio_is_known_as_well_as_its_best_times_agree(tmp_path: Path) -> None:
    """Of 1, 1.1, 1.2 and what is longer, against 1: once with fewer times, which is no error."""
    noise = {"NumPy PCG64": (1.0, 1.0, 1.1, 1.0, 1.2, 1.0)}
    figures = made.run(made.group("draw", "draw 7", 7, OURS | {"NumPy PCG64": 8.0}, noise=noise))
    figures["benchmarks"][0]["stats"]["data"].pop()
    (group,) = load(made.saved(tmp_path, "a", figures)).groups
    found = ratio(group.timing("NumPy PCG64"), group.timing("fastdist x86_64_v4"))
    assert (found.value, found.lower, found.upper) == pytest.approx((8, 8, 8 * 1.2))


NAMES = [
    "2026-11-22_0900_0123abc",
    "2026-11-23_1210_593866a",
    "2026-11-23_1300_0123abc-dirty",
    "2026-11-24_0800_fedcba9-quick",
]


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("latest", 2),
        ("2026-11-22", 0),
        ("2026-11-23", 2),
        ("2026-11-23_1210", 1),
        ("5938", 1),
        ("593866a0123456789", 1),
        ("0123abc", 2),
        ("2026-11-24", 3),
        ("fedcba9", 3),
        ("2026-11-22_0900_0123abc.json", 0),
    ],
)
def test_runs_are_found_by_name(tmp_path: Path, name: str, found: int) -> None:
    for each in NAMES:
        (tmp_path / f"{each}.json").write_text("{}")
    assert find_run(name, tmp_path).stem == NAMES[found]
    assert find_run(str(tmp_path / f"{NAMES[found]}.json"), tmp_path).stem == NAMES[found]


@pytest.mark.parametrize("name", ["", "latest", "2026", "abc"])
def test_run_that_is_not_there(tmp_path: Path, name: str) -> None:
    with pytest.raises(FileNotFoundError, match="no run"):
        find_run(name, tmp_path)
