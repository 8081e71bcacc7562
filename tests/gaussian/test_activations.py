"""Sigmoid, tanh and hard tanh, against 30-digit values and in their tails."""

import mpmath as mp
import numpy as np
import pytest

from rmt_gates.gaussian import HARDTANH, TANH, activation, sigmoid, sigmoid_prime
from rmt_gates.gaussian.activations import sigmoid_complex

POINTS = [-300.0, -40.0, -19.5, -3.0, -0.4, 0.0, 1e-9, 0.7, 5.0, 25.0, 300.0]


@pytest.mark.parametrize("x", POINTS)
def test_against_mpmath(x):
    with mp.workdps(300):
        y = mp.mpf(x)
        exact = {
            sigmoid: 1 / (1 + mp.exp(-y)),
            sigmoid_prime: 1 / (2 + mp.exp(y) + mp.exp(-y)),
            TANH.phi: mp.tanh(y),
            TANH.dphi: mp.sech(y) ** 2,
        }
        for function, value in exact.items():
            error = abs(mp.mpf(float(function(np.array(x)))) - value)
            assert error <= 1e-15 * abs(value)


def test_hard_tanh_is_the_clip_and_its_derivative_the_open_indicator():
    x = np.array([-5.0, -1.0, -0.25, 0.0, 0.999, 1.0, 2.0])
    np.testing.assert_array_equal(HARDTANH.phi(x), [-1, -1, -0.25, 0, 0.999, 1, 1])
    np.testing.assert_array_equal(HARDTANH.dphi(x), [0, 0, 1, 1, 1, 0, 0])
    assert np.isnan(HARDTANH.phi(np.nan)) and np.isnan(HARDTANH.dphi(np.nan))


def test_slope_at_zero_is_the_derivative_there():
    for phi in (TANH, HARDTANH):
        assert phi.slope_at_zero == phi.dphi(np.array(0.0)) == 1.0


def test_activation_by_name():
    assert activation("tanh") is TANH
    assert activation("hardtanh") is HARDTANH
    assert repr(TANH) == "Activation('tanh')"
    with pytest.raises(ValueError, match=r"^activation must be 'tanh' or 'hardtanh', not 'relu'$"):
        activation("relu")


def test_torch_arrays_give_the_same_values():
    torch = pytest.importorskip("torch")
    x = np.linspace(-30, 30, 61)
    t = torch.tensor(x)
    for function in (sigmoid, sigmoid_prime, TANH.phi, TANH.dphi, HARDTANH.phi, HARDTANH.dphi):
        result = function(t, torch)
        assert result.dtype == torch.float64
        np.testing.assert_allclose(result.numpy(), function(x), rtol=1e-14)


def test_sigmoid_off_the_real_axis():
    x = np.array([0.3 + 1j, -2 + 3j, 5 - 2.5j, 0.2j, -0.2j, -30 + 1e-20j])
    exact = 1 / (1 + np.exp(-x))
    np.testing.assert_allclose(sigmoid_complex(x), exact, rtol=1e-14)
    np.testing.assert_array_equal(sigmoid_complex(np.array([800 + 1j])), [1])
    np.testing.assert_array_equal(sigmoid_complex(np.array([-800 + 1j])), [0])
    real = sigmoid_complex(np.array([-3.0, 2.0]))
    assert real.dtype == float
    np.testing.assert_allclose(real, 1 / (1 + np.exp(-np.array([-3.0, 2.0]))), rtol=1e-15)
