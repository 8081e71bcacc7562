"""Roots of H(t) = target on toy functions whose extrema are known."""

import numpy as np
import pytest

from rmt_gates.mean_field.level_roots import (
    Knots,
    _below_zero,
    _cubic_weights,
    _hermite_start,
    crossings,
    monotone_knots,
    solve_crossings,
)


def solve(function, grid, row, target):
    row, target = np.asarray(row), np.asarray(target, float)
    knots = monotone_knots(function, np.atleast_2d(grid))
    which, piece = crossings(knots, row, target)
    t, converged = solve_crossings(function, knots, row[which], piece, target[which])
    assert converged.all() and converged.dtype == bool
    return which, t


def cubic(t, rows):
    return t**3 - 3 * t, 3 * t**2 - 3


GRIDS = [np.linspace(-3, 3, 7), np.linspace(-2.7, 3.1, 9), np.linspace(-3, 3, 101)]


@pytest.mark.parametrize("grid", GRIDS, ids=len)
def test_extrema_become_knots(grid):
    knots = monotone_knots(cubic, grid[None])
    assert np.all(np.diff(knots.t[0]) >= 0)
    for extremum in (-1.0, 1.0):
        assert np.abs(knots.t[0] - extremum).min() < 1e-15
    np.testing.assert_array_equal(knots.H, cubic(knots.t, None)[0])
    np.testing.assert_array_equal(knots.slope, cubic(knots.t, None)[1])


def test_an_extremum_in_every_interval():
    """The first and the last included, and each in its own."""

    def wave(t, rows):
        return np.cos(np.pi * t), -np.pi * np.sin(np.pi * t)

    grid = np.arange(0.6, 6)
    knots = monotone_knots(wave, grid[None])
    np.testing.assert_allclose(knots.t[0, 1::2], [1, 2, 3, 4, 5], rtol=1e-15)
    np.testing.assert_array_equal(knots.t[0, ::2], grid)
    _, t = solve(wave, grid, [0], [0.0])
    np.testing.assert_allclose(t, [1.5, 2.5, 3.5, 4.5, 5.5], rtol=1e-15)


@pytest.mark.parametrize("grid", GRIDS, ids=len)
def test_cubic(grid):
    target = [0.0, 1.0, 2 - 1e-12, 2 + 1e-12, -2 + 1e-12, -2 - 1e-12, -5.0]
    which, t = solve(cubic, grid, np.zeros(7, int), target)
    assert np.bincount(which, minlength=7).tolist() == [3, 3, 3, 1, 3, 1, 1]
    for i, goal in enumerate(target):
        mine, exact = np.sort(t[which == i]), np.sort(np.roots([1, 0, -3, -goal]))
        exact = exact[np.abs(exact.imag) < 1e-8].real
        if 1.99 < abs(goal) < 2.01:  # a double root, nearly: its distance to ±1 is √(1e-12/3)
            at = np.sign(goal)
            d = np.sqrt(1e-12 / 3)
            pair = [-at - d, -at + d] if len(mine) == 3 else []
            expected = np.sort([*pair, 2 * at])
            np.testing.assert_allclose(mine, expected, rtol=0, atol=1e-9)
        else:
            np.testing.assert_allclose(mine, exact, rtol=0, atol=4e-15)
        np.testing.assert_allclose(cubic(mine, None)[0], goal, rtol=0, atol=4e-15)


@pytest.mark.parametrize("power", [2, 4])
def test_tangency(power):
    """A minimum between two grid points: touched by no crossing, passed by two."""
    place = 0.123456789

    def well(t, rows):
        return (t - place) ** power, power * (t - place) ** (power - 1)

    grid = np.linspace(-1, 1, 6)
    for depth in (1e-13, 1e-3):
        which, t = solve(well, grid, [0, 0, 0], [depth, 0.0, -depth])
        assert which.tolist() == [0, 0] and t[0] < place < t[1]
        np.testing.assert_allclose(well(t, None)[0], depth, rtol=0, atol=5e-15)
    reach = 1e-3 ** (1 / power)
    np.testing.assert_allclose(t, [place - reach, place + reach], rtol=0, atol=2e-15)


@pytest.mark.parametrize("height", [1e-11, 1e-12, 1e-13])
@pytest.mark.parametrize("level", [1.0, -100.0])
def test_beside_a_flat_extremum(height, level):
    """H is known to its rounding only: a root within that rounding is a root."""

    def rounded(t, rows):
        return level + abs(level) * (t - 0.1) ** 2, 2 * abs(level) * (t - 0.1)

    which, t = solve(rounded, np.linspace(-1, 1, 6), [0], [level + abs(level) * height])
    assert which.tolist() == [0, 0] and t[0] < 0.1 < t[1]
    np.testing.assert_allclose((t - 0.1) ** 2, height, rtol=0, atol=5e-15)


