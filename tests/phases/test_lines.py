"""Phase lines against closed forms, theory.md's values and the fixed points themselves."""

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.interpolate import CubicSpline
from scipy.special import expit

import rmt_gates as rg


def along(curve, field, at):
    """The other coordinate of a curve where one has these values."""
    x, y = curve[:, field], curve[:, 1 - field]
    order = np.argsort(x)
    return CubicSpline(x[order], y[order])(at)


@pytest.fixture(scope="module")
def gru():
    return rg.phase_lines(rg.GRU(a_h=1), {"a_h": (1.0, 3.0), "a_r": (0, 30)})


def test_the_fold_of_the_gru(gru):
    """The line of critical_reset_gain, into the tricritical point and out of the plane."""
    (fold,) = gru.fold
    inner = fold[(fold[:, 0] < 1.9999)]
    np.testing.assert_allclose(rg.critical_reset_gain(inner[:, 0]), inner[:, 1], rtol=1e-10)
    ends = fold[np.argsort(fold[:, 0])][[0, -1]]
    assert ends[0, 1] == 30
    np.testing.assert_allclose(ends[1], [2, 2 * np.sqrt(2)], rtol=1e-8)
    (point,) = gru.tricritical
    np.testing.assert_allclose(point, [[2, 2 * np.sqrt(2)]], rtol=1e-8)


def test_where_zero_loses_stability(gru):
    """a_h = 1/σ(b_r), whatever a_r."""
    (line,) = gru.zero_stability
    np.testing.assert_allclose(line[:, 0], 2, rtol=1e-12)
    assert line[[0, -1], 1].tolist() in ([0, 30], [30, 0])
    biased = rg.phase_lines(rg.GRU(a_h=1), {"a_h": (1.0, 3.0), "b_r": (-2, 2)}, resolution=8)
    (line,) = biased.zero_stability
    np.testing.assert_allclose(line[:, 0] * expit(line[:, 1]), 1, rtol=1e-10)


def test_disordered_biases():
    """a_h² E[r²] = 1 over the drawn biases."""
    lines = rg.phase_lines(rg.GRU(a_h=1, b_r=0.3), {"v_r": (0, 4), "a_h": (1, 3)}, resolution=8)
    (line,) = lines.zero_stability
    assert line[:, 0].min() == 0
    for v, a_h in line[:: len(line) // 3]:

        def density(x, v=v):
            return expit(0.3 + np.sqrt(v) * x) ** 2 * np.exp(-(x**2) / 2) / np.sqrt(2 * np.pi)

        assert a_h**2 * quad(density, -12, 12, epsabs=1e-13)[0] == pytest.approx(1, rel=1e-9)


def test_where_marginality_ends(gru):
    """ρ = √2 of the highest fixed point, at every point of the line."""
    (line,) = gru.sqrt2
    points = rg.fixed_points(rg.GRU(a_h=line[:, 0], a_r=line[:, 1]))
    highest = points.rho[np.arange(len(line)), points.count - 1]
    np.testing.assert_allclose(highest, np.sqrt(2), rtol=1e-9)
    assert line[:, 0].max() == 3 and line[:, 1].max() == 30


def test_reset_after():
    """The same tricritical point; beside the fold there are three fixed points, or one."""
    model = rg.GRU(a_h=1, reset="after")
    lines = rg.phase_lines(model, {"a_h": (1.6, 2.4), "a_r": (1, 25)}, resolution=6)
    np.testing.assert_allclose(lines.tricritical[0], [[2, 2 * np.sqrt(2)]], rtol=1e-6)
    (fold,) = lines.fold
    for a_h, a_r in fold[1 :: len(fold) // 3]:
        if a_h < 1.99:
            count = rg.fixed_points(
                model.replace(a_h=a_h, a_r=a_r * np.array([1 - 1e-7, 1 + 1e-7]))
            )
            assert count.count.tolist() == [1, 3]


def test_lstm():
    """theory.md §8: fold values, the tricritical point at a_f = 8/√3, and a_c = (1−f)/(oi)."""
    lines = rg.phase_lines(rg.LSTM(a_h=1), {"a_h": (1.0, 2.5), "a_f": (0, 11)}, resolution=6)
    (fold,) = lines.fold
    off = along(fold, 1, [5.0, 8.0, 10.0]) - [1.9575, 1.44038, 1.11196]
    assert (np.abs(off) < [5e-5, 6e-6, 6e-6]).all()  # the last digit given, and the spline
    np.testing.assert_allclose(lines.tricritical[0], [[2, 8 / np.sqrt(3)]], rtol=1e-6)
    biased = rg.phase_lines(
        rg.LSTM(a_h=1, b_i=0.4, b_o=-0.2), {"a_h": (1, 4), "b_f": (-1, 1)}, resolution=4
    )
    (line,) = biased.zero_stability
    critical = expit(-line[:, 1]) / (expit(0.4) * expit(-0.2))
    np.testing.assert_allclose(line[:, 0], critical, rtol=1e-10)


def growth(a_i, a_f, a_o, b):
    """theory.md §8: how non-zero fixed points grow out of zero at a_c, of the LSTM."""
    f, i, o = (expit(b[k]) for k in "fio")
    a_c = (1 - f) / (o * i)
    gates = a_o**2 * (1 - o) * (2 - 3 * o) + a_i**2 * (1 - i) * (2 - 3 * i) + a_f**2 * f * (1 + f)
    return gates - 2 * a_c**2 * (1 + i**2 / (1 - f) ** 2)


@pytest.mark.parametrize("b", [{"f": 0, "i": 0, "o": 0}, {"f": 0.3, "i": -0.5, "o": 0.2}])
def test_the_tricritical_line_of_the_lstm(b):
    """a_o² + a_i² + 3a_f² = 64 at zero bias, and the growth's zero at others; a_h is critical."""
    biases = {f"b_{k}": float(value) for k, value in b.items()}
    model = rg.LSTM(a_h=1, a_o=2, **biases)
    lines = rg.phase_lines(model, {"a_i": (0, 10), "a_f": (0, 6)}, resolution=4)
    (line,) = lines.tricritical
    scale = growth(10, 6, 2, b)
    np.testing.assert_allclose(growth(line[:, 0], line[:, 1], 2, b), 0, atol=1e-6 * abs(scale))
    if not any(b.values()):
        np.testing.assert_allclose(4 + line[:, 0] ** 2 + 3 * line[:, 1] ** 2, 64, rtol=1e-6)
    assert not lines.zero_stability


def test_with_a_bias_folds_end_in_a_cusp():
    """b_h > 0: no zero, and two folds that meet."""
    model = rg.GRU(a_h=1, a_r=12)
    lines = rg.phase_lines(model, {"a_h": (1.5, 2.2), "b_h": (0.002, 0.3)}, resolution=16)
    assert not lines.zero_stability and not lines.tricritical
    (fold,) = lines.fold
    assert fold[[0, -1], 1].tolist() == [0.002, 0.002]
    cusp = int(np.argmax(fold[:, 1]))
    assert 0 < cusp < len(fold) - 1
    for a_h, b_h in fold[[cusp // 2, (cusp + len(fold)) // 2]]:
        nearby = rg.fixed_points(model.replace(a_h=a_h * np.array([1 - 1e-5, 1 + 1e-5]), b_h=b_h))
        assert sorted(nearby.count.tolist()) == [1, 3]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"model": 3}, "parameter record"),
        ({"over": {"a_h": (1, 2)}}, "two fields"),
        ({"over": {"a_h": (1, 2), "a_q": (1, 2)}}, "no field"),
        ({"over": {"a_h": (1, 1), "a_r": (1, 2)}}, "span a range"),
        ({"over": {"a_h": (-1, 1), "a_r": (1, 2)}}, "a_h must be >= 0"),
        ({"resolution": 1}, "resolution must be"),
    ],
)
def test_bad_input(change, words):
    given = {"model": rg.GRU(a_h=1), "over": {"a_h": (1, 2), "a_r": (0, 9)}}
    with pytest.raises((TypeError, ValueError), match=words):
        rg.phase_lines(**(given | change))


