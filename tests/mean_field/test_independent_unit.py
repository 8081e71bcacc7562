"""The Sobol sample of a fixed point's unit: independent Gaussians of the right law."""

import numpy as np
import pytest
from scipy.special import ndtr

import rmt_gates as rg
from rmt_gates.mean_field.independent_unit import independent_unit

MODEL = rg.GRU(a_h=2, a_z=1.5, a_r=3, b_h=0.3, b_z=-0.5, b_r=1, v_h=0.2, v_z=0.4, v_r=0.6)
C = 0.35


@pytest.fixture(scope="module")
def unit():
    return independent_unit(MODEL, C)


def test_laws(unit):
    assert len(unit) == 1 << 14 and unit.model is MODEL
    np.testing.assert_array_equal(unit.weights, np.full(1 << 14, 2.0**-14))
    np.testing.assert_array_equal(unit["h"], np.tanh(unit["y"]))
    for name, kernel in MODEL.input_kernels(np.array([C])).items():
        x = (unit[name] - kernel.mean) / np.sqrt(kernel.covariance[0])
        moments = [unit.weights @ x**k for k in (1, 2, 3, 4)]
        np.testing.assert_allclose(moments, [0, 1, 0, 3], atol=0.01)
        # each quantile in its place: far more even than independent draws (1/√n = 0.008)
        even = (np.arange(len(unit)) + 0.5) / len(unit)
        assert np.abs(np.sort(ndtr(x)) - even).max() < 2e-4


def test_independence(unit):
    x = np.array([unit[name] for name in ("zeta", "xi", "y")])
    np.testing.assert_allclose(np.corrcoef(x), np.eye(3), atol=2e-3)
    np.testing.assert_allclose(np.corrcoef(np.abs(x)), np.eye(3), atol=4e-3)


def test_averages_agree_with_quadrature(unit):
    assert unit.expect(lambda u: u["h"] ** 2) == pytest.approx(MODEL.fixed_point_map(C), rel=1e-4)
    r2 = unit.expect(lambda u: (1 / (1 + np.exp(-u["xi"]))) ** 2)
    V = MODEL.input_variance(C)
    assert r2 == pytest.approx((V - 0.2) / (4 * C), rel=1e-4)


def test_is_the_same_every_time(unit):
    np.testing.assert_array_equal(independent_unit(MODEL, C)["y"], unit["y"])


def test_zero_state():
    still = independent_unit(rg.GRU(a_h=2, b_z=1), 0.0)
    assert not still["h"].any() and not still["y"].any() and np.all(still["zeta"] == 1)
