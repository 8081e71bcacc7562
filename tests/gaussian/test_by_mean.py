"""Tables for arrays of means: value and slope as one table per mean gives them."""

import numpy as np
import pytest

from rmt_gates.gaussian import SIGMOID_SQUARED, TANH, expect, log_expectation, phi_squared
from rmt_gates.gaussian.by_mean import log_expectation_by_mean

V = np.array([[0.3], [40.0]])


def test_values_for_several_means_at_once():
    means = np.array([0.5, -2.0, 0.5])
    value, slope = log_expectation_by_mean(SIGMOID_SQUARED, means, V)
    assert value.shape == slope.shape == (2, 3)
    np.testing.assert_allclose(np.exp(value), expect(SIGMOID_SQUARED, means, V), rtol=1e-12)
    for i, m in enumerate(means):
        table = log_expectation(SIGMOID_SQUARED, float(m))
        np.testing.assert_array_equal(value[:, i], table(V[:, 0]))
        np.testing.assert_array_equal(slope[:, i], table.slope(V[:, 0]))


def test_one_mean_for_all():
    value, slope = log_expectation_by_mean(SIGMOID_SQUARED, 0.5, V)
    np.testing.assert_allclose(np.exp(value), expect(SIGMOID_SQUARED, 0.5, V), rtol=1e-12)
    table = log_expectation(SIGMOID_SQUARED, 0.5)
    np.testing.assert_array_equal(slope, table.slope(V))


@pytest.mark.parametrize("means", [np.array(0.0), np.array(0.4), np.array([0.0, 0.4, 0.0])])
def test_per_variance_divides_only_where_the_mean_is_zero(means):
    f = phi_squared(TANH)
    value, slope = log_expectation_by_mean(f, means, V, per_variance=True)
    exact = expect(f, means, V) / np.where(means == 0, V, 1.0)
    np.testing.assert_allclose(np.exp(value), exact, rtol=1e-12)
    d = 1e-5
    up, down = (log_expectation_by_mean(f, means, V * np.exp(s), True)[0] for s in (d, -d))
    np.testing.assert_allclose(slope, (up - down) / (2 * d), rtol=0, atol=1e-8)


def test_without_per_variance_the_mean_zero_is_like_any_other():
    f = phi_squared(TANH)
    for means in (np.zeros(1), np.array([0.0, 0.4])):
        value, _ = log_expectation_by_mean(SIGMOID_SQUARED, means, V)
        np.testing.assert_allclose(np.exp(value), expect(SIGMOID_SQUARED, means, V), rtol=1e-12)
    with pytest.raises(ValueError, match="use per_variance"):
        log_expectation_by_mean(f, 0.0, 1.0)


@pytest.mark.parametrize("means", [1e-20, -1e-20, 3e-8, np.array([0.4, -4e-8, 0.0, 1e-9, -1e-20])])
def test_a_mean_below_rounding(means):
    """E tanh²(b + √V x) ≈ b² + V, whose slope in log V is V/(b² + V), for small V."""
    f, v = phi_squared(TANH), np.array([[1e-30], [1e-18], [1e-15], [1e-6], [2.0], [1e4]])
    value, slope = log_expectation_by_mean(f, means, v, per_variance=True)

    def log(s):
        return np.log(expect(f, means, v * np.exp(s))) - np.where(means == 0, np.log(v) + s, 0)

    np.testing.assert_allclose(value, log(0), rtol=0, atol=2e-14)
    h = 1e-2
    difference = (8 * (log(h) - log(-h)) - (log(2 * h) - log(-2 * h))) / (12 * h)
    np.testing.assert_allclose(slope, difference, rtol=0, atol=1e-10)
    small = slice(0, 3)
    rate = np.where(means == 0, 0.0, v / (v + np.square(means)))[small]
    small_enough = np.abs(means) < 1e-7
    np.testing.assert_allclose(
        slope[small][:, small_enough], rate[:, small_enough], rtol=0, atol=1e-13
    )
