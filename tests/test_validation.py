"""Verdicts follow from standard errors, in both directions; a run leaves a report behind."""

import json
from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import norm, t

import rmt_gates as rg
from validation import __main__ as command
from validation import verdict
from validation.case import DISCS, Case, Controls, quick
from validation.cases import AROUND_HALF, CASES
from validation.checks import resolution, student
from validation.simulation import Simulation, simulate
from validation.table import table, with_error
from validation.verdict import judge, simulated

TINY = Case(
    "tiny",
    "a small one",
    rg.GRU(a_h=1.5, a_z=1, a_r=1),
    kind="zero",
    N=100,
    networks=6,
    spectra=6,
    burn_in=150,
    steps=40,
    extrapolate=False,
    discs=AROUND_HALF,
    levels=(0.4, 0.6),
    controls=Controls(spectrum=0.3, masses=0.3),
)


@pytest.fixture(scope="module")
def outcome():
    return judge(TINY, "cpu")


def test_declared_cases():
    names = [case.name for case in CASES]
    assert len(set(names)) == len(names)
    figure_1 = {(c.model.a_z, c.model.a_r) for c in CASES if c.name.startswith("fig1")}
    assert figure_1 == {(1, 10), (10, 10), (1, 1), (10, 1)}
    figure_3 = {(c.model.a_f, c.model.a_o) for c in CASES if c.name.startswith("fig3")}
    assert figure_3 == {(1, 1), (1, 10), (10, 1), (10, 10)}
    assert {c.torch_module for c in CASES} == {None, "GRU", "LSTM"}
    starts = {(c.model.a_r, c.start, c.kind) for c in CASES if c.model.a_h == 1.8}
    assert starts == {
        (20, "large", "chaotic"),
        (20, "zero", "zero"),
        (10, "large", "zero"),
        (10, "zero", "zero"),
    }
    for case in CASES:
        # where a_h hardly moves the averages, the control that they must reject is larger
        averages = 0.03 if case.torch_module is None else 0.5
        assert (case.controls.averages, case.controls.spectrum) == (averages, 0.10)
        wider = dict.fromkeys(("fig3c", "fig3d", "lstm-biased"), 0.06)
        assert case.controls.masses == wider.get(case.name, 0.03)
        assert {center for center, _ in case.discs} == {0.0, 1.0}
        assert case.N >= 1000 or case.torch_module is not None
        assert quick(case).networks <= case.networks


def test_student_bound_has_the_probability_of_three_sigma():
    assert 2 * t.sf(student(24), 23) == pytest.approx(2 * norm.sf(3), rel=1e-9)


@pytest.mark.parametrize("power, weights", [(1.0, (4 / 3, 1 / 3)), (0.5, (2, 1))])
def test_extrapolation_removes_the_declared_power_of_N(power, weights):
    rng = np.random.default_rng(0)
    noise = rng.standard_normal((2, 50)) * 1e-3
    averages = {
        N: {"C": 0.4 + 2.0 / 1000 * (1000 / N) ** power + row}
        for N, row in zip((1000, 250), noise, strict=True)
    }
    simulation = Simulation(averages, np.ones(3), np.ones(3), {}, {}, 0.0, 0)
    case = replace(CASES[0], finite_size_power=power)
    mean, error = simulated(case, simulation, "C")
    variances = np.square(weights) @ noise.var(axis=1, ddof=1) / 50
    assert error == pytest.approx(np.sqrt(variances))
    assert abs(mean - 0.4) < 4 * error
    alone, alone_error = simulated(replace(case, extrapolate=False), simulation, "C")
    assert alone == pytest.approx(0.402, abs=1e-3)
    assert alone_error == pytest.approx(noise[0].std(ddof=1) / np.sqrt(50))


def test_a_dead_network_agrees_with_the_zero_state(outcome):
    assert outcome.kind == "zero"
    assert outcome.converged
    assert [c.name for c in outcome.checks] == [
        "kind is zero",
        "networks die",
        "edge level",
        "radius at N",
        "|λ−1|<0.3",
        "|λ−1|<0.5",
        "|λ−1|<0.7",
        "|λ|<0.5",
        "law of |λ−1|",
        "law of |λ|",
        "own units",
    ]
    assert outcome.passed
    assert [c.change for c in outcome.controls] == [-0.3, 0.3, -0.3, 0.3]
    assert [c.through for c in outcome.controls] == ["spectrum"] * 2 + ["own units"] * 2
    assert all(c.deviation > 1 for c in outcome.controls)
    assert all(0 < told < 0.2 for told in outcome.resolution.values())


