"""Enclosed masses of validation: right theories pass, others do not, by bounds that hold."""

import json
from dataclasses import replace

import numpy as np
import pytest

import rmt_gates as rg
from validation import families
from validation.case import DISCS, Case
from validation.cases import CASES
from validation.checks import student
from validation.convergence import converge
from validation.drawing import convergence as drawn
from validation.families import Group, combine, family
from validation.masses import OWN, compare_masses, mass_checks, mass_controls, units
from validation.simulation import simulate
from validation.table import convergence as listed

VANILLA = Case(
    "small",
    "vanilla",
    rg.Vanilla(a_h=2),
    N=320,
    networks=12,
    spectra=12,
    burn_in=60,
    steps=20,
    discs=DISCS,
    levels=(0.2, 0.5, 0.8),
    controls=replace(CASES[0].controls, masses=0.15),
)


@pytest.fixture(scope="module")
def simulation():
    return simulate(VANILLA, "cpu")


@pytest.fixture(scope="module")
def state():
    return rg.steady_state(VANILLA.model)


@pytest.fixture(scope="module")
def masses(state, simulation):
    return compare_masses(VANILLA, state, simulation)


def test_networks_of_both_sizes_are_diagonalised(simulation):
    assert {size: lam.shape for size, lam in simulation.eigenvalues.items()} == {
        320: (12, 320),
        80: (24, 80),
    }
    assert [len(unit) for unit in simulation.units[80]] == [80] * 24


def test_the_right_theory_passes(masses):
    checks = mass_checks(masses)
    assert [c.name for c in checks] == [
        "|λ−1|<0.3",
        "|λ−1|<0.6",
        "|λ−1|<1",
        "|λ|<0.5",
        "|λ|<0.9",
        "law of |λ−1|",
        "law of |λ|",
        OWN,
    ]
    assert all(c.passed for c in checks)
    assert all(c.theory_error > 0 and c.simulation_error > 0 for c in checks[:5])


def test_masses_of_another_gain_fail(simulation, masses):
    wrong = rg.steady_state(rg.Vanilla(a_h=3.2))
    failed = {
        c.name for c in mass_checks(compare_masses(VANILLA, wrong, simulation)) if not c.passed
    }
    assert "|λ|<0.5" in failed
    assert {"law of |λ−1|", "law of |λ|"} <= failed
    assert OWN not in failed  # these know nothing of the state
    told = mass_controls(VANILLA, rg.steady_state(VANILLA.model), masses, {})[1]
    assert told["masses"] == np.inf  # no wrong state was given


def test_own_units_tell_the_gain_in_the_equations(state, masses):
    ends = {change: rg.steady_state(rg.Vanilla(a_h=2 * (1 + change))) for change in (-0.2, 0.2)}
    controls, told = mass_controls(VANILLA, state, masses, ends)
    assert [c.change for c in controls] == [-0.15, 0.15]
    assert all(c.rejected for c in controls)
    assert 0 < told[OWN] < 0.12 < told["masses"] < 1


def test_the_bound_of_one_disc_is_students():
    values = np.random.default_rng(0).standard_normal((24, 1))
    assert family([Group(1.0, values)], 1).quantile == pytest.approx(student(24), rel=0.03)


@pytest.mark.parametrize("common", [0.0, 1.0], ids=["independent", "nearly equal"])
def test_the_largest_deviation_is_beyond_its_bound_as_often_as_declared(monkeypatch, common):
    """At the level of 1.645 σ: 10 % of 400 comparisons, ± 1.5 % by chance."""
    monkeypatch.setattr(families, "SIGMAS", 1.645)
    monkeypatch.setattr(families, "DRAWS", 2000)
    rng = np.random.default_rng(2)

    def group(weight, n):
        shared, alone = rng.standard_normal((n, 1)), rng.standard_normal((n, 6))
        return Group(weight, np.sqrt(common * 0.9) * shared + np.sqrt(1 - common * 0.9) * alone)

    trials = [family([group(4 / 3, 12), group(-1 / 3, 24)], i) for i in range(400)]
    beyond = np.mean([np.max(one.deviation) > one.quantile for one in trials])
    assert 0.055 < beyond < 0.145


def test_what_does_not_scatter_has_no_error():
    mean, error, freedom = combine([Group(2.0, np.ones((5, 1))), Group(-1.0, np.full((1, 1), 0.5))])
    assert (mean, error) == (1.5, 0.0)
    assert freedom == np.inf
    same = family([Group(1.0, np.ones((5, 2))), Group(-1.0, np.ones((1, 2)))], 1)
    assert np.all(np.abs(same.difference) <= same.bound)


def test_the_error_of_the_state_is_in_the_scatter_of_its_units(state):
    sizes = []
    for relative in (0.0, 0.02):
        blurred = replace(state, C_h_error=relative * state.C_h0 * np.ones_like(state.C_h))
        sample = [unit.expect(lambda u: u["h"] ** 2) for unit in units(blurred, 8, 10_000)]
        sizes.append(np.std(sample, ddof=1) / np.sqrt(8) / state.C_h0)
    # h = φ(y) responds to C_h by its slope at the fixed point of the variance, 0.4 here
    assert sizes[0] < 0.003 < 0.004 < sizes[1] < 0.02


def test_convergence_has_its_rates_and_its_limits(state, masses):
    case = replace(VANILLA, sizes=((160, 16),))
    study = converge(case, state, masses, "cpu")
    assert study.sizes.tolist() == [80, 160, 320]
    assert study.networks.tolist() == [24, 16, 12]
    (rate, error), (own_rate, own_error) = study.rate, study.own_rate
    assert abs(rate - 0.5) < 4 * error < 1
    assert abs(own_rate - 0.75) < 4 * own_error < 1
    assert all(c.passed for c in study.limits)
    assert json.loads(json.dumps(study.to_dict()))["rate"] == [rate, error]
    assert "scatter by" in listed(study)[0]
    axes = drawn(study).axes[0]
    assert axes.get_xscale() == axes.get_yscale() == "log"
    shifted = replace(masses, theory_group=Group(-1.0, masses.theory_group.values + 0.05))
    assert [c.passed for c in converge(case, state, shifted, "cpu").limits] == [False, True]
