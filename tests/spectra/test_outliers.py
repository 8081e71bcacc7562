"""Outliers: as many as asked for in random networks, and what is planted where theory puts it."""

import numpy as np
import pytest
import torch
from scipy.integrate import quad
from scipy.special import erfc, expit

import rmt_gates as rg
from rmt_gates.spectra.criterion import transfer
from rmt_gates.spectra.edge import edge_density
from rmt_gates.spectra.outliers import _among_gates, _blurs, _expected_beyond
from rmt_gates.unit import Unit


# -- the two limits of the scale ------------------------------------------------------------------
def test_one_unit_alone_has_a_gaussian_tail():
    """λ − z is Gaussian; t² = r² − 1 − 2 log r at r of its standard deviations."""
    model = rg.GRU(a_h=2, a_z=1.5, a_r=1, reset="after")
    fields = {
        name: np.array([value]) for name, value in zip(("zeta", "xi", "u", "b"), (1, -1, 2, 0))
    }
    unit = model.unit(fields, np.array([0.3]))
    z = expit(1.0)
    (row,) = model.blocks(unit.inputs, unit.carry, 0.0).B
    deviation = np.sqrt(sum((a * b[0]) ** 2 for a, b in zip(model.gains(), row)))
    r = np.array([1.0, 2.0, 5.0])
    np.testing.assert_allclose(
        _blurs(unit, unit, z + r * deviation * np.exp(0.7j), 1) ** 2,
        r**2 - 1 - 2 * np.log(r),
        atol=1e-12,
    )


def test_of_many_equal_units_all_take_part():
    unit = rg.fixed_points(rg.GRU(a_h=3, b_z=-50))[0].unit  # |λ| < 3/2, the circular law
    np.testing.assert_allclose(
        _blurs(unit, unit, np.array([3.0j]), 50), np.sqrt(50 * (3 - np.log(4))), rtol=1e-9
    )


@pytest.mark.parametrize("seed", [0, 5])
def test_near_the_edge_it_is_the_distance_over_the_blur_of_the_edge(random_unit, seed):
    """t = d √(2πNμ), with three matrices and everything correlated."""
    unit = random_unit(12, seed=seed, a_h=3.0)
    top = rg.spectral_curve(unit)
    k = int(np.argmax(top.y))
    slope = (top.y[k + 1] - top.y[k - 1]) / (top.x[k + 1] - top.x[k - 1])
    normal = (1j - slope) / np.hypot(1, slope)
    boundary, N = top.x[k] + 1j * top.y[k], 500
    width = 1 / np.sqrt(2 * np.pi * N * edge_density(unit, np.array([boundary]))[0])
    d = np.array([1e-3, 1e-2])
    np.testing.assert_allclose(
        _blurs(unit, unit, boundary + d * normal, N) * width / d, 1, atol=0.02
    )


@pytest.mark.parametrize("t", [0.0, 0.7, 2.3])
def test_beyond_are_the_integrals_of_the_densities(t):
    """½ erfc along the edge; at either real end Forrester and Nagao's density of real ones."""

    def real(x):
        edge = np.exp(-(x**2)) * erfc(-x) / (2 * np.sqrt(2))
        return (0.5 * erfc(np.sqrt(2) * x) + edge) / np.sqrt(2 * np.pi)

    along = quad(lambda s: 0.5 * erfc(s), t, 30)[0] / quad(lambda s: 0.5 * erfc(s), 0, 30)[0]
    ends = 2 * quad(real, t / np.sqrt(2), 30)[0]
    np.testing.assert_allclose(_expected_beyond(np.array([t]), 7.0), 7 * along + ends, rtol=1e-10)


# -- random networks have none --------------------------------------------------------------------
RANDOM = {
    "rest": rg.Vanilla(a_h=0.9),
    "chaos": rg.GRU(a_h=3, a_z=1, a_r=10),
    "thin": rg.GRU(a_h=1.5, a_z=2, a_r=1, b_z=-1, v_h=0.3, v_z=2, reset="after"),
    "cells": rg.LSTM(a_h=3, a_i=1, a_f=3, a_o=1),
}


def settled(model, N, seed):
    """A network, and a state after 300 steps."""
    network = rg.sample_network(model, N, rng=seed)
    return network, network.run(1, burn_in=300, rng=seed).h


