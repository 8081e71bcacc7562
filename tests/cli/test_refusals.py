"""Bad input is one sentence and exit code 2; a defect stays a defect."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

import rmt_gates as rg
from rmt_gates import cli

BASIC = ["gru", "--a-h", "3", "--a-r", "10"]  # a constant gate: exact and fast


@pytest.mark.parametrize(
    "line, message",
    [
        ("", "the following arguments are required: COMMAND (see rmt-gates --help)"),
        ("spectra gru", "argument COMMAND: invalid choice: 'spectra'"),
        ("spectrum", "the following arguments are required: ARCHITECTURE"),
        (
            "spectrum rnn",
            "argument ARCHITECTURE: invalid choice: 'rnn' (choose from 'vanilla', 'gru', "
            "'lstm', 'checkpoint')",
        ),
        ("spectrum gru", "the following arguments are required: --a-h"),
        ("fixed-points gru --a-h three", "argument --a-h: must be a number, got 'three'"),
        (
            "density gru --a-h 1:3:5",
            "argument --a-h: must be one number here, got '1:3:5': for several see phase-diagram "
            "and scan",
        ),
        ("fixed-points gru --a-h -1", "a_h must be >= 0, got -1.0"),
        ("fixed-points gru --a-h nan", "a_h must be finite, got nan"),
        ("fixed-points gru --a-h -inf", "a_h must be finite, got -inf"),
        ("fixed-points gru --a-h 3 --activation relu", "activation must be 'tanh' or 'hardtanh'"),
        ("fixed-points gru --a-h 3 --a 3", "unrecognized arguments: --a 3"),
        ("steady-state gru --a-h 3 --start middle", "argument --start: invalid choice: 'middle'"),
        ("steady-state gru --a-h 3 --rtol 2", "rtol must lie between 0 and 1, got 2.0"),
        ("steady-state gru --a-h 3 --max-seconds 0", "max_seconds must be positive"),
        (
            "steady-state gru --a-h 3 --seed 1.5",
            "argument --seed: must be a whole number of at least",
        ),
        (
            "spectrum gru --a-h 3 --fixed-point 2",
            "--fixed-point 2 does not exist: GRU(a_h=3) has 2",
        ),
        ("spectrum gru --a-h 3 --fixed-point -3", "--fixed-point -3 does not exist"),
        ("spectrum gru --a-h 3 --fixed-point 1 --rtol 0.1", "--rtol belongs to the steady state"),
        ("spectrum gru --a-h 3 --fixed-point 1 --simulate 9", "--simulate has no networks for"),
        ("spectrum gru --a-h 3 --seeds 2", "--seeds needs --simulate N"),
        ("spectrum gru --a-h 3 --device cpu", "--device needs --simulate N"),
        ("spectrum gru --a-h 3 --simulate 1", "argument --simulate: must be a whole number of at"),
        ("spectrum gru --a-h 3 --simulate 9 --seeds 0", "argument --seeds: must be a whole number"),
    ],
)
def test_bad_input_is_one_sentence_and_exit_code_2(run, line, message):
    code, out, err = run(*line.split())
    assert (code, out) == (2, "")
    assert err.startswith(f"rmt-gates: {message}")
    assert err.count("\n") == 1


def test_an_unavailable_device_is_refused_before_the_work(run, monkeypatch):
    monkeypatch.setitem(rg.__dict__, "steady_state", lambda *_, **__: pytest.fail("worked first"))
    code, out, err = run("spectrum", *BASIC, "--simulate", "9", "--device", "abacus")
    assert (code, out) == (2, "")
    assert err.startswith("rmt-gates: device 'abacus' cannot hold") and err.count("\n") == 1


@pytest.mark.parametrize(
    "error, code, message",
    [
        (ValueError("two\n  lines"), 2, "rmt-gates: two lines\n"),
        (TypeError("wrong"), 2, "rmt-gates: wrong\n"),
        (MemoryError(), 2, "rmt-gates: not enough memory: take networks of fewer units\n"),
        (RuntimeError("CUDA out of memory"), 2, "rmt-gates: not enough memory"),
        (RuntimeError("Storage size calculation overflowed"), 2, "rmt-gates: not enough memory"),
        (KeyboardInterrupt(), 130, "rmt-gates: interrupted\n"),
    ],
)
def test_errors_of_the_library_are_sentences(run, monkeypatch, error, code, message):
    def fail(*_, **__):
        raise error

    monkeypatch.setitem(rg.__dict__, "fixed_points", fail)
    assert run("fixed-points", *BASIC)[0] == code
    cli.main(["fixed-points", *BASIC])
    assert run("fixed-points", *BASIC)[2].startswith(message)


def test_a_defect_is_not_disguised_as_bad_input(monkeypatch):
    monkeypatch.setitem(rg.__dict__, "fixed_points", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        cli.main(["fixed-points", *BASIC])


def test_a_state_that_is_not_found_is_not_bad_input(run):
    code, out, err = run("spectrum", "gru", "--a-h", "3", "--a-z", "1", "--b-z", "30", "--json")
    assert code == 3 and err == ""
    result = json.loads(out)
    assert result["converged"] is False and result["curve"] is None and result["message"]


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
@pytest.mark.parametrize("extra", [[], ["--json"]])
def test_a_full_disk_is_one_sentence(extra):
    command = [sys.executable, "-m", "rmt_gates", "fixed-points", *BASIC, *extra]
    with open("/dev/full", "w") as full:
        done = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, text=True)
    assert done.returncode == 2
    assert done.stderr == "rmt-gates: the result cannot be written: No space left on device\n"
