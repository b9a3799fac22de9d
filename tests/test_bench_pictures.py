"""The pictures of the report: what they show, and that they are drawn."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("bench.report", reason="the benchmarks are in the checkout alone")

from bench.report.charts import BarChart, LineChart, charts
from bench.report.pages import PAGES
from bench.report.report import ROOT
from bench.report.results import Run, load
from tests.support import synthetic_run as made

NS = {**made.PEERS, **made.FASTDIST, "array copy": 0.5}
SIZES = (1, 1000, 1_000_000, 50_000_000)
MOST_BYTES = 150 * 1024


def a_run(folder: Path, name: str = "2026-11-23_1210_593866a", **parts: Any) -> Run:
    groups = [made.group("draw", f"draw {size}", size, NS, headline=size == 1000) for size in SIZES]
    groups.append(made.group("fit", "fit", 10, NS | {"SciPy": 0.5}, topic="norm"))
    groups.append(
        made.group("Box-Muller", "steps", 10, {"python textbook": 9.0, "tiles": 1.0}, topic="ladder")
    )
    return load(made.saved(folder, name, made.run([each for group in groups for each in group], **parts)))


def test_charts_show_what_was_measured(tmp_path: Path) -> None:
    run, before = a_run(tmp_path), a_run(tmp_path, "2026-11-22_1210_0000000")
    shown = {chart.name: chart for chart in charts(run, [run, before])}
    assert list(shown) == [
        "ladder",
        "speedups_normal",
        "speedups_norm",
        "sizes_draw",
        "threads",
        "limits",
        "history",
    ]
    bars, sizes, history = shown["speedups_normal"], shown["sizes_draw"], shown["history"]
    assert isinstance(bars, BarChart)
    assert {bar.label: bar.value for bar in bars.panels[0].bars} == pytest.approx(made.PEERS)
    assert isinstance(sizes, LineChart)
    assert sizes.marks == {"L1": 4096.0}
    assert [list(line.x) for panel in sizes.panels for line in panel.lines] == [list(SIZES)] * 7
    assert isinstance(history, LineChart)
    assert [line.y for line in history.panels[0].lines] == [pytest.approx([8, 8])]


def test_a_rung_that_takes_fewer_is_drawn_where_it_was_timed_on_all(tmp_path: Path) -> None:
    """Beside a larger case the same 100 numbers took longer."""
    groups = [
        made.group("draw", f"draw {size}", size, NS | {"SciPy": ns}, sizes={"SciPy": min(size, 100)})
        for size, ns in ((1, 40.0), (10, 30.0), (100, 20.0), (1000, 25.0))
    ]
    run = load(made.saved(tmp_path, "a", made.run([each for group in groups for each in group])))
    (sizes,) = (chart for chart in charts(run, [run]) if chart.name == "sizes_draw")
    assert isinstance(sizes, LineChart)
    scipy = next(line for line in sizes.panels[0].lines if line.label == "SciPy")
    assert list(scipy.x) == [1, 10, 100]
    assert scipy.y == pytest.approx([40, 30, 20])


def test_lines_break_where_the_machine_is_another(tmp_path: Path) -> None:
    another = made.run([])["machine"] | {"caches": "L1d 48 KiB"}
    run, before = a_run(tmp_path), a_run(tmp_path, "2026-11-22_1210_0000000", machine=another)
    oldest = a_run(tmp_path, "2026-11-21_1210_0000000", machine=another)
    (history,) = (chart for chart in charts(run, [run, before, oldest]) if chart.name == "history")
    assert isinstance(history, LineChart)
    line = history.panels[0].lines[0]
    assert line.x == [0, 1, 1.5, 2]
    assert line.y == pytest.approx([8, 8, math.nan, 8], nan_ok=True)
    assert [tick.splitlines()[-1] for tick in history.ticks] == ["A", "A", "B"]
    assert "Lines break where the machine is another: A is Synthetic 9000" in history.caption


def test_one_run_has_no_history(tmp_path: Path) -> None:
    run = a_run(tmp_path)
    assert "history" not in {chart.name for chart in charts(run, [run])}


def test_pictures_are_drawn_small_and_the_same_again(tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    from bench.report.pictures import draw

    run = a_run(tmp_path)
    shown = charts(run, [run, a_run(tmp_path, "2026-11-22_1210_0000000")])
    folder = tmp_path / "pictures"
    draw(shown, folder)
    first = {path.name: path.read_bytes() for path in folder.iterdir()}
    assert sorted(first) == sorted(f"{chart.name}.png" for chart in shown)
    assert all(content.startswith(b"\x89PNG") for content in first.values())
    assert max(map(len, first.values())) < MOST_BYTES
    draw(shown[:2], tmp_path / "again")
    assert [(tmp_path / "again" / f"{c.name}.png").read_bytes() for c in shown[:2]] == [
        first[f"{c.name}.png"] for c in shown[:2]
    ]


def test_report_replaces_the_one_before(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In ``bench`` alone; not by a quick run, nor by one that has nothing."""
    pytest.importorskip("matplotlib")
    from bench.report import report as module

    bench = tmp_path / "bench"
    old = bench / "pictures" / "of_last_year.png"
    old.parent.mkdir(parents=True)
    old.touch()
    monkeypatch.setattr(module, "BENCH", bench)
    monkeypatch.setattr(module, "ROOT", tmp_path)
    for page in PAGES:
        copied = tmp_path / page.path
        copied.parent.mkdir(exist_ok=True)
        copied.write_text((ROOT / page.path).read_text())
    run = a_run(tmp_path)
    quick = a_run(tmp_path, "quick", run=made.run([])["run"] | {"quick": True})
    empty = made.saved(tmp_path, "empty", made.run([]))
    for path in (quick.path, empty):
        with pytest.raises(RuntimeError, match="--into FOLDER"):
            module.report(path)
    assert [path for path in bench.rglob("*") if path.is_file()] == [old]
    module.report(run.path)
    assert (bench / "REPORT.md").is_file()
    assert not old.exists()
    assert all("Synthetic 9000" in (tmp_path / page.path).read_text() for page in PAGES)


def test_report_is_written_with_its_pictures(tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    from bench.report.report import report

    before = [(ROOT / page.path).read_bytes() for page in PAGES]
    of_the_user = tmp_path / "pictures" / "of_the_user.png"
    of_the_user.parent.mkdir()
    of_the_user.touch()
    report(a_run(tmp_path).path, tmp_path)
    of_the_user.unlink()
    text = (tmp_path / "REPORT.md").read_text()
    shown = [line.split("](")[1].rstrip(")") for line in text.splitlines() if line.startswith("![")]
    assert sorted(shown) == sorted(f"pictures/{path.name}" for path in (tmp_path / "pictures").iterdir())
    assert [(ROOT / page.path).read_bytes() for page in PAGES] == before