def judged(network, h, **level):
    """Eigenvalues at h, and which of them its own units do not explain."""
    lam = network.eigenvalues(h)
    return lam, rg.outliers(rg.spectral_curve(network.unit(h)), lam, **level)


@pytest.mark.parametrize("name", RANDOM)
def test_random_networks_have_about_as_many_as_the_level_says(name):
    """0.6 to 0.8 of it at level 1, measured in 100 networks of 200 units each."""
    networks = 30
    expected = np.concatenate(
        [judged(*settled(RANDOM[name], 60, seed))[1].expected for seed in range(networks)]
    )
    assert 0.3 * networks < np.sum(expected < 1) < 1.2 * networks
    assert np.sum(expected < 0.1) < 0.3 * networks
    assert np.sum(expected < 0.01) <= 1


# -- what is planted is found ---------------------------------------------------------------------
N = 300
PLANTED = {
    "Vanilla": rg.Vanilla(a_h=0.9),
    "GRU before": rg.GRU(a_h=2, a_z=1, a_r=1, v_h=0.1),
    "GRU after": rg.GRU(a_h=2, a_z=1, a_r=1, v_h=0.1, reset="after"),
    "LSTM": rg.LSTM(a_h=2, a_i=1, a_f=1, a_o=1, v_h=0.1),
}


def factors(network, h, target):
    """Columns and rows, (N, 2): random signs, and what puts eigenvalues at λ and λ* in 1/N of them.

    det(1 − w E[Y(λ)]) = 0 for an eigenvalue w of their 2 × 2 overlap: Y is the response of a unit
    to this matrix, and random weights add nothing on average.
    """
    response = network.unit(h).expect(lambda unit: transfer(unit, np.array([target]))[0, :, 0, 0])
    w = 1 / response
    signs = np.random.default_rng(2).choice([-1.0, 1.0], size=(N, 2))
    rotation = np.array([[w.real, -w.imag], [w.imag, w.real]])
    return signs @ rotation, signs if target.imag else signs * [1, 0]


@pytest.mark.parametrize("above", [0.0, 0.6])
@pytest.mark.parametrize("name", PLANTED)
def test_what_is_planted_is_found_where_it_should_be_and_nothing_else(name, above):
    """One real outlier, or a pair; and a tenth of what it takes stays among the others."""
    network, h = settled(PLANTED[name], N, seed=1)
    assert judged(network, h)[1].count == 0
    target = rg.spectral_curve(network.unit(h)).x[-1] + (0.2 + 1j * above if above else 0.5)
    columns, rows = factors(network, h, complex(target))
    planted = torch.as_tensor(columns @ rows.T / N)
    network.weights["h"] += 0.1 * planted
    assert judged(network, h)[1].count == 0
    network.weights["h"] += 0.9 * planted
    lam, found = judged(network, h)
    values = lam[found.outlier]
    assert found.count == len(values) == (2 if above else 1)
    # three standard deviations: |λ| √(Λ/((1−Λ)N)) = 0.07 at the first of them, others vary less
    np.testing.assert_allclose(values.real + 1j * abs(values.imag), target, atol=0.21)
    assert found.distance[found.outlier].min() > 0.25
    assert found.expected[found.outlier].max() < 1e-6


# -- what is never an outlier ---------------------------------------------------------------------
def test_gates_that_nothing_moves_are_none():
    """J = diag(z): no weights, no curve but the gates themselves."""
    model = rg.GRU(a_h=0, b_z=1, v_z=9)
    network = rg.sample_network(model, 100, rng=0)
    lam, found = judged(network, torch.zeros(100))
    assert np.ptp(lam.real) > 0.9 and found.count == 0
    moved = rg.outliers(rg.spectral_curve(network.unit(torch.zeros(100))), lam + 1e-3j)
    assert moved.count == 100 and np.all(moved.expected == 0)


def test_point_masses_are_none():
    """With a_o = 0 an LSTM has N zeros, far from its other eigenvalues."""
    model = rg.LSTM(a_h=0.5, b_f=2, b_i=-2)
    network = rg.sample_network(model, 100, rng=0)
    lam, found = judged(network, torch.zeros(2, 100))
    at_zero = np.abs(lam) < 1e-9
    curve = rg.spectral_curve(rg.fixed_points(model)[0])
    assert at_zero.sum() == 100 and curve.x[0] > 0.5
    assert found.count == 0 and rg.outliers(curve, lam).count == 0
    assert rg.outliers(curve, np.where(at_zero, 0.2, lam)).count == 100  # no gate is there


