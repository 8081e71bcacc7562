"""Composite Gauss-Legendre panels."""

import numpy as np

from rmt_gates.gaussian.mesh import NODES_PER_PANEL, graded_points, panel_nodes


def test_polynomials_of_degree_31_are_exact_on_every_panel():
    breaks = np.array([[-1.0, -1.0, 0.5, 2.0], [0.0, 1.0, 1.0, 3.0]])
    x, w = panel_nodes(breaks)
    assert x.shape == w.shape == (2, 3 * NODES_PER_PANEL)
    for degree in (0, 1, 30, 31):
        exact = (breaks[:, -1] ** (degree + 1) - breaks[:, 0] ** (degree + 1)) / (degree + 1)
        np.testing.assert_allclose((w * x**degree).sum(axis=1), exact, rtol=1e-14)


def test_panels_between_equal_break_points_have_no_weight():
    _, w = panel_nodes(np.array([1.0, 1.0, 2.0]))
    assert np.all(w[:NODES_PER_PANEL] == 0) and np.all(w[NODES_PER_PANEL:] > 0)


def test_a_step_of_width_one_in_a_million_takes_few_panels():
    points = graded_points(1e6)
    assert points.size == 27
    x, w = panel_nodes(np.clip(points, -1e6, 1e6))
    assert abs(w @ np.tanh(x) ** 2 / (2e6 - 2) - 1) < 1e-14


def test_graded_points_are_symmetric_and_reach_beyond_the_scale():
    np.testing.assert_array_equal(graded_points(1e-9), [-1, 0, 1])
    np.testing.assert_array_equal(graded_points(5.0), [-12.25, -3.5, -1, 0, 1, 3.5, 12.25])
    for scale in (1.0, 8.9, 16.0, 1e5):
        assert graded_points(scale)[-1] >= scale
