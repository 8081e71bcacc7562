"""Averages over y of the LSTM's cell c = g φ(y), against Gauss–Legendre panels in log |y|."""

import numpy as np
import pytest
from scipy.special import ndtr

from rmt_gates.architectures.lstm_clipped_input import ClippedCellInput
from rmt_gates.architectures.lstm_input import CellInput
from rmt_gates.gaussian import HARDTANH, TANH

NODES, WEIGHTS = np.polynomial.legendre.leggauss(16)


def exact(phi, mean, sd, L):
    """E φ(c)²/size², E (φ'(c) c)²/size², E (φ'(c) g φ'(y))² by panels in log |y| and around b."""
    g, size = np.exp(L), min(1.0, np.hypot(mean, sd))
    ends = np.exp(np.arange(-60, 3.01, 0.5) + np.log(10 * sd + abs(mean) + 1))
    ends = ends[ends < abs(mean) + 10 * sd]
    kinks = [r for r in (1.0, 1 / g) if r < abs(mean) + 10 * sd]
    around = mean + sd * np.linspace(-10, 10, 41)
    breaks = np.unique(np.concatenate([-ends, [0.0], ends, kinks, np.negative(kinks), around]))
    breaks = breaks[np.abs(breaks - mean) <= 10.001 * sd]
    half = 0.5 * np.diff(breaks)[:, None]
    y = (breaks[:-1, None] + half * (1 + NODES)).ravel()
    weight = (half * WEIGHTS).ravel() * np.exp(-0.5 * ((y - mean) / sd) ** 2)
    weight /= sd * np.sqrt(2 * np.pi)
    c = g * phi.phi(y)
    return (
        weight @ phi.phi(c) ** 2 / size**2,
        weight @ (phi.dphi(c) * c) ** 2 / size**2,
        weight @ (phi.dphi(c) * g * phi.dphi(y)) ** 2,
    )


LAWS = [(0.0, 0.7), (0.0, 1e-6), (0.0, 30.0), (0.3, 0.5), (-0.8, 0.2), (5.0, 2.0)]


@pytest.mark.parametrize("L", [-25.0, -1.0, 0.4, 3.0, 15.0, 35.0])
@pytest.mark.parametrize("mean, sd", LAWS)
def test_tanh(mean, sd, L):
    law = CellInput(TANH, mean, sd)
    at = np.array([L, L - 0.8])  # the second widens the table
    square, cell, direct = (law.squares(at)[0, 0], *law.slopes(at)[:, 0])
    expected = exact(TANH, mean, sd, L)
    np.testing.assert_allclose([square, cell, direct], expected, rtol=2e-11)


@pytest.mark.parametrize("L", [-4.0, -0.2, 0.2, 1.5, 6.0, 22.0])
@pytest.mark.parametrize(
    "mean, sd", [(0.0, 0.7), (0.0, 1e-3), (0.0, 12.0), (0.3, 0.5), (-0.8, 0.4), (5.0, 2.0)]
)
def test_hardtanh(mean, sd, L):
    law = ClippedCellInput(HARDTANH, mean, sd)
    at = np.array([L, L - 0.8])
    square, cell, direct = (law.squares(at)[0, 0], *law.slopes(at)[:, 0])
    expected = exact(HARDTANH, mean, sd, L)
    np.testing.assert_allclose([square, cell, direct], expected, rtol=1e-10)


@pytest.mark.parametrize("sd", [0.7, 1e-3])
def test_hardtanh_of_a_large_gain(sd):
    """Beyond the table's end, which is farther for a small input, the averages are powers of g."""
    law, at = ClippedCellInput(HARDTANH, 0.0, sd), np.array([30.0, 36.0])
    got = law.squares(at)[0], *law.slopes(at)
    for column, L in enumerate(at):
        expected = exact(HARDTANH, 0.0, sd, L)
        np.testing.assert_allclose([row[column] for row in got], expected, rtol=1e-10)


@pytest.mark.parametrize("phi, law", [(TANH, CellInput), (HARDTANH, ClippedCellInput)])
@pytest.mark.parametrize("mean, sd", [(0.0, 0.7), (0.3, 0.5)])
def test_slope_by_the_variance(phi, law, mean, sd):
    L, step = np.array([-1.0, 0.5, 2.0]), 1e-4
    size = law(phi, mean, sd).size
    moved = [law(phi, mean, sd * np.exp(s * step / 2)) for s in (1, -1)]
    up, down = (one.squares(L)[0] * (one.size / size) ** 2 for one in moved)
    np.testing.assert_allclose(
        law(phi, mean, sd).squares(L)[1], (up - down) / (2 * step), rtol=1e-6
    )


@pytest.mark.parametrize("phi, law", [(TANH, CellInput), (HARDTANH, ClippedCellInput)])
def test_slope_where_everything_is_linear(phi, law):
    """E φ(c)² = g² V, and V ∂/∂V of it is the same: to rounding at any scale."""
    L = np.array([-1.0, 0.5, 2.0])
    np.testing.assert_allclose(law(phi, 0.0, 1e-8).squares(L), [np.exp(2 * L)] * 2, rtol=1e-12)


@pytest.mark.parametrize("phi, law", [(TANH, CellInput), (HARDTANH, ClippedCellInput)])
def test_an_input_without_variance(phi, law):
    L = np.array([-2.0, 0.0, 0.6, 0.8, 3.0])
    g, y = np.exp(L), 0.5
    one = law(phi, y, 0.0)
    c = g * phi.phi(y)
    np.testing.assert_allclose(one.squares(L)[0] * one.size**2, phi.phi(c) ** 2, rtol=1e-13)
    assert np.all(one.squares(L)[1] == 0)
    slopes = phi.dphi(c) ** 2 * np.stack([(c / one.size) ** 2, (g * phi.dphi(y)) ** 2])
    np.testing.assert_allclose(one.slopes(L), slopes, rtol=1e-13)
    nothing = law(phi, 0.0, 0.0)
    np.testing.assert_allclose(nothing.slopes(L), [0 * g, g**2], rtol=1e-14)
    assert np.all(nothing.squares(L) == 0)


def test_a_mean_far_from_zero():
    """Neither the lattice nor the weights lose digits where the deviation is tiny."""
    law = CellInput(TANH, 0.5, 1e-9)
    L = np.array([0.0, 1.0])
    square = np.tanh(np.exp(L) * np.tanh(0.5)) ** 2
    np.testing.assert_allclose(law.squares(L)[0] * law.size**2, square, rtol=1e-12)


def test_probability_beyond_the_kinks():
    law = ClippedCellInput(HARDTANH, 0.3, 0.5)
    r = np.array([0.2, 1.0])
    inside = ndtr((r - 0.3) / 0.5) - ndtr((-r - 0.3) / 0.5)
    np.testing.assert_allclose(law.beyond(r)[0], 1 - inside, rtol=1e-13)
    np.testing.assert_allclose(law.inside(r)[1].sum(axis=1), inside, rtol=1e-12)
