"""The fold line against the roots on either side of it, and its two ends."""

import numpy as np
import pytest

import rmt_gates as rg

# checked by two independent codes
REFERENCE = {
    1.6: 24.477104,
    1.7: 13.029612,
    1.8: 8.156977,
    1.9: 5.381014,
    1.95: 4.298066,
    1.99: 3.355536,
}


def test_reference_values():
    a_h = np.array(list(REFERENCE))
    found = rg.critical_reset_gain(a_h)
    np.testing.assert_allclose(found, list(REFERENCE.values()), rtol=0, atol=6e-7)
    assert rg.critical_reset_gain(1.8) == pytest.approx(found[2], rel=1e-13)


@pytest.mark.parametrize("b_r", [-5.0, -1.0, 0.0, 0.3, 0.6])
def test_two_roots_appear(b_r):
    """One root, zero, below by 1e-10, three above."""
    last = 1 + np.exp(-b_r)
    a_h = np.sqrt(2) + (last - np.sqrt(2)) * np.array([0.1, 0.5, 0.9])
    a_r = rg.critical_reset_gain(a_h, b_r)
    for factor, count in ((1 - 1e-10, 1), (1 + 1e-10, 3)):
        points = rg.fixed_points(rg.GRU(a_h=a_h, a_r=a_r * factor, b_r=b_r))
        assert np.array_equal(points.count, [count] * 3)


def test_it_ends_in_the_tricritical_point():
    """a_r* − 2√2 → 0 like √(2 − a_h): the discriminant of (131) vanishes."""
    distance = np.array([1e-4, 1e-6])
    above = rg.critical_reset_gain(2 - distance) - np.sqrt(8)
    np.testing.assert_allclose(above[0] / above[1], 10, rtol=0.02)
    # k₁² = 4 (1−k₀)(−k₂) at a_h = 2 − ε: (a_r² − 8)²/16 = 4ε·31/3
    predicted = np.sqrt(16 * 31 / 3 * 4 * distance) / (2 * np.sqrt(8))
    np.testing.assert_allclose(above, predicted, rtol=0.05)


def test_it_diverges_at_the_square_root_of_two():
    """E[σ²] ≤ ½: a_h² ½ ≤ 1. Close to it a_r* ∝ (a_h² − 2)^(−3/2)."""
    a_h = np.sqrt(2 + np.array([1e-3, 1e-4]))
    far = rg.critical_reset_gain(a_h)
    assert far[1] / far[0] == pytest.approx(10**1.5, rel=0.01)
    assert np.array_equal(rg.critical_reset_gain([1.0, np.sqrt(2)]), [np.inf, np.inf])


def test_where_zero_is_unstable_nothing_needs_a_gate():
    assert np.isnan(rg.critical_reset_gain([2.0, 3.0])).all()
    assert np.isnan(rg.critical_reset_gain([1.2, 1.5], b_r=3.0)).all()
    assert rg.critical_reset_gain([[1.8], [1.9]], [0.0, -1.0]).shape == (2, 2)


@pytest.mark.parametrize("bad", [{"a_h": -1}, {"a_h": np.inf}, {"a_h": 1.8, "b_r": 60}])
def test_refuses(bad):
    with pytest.raises(ValueError, match="a_h must be finite and not negative, and b_r between"):
        rg.critical_reset_gain(**bad)
    with pytest.raises(ValueError, match="a_h and b_r must broadcast, got shapes"):
        rg.critical_reset_gain([1.7, 1.8], [0.0, 0.1, 0.2])
    with pytest.raises(TypeError, match="a_h must be a number"):
        rg.critical_reset_gain("much")


def test_beside_its_divergence():
    """Finite from √2 (1 + 1e-8) on, infinite closer to √2; never NaN where zero is stable."""
    a_h = np.sqrt(2) * (1 + np.array([0.0, 1e-12, 1e-9, 1.1e-8, 1e-7]))
    found = rg.critical_reset_gain(a_h)
    assert np.isinf(found[:3]).all() and (found[3:] > 1e9).all() and np.isfinite(found[3:]).all()
