"""Averages of polynomials over two correlated gates against the general two-variable average."""

import numpy as np
import pytest

from rmt_gates.gaussian import SIGMOID, SIGMOID_SQUARED, expect_pair
from rmt_gates.gaussian.gate_polynomials import GatePolynomials, gate_points

FRACTIONS = [-1.0, -0.999, -0.5, 0.0, 1e-3, 0.5, 0.99, 1 - 1e-7, 1.0]
LAWS = [(0.0, 0.05), (0.0, 1.0), (0.7, 5.0), (-2.0, 30.0), (0.0, 1e5), (-300.0, 1e5), (-9.0, 0.02)]


@pytest.mark.parametrize("mean, variance", LAWS, ids=str)
@pytest.mark.parametrize("kappa", [1.0, 8.0])
def test_sigmoids_and_their_squares(mean, variance, kappa):
    for tolerance, size in ((1e-8, 24), (1e-13, 36)):
        gate = GatePolynomials(mean, variance, size, tolerance, kappa)
        r = gate.nodes
        for f, values in ((SIGMOID, r), (SIGMOID_SQUARED, r**2)):
            coefficients = gate.coefficients(np.multiply.outer(values, values))
            got = [np.sum(coefficients * gate.pair(c * variance)) for c in FRACTIONS]
            covariance = np.array(FRACTIONS) * variance
            exact = expect_pair(f, f, mean, variance, mean, variance, covariance)
            bound = max(2 * tolerance, 2e-12) * values.max() ** 2
            np.testing.assert_allclose(got, exact, rtol=0, atol=bound)


def test_probabilities_are_exact():
    """T_0 = 1 has average 1, whatever the covariance."""
    gate = GatePolynomials(0.3, 40.0, 5, 1e-12)
    for c in (-40.0, -1.0, 0.0, 17.0, 39.99, 40.0):
        assert gate.pair(c)[0, 0] == pytest.approx(1, abs=1e-13)


def test_independent_gates_factorise():
    gate = GatePolynomials(-0.4, 12.0, 6, 1e-12)
    pair = gate.pair(0.0)
    np.testing.assert_allclose(pair, np.outer(pair[0], pair[0]), rtol=0, atol=1e-13)


def test_a_gate_without_variance():
    gate = GatePolynomials(0.7, 0.0, 1, 1e-12)
    np.testing.assert_allclose(gate.nodes, 1 / (1 + np.exp(-0.7)), rtol=1e-15)
    np.testing.assert_allclose(gate.pair(0.0), [[1.0]], rtol=1e-14)


def test_break_points():
    points = gate_points(10.0, 4.0)
    assert np.all(np.diff(points) > 0) and np.diff(points)[points[1:] <= 0].min() >= 1
    assert {-4.0, 0.0} <= set(points) and points[0] < -14 and points[-1] > 10
    inside = points[(points >= -4) & (points <= 0)]
    assert np.diff(inside).max() <= 2.5
