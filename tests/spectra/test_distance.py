"""Distances to a curve, against a polygon of so many points that the nearest is the distance."""

from types import SimpleNamespace

import numpy as np
import pytest

from rmt_gates.spectra.distance import distance_to_curve

CURVE = SimpleNamespace(
    x=np.array([-1.0, -0.5, 0.25, 0.25, 2.0]), y=np.array([0.0, 0.75, 0.5, 0.5, 0.0])
)


def test_distance_to_a_polygon():
    """On both sides of it and of the real axis, beyond its ends; a repeated point is no trouble."""
    rng = np.random.default_rng(0)
    lam = rng.uniform(-2, 3, 200) + 1j * rng.uniform(-1.5, 1.5, 200)
    corners = CURVE.x + 1j * CURVE.y
    dense = np.interp(np.linspace(0, 4, 40_001), np.arange(5), corners)
    # to half of its step
    direct = np.abs(lam[:, None] - dense).min(axis=1)
    mirrored = np.abs(lam[:, None] - dense.conj()).min(axis=1)
    found = distance_to_curve(CURVE, lam)
    np.testing.assert_allclose(
        found, np.minimum(direct, mirrored), atol=1e-4
    )  # half a step of the dense polygon


def test_known_distances():
    """To a corner, to an end, along the normal of a side; of no points none."""
    lam = np.array([-0.5 + 1j, -2.0, 3.0, 0.0j, 0.25 - 0.5j])
    found = distance_to_curve(CURVE, lam)
    assert found[[0, 1, 2, 4]] == pytest.approx([0.25, 1.0, 1.0, 0.0], abs=1e-15)
    # from 0 the nearest point lies on the second side, x + 3y = 7/4
    assert found[3] == pytest.approx(1.75 / np.sqrt(10), rel=1e-15)
    assert distance_to_curve(CURVE, np.zeros(0, complex)).shape == (0,)
