"""Three fixed points next to a cusp, where the folds of a branch are born together."""

import numpy as np
import pytest

import rmt_gates as rg

DEPTHS = (1e-2, 1e-3, 1e-4, 1e-5)  # −min dH/dlog u between the folds


def slopes(t, model, v_h):
    """dH/dt of (10) as level crossings, at points t."""
    return model.replace(v_h=np.full(len(t), v_h)).unchecked().fixed_point_level(t)[1]


def steepest_fall(model, v_h, low, high):
    """(−min dH/dt, its place), by ever finer grids."""
    for _ in range(8):
        t = np.linspace(low, high, 401)
        slope = slopes(t, model, v_h)
        i = int(np.argmin(slope))
        low, high = t[max(i - 2, 0)], t[min(i + 2, 400)]
    return -slope[i], t[i]


def near_cusp(a_r, depth):
    """A model whose H falls between two folds with slope −depth at most."""
    model = rg.GRU(a_h=2, a_r=a_r)
    low, high = 1e-7, 1.0  # v_h: a strong static input leaves one fixed point
    for _ in range(60):
        v_h = np.sqrt(low * high)
        fall, place = steepest_fall(model, v_h, -6.0, 3.0)
        low, high = (v_h, high) if fall > depth else (low, v_h)
    level = model.replace(v_h=v_h).fixed_point_level(np.array([place]))[0][0]
    return rg.GRU(a_h=float(np.exp(level / 2)), a_r=a_r, v_h=float(v_h))


@pytest.mark.parametrize("depth", DEPTHS)
@pytest.mark.parametrize("a_r", [4.0, 4.7, 6.0, 10.0, 17.3])
def test_three_roots_next_to_a_cusp(a_r, depth):
    points = rg.fixed_points(near_cusp(a_r, depth))
    assert points.count == 3
    assert np.all(points.residual <= 1e-14)


@pytest.mark.parametrize("a_r", [4.0, 6.0, 10.0])
def test_one_root_on_the_other_side(a_r):
    model = near_cusp(a_r, 1e-4)
    assert rg.fixed_points(model.replace(v_h=1.001 * model.v_h)).count == 1


def test_where_they_were_missed():
    """Both folds lie between neighbouring points of the grid in log u."""
    points = rg.fixed_points(rg.GRU(a_h=1.72187844, a_r=10, v_h=0.00201116))
    np.testing.assert_allclose(points.C_h, [0.031309, 0.032735, 0.034384], atol=1e-6)


@pytest.mark.parametrize(
    "a_h, a_r, v_h",
    [
        (1.851251, 6, 0.001451),
        (1.722883, 10, 0.001973),
        (1.549781, 30, 0.0009687),
        (1.470585, 100, 0.0002354),
    ],
)
def test_three_roots_where_two_folds_nearly_meet(a_h, a_r, v_h):
    """The extrema of H are a quarter of an e-fold apart, its values there 2e-4."""
    model = rg.GRU(a_h=a_h, a_r=a_r, v_h=v_h)
    points = rg.fixed_points(model)
    assert points.count == 3 and points.C_h[2] < 1.7 * points.C_h[0]
    between = np.sqrt(points.C_h[1:] * points.C_h[:-1])
    C = np.array([0.5 * points.C_h[0], *between, 2 * points.C_h[2]])
    assert np.sign(model.fixed_point_map(C) - C).tolist() == [1, -1, 1, -1]