@pytest.mark.parametrize("level", [-100.0, -1.0, 1.0, 100.0])
@pytest.mark.parametrize("side", [-1, 1])
def test_a_plateau_holds_no_root(side, level):
    """H comes to the target from one side, and then differs from it by rounding alone."""
    noise = 1.5e-15 * abs(level)

    def plateau(t, rows):
        H = level + side * np.exp(-t) + noise * np.sign(np.sin(5 * t))
        return np.where(t > 37, H, level + side * np.exp(-t)), -side * np.exp(-t)

    grid = np.linspace(0, 60, 200)
    which, _ = solve(plateau, grid, [0], [level])
    assert not len(which)
    which, t = solve(plateau, grid, [0], [level + side * 1e-3])
    np.testing.assert_allclose(t, np.log(1e3), rtol=1e-9)


@pytest.mark.parametrize("power, exact", [(3, True), (3, False), (5, False)])
def test_a_root_where_the_slope_vanishes(power, exact):
    """Newton's method closes in by a constant factor a round; on the root itself it has 0/0."""
    root = 0.0 if exact else 0.1

    def flat(t, rows):
        return (t - root) ** power, power * (t - root) ** (power - 1)

    _, t = solve(flat, np.array([-1.0, 1.0]), [0], [0.0])
    np.testing.assert_allclose(t, [root], rtol=0, atol=0 if exact else 1e-7)


def test_outside_its_step_a_function_may_be_flat():
    def ramp(t, rows):
        s = 200 * (t - 0.3)
        return np.clip(s, -1, 1), np.where(np.abs(s) < 1, 200.0, 0.0)

    _, t = solve(ramp, np.array([-4.0, 4.0]), [0, 0], [0.5, -0.25])
    np.testing.assert_allclose(t, 0.3 + np.array([0.5, -0.25]) / 200, rtol=0, atol=1e-15)


def test_monotone_functions_keep_their_grid():
    def rising(t, rows):
        return np.sinh(t), np.cosh(t)

    grid = np.linspace(-5, 5, 4)
    knots = monotone_knots(rising, grid[None])
    np.testing.assert_array_equal(knots.t, grid[None])
    np.testing.assert_array_equal(knots.slope, np.cosh(grid)[None])
    which, t = solve(rising, grid, [0, 0, 0, 0], [2.0, -70.0, 75.0, -75.0])
    assert which.tolist() == [0, 1]
    np.testing.assert_allclose(t, np.arcsinh([2.0, -70.0]), rtol=1e-15)


def test_falling_and_steep():
    """Newton alone would leave the bracket: tanh is flat on both sides of its step."""

    def step(t, rows):
        s = 200 * (t - 0.3)
        return -np.tanh(s), -200 / np.cosh(np.clip(s, -300, 300)) ** 2

    _, t = solve(step, np.linspace(-4, 4, 4), [0, 0], [0.5, -0.999])
    np.testing.assert_allclose(t, 0.3 + np.arctanh([-0.5, 0.999]) / 200, rtol=0, atol=1e-14)


def test_rows_have_their_own_function_and_grid():
    """Rows with 0, 1 and 4 extrema inside; several targets a row, in any order."""
    frequency = np.array([0.0, 1.0, 3.0])

    def wave(t, rows):
        w = frequency[rows]
        return np.sin(w * t) + (w == 0) * t, w * np.cos(w * t) + (w == 0)

    grid = np.stack([np.linspace(0.1, 4, 12) + shift for shift in (0.0, 0.03, 0.06)])
    knots = monotone_knots(wave, grid)
    assert knots.t.shape == (3, 12 + 4)
    assert np.all(np.diff(knots.t, axis=1) >= 0)
    np.testing.assert_array_equal(knots.t[0, :12], grid[0])
    np.testing.assert_array_equal(knots.t[0, 12:], grid[0, -1])
    extrema = [np.pi / 2, np.pi / 6, np.pi / 2, 5 * np.pi / 6, 7 * np.pi / 6]
    for row, place in zip((1, 2, 2, 2, 2), extrema, strict=True):
        assert np.abs(knots.t[row] - place).min() < 1e-15
    row = np.array([2, 0, 1, 2])
    target = np.array([0.5, 1.5, 0.5, -2.0])
    which, piece = crossings(knots, row, target)
    t, converged = solve_crossings(wave, knots, row[which], piece, target[which])
    assert converged.all() and which.tolist() == [0, 0, 0, 0, 1, 2, 2]
    exact = np.pi / 18 * np.array([1, 5, 13, 17, 27 / np.pi, 3, 15])
    np.testing.assert_allclose(t, exact, rtol=0, atol=1e-15)


