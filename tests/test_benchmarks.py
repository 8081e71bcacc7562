"""The benchmarks run, judge and record. Tiny sizes: the times mean nothing here."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest

from validation.benchmarks.__main__ import BENCHMARKS, MISSED, OK, main
from validation.benchmarks.fixed_points_grid import missed
from validation.benchmarks.measurement import Measurement
from validation.benchmarks.settings import FULL, QUICK, Contest, Settings
from validation.benchmarks.steady_state import factor_interval, price
from validation.benchmarks.timing import interleaved

TINY = Settings(
    units=30,
    repeats=1,
    cold_starts=1,
    grid=4,
    baseline_points=3,
    scaling=(2, 3),
    short_calls=1,
    unit_rtol=0.1,
    inside_points=3,
    map_points=6,
    rtol=0.1,
    contest_units=20,
    diagram=5,
    scan_points=2,
    scan_sides=(3, 6),
    contests=(Contest((3, 1, 10), target=1, seeds=2, networks=3, steps=5, burn_in=2),),
)


def test_every_benchmark_leaves_a_complete_record(tmp_path, capsys):
    code = main(["--quick", "--out", str(tmp_path)], quick=TINY)
    assert code in (OK, MISSED)
    record = json.loads((tmp_path / "benchmarks.json").read_text(encoding="utf-8"))
    assert record["quick"] and record["cpu"] and record["threads"]["torch"] == 1
    assert {"numpy", "scipy", "torch", "rmt_gates"} <= set(record["versions"])
    assert all(pool["num_threads"] == 1 for pool in record["blas"])
    rows = record["measurements"]
    assert {row["benchmark"] for row in rows} == set(BENCHMARKS)
    for row in rows:
        assert math.isfinite(row["value"]) and row["value"] >= 0
        assert (row["met"] is None) == (row["target"] is None)
        assert all(times and min(times) >= 0 for times in row["seconds"].values())
        assert row["repeats"] == {name: len(times) for name, times in row["seconds"].items()}
    assert (code == OK) == all(row["met"] is not False for row in rows)
    assert [row["value"] for row in rows if row["unit"] == "roots"] == [0, 0]
    assert len(capsys.readouterr().out.splitlines()) == len(rows) + 3


def test_names_select_and_list_names_all(tmp_path, capsys):
    assert main(["eig", "--out", str(tmp_path)], full=TINY) == OK
    rows = json.loads((tmp_path / "benchmarks.json").read_text(encoding="utf-8"))["measurements"]
    assert [row["benchmark"] for row in rows] == ["eig"]
    capsys.readouterr()
    assert main(["--list"]) == OK
    assert [line.split()[0] for line in capsys.readouterr().out.splitlines()] == list(BENCHMARKS)


@pytest.mark.parametrize(
    "argv, told",
    [(["speed"], "there is no benchmark 'speed'"), (["--out", __file__], "cannot be made")],
)
def test_bad_input_is_told(argv, told, capsys):
    with pytest.raises(SystemExit) as stop:
        main(argv, full=TINY)
    assert stop.value.code == 2
    assert told in capsys.readouterr().err


def test_contestants_take_turns():
    order = []
    times = interleaved(
        {"A": lambda: order.append("A"), "B": lambda: order.append("B")}, 2, {"B": 2}
    )
    assert "".join(order) == "AB" + "ABB" * 2
    assert [len(t) for t in times.values()] == [2, 2]


def test_targets_are_bounds_from_above_or_below():
    def met(value, target, sense):
        return Measurement("b", "w", value, "×", target, sense).met

    assert met(1.0, 1.0, "at most") and met(1.0, 1.0, "at least")
    assert not met(1.1, 1.0, "at most") and not met(0.9, 1.0, "at least")
    assert met(1.0, None, "at most") is None
    assert "MISSED" in Measurement("b", "w", 2.0, "eig", 1.0).row()


def test_roots_that_are_missed_are_counted():
    ours = np.array([0.0, 0.1, 0.5, np.nan])
    assert missed([], ours) == 0
    assert missed([0.1, 0.5000001], ours) == 0
    assert missed([0.1, 0.3], ours) == 1
    assert missed([0.5, 0.5, 0.5], ours) == 1  # three roots where we have two


def test_price_is_independent_of_the_precision():
    # four times the work, half the standard error
    estimates = 1 + 0.1 * np.array([-1.0, 1.0, -1.0, 1.0])
    finer = 1 + 0.05 * np.array([-1.0, 1.0, -1.0, 1.0])
    assert price([1.0], list(estimates)) == pytest.approx(price([4.0], list(finer)))
    low, high = factor_interval(10.0, 19, 19)
    assert low * high == pytest.approx(100.0) and 3 < low < 5


def test_the_contests_are_those_that_were_asked_for():
    targets = {contest.gains: contest.target for contest in FULL.contests}
    assert targets == {(3, 1, 10): 10, (3, 10, 10): 10, (3, 10, 1): 1}
    assert FULL.contest_units == 2000 and FULL.rtol == 5e-3
    assert all(contest.networks >= 20 for contest in FULL.contests)
    assert {contest.gains for contest in QUICK.contests} == {(3, 1, 10), (3, 10, 10)}
