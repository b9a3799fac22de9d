"""The choice of the instruction set, and what show_config says of it."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

import fastdist
from fastdist import _dispatch


def run(code, **environment):
    return subprocess.run(
        [sys.executable, "-c", code], env={**os.environ, **environment}, capture_output=True, text=True
    )


def test_environment_forces_a_level(level):
    """FASTDIST_ISA loads that level and no other, and it draws the same values."""
    code = (
        "import sys, fastdist; print(fastdist.show_config(mode='dicts')['instruction set']); "
        "print([m for m in sys.modules if m.startswith('fastdist._isa.') and m.count('.') == 3 "
        "and m.endswith('.stream')]); print(fastdist.default_rng(1).standard_normal(5000).sum().hex())"
    )
    lines = run(code, FASTDIST_ISA=level.name).stdout.splitlines()
    expected = fastdist.default_rng(1).standard_normal(5000).sum().hex()
    assert lines == [level.name, f"['fastdist._isa.{level.name}.stream']", expected]


@pytest.mark.parametrize("level", ["avx2", "x86_64_v9", "Baseline"])
def test_an_unknown_level_is_an_import_error(level):
    """There is no silent fallback: the error names what there is."""
    failed = run("import fastdist", FASTDIST_ISA=level)
    assert failed.returncode
    assert f"ImportError: FASTDIST_ISA={level!r} cannot be used: built are baseline" in failed.stderr
    assert "this CPU has baseline" in failed.stderr


def test_a_level_that_the_cpu_lacks_is_rejected(monkeypatch):
    monkeypatch.setattr(_dispatch, "cpu_levels", lambda: ("baseline",))
    assert _dispatch.choose_level(None) == "baseline"
    with pytest.raises(ImportError, match=r"'x86_64_v3' cannot be used.*this CPU has baseline"):
        _dispatch.choose_level("x86_64_v3")


def test_a_level_that_is_not_built_is_rejected(monkeypatch):
    monkeypatch.setattr(_dispatch, "built_levels", lambda: ("baseline", "x86_64_v3"))
    monkeypatch.setattr(_dispatch, "cpu_levels", lambda: _dispatch.LEVELS)
    assert _dispatch.choose_level("") == "x86_64_v3"
    with pytest.raises(ImportError, match="'x86_64_v4' cannot be used: built are baseline, x86_64_v3;"):
        _dispatch.choose_level("x86_64_v4")


def test_an_unbuilt_checkout_says_so(monkeypatch):
    monkeypatch.setattr(_dispatch, "built_levels", tuple)
    with pytest.raises(ImportError, match="the kernels of fastdist are not built: pip install"):
        _dispatch.choose_level(None)


def test_the_best_level_is_the_default():
    usable = [level for level in _dispatch.built_levels() if level in _dispatch.cpu_levels()]
    assert _dispatch.choose_level(None) == usable[-1]


def test_kernels_of_the_level_in_use_bear_the_names_of_their_sources():
    from fastdist._kernels import box_muller, stream

    assert stream is _dispatch.load(_dispatch.LEVEL, "stream")
    assert box_muller is _dispatch.load(_dispatch.LEVEL, "box_muller")


def test_each_level_was_compiled_for_itself(level):
    """The flags of a build name its level, and no flag lets a result depend on it."""
    flags = level.target.flags.split()
    expected = {"baseline": [], "x86_64_v3": ["-march=x86-64-v3"], "x86_64_v4": ["-march=x86-64-v4"]}
    assert [flag for flag in flags if flag.startswith("-march")] == expected[level.name]
    assert "-ffast-math" not in flags
    assert "-ffp-contract=off" in flags


def test_the_list_of_kernels_is_complete():
    """setup.py, the dispatch and the tests read one list, which names every source."""
    sources = Path(fastdist.__file__).with_name("_kernels").glob("*.pyx")
    assert sorted(_dispatch.KERNELS) == sorted(source.stem for source in sources)


def test_show_config_prints_what_it_returns(capsys):
    config = fastdist.show_config(mode="dicts")
    assert fastdist.show_config() is None
    printed = capsys.readouterr().out
    for name, value in config.items():
        assert f"{name:<18}" in printed
        assert (", ".join(value) if isinstance(value, list) else str(value)) in printed
    assert config["fastdist"] == fastdist.__version__


def test_show_config_rejects_other_modes():
    with pytest.raises(ValueError, match="mode must be 'stdout' or 'dicts', not 'json'"):
        fastdist.show_config(mode="json")


def test_version_is_that_of_the_distribution():
    from importlib.metadata import version

    assert version("fastdist-kernels") == fastdist.__version__