def test_a_root_on_a_knot_is_found_once():
    def line(t, rows):
        return t, np.ones_like(t)

    for grid in (np.array([-1.0, 0.0, 1.0]), np.array([-1.0, 0.5, 1.0])):
        which, t = solve(line, grid, [0], [0.0])
        assert which.tolist() == [0] and t.tolist() == [0.0]
        which, t = solve(lambda t, rows: (-t, -np.ones_like(t)), grid, [0], [0.0])
        assert which.tolist() == [0] and t.tolist() == [0.0]


def test_what_does_not_settle_is_said():
    """A function that jumps over its target between two floats is located; a NaN is not."""
    knots = Knots(*(np.array([v]) for v in ([0.0, 1.0], [-1.0, 1.0], [2.0, 2.0])))

    def broken(t, rows):
        return np.full_like(t, np.nan), np.full_like(t, np.nan)

    t, converged = solve_crossings(
        broken, knots, np.zeros(1, int), np.zeros(1, int), np.array([0.2])
    )
    assert 0 <= t[0] <= 1 and converged[0]  # bisected down to one point


def test_few_evaluations():
    """Inverse Hermite interpolation starts Newton so close that it takes a few steps."""
    calls = []

    def smooth(t, rows):
        calls.append(len(t))
        return np.exp(t), np.exp(t)

    grid = np.linspace(-3, 3, 31)
    knots = monotone_knots(lambda t, rows: (np.exp(t), np.exp(t)), grid[None])
    target = np.linspace(0.1, 15, 50)
    row = np.zeros(50, int)
    which, piece = crossings(knots, row, target)
    t, _ = solve_crossings(smooth, knots, row[which], piece, target[which])
    np.testing.assert_allclose(t, np.log(target), rtol=0, atol=1e-15)
    assert len(calls) <= 4
    start = _hermite_start(knots, row[which], piece, target[which])
    np.testing.assert_allclose(start, np.log(target), rtol=0, atol=4e-5)
    zero = np.zeros(1, int)
    for slope in (1e-9, 5e-324, 0.0):
        flat = Knots(*(np.array([v]) for v in ([0.0, 1.0], [0.0, 1.0], [slope, slope])))
        assert _hermite_start(flat, zero, zero, np.array([0.3])).tolist() == [0.5]


@pytest.mark.parametrize("sign", [1, -1])
@pytest.mark.parametrize("half", [1e-2, 1e-3, 2e-4])
def test_two_extrema_in_one_cell(half, sign):
    """Beside a cusp, wherever it lies between the grid's points, the edge cells included."""
    grid = np.arange(-10.0, 11.0) * 0.2
    place = np.linspace(-1.98, 1.98, 397)

    def cusp(t, rows):
        d = t - place[rows]
        return sign * (d**3 / 3 - half**2 * d), sign * (d**2 - half**2)

    t = np.broadcast_to(grid, (len(place), len(grid)))
    lowest = np.full((len(place), 1), -20.0)
    knots = monotone_knots(cusp, np.concatenate([lowest, t], axis=1))
    which, _ = crossings(knots, np.arange(len(place)), np.zeros(len(place)))
    np.testing.assert_array_equal(np.bincount(which), 3)


def test_cubics_between_points():
    """What is below zero between grid points is judged by a cubic: it is exact for cubics."""

    def cubic(x):
        return x**3 - 4 * x**2 + 2 * x + 0.3

    weights = _cubic_weights(np.array([0, 1, 2]))
    x = np.arange(3)[:, None] + np.linspace(0, 1, 9)
    between = np.einsum("p,cps->cs", cubic(np.arange(4.0)), weights)
    np.testing.assert_allclose(between, cubic(x), rtol=0, atol=1e-14)


def test_a_narrow_dip_is_found_wherever_it_is():
    place, width = np.linspace(1e-5, 1 - 1e-5, 61), 1e-6

    def dip(t, some):
        return np.abs(t - place[some]) - width

    zero, one, every = np.zeros(61), np.ones(61), np.arange(61)
    at, found = _below_zero(dip, zero, one, dip(zero, every), dip(one, every))
    assert found.all() and np.all(np.abs(at - place) < width)
    _, found = _below_zero(lambda t, some: dip(t, some) + 2 * width, zero, one, place, one - place)
    assert not found.any()


def test_roots_far_to_the_left():
    """The last digit of t = −50 is what t can be known to."""

    def steep(t, rows):
        s = 40 * (t + 50.3)
        return np.tanh(s), 40 / np.cosh(s) ** 2

    target = np.linspace(-0.9, 0.9, 181)
    which, t = solve(steep, np.linspace(-51, -49, 4), np.zeros(181, int), target)
    assert which.tolist() == list(range(181))
    np.testing.assert_allclose(t, -50.3 + np.arctanh(target) / 40, rtol=0, atol=2e-14)
