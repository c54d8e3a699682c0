"""The command ``fastact``: what it prints, and one sentence with exit status 2 for what the user can mend."""

import json
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

import fastact as fa

pytest.importorskip("click")
pytest.importorskip("tqdm")


def run(*arguments, environment=None, timeout=300):
    return subprocess.run(
        [sys.executable, "-P", "-m", "fastact", *arguments],
        capture_output=True,
        text=True,
        env=environment,
        timeout=timeout,
    )


@pytest.mark.parametrize(
    "arguments", [[], ["--help"], ["demo", "--help"], ["info", "--help"], ["bench", "--help"], ["plot", "--help"]]
)
def test_help(arguments):
    done = run(*arguments)
    assert done.returncode == 0
    assert "Usage: fastact" in done.stdout
    assert len(done.stdout) > 200


def test_help_names_all_commands():
    text = run("--help").stdout
    for command in ("demo", "info", "bench", "plot"):
        assert command in text


def test_version():
    assert run("--version").stdout.strip() == f"fastact {fa.__version__}"


def test_info():
    text = run("info").stdout
    for word in (fa.__version__, "backend", "threads", "numpy"):
        assert word in text


def test_bench():
    done = run("bench", "relu", "swish", "--size", "4096")
    assert done.returncode == 0, done.stderr
    assert "relu" in done.stdout
    assert "silu" in done.stdout
    assert "gelu" not in done.stdout


def test_bench_json():
    done = run("bench", "gelu", "--json", "--size", "4096")
    assert done.returncode == 0, done.stderr
    assert "gelu" in json.dumps(json.loads(done.stdout))


@pytest.mark.parametrize("suffix", ["png", "svg", "pdf"])
def test_plot(tmp_path, suffix):
    pytest.importorskip("matplotlib")
    file = tmp_path / f"curves.{suffix}"
    done = run("plot", "gelu", "relu", "-o", str(file))
    assert done.returncode == 0, done.stderr
    assert file.stat().st_size > 1000


def test_demo():
    pytest.importorskip("sklearn")
    done = run("demo", "--rows", "20000")
    assert done.returncode == 0, done.stderr
    accuracy = float(done.stdout.split("others: ")[1].split()[0])
    assert accuracy > 0.95


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        (["bogus"], "bogus"),
        (["bench", "gellu"], "gellu"),
        (["bench", "--size", "-3"], "-3"),
        (["bench", "--size", "many"], "many"),
        (["bench", "--dtype", "int8"], "int8"),
        (["bench", "--threads", "0"], "0"),
        (["bench", "--bogus"], "--bogus"),
        (["demo", "--rows", "0"], "0"),
        (["demo", "--rows", "x"], "x"),
        (["demo", "--plot", "/no/such/folder/a.png"], "folder"),
        (["demo", "--plot", "curves.txt"], "curves.txt"),
        (["plot"], "NAME"),
        (["plot", "gelu"], "-o|--output"),
        (["plot", "gelu", "-o", "/no/such/folder/a.png"], "folder"),
        (["plot", "gellu", "-o", "a.png"], "gellu"),
        (["plot", "gelu", "-o", "a"], "a"),
        (["info", "extra"], "extra"),
    ],
    ids=" ".join,
)
def test_bad_input(tmp_path, monkeypatch, arguments, word):
    monkeypatch.chdir(tmp_path)
    done = run(*arguments)
    assert done.returncode == 2, done
    lines = done.stderr.strip().splitlines()
    assert len(lines) == 1, done.stderr
    assert lines[0].startswith("fastact: ")
    assert any(part in lines[0] for part in word.split("|"))
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("command", [[sys.executable, "-P", "-m", "fastact"], [Path(sysconfig.get_path("scripts")) / "fastact"]])
@pytest.mark.parametrize(
    ("variable", "value"), [("FASTACT_BACKEND", "fortran"), ("FASTACT_NUM_THREADS", "none"), ("FASTACT_MAX_ISA", "mmx")]
)
def test_bad_environment(environment, command, variable, value):
    if variable == "FASTACT_MAX_ISA" and fa.backend != "cython":
        pytest.skip("without compiled kernels there is nothing to limit")
    environment |= {variable: value}
    done = subprocess.run([*command, "info"], capture_output=True, text=True, env=environment, timeout=300)
    assert done.returncode == 2, done
    assert done.stderr.startswith(f"fastact: {variable} is '{value}'; ")
    assert len(done.stderr.splitlines()) == 1