@pytest.mark.parametrize("side", [4, 5, 10])
def test_folds_begin_at_their_tricritical_points(side):
    """Where all of the fold lies within a cell of the coarse grid."""
    lines = rg.phase_lines(rg.GRU(a_h=1), {"a_h": (0, side), "a_r": (0, 4)})
    (fold,) = lines.fold
    np.testing.assert_allclose(fold[0], [2, 2 * np.sqrt(2)], atol=1e-7)
    a_h, a_r = fold[-1]
    assert a_r == pytest.approx(4) and rg.critical_reset_gain(a_h) == pytest.approx(4, abs=1e-8)


@pytest.mark.parametrize(
    "model, over, count",
    [
        (rg.Vanilla(a_h=1), {"a_h": (0.5, 3), "v_h": (0, 0.5)}, 1),
        (rg.Vanilla(a_h=1), {"a_h": (0.5, 3), "b_h": (-1, 1)}, 2),  # from a cusp at b_h = 0
        (rg.GRU(a_h=1, a_r=3), {"a_h": (1, 4), "b_h": (0.05, 0.5)}, 1),
        (rg.GRU(a_h=1), {"a_h": (1, 3), "a_r": (0, 20)}, 0),  # 0 is a fixed point
    ],
    ids=str,
)
def test_rest_of_a_network_with_a_bias(model, over, count):
    """ρ = 1 on the line, and its two sides are stable and not."""
    lines = rg.phase_lines(model, over)
    assert len(lines.rest_stability) == count
    for curve in lines.rest_stability:
        for a_h, other in curve[5:-5:10]:
            field = lines.fields[1]
            rho = [
                rg.fixed_points(model.replace(**{"a_h": a, field: other}))[-1].rho
                for a in (0.999 * a_h, a_h, 1.001 * a_h)
            ]
            assert rho[0] < 1 < rho[2] and rho[1] == pytest.approx(1, abs=1e-9)
    if model == rg.Vanilla(a_h=1) and "v_h" in over:
        a_h, v_h = lines.rest_stability[0].T
        # `chaos_boundary`, which finds it from the moving state
        assert np.interp(0.1, v_h, a_h) == pytest.approx(1.40928, abs=2e-4)
