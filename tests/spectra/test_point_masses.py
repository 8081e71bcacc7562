"""Deltas of the spectrum: closed forms, and exact eigenvalues of networks."""

import numpy as np
import pytest
from scipy.special import erfc

import rmt_gates as rg
from rmt_gates.spectra.point_masses import _null_vectors


def test_zeros_of_an_lstm_without_output_gain():
    """N exact zeros, at rest and in motion; none with an output gate that varies."""
    masses = rg.point_masses(rg.fixed_points(rg.LSTM(a_h=3, a_f=1, a_i=1))[-1])
    assert masses.location.tolist() == [0.0] and masses.weight == pytest.approx([0.5], abs=1e-12)
    assert len(rg.point_masses(rg.fixed_points(rg.LSTM(a_h=3, a_f=1, a_i=1, a_o=1))[-1])) == 0
    network = rg.sample_network(rg.LSTM(a_h=3, a_f=1, a_i=1), 200, rng=0)
    h = network.run(50, rng=0).h
    assert (np.abs(network.eigenvalues(h)) < 1e-9).sum() == 200
    masses = rg.point_masses(network.unit(h))
    assert masses.location.tolist() == [0.0] and masses.weight == pytest.approx([0.5], abs=1e-12)


def test_delta_of_the_lstm_at_zero():
    """(37): half of the eigenvalues, whatever the output gain."""
    masses = rg.point_masses(rg.fixed_points(rg.LSTM(a_h=3, a_f=2, a_o=1))[0])
    assert masses.location.tolist() == [0.0] and masses.weight == pytest.approx([0.5], abs=1e-12)


@pytest.mark.parametrize("b_z", [-1.0, 0.0, 2.0])
def test_saturated_units_of_a_constant_gate(b_z):
    """Hard tanh at a fixed point: P(|y| > 1) of the units have the eigenvalue z."""
    point = rg.fixed_points(rg.GRU(a_h=3, b_z=b_z, activation="hardtanh"))[-1]
    masses = rg.point_masses(point)
    variance = 9 * point.C_h / 4  # a_h² C E[r²], r = 1/2
    assert masses.location == pytest.approx([1 / (1 + np.exp(-b_z))], abs=1e-9)
    assert masses.weight == pytest.approx([erfc(1 / np.sqrt(2 * variance))], abs=1e-3)


def test_a_gate_that_varies_makes_a_line():
    point = rg.fixed_points(rg.GRU(a_h=3, a_z=1, activation="hardtanh"))[-1]
    assert len(rg.point_masses(point)) == 0


def test_no_weights_no_movement():
    """a_h = 0: J = ẑ."""
    masses = rg.point_masses(rg.fixed_points(rg.GRU(a_h=0, b_z=1))[0])
    assert masses.location == pytest.approx([1 / (1 + np.exp(-1))]) and masses.weight == [1.0]


def test_every_one_is_an_eigenvalue_of_the_network():
    """At rest with hard tanh, each saturated unit of a network keeps its own gate."""
    model = rg.GRU(a_h=1.2, a_z=0.3, b_h=1.5, v_h=2, activation="hardtanh")
    network = rg.sample_network(model, 100, rng=0)
    h = network.run(2000, rng=0).h
    unit, lam = network.unit(h), network.eigenvalues(h)
    masses = rg.point_masses(unit)
    saturated = np.abs(unit["y"]) >= 1
    z = 1 / (1 + np.exp(-unit["zeta"][saturated]))
    np.testing.assert_allclose(masses.location, np.sort(z), atol=1e-9)
    assert 10 < len(masses) < 90
    assert max(np.abs(lam - place).min() for place in masses.location) < 1e-9


def test_three_stages_have_none(three_stages):
    """Two carriers and a triangular X: every null vector is reached and seen."""
    assert len(rg.point_masses(three_stages())) == 0


@pytest.mark.parametrize("b", range(4))
def test_null_vectors(b):
    """ℓ†X = 0 and X r = 0, of every unit."""
    rng = np.random.default_rng(b)
    entries = rng.normal(size=(4, 4, 7))
    diagonal = [entries[i, i] * (i != b) for i in range(4)]
    X = [[entries[i, j] if j < i else 0 for j in range(4)] for i in range(4)]
    whole = np.tril(entries.transpose(2, 0, 1), -1) + [np.diag(d) for d in np.transpose(diagonal)]
    left, right = (
        np.stack([np.broadcast_to(v, 7) for v in vector], axis=-1)
        for vector in _null_vectors(X, diagonal, b)
    )
    np.testing.assert_allclose(np.einsum("ui,uij->uj", left, whole), 0, atol=1e-10)
    np.testing.assert_allclose(np.einsum("uij,uj->ui", whole, right), 0, atol=1e-10)
    assert (left[:, b] == 1).all() and (right[:, b] == 1).all()
    if b < 3:  # a 0 stands for what is not unique
        diagonal[b + 1] = np.zeros(7)
        assert not np.any(_null_vectors(X, diagonal, b)[1][b + 1])


@pytest.mark.parametrize("parameters", [{"a_f": 20}, {"a_f": 50}, {"a_f": 50, "a_o": 1}], ids=str)
def test_gates_next_to_one_are_a_line(parameters):
    """The law of a sharp forget gate is continuous: it makes no masses but at 0 and at 1."""
    point = rg.fixed_points(rg.LSTM(a_h=3, **parameters))[-1]
    masses, unit = rg.point_masses(point), point.unit
    assert masses.location.tolist() == ([1.0] if "a_o" in parameters else [0.0, 1.0])
    open_for_ever = 0.5 * np.average(unit["eta_f"] > np.log(2e9), weights=unit.weights)
    assert masses.weight[-1] == pytest.approx(open_for_ever, rel=1e-6)