def test_the_segment_of_a_gate_with_a_density_is_inside():
    point = rg.fixed_points(rg.GRU(a_h=0.6, a_z=0.6, v_z=0.02))[0]
    found = rg.outliers(rg.spectral_curve(point), [0.01, 0.99, 0.99 + 0.1j, 1.01])
    np.testing.assert_array_equal(found.outlier, [False, False, True, True])


# -- form -----------------------------------------------------------------------------------------
def test_batches_are_judged_one_by_one_and_the_level_decides():
    network, h = settled(RANDOM["chaos"], 80, seed=0)
    curve = rg.spectral_curve(network.unit(h))
    lam = network.eigenvalues(h)
    spectra = np.stack([lam, 1.6 * lam])
    found = rg.outliers(curve, spectra)
    for name in ("outlier", "distance", "expected"):
        each = [getattr(rg.outliers(curve, one), name) for one in spectra]
        np.testing.assert_allclose(getattr(found, name), each, rtol=1e-12)
    assert found.count == found.outlier[1].sum() > 2
    assert repr(found) == f"Outliers(count={found.count}, level=0.01)"
    outside = curve.S(spectra) < 0
    np.testing.assert_array_equal(found.distance > 0, outside)
    few, many = (rg.outliers(curve, spectra, level=level) for level in (1e-4, 1))
    assert few.count < found.count < many.count
    np.testing.assert_array_equal(few.expected, many.expected)
    np.testing.assert_array_equal(many.outlier, outside & (many.expected < 1))


def test_a_state_and_its_sample_judge_alike():
    point = rg.fixed_points(rg.GRU(a_h=3, a_z=2, a_r=2, reset="after"))[-1]
    curve, own = rg.spectral_curve(point), rg.spectral_curve(point.unit)
    lam = np.concatenate([np.zeros(190), own.x[-1] + np.linspace(0.02, 0.2, 5) * np.exp(0.5j)])
    found, sample = rg.outliers(curve, lam), rg.outliers(own, lam)
    assert 0 < found.count < 5
    np.testing.assert_array_equal(found.outlier, sample.outlier)
    seen = found.expected > 1e-6
    np.testing.assert_allclose(found.expected[seen], sample.expected[seen], rtol=0.3)


def test_bad_input_is_refused_in_one_sentence():
    unit = rg.fixed_points(rg.LSTM(a_h=1))[0].unit
    curve = rg.spectral_curve(unit)
    with pytest.raises(
        TypeError, match=r"^curve must come from rg.spectral_curve\(network.unit\(h"
    ):
        rg.outliers(unit, [1.0, 0.5])
    for bad in ([], 1.0, [1.0, 0.5, 0.2]):
        with pytest.raises(ValueError, match=r"^eigenvalues must be of shape \(…, 2N\)"):
            rg.outliers(curve, bad)
    with pytest.raises(ValueError, match=r"^eigenvalues must be finite: they hold NaN"):
        rg.outliers(curve, [np.nan, 1.0])
    with pytest.raises(TypeError, match=r"^eigenvalues must be a number or an array of numbers"):
        rg.outliers(curve, "x")
    for wrong in (0, -1.0, np.nan, np.inf, "0.1", True, None):
        with pytest.raises(ValueError, match=r"^level must be a positive number"):
            rg.outliers(curve, [1.0, 0.5], level=wrong)


def test_real_eigenvalues_among_either_kind_of_gate():
    """Of an LSTM: among the forget gates, and at the exact zeros; not beyond either."""
    unit = Unit(
        rg.LSTM(a_h=0.1, a_f=1),
        {name: np.zeros(4) for name in ("eta_i", "eta_o", "y", "c", "h")}
        | {"eta_f": np.array([-1.0, 0.0, 0.5, 1.0])},
    )
    low, high = 1 / (1 + np.exp(1.0)), 1 / (1 + np.exp(-1.0))
    lam = np.array([0.0, 0.5 * low, 0.5 * (low + high), high + 0.1, 0.5 * (low + high) + 0.1j])
    assert _among_gates(unit, lam).tolist() == [True, False, True, False, False]
