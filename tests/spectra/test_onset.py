"""Small fixed points next to a_h = 2: expansions against all roots of (10)."""

import numpy as np
import pytest

import rmt_gates as rg
from rmt_gates.spectra.onset import (
    continuous_onset,
    discontinuous_onset,
    small_state_series,
    tricritical_onset,
)


def exponents(x, deviation):
    return np.diff(np.log(np.abs(deviation))) / np.diff(np.log(x))


@pytest.mark.parametrize("b_r", [0.0, 1.0, -0.7])
@pytest.mark.parametrize("a_h, a_r", [(2.0, 1.0), (1.5, 4.0), (2.5, 3.0)])
def test_series(a_h, a_r, b_r):
    """(128)–(130): the rest of F(C)/C is O(C³)."""
    C = np.array([2e-3, 1e-3, 5e-4])
    k_0, k_1, k_2 = small_state_series(a_h, a_r, b_r)
    rest = rg.GRU(a_h=a_h, a_r=a_r, b_r=b_r).fixed_point_map(C) / C - (k_0 + k_1 * C + k_2 * C**2)
    np.testing.assert_allclose(exponents(C, rest), 3, atol=0.03)


def test_series_as_printed():
    """(131), and the coefficients c₂, c₃ of (129)."""
    a, r = 1.7, np.array([0.0, 2.3])
    k_0, k_1, k_2 = small_state_series(a, r)
    assert k_0 == pytest.approx(a**2 / 4, rel=1e-15)
    np.testing.assert_allclose(k_1, a**2 / 16 * (r**2 - 2 * a**2), rtol=1e-13)
    exact = a**2 / 192 * (17 * a**4 - 12 * a**2 * r**2 - 6 * r**4)
    np.testing.assert_allclose(k_2, exact, rtol=1e-13)
    b = 0.8
    E, e = np.exp(b), np.exp(-b)
    c_2 = -(e - 2 * e**2) / (1 + e) ** 4
    c_3 = -(E**2) * (E**3 - 18 * E**2 + 33 * E - 8) / (4 * (1 + E) ** 6)
    slopes = [small_state_series(1e-4, 1e4 * x, b) for x in (1.0, 2.0)]  # a_h ≪ a_r
    assert slopes[0][1] == pytest.approx(c_2, rel=1e-7)
    assert slopes[1][2] == pytest.approx(16 * 1e8 * c_3, rel=1e-7)


@pytest.mark.parametrize("a_r, sign", [(0.0, 1), (2.0, 1), (3.0, -1), (4.0, -1)])
def test_continuous_onset(a_r, sign):
    """(24) above a_h = 2, and (25) below it, where the root is the smaller of two."""
    epsilon = np.array([1e-4, 1e-5, 1e-6])
    points = rg.fixed_points(rg.GRU(a_h=2 + sign * epsilon, a_r=a_r))
    assert np.all(points.count == (2 if sign > 0 else 3))
    relative = points.C_h[:, 1] / continuous_onset(sign * epsilon, a_r) - 1
    np.testing.assert_allclose(exponents(epsilon, relative), 1, atol=0.03)


def test_tricritical_onset():
    """E2: √(3ε/31), approached as √ε, and not √ε/4."""
    epsilon = np.array([1e-4, 1e-6, 1e-8])
    C = rg.fixed_points(rg.GRU(a_h=2 + epsilon, a_r=np.sqrt(2) * (2 + epsilon))).C_h[:, 1]
    relative = C / tricritical_onset(epsilon) - 1
    np.testing.assert_allclose(exponents(epsilon, relative), 0.5, atol=0.01)
    assert abs(C[-1] / (np.sqrt(epsilon[-1]) / 4) - 1) > 0.2
    k_0, k_1, k_2 = small_state_series(2 + 1e-8, np.sqrt(2) * (2 + 1e-8))
    assert abs(k_1) < 1e-14
    assert tricritical_onset(1e-8) == pytest.approx(np.sqrt((1 - k_0) / k_2), rel=1e-7)


def test_discontinuous_onset():
    """At a_h = 2 its error is O(a_r² − 8), relative."""
    beyond = np.array([1e-1, 1e-2, 1e-3])
    a_r = np.sqrt(8 + beyond)
    C = rg.fixed_points(rg.GRU(a_h=2, a_r=a_r)).C_h[:, 1]
    relative = C / discontinuous_onset(0.0, a_r) - 1
    np.testing.assert_allclose(exponents(beyond, relative), 1, atol=0.01)


def test_slope_of_the_discontinuous_onset():
    """f of (132): the slope in ε, from both sides of a_h = 2, to O(a_r² − 8)."""
    beyond = np.array([0.3, 0.1, 0.03])
    a_r, epsilon = np.sqrt(8 + beyond), 1e-5 * beyond**2
    above = rg.fixed_points(rg.GRU(a_h=2 + epsilon, a_r=a_r)).C_h[:, 1]
    below = rg.fixed_points(rg.GRU(a_h=2 - epsilon, a_r=a_r)).C_h[:, 2]
    law = discontinuous_onset(epsilon, a_r) - discontinuous_onset(-epsilon, a_r)
    np.testing.assert_allclose(exponents(beyond, (above - below) / law - 1), 1, atol=0.1)


@pytest.mark.parametrize("a_r", [3.0, 6.0])
def test_discontinuous_onset_solves_131(a_r):
    """To first order in ε exactly, anywhere beyond √8."""
    epsilon = np.array([1e-5, 1e-6])
    C = discontinuous_onset(epsilon, a_r)
    k_0, k_1, k_2 = small_state_series(2 + epsilon, a_r)
    np.testing.assert_allclose(exponents(epsilon, k_0 - 1 + k_1 * C + k_2 * C**2), 2, atol=0.01)


def test_refusals():
    for epsilon, a_r in ((1e-3, 3.0), (-1e-3, 1.0), (0.0, 1.0), (1e-3, np.sqrt([1.0, 9.0]))):
        with pytest.raises(ValueError, match=r"^epsilon and 8 - a_r² must have the same sign: "):
            continuous_onset(epsilon, a_r)
    with pytest.raises(ValueError, match=r"^epsilon must be positive: "):
        tricritical_onset([1e-3, 0.0])
    with pytest.raises(ValueError, match=r"^a_r must be above √8: "):
        discontinuous_onset(1e-3, 2.0)