def test_the_wrong_kind_fails():
    wrong = judge(replace(TINY, kind="chaotic"), "cpu")
    assert not wrong.passed
    assert [c.passed for c in wrong.checks if c.name.startswith("kind")] == [False]


def unsolved(model, **_):
    """A steady state that ran out of time at once."""
    state = rg.steady_state(model, max_seconds=1e-9)
    assert np.isnan(state.C_h0) and not state.converged
    return state


def test_a_theory_without_solution_exits_with_3(tmp_path, monkeypatch, capsys):
    case = replace(TINY, model=rg.GRU(a_h=3, a_z=1, a_r=1), kind="chaotic")
    without = unsolved(case.model)
    with monkeypatch.context() as patched:
        patched.setattr(rg, "steady_state", lambda *_, **__: without)
        outcome = judge(case, "cpu")
    assert not outcome.passed and not outcome.converged
    assert outcome.simulation is None and outcome.checks == []
    monkeypatch.setattr(command, "CASES", (case,))
    monkeypatch.setattr(command, "_run", lambda *_: [outcome])
    assert command.main(["--out", str(tmp_path)]) == 3
    assert "not converged: No state was found" in capsys.readouterr().out
    assert "<img" not in (tmp_path / "report.html").read_text(encoding="utf-8")
    assert json.loads((tmp_path / "verdicts.json").read_text())["cases"][0]["passed"] is False


def test_a_control_without_solution_is_not_rejected(monkeypatch):
    case = replace(TINY, model=rg.GRU(a_h=3, a_r=3), kind="chaotic", steps=60, discs=())
    right, without = rg.steady_state(case.model), unsolved(rg.GRU(a_h=3, a_z=1, a_r=1))
    monkeypatch.setattr(
        rg, "steady_state", lambda model, **_: right if model == case.model else without
    )
    outcome = judge(case, "cpu")
    assert len(outcome.controls) == 4
    assert not any(c.rejected for c in outcome.controls)
    assert all(np.isnan(c.deviation) for c in outcome.controls)
    assert all(np.isinf(r) for r in outcome.resolution.values())
    assert not outcome.passed
    assert "NOT REJECTED (nan)" in table([outcome])


def test_resolution_is_bound_over_slope():
    assert resolution({0.0: 1.0, -0.1: 0.8, 0.1: 1.2}, 0.05) == pytest.approx(0.025)
    assert resolution({0.0: 1.0, 0.1: 0.7}, 0.03) == pytest.approx(0.01)
    assert resolution({0.0: 1.0}, 0.03) == np.inf == resolution({0.0: 1.0, 0.1: 1.0}, 0.03)


def test_a_wrong_theory_of_another_kind_says_nothing_on_the_resolution(monkeypatch):
    """Zero at −15 %: the slope is that from 0 to +15 %."""
    case = replace(TINY, model=rg.GRU(a_h=2.2, a_r=1), kind="chaotic", steps=60, discs=())
    case = replace(case, controls=Controls(averages=0.15, spectrum=0.15))
    asked = []
    monkeypatch.setattr(verdict, "resolution_of", lambda values, bound: asked.append(values) or 1.0)
    assert len(judge(case, "cpu").controls) == 4
    assert asked and all(sorted(values) == [0.0, 0.15] for values in asked)


@pytest.mark.slow
def test_a_chaotic_case_passes_and_its_controls_tell(capsys):
    case = Case(
        "small",
        "a chaotic one",
        rg.GRU(a_h=3, a_z=1, a_r=10),
        N=300,
        networks=20,
        spectra=20,
        burn_in=100,
        steps=100,
        rtol=5e-3,
        discs=DISCS,
        controls=Controls(averages=0.15, spectrum=0.3, masses=0.15),
    )
    result = judge(case, "cpu")
    assert {c.name for c in result.checks} >= {"C_h(0)", "E[φ'²]", "C_r(0)", "E[(h−φ)²]"}
    assert result.passed, table([result])
    assert len(result.controls) == 6
    assert result.simulation.averages[75]["C_h(0)"].shape == (40,)


