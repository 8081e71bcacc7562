"""The error of a fraction that comes from a sample of units."""

from types import SimpleNamespace

import numpy as np

import rmt_gates as rg
from rmt_gates.masses import sample_error


def test_the_error_of_a_mean():
    """Of 600 samples of 80 independent units: σ²/n on average, from seven degrees of freedom."""
    rng, model = np.random.default_rng(0), rg.Vanilla(a_h=1)

    def mean(unit):
        return np.array([unit["y"].mean(), 2 * unit["y"].mean()])

    squares = []
    for _ in range(600):
        unit = model.unit({"y": rng.normal(size=80)}, np.zeros(80))
        squares.append(sample_error(SimpleNamespace(kind="chaotic", unit=unit), mean) ** 2 * 80)
        assert sample_error(unit, mean) == 0
        assert sample_error(SimpleNamespace(kind="fixed point", unit=unit), mean) == 0
    # 2/7 is the variance of one: 4 standard errors of the mean are 0.087, and 1/7 what ddof does
    np.testing.assert_allclose(np.mean(squares, axis=0) / [1, 4], 1, atol=0.087)
