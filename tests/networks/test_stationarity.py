"""The drift statistic: null distribution, power, limits."""

import numpy as np
import pytest

from rmt_gates.networks.stationarity import LIMIT, drift


def autoregressive(memory, T, n, seed=0):
    """(T, n) positive series, exp of stationary AR(1) paths of correlation time `memory`."""
    rng = np.random.default_rng(seed)
    a = np.exp(-1 / memory)
    x = np.empty((T, n))
    x[0] = rng.standard_normal(n)
    for t in range(1, T):
        x[t] = a * x[t - 1] + np.sqrt(1 - a**2) * rng.standard_normal(n)
    return 0.3 * np.exp(0.05 * x)


def test_stationary_series_follow_student_t_with_14_degrees_of_freedom():
    score = drift(autoregressive(0.1, 400, 4000))
    for t, probability in ((0.692, 0.5), (2.145, 0.05), (2.977, 0.01)):  # two-sided
        tolerance = 4 * np.sqrt(probability / 4000)
        assert abs((np.abs(score) > t).mean() - probability) < tolerance


def test_correlations_are_respected():
    score = drift(autoregressive(5, 1600, 2000))
    assert (np.abs(score) > LIMIT).mean() < 0.006
    assert 0.9 < score.std() < 1.35  # independent values would give 3.3


@pytest.mark.parametrize("rate", [1e-3, 0.1, 1.0, -0.1])
def test_exponential_change_scores_alike_at_any_rate(rate):
    score = drift(np.exp(-rate * np.arange(320)))
    assert score == pytest.approx(-np.sign(rate) * 8 / np.sqrt(1.5), rel=1e-6)


def test_a_jump_is_seen_only_between_the_last_two_quarters():
    series = autoregressive(0.1, 400, 1)[:, 0]
    late, early = series.copy(), series.copy()
    late[300:] *= 1.1
    early[:200] *= 1.1
    assert drift(late) > 10
    assert abs(drift(early)) < LIMIT


def test_constant_zero_and_short_series():
    assert drift(np.full(100, 0.3)) == 0
    assert drift(np.zeros(100)) == 0
    assert np.isnan(drift(np.full((39, 2), 0.3))).all()
    assert drift(np.full((40, 2), 0.3)).shape == (2,)
    assert drift(np.repeat([0.3, 0.4], 160)[-320:][80:]) == 0  # the jump is at the half
    assert drift(np.repeat([0.3, 0.4], [240, 80])) == np.inf
