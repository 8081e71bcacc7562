"""Functions of log g at any scale, real and complex."""

import numpy as np
import pytest

from rmt_gates.architectures.lstm_table import LogTable


def functions(L):
    """Poles of order 2 and 1 at |Im L| = π/2."""
    g = np.exp(L)
    return np.stack([(np.tanh(g) / g) ** 2, 1 / (1 + g**2) + 1 / (1 + g)])


@pytest.fixture(scope="module")
def table():
    return LogTable(functions, -22.3, 25.1, decay=[2.0, 1.0])


def test_to_rounding_on_the_real_axis(table):
    L = np.linspace(-22, 25, 4001)
    np.testing.assert_allclose(table(L), functions(L), rtol=2e-12)


def test_a_pole_of_order_four():
    table = LogTable(lambda L: np.cosh(np.exp(L))[None] ** -4.0, -3.0, 1.0, decay=[0.0])
    L = np.linspace(-3, 1, 999)
    np.testing.assert_allclose(table(L)[0], np.cosh(np.exp(L)) ** -4.0, rtol=0, atol=3e-12)


@pytest.mark.parametrize("height", [0.1, 0.2, 0.35, 0.5, 0.65, 0.8, 1.0, 1.3])
def test_continued_to_complex_arguments(table, height):
    """The error grows with Im L, less than e^{−2π Im L/step} falls, by which it is multiplied."""
    L = np.linspace(-5, 3, 400) + 1j * height
    error = np.abs(table(L)[0] - (np.tanh(np.exp(L)) / np.exp(L)) ** 2).max()
    step = 0.25  # of the lattice of `GaussianPoleAverage` where the strip is π/2
    assert error * np.exp(-2 * np.pi * height / step) < 2e-12
    if height < 0.3:
        assert error < 1e-10


def test_constant_below_and_a_power_above(table):
    below, above = table(np.array([-300.0, -30.0])), table(np.array([30.0, 300.0]))
    np.testing.assert_allclose(below[0], 1.0, rtol=1e-12)
    np.testing.assert_allclose(above[0], np.exp([-60.0, -600.0]), rtol=1e-11)


def test_growth_and_decay_cancel_before_they_overflow(table):
    value = table(np.array([500.0, 600.0]), growth=2.0)
    np.testing.assert_allclose(value[0], 1.0, rtol=1e-11)


def test_shape_follows_the_argument(table):
    L = np.array([[0.1, 2.0], [-3.0, 40.0]])
    np.testing.assert_array_equal(table(L).reshape(2, 4), table(L.ravel()))
