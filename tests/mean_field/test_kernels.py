"""Vectors (C_h(0), …, C_h(K), C_h(∞))."""

import numpy as np
import pytest

from rmt_gates.mean_field.kernels import bounded, possible_step, resize


@pytest.mark.parametrize(
    "x, possible",
    [
        ([0.5, 0.3, 0.0], True),
        ([0.5, -0.5, 0.5], True),
        ([0.5, 0.51, 0.0], False),
        ([0.5, -0.51, 0.0], False),
        ([0.5, 0.1, 0.51], False),
        ([0.0, 0.0, 0.0], False),
        ([-0.1, 0.0, 0.0], False),
        ([1.0, 0.5, 0.0], False),
        ([0.999, 0.5, 0.0], True),
        ([np.nan, 0.5, 0.0], False),
        ([0.5, np.nan, 0.0], False),
    ],
    ids=str,
)
def test_possible_step(x, possible):
    assert possible_step(np.array(x), np.array([0.4, 0.3, 0.0])) is possible


def test_a_step_may_change_the_variance_by_a_factor_of_four():
    kernel = np.array([0.2, 0.1, 0.0])
    for factor, possible in ((3.99, True), (4.01, False), (1 / 3.99, True), (1 / 4.01, False)):
        assert possible_step(factor * kernel, kernel) is possible


def test_noise_may_lift_short_lags_a_little():
    old, lifted = np.array([0.4, 0.3, 0.0]), np.array([0.5, 0.504, 0.1])
    assert not possible_step(lifted, old) and not possible_step(lifted, old, 0.007)
    assert possible_step(lifted, old, 0.009)
    assert not possible_step(np.array([1.0, 1.0, 0.0]), old, 0.1)


def test_bounded():
    kernels = np.array([[0.5, 0.6, -0.2], [0.4, -0.7, 0.1]])
    np.testing.assert_array_equal(bounded(kernels), [[0.5, 0.5, -0.2], [0.4, -0.4, 0.1]])


def test_cut():
    kernel = np.array([0.5, 0.4, 0.3, 0.2])
    np.testing.assert_array_equal(resize(kernel, 0.1, 2), [0.5, 0.4, 0.3, 0.1])
    np.testing.assert_array_equal(resize(kernel, 0.1, 3), [0.5, 0.4, 0.3, 0.2, 0.1])


def test_one_lag_more():
    np.testing.assert_allclose(resize(np.array([0.4, 0.2, 0.1]), 0.0, 3), [0.4, 0.2, 0.1, 0.05, 0])


@pytest.mark.parametrize("static", [0.0, 0.2])
def test_an_exponential_is_continued(static):
    lag = np.arange(41)
    exact = static + 0.3 * 0.9**lag
    for known in (5, 8, 9):
        got = resize(exact[:known], static, 40)
        np.testing.assert_allclose(got[:-1], exact, rtol=1e-13)
        assert got[-1] == static


@pytest.mark.parametrize(
    "kernel, ratio",
    [
        ([0.5, 0.4, 0.399], 0.995),  # hardly decaying: no slower than 0.995 per half window
        ([0.5, 0.4, 0.001], 0.05),
        ([0.5, 0.4, -0.2], 0.05),
        ([0.5, 0.0, 0.2], 0.5),
        ([0.5, 0.4, 0.2], 0.5),
    ],
)
def test_rates_are_bounded(kernel, ratio):
    got = resize(np.array(kernel), 0.0, 5)
    np.testing.assert_allclose(got[3:6], kernel[-1] * ratio ** np.arange(1, 4), rtol=1e-13)
