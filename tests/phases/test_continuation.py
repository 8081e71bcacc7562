"""Curves with known equations, followed."""

import numpy as np
import pytest

from rmt_gates.phases.continuation import corrected, follow


def circle(center, radius):
    return lambda p: np.sum((p[:, :2] - center) ** 2, axis=1)[:, None] - radius**2


def test_a_closed_curve():
    """Once around, whatever the point it begins at."""
    for start in ([0.82, 0.5], [0.5, 0.19], [0.3, 0.3]):
        found = follow(circle([0.5, 0.5], 0.3), np.array(start))
        np.testing.assert_allclose(np.hypot(*(found - 0.5).T), 0.3, rtol=0, atol=1e-11)
        assert found[0].tolist() == found[-1].tolist()
        angle = np.unwrap(np.arctan2(*(found - 0.5).T))
        assert abs(abs(angle[-1] - angle[0]) - 2 * np.pi) < 1e-9
        assert (np.abs(np.diff(angle)) < 0.25).all()


@pytest.mark.parametrize("start", [[0.55, 0.35], [0.2, 0.55], [0.41, 0.44]])
def test_a_curve_ends_at_the_sides(start):
    """On the sides themselves, both ways."""
    found = follow(circle([0.0, 0.0], 0.6), np.array(start))
    ends = found[[0, -1]][np.argsort(found[[0, -1], 0])]
    np.testing.assert_allclose(ends, [[0.0, 0.6], [0.6, 0.0]], rtol=0, atol=1e-10)
    assert ends[0, 0] == 0 and ends[1, 1] == 0


def test_a_curve_in_three_unknowns():
    """A fold x = t³ − t, where the third coordinate is not a function of the others; and a stop."""

    def cusp(p):
        t = 4 * (p[:, 2] - 0.5)
        return np.stack([p[:, 0] - 0.5 - 0.3 * (t**3 / 3 - t), p[:, 1] - 0.5 - 0.2 * t], axis=-1)

    found = follow(cusp, np.array([0.5, 0.5, 0.5]))
    t = 4 * (found[:, 2] - 0.5)
    np.testing.assert_allclose(found[:, 0], 0.5 + 0.3 * (t**3 / 3 - t), rtol=0, atol=1e-10)
    assert abs(t[-1] - t[0]) > 4  # beyond both folds, to the sides
    stopped = follow(cusp, np.array([0.5, 0.5, 0.5]), lambda p: p[2] > 0.6)
    assert 0.6 < stopped[:, 2].max() < 0.65


def test_a_square_of_which_a_side_is_an_end_of_the_world():
    """Where variances are 0 nothing is asked for beyond."""

    def root(p):
        assert (p[:, 1] >= -1e-9).all()
        return p[:, :1] - 0.5 - 0.3 * np.sqrt(p[:, 1:2])

    found = follow(root, np.array([0.85, 0.3]))
    ends = np.sort(found[[0, -1], 1])
    assert ends[0] == 0 and ends[1] == 1
    np.testing.assert_allclose(found[:, 0], 0.5 + 0.3 * np.sqrt(found[:, 1]), atol=1e-10)


def test_what_has_no_solution():
    """Nothing, and no error."""
    assert corrected(lambda p: p[:, :1] ** 2 + 1, np.array([0.5, 0.5])) is None
    assert len(follow(lambda p: p[:, :1] ** 2 + 1, np.array([0.5, 0.5]))) == 0
    assert len(follow(lambda p: p[:, :1] - 2, np.array([0.5, 0.5]))) == 0  # outside the square
    assert corrected(lambda p: p[:, :1] * np.nan, np.array([0.5, 0.5])) is None


def test_rounding_of_the_equations():
    """Steps that no longer shrink are its end."""
    rng = np.random.default_rng(0)
    found = corrected(
        lambda p: p[:, :1] - 0.3 + 1e-13 * rng.normal(size=(len(p), 1)), np.array([0.5, 0.5])
    )
    assert abs(found[0] - 0.3) < 1e-12
