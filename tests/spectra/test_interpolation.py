"""Interpolation inside the support against every λ solved."""

import numpy as np
import pytest

import rmt_gates as rg
from rmt_gates.spectra import interpolation as module
from rmt_gates.spectra.resolvent import solve

RTOL = 1e-4


@pytest.fixture(scope="module")
def lstm():
    """A sample for which all is cheap, and points around its support, of both half planes."""
    unit = rg.fixed_points(rg.LSTM(a_h=3, a_f=1, a_i=1, a_o=1))[-1].unit
    unit = unit.rows(np.random.default_rng(0).choice(len(unit), 900, p=unit.weights))
    rng = np.random.default_rng(1)
    lam = rng.uniform(-0.6, 1.3, 6000) + 1j * rng.uniform(-0.7, 0.7, 6000)
    return unit, lam, solve(unit, lam)


def test_error_is_below_rtol_and_its_estimate(lstm):
    unit, lam, exact = lstm
    found = rg.resolvent(unit, lam, rtol=RTOL)
    wrong = np.abs(found.density - exact.density)
    rough = found.error == 0
    assert (~rough)[exact.inside].mean() > 0.3 and 0.1 < exact.inside.mean() < 0.9
    assert np.array_equal(found.inside, exact.inside) and not found.status.any()
    assert wrong.max() <= RTOL * exact.density.max()
    assert np.abs(found.G - exact.G).max() <= RTOL * np.abs(exact.G).max()
    assert (wrong[~rough] <= found.error[~rough]).mean() > 0.99
    assert found.error.max() <= RTOL * exact.density.max()
    # where it says that it has solved, it has
    np.testing.assert_allclose(found.density[rough], exact.density[rough], rtol=1e-7)


def test_several_unknowns(random_unit):
    """The GRU with both gates, on the units of a network: less is smooth, and more is solved."""
    unit = random_unit(200, seed=3)
    curve = rg.spectral_curve(unit)
    rng = np.random.default_rng(2)
    lam = rng.uniform(curve.x[0], curve.x[-1], 5200) + 1j * rng.uniform(0, curve.y.max(), 5200)
    found, exact = rg.resolvent(unit, lam, rtol=RTOL), solve(unit, lam)
    assert np.array_equal(found.inside, exact.inside) and (found.error > 0).mean() > 0.1
    assert np.abs(found.density - exact.density).max() <= RTOL * exact.density.max()
    assert np.abs(found.G - exact.G).max() <= 2 * RTOL * np.abs(exact.G).max()


def test_a_larger_rtol_interpolates_more(lstm):
    unit, lam, _ = lstm
    fine, rough = ((rg.resolvent(unit, lam, rtol=r).error > 0).mean() for r in (1e-5, 1e-3))
    assert fine < rough


def test_few_points_are_solved(lstm):
    unit, lam, exact = lstm
    found = rg.resolvent(unit, lam[:50], rtol=RTOL)
    assert not found.error.any()
    np.testing.assert_allclose(found.G, exact.G[:50], rtol=1e-8)


def test_coordinates_of_the_support():
    """Points come back from their coordinates; the boundary is q = 1, beyond it too."""
    curve = rg.spectral_curve(rg.fixed_points(rg.GRU(a_h=3, a_z=1, a_r=2))[-1])
    support = module.SupportCoordinates(curve)
    theta, q = np.meshgrid(np.linspace(0.1, 3.0, 7), np.linspace(0.01, 1, 5))
    lam = support.point(theta, q)
    for point in (lam, lam.conj()):
        for found, given in zip(support.coordinates(point), (theta, q), strict=True):
            np.testing.assert_allclose(found, given, atol=1e-7)
    np.testing.assert_allclose(curve.S(lam[-1]), 0, atol=1e-5)
    assert np.all(support.coordinates(lam[-1] * 1.5)[1] >= support.coordinates(lam[-1])[1])


def test_field_knows_its_error():
    """Of a smooth function the estimate bounds the error; beyond the mesh it is infinite."""
    x, y = np.linspace(0, 1, 21), np.linspace(0, 1, 17)

    def f(x, y):
        return np.exp(x) * np.cos(5 * y) + np.abs(x - 0.5) ** 3

    field = module.Field(x, y, f(x[:, None], y))
    rng = np.random.default_rng(0)
    p, q = rng.uniform(0, 1, (2, 500))
    wrong = np.abs(field.spline(p, q, grid=False) - f(p, q))
    assert np.all(wrong <= field.error(p, q)) and field.error(p, q).max() < 1e-3
    assert np.isinf(field.error(np.array([-0.1, 0.5]), np.array([0.5, 1.1]))).all()


@pytest.mark.parametrize("rtol", [-1e-3, 1.0, "small", np.nan])
def test_refuses_rtol(lstm, rtol):
    with pytest.raises(ValueError, match="rtol must lie between 0"):
        rg.resolvent(lstm[0], 0.5, rtol=rtol)


def test_every_cell_near_a_bad_node_is_told():
    """Where the half mesh is wrong at one node, its neighbours are not trusted either."""
    x, y = np.arange(13.0), np.arange(15.0)
    values = np.zeros((13, 15))
    values[5, 7] = 1.0  # left out of the half mesh, which is 0
    field = module.Field(x, y, values)
    i, j = np.meshgrid(np.arange(12), np.arange(14), indexing="ij")
    found = field.error(i.ravel() + 0.3, j.ravel() + 0.7).reshape(i.shape)
    expected = np.zeros(i.shape)
    expected[3:7, 5:9] = 1 / module.GAIN  # cells with one of the nine nodes as a corner
    np.testing.assert_allclose(found, expected, atol=1e-12)
