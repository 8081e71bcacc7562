"""The Legendre series in a Gaussian's quantile: fit, evaluation, derivative, law."""

import numpy as np
import pytest
from numpy.polynomial import legendre
from scipy.special import ndtr

from rmt_gates.gaussian.conditional_moment import (
    HIGHEST,
    ConditionalMoment,
    fit_conditional_moment,
)

MEAN, VARIANCE = 0.7, 2.5
MOMENT = ConditionalMoment(MEAN, VARIANCE, np.array([0.4, -0.3, 0.2, 0.05]))


def test_is_a_series_in_the_quantile():
    zeta = np.linspace(-6, 8, 30)
    u = 2 * ndtr((zeta - MEAN) / np.sqrt(VARIANCE)) - 1
    np.testing.assert_allclose(MOMENT(zeta), legendre.legval(u, MOMENT.coefficients), rtol=1e-13)
    assert MOMENT(MEAN) == pytest.approx(0.4 - 0.2 / 2, rel=1e-14)  # P_0, P_2 at 0
    assert MOMENT(1e3) == pytest.approx(0.4 - 0.3 + 0.2 + 0.05, rel=1e-14)
    assert MOMENT(-1e3) == pytest.approx(0.4 + 0.3 + 0.2 - 0.05, rel=1e-14)


def test_first_coefficient_is_the_mean_under_the_law():
    x = np.linspace(-9, 9, 4001)
    weight = np.exp(-0.5 * x * x)
    value = MOMENT(MEAN + np.sqrt(VARIANCE) * x)
    assert value @ weight / weight.sum() == pytest.approx(0.4, rel=1e-12)


def test_derivative():
    zeta, d = np.linspace(-3, 4, 15), 1e-5
    numerical = (MOMENT(zeta + d) - MOMENT(zeta - d)) / (2 * d)
    np.testing.assert_allclose(MOMENT.derivative(zeta), numerical, rtol=0, atol=1e-10)


def test_continues_analytically():
    zeta, d = np.array([0.3 + 1j, -1 - 2j, 2.5j]), 1e-5
    for step in (d, 1j * d):
        numerical = (MOMENT(zeta + step) - MOMENT(zeta - step)) / (2 * step)
        np.testing.assert_allclose(MOMENT.derivative(zeta), numerical, rtol=1e-7)
    np.testing.assert_allclose(MOMENT(zeta.conj()), MOMENT(zeta).conj(), rtol=1e-14)


def test_fit_recovers_a_series():
    zeta = np.random.default_rng(0).normal(MEAN, np.sqrt(VARIANCE), 200)
    fit = fit_conditional_moment(zeta, MOMENT(zeta), np.float64(MEAN), np.float64(VARIANCE))
    assert (fit.mean, fit.variance) == (MEAN, VARIANCE) and type(fit.variance) is float
    assert len(fit.coefficients) == HIGHEST + 1
    np.testing.assert_allclose(fit.coefficients[:4], MOMENT.coefficients, rtol=1e-11)
    np.testing.assert_allclose(fit.coefficients[4:], 0, atol=1e-12)
    assert len(fit_conditional_moment(zeta, zeta, MEAN, VARIANCE, degree=2).coefficients) == 3


def test_fit_of_a_noisy_sample_is_the_conditional_mean():
    rng = np.random.default_rng(1)
    zeta = rng.normal(MEAN, np.sqrt(VARIANCE), 40_000)
    D = MOMENT(zeta) + rng.normal(size=zeta.size)
    fit = fit_conditional_moment(zeta, D, MEAN, VARIANCE)
    # coefficients of P_n are uncorrelated with variance (2n+1)/sample
    error = np.sqrt((2 * np.arange(7) + 1) / zeta.size)
    deviation = (fit.coefficients[:7] - np.append(MOMENT.coefficients, np.zeros(3))) / error
    assert np.abs(deviation).max() < 3.5


def test_a_narrow_law_has_low_powers_only():
    """erf(ζ/√2V) grows like e^{(Im ζ)²/2V}, and its powers faster: they would carry noise there."""
    rng = np.random.default_rng(3)
    degrees = []
    for sd in (0.1, 2.0, 5.0, 50.0):
        zeta = rng.normal(0, sd, 500)
        fit = fit_conditional_moment(zeta, rng.normal(size=(500, 2)), 0.0, sd**2)
        assert fit.coefficients.shape == (HIGHEST + 1, 2)
        degrees.append(int(np.flatnonzero(fit.coefficients[:, 1])[-1]))
    assert degrees == [6, 6, 10, 16]


def test_a_step_in_a_wide_law():
    """A gate's step, as wide as a fifth of its law, is met to 1 % of the step; by P_6 to 5 %."""
    zeta = 30 * np.random.default_rng(4).normal(size=20_000)
    step = ndtr((zeta + 1) / 6)
    error = {
        degree: np.abs(fit_conditional_moment(zeta, step, 0.0, 900.0, degree)(zeta) - step).max()
        for degree in (None, 6)
    }
    assert error[None] < 0.01 and error[6] > 0.05


def test_a_constant_gate_has_one_value():
    moment = ConditionalMoment(0.4, 0.0, np.array([0.2, 0.1, 0.06]))
    for zeta in (0.4, np.array([0.4, 3.0]), np.array([0.4 + 1j])):
        np.testing.assert_allclose(moment(zeta), np.full(np.shape(zeta), 0.2 - 0.03), rtol=1e-15)


def test_a_fit_to_a_constant_gate_is_the_mean():
    D = np.array([[1.0, -2.0], [2.0, 0.5], [6.0, 0.0]])
    for values in (D[:, 0], D):
        moment = fit_conditional_moment(np.full(3, 0.4), values, 0.4, 0.0)
        assert (moment.mean, moment.variance) == (0.4, 0.0)
        shape = (*values.shape[1:], 5)
        expected = np.broadcast_to(values.mean(axis=0)[..., None], shape)
        np.testing.assert_allclose(moment(np.linspace(0, 1, 5)), expected, rtol=1e-15)


@pytest.mark.parametrize("columns", [1, 3])
def test_what_is_never_negative_has_no_negative_fit(columns):
    """D that vanishes in a tail with noise: least squares alone would undershoot there."""
    rng = np.random.default_rng(0)
    zeta = rng.normal(1.0, 6.0, 4000)
    rise = np.array([0.3, 1.0, 3.0])[:columns]
    mean_D = np.exp(-np.logaddexp(0, np.multiply.outer(zeta, rise)))
    D = mean_D * rng.exponential(size=mean_D.shape)
    fit = fit_conditional_moment(zeta, D, 1.0, 36.0)
    x = np.linspace(-60, 60, 2001)
    assert fit(x).min() >= -2e-5  # between the points where it is held
    assert fit(np.array([-500.0, -60.0, 60.0, 500.0])).min() > 1e-11
    free = np.linalg.lstsq(legendre.legvander(2 * ndtr((zeta - 1) / 6) - 1, 12), D, rcond=None)[0]
    far = legendre.legval(2 * ndtr((x - 1) / 6) - 1, free)
    assert far.min() < -1e-4
    exact = np.exp(-np.logaddexp(0, np.multiply.outer(rise, zeta)))
    off = np.sqrt(np.mean((fit(zeta) - exact) ** 2, axis=-1))
    free_fit = legendre.legval(2 * ndtr((zeta - 1) / 6) - 1, free)
    # the sharpest is no nearer to a polynomial that is nowhere negative
    assert np.all(
        off
        <= np.array([1.001, 1.001, 1.2])[:columns]
        * np.sqrt(np.mean((free_fit - exact) ** 2, axis=-1))
    )