def test_simulated_autocorrelation_starts_at_the_mean_square():
    case = replace(TINY, model=rg.GRU(a_h=3, a_r=3), kind="chaotic", steps=60)
    simulation = simulate(case, "cpu")
    assert simulation.eigenvalues[100].shape == (6, 100)
    assert simulation.autocorrelation[0] == pytest.approx(
        simulation.averages[100]["C_h(0)"].mean(), rel=0.05
    )


def test_errors_are_shown_in_units_of_the_last_digits():
    assert with_error(0.350123, 0.00014) == "0.35012(14)"
    assert with_error(1.5, 0.0) == "1.5"
    assert with_error(0.34, 0.012) == "0.340(12)"


def test_report(outcome, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(command, "CASES", (TINY,))
    monkeypatch.setattr(command, "_run", lambda cases, device, workers: [outcome])
    assert command.main(["--out", str(tmp_path / "v")]) == command.OK
    printed = capsys.readouterr().out
    assert "1 of 1 cases agree" in printed
    assert "a_h -30% rejected" in printed
    record = json.loads((tmp_path / "v" / "verdicts.json").read_text())
    assert record["schema"] == "rmt_gates.validation/2"
    assert record["passed"] is True
    assert record["cases"][0]["model"]["a_h"] == 1.5
    masses = record["cases"][0]["masses"]
    assert {"center", "radius", "theory", "simulated", "spread", "bound"} <= set(masses["discs"][0])
    assert len(masses["laws"]) == 4
    assert record["cases"][0]["convergence"] is None
    assert {"numpy", "torch", "rmt_gates"} <= set(record["versions"])
    page = (tmp_path / "v" / "report.html").read_text()
    assert "data:image/png;base64," in page
    assert "http" not in page
    for name in ("tiny.png", "tiny-masses.png"):
        assert (tmp_path / "v" / name).stat().st_size > 10_000
    assert "law of |λ−1|" in page and "law of |λ−1|" in printed


@pytest.mark.parametrize(
    "change, code",
    [({}, 0), ({"checks": []}, 0), ({"converged": False}, 3)],
)
def test_exit_codes(outcome, tmp_path, monkeypatch, change, code):
    monkeypatch.setattr(command, "CASES", (TINY,))
    monkeypatch.setattr(command, "_run", lambda *args: [replace(outcome, **change)])
    monkeypatch.setattr(command, "write", lambda *args: tmp_path)
    assert command.main(["--out", str(tmp_path)]) == code


@pytest.mark.parametrize("argv, seed", [([], TINY.seed), (["--seed", "7"], 7)])
def test_another_seed_reaches_every_case(outcome, tmp_path, monkeypatch, argv, seed):
    monkeypatch.setattr(command, "CASES", (TINY, replace(TINY, name="other")))
    seen = []

    def run(cases, device, workers):
        seen.extend(case.seed for case in cases)
        return [replace(outcome, case=case) for case in cases]

    monkeypatch.setattr(command, "_run", run)
    assert command.main(["--out", str(tmp_path), *argv]) == 0
    assert seen == [seed, seed]
    assert f"seed {seed}.</p>" in (tmp_path / "report.html").read_text()


def test_a_failed_verdict_exits_with_1(outcome, tmp_path, monkeypatch):
    failed = [replace(c, passed=False) for c in outcome.checks]
    monkeypatch.setattr(command, "CASES", (TINY,))
    monkeypatch.setattr(command, "_run", lambda *args: [replace(outcome, checks=failed)])
    monkeypatch.setattr(command, "write", lambda *args: tmp_path)
    assert command.main(["--out", str(tmp_path)]) == command.FAILED
    silent = [replace(c, rejected=False) for c in outcome.controls]
    monkeypatch.setattr(command, "_run", lambda *args: [replace(outcome, controls=silent)])
    assert command.main(["--out", str(tmp_path)]) == command.FAILED


@pytest.mark.parametrize(
    "argv, sentence",
    [
        (["--case", "nonsense"], "there is no case 'nonsense'; the cases are fig1a"),
        (["--device", "warp"], "--device 'warp' is not available here"),
        (["--seed", "-1"], "--seed must be at least 0, got -1"),
        (["--workers", "0"], "--workers must be at least 1, got 0"),
        (["--out", "/proc/nowhere"], "--out /proc/nowhere cannot be made"),
    ],
)
def test_bad_input_is_one_sentence(argv, sentence, capsys):
    with pytest.raises(SystemExit) as stopped:
        command.main(argv)
    assert stopped.value.code == command.BAD_INPUT
    assert sentence in capsys.readouterr().err
