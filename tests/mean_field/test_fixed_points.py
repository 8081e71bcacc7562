"""All roots of (10): none missed, none wrong, arrays like scalars, and the record they come in."""

import dataclasses
import re

import mpmath as mp
import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

import rmt_gates as rg
from rmt_gates.mean_field import fixed_points as module
from rmt_gates.mean_field.fixed_points import FixedPoint, FixedPoints
from rmt_gates.results import Status

PARAMETERS = ("a_h", "a_z", "a_r", "b_h", "b_z", "b_r", "v_h", "v_z", "v_r")


def mp_average(f, mean, variance):
    """E f by the trapezoidal rule, 40 digits: the error is e^{−2πd/h}, d the distance of a pole."""
    sd = mp.sqrt(variance)
    h = min(mp.mpf(1) / 10, mp.mpf("0.09") / (sd + mp.mpf("1e-30")))
    n = int(mp.ceil(11 / h))
    total = weight = mp.mpf(0)
    for j in range(-n, n + 1):
        w = mp.exp(-((j * h) ** 2) / 2)
        total += w * f(mean + sd * j * h)
        weight += w
    return total / weight


def oracle(p, C):
    """F(C) of (10) with 40 digits, for tanh; exact decimal values of the floats."""
    with mp.workdps(40):
        p = {k: mp.mpf(float(p.get(k, 0.0))) for k in PARAMETERS}
        C = mp.mpf(float(C))
        r2 = mp_average(
            lambda x: (1 / (1 + mp.exp(-x))) ** 2, p["b_r"], p["a_r"] ** 2 * C + p["v_r"]
        )
        V = p["a_h"] ** 2 * C * r2 + p["v_h"]
        return mp_average(lambda x: mp.tanh(x) ** 2, p["b_h"], V)


HARD = [
    {"a_h": 1.8, "a_r": 8.15698},  # just beyond the fold
    {"a_h": 2.0001, "a_r": 2.0001 * 2**0.5},  # the tricritical line
    {"a_h": 2 + 1e-9, "a_r": 1.0},  # C_h ~ 1e-9
    {"a_h": 1.9, "a_r": 300},  # C_h ~ 1/a_r²
    {"a_h": 100, "a_r": 30},
    {"a_h": 2.5, "a_r": 4, "b_r": 0.5, "b_h": 0.3, "v_h": 0.1, "v_r": 0.2},
    {"a_h": 0.7, "b_h": 1e-3, "b_r": -3, "v_r": 4},
    {"a_h": 0, "v_h": 0.3, "b_h": -0.2},
]


@pytest.mark.parametrize("parameters", HARD, ids=str)
def test_residual_by_the_40_digit_oracle(parameters):
    points = rg.fixed_points(rg.GRU(**parameters))
    zero_bias = not (parameters.get("b_h") or parameters.get("v_h"))
    assert np.all(points.status == Status.OK)
    assert (points.C_h[0] == 0) == zero_bias and points.C_h[-1] > 0
    for C in points.C_h[points.C_h > 0]:
        assert abs(float((oracle(parameters, C) - mp.mpf(C)) / mp.mpf(C))) < 1e-12


@pytest.mark.parametrize("a_h", [1.5, 1.9])
def test_roots_at_one_over_the_square_of_a_large_reset_gain(a_h):
    """As a_r → ∞ the lower root tends to W/a_r², E[σ(√W x)²] = 1/a_h²."""
    x = np.linspace(-9, 9, 4001)
    w = np.exp(-x * x / 2)
    W = np.geomspace(1e-2, 1e4, 100_001)
    edges = np.flatnonzero(np.diff(np.sign([moment(v, x, w) - a_h**-2 for v in W[::1000]])))
    assert len(edges) == 1
    low, high = W[::1000][edges[0]], W[::1000][edges[0] + 1]
    for _ in range(60):
        middle = 0.5 * (low + high)
        low, high = (middle, high) if moment(middle, x, w) < a_h**-2 else (low, middle)
    for a_r in (1e4, 1e6):
        points = rg.fixed_points(rg.GRU(a_h=a_h, a_r=a_r))
        assert points.count == 3 and np.all(points.status == Status.OK)
        assert points.C_h[1] * a_r**2 == pytest.approx(low, rel=1e5 / a_r**2 + 1e-10)


def moment(W, x, w):
    return (1 / (1 + np.exp(-np.clip(np.sqrt(W) * x, -700, 700)))) ** 2 @ w / w.sum()


@pytest.mark.parametrize("activation", ["tanh", "hardtanh"])
def test_strong_gains(activation):
    """a_h → ∞: φ is a sign, C = 1 − O(1/a_h)."""
    points = rg.fixed_points(rg.GRU(a_h=[100.0, 1e6], a_r=1e4, activation=activation))
    assert points.count.tolist() == [2, 2] and np.all(points.status == Status.OK)
    missing = (1 - points.C_h[:, 1]) * [100.0, 1e6]
    # E[1−φ²] = p_y(0)∫(1−φ²) = c/(√(2π) a_h √C_y), C_y → 1/2
    c = {"tanh": 2.0, "hardtanh": 4 / 3}[activation]
    np.testing.assert_allclose(missing, c / np.sqrt(np.pi), rtol=2e-2)
    assert missing[1] == pytest.approx(c / np.sqrt(np.pi), rel=6e-5)


def test_saturated_units():
    """φ² = r = 1 to the last digit: C_h = 1, and Var y is all that the weights can give."""
    points = rg.fixed_points(rg.GRU(a_h=0.5, b_h=7, b_r=50, activation="hardtanh"))
    np.testing.assert_allclose(points.C_h, [1], rtol=1e-15)


def test_a_model_without_a_level_parameter():
    """Reset after the matrix: no gain can be split off, and every model is its own target."""
    points = rg.fixed_points(rg.GRU(a_h=[3.0, 3.0, 1.8], a_r=[10.0, 1.0, 10.0], reset="after"))
    assert points.count.tolist() == [2, 2, 1]
    np.testing.assert_allclose(points.C_h[:2, 1], [0.2839013521, 0.3353362845], rtol=3e-10)


def test_zero_is_listed_if_and_only_if_the_state_has_no_bias():
    for gates in ({}, {"b_z": 1, "v_z": 2}, {"b_r": -1, "v_r": 3, "a_r": 2}, {"a_z": 4}):
        points = rg.fixed_points(rg.GRU(a_h=1.1, **gates))
        assert points.C_h.tolist() == [0.0] and points.status.tolist() == [Status.OK]
    for bias in ({"b_h": 1e-6}, {"v_h": 1e-12}, {"b_h": -0.5, "v_h": 2}):
        points = rg.fixed_points(rg.GRU(a_h=1.1, **bias))
        assert points.count == 1 and points.C_h[0] > 0
        assert points.residual[0] <= 1e-12 * points.C_h[0]


@pytest.mark.parametrize("b_h", [1e-9, 2.0**-52, 1e-30])
def test_a_bias_by_rounding(b_h):
    """The middle of np.arange(-1, 1, 0.1): C ≈ b_h²/(1 − a_h²/4), or nothing beside 0."""
    points = rg.fixed_points(rg.GRU(a_h=1, b_h=b_h))
    assert points.count == 1
    np.testing.assert_allclose(points.C_h, b_h**2 / 0.75, rtol=1e-9, atol=1e-290)


def test_zero_with_disordered_gates_is_stable_by_rho():
    """ρ² = a_h² E[r²] with v_r > 0: not the disc's 1+e^{−b_r}."""
    x = np.linspace(-9, 9, 4001)
    w = np.exp(-x * x / 2)
    critical = moment(5.0, x, w) ** -0.5
    points = rg.fixed_points(rg.GRU(a_h=critical * np.array([1 - 1e-9, 1 + 1e-9]), v_r=5))
    assert points.stable[:, 0].tolist() == [True, False] and 1.4 < critical < 1.9
    np.testing.assert_allclose(points.rho[:, 0], [1 - 1e-9, 1 + 1e-9], rtol=1e-12)


# -- nothing missed, for random parameters ------------------------------------------------------
def some(low, high):
    """Zero, or a value on a logarithmic scale."""
    return st.one_of(st.just(0.0), st.floats(np.log(low), np.log(high)).map(np.exp))


MODELS = st.fixed_dictionaries(
    {
        "a_h": st.one_of(some(0.05, 100.0), st.floats(1.4, 2.2)),
        "a_r": some(1e-2, 1e4),
        "b_h": st.one_of(st.just(0.0), st.floats(-2, 2).filter(lambda b: abs(b) > 1e-9)),
        "b_r": st.one_of(st.just(0.0), st.floats(-4, 4)),
        "v_h": some(1e-8, 4.0),
        "v_r": some(1e-4, 1e2),
        "activation": st.sampled_from(["tanh", "hardtanh"]),
    }
)


@given(MODELS)
@example({"a_h": 1.8, "a_r": 8.1569771, "v_h": 0.0, "b_h": 0.0})
@example({"a_h": 1.99, "a_r": 3.3555366})
@example({"a_h": 1.7, "a_r": 1e4, "b_r": -0.1})
@example({"a_h": 1.79, "a_r": 30.0, "v_h": 1e-6})  # three roots and no zero
@settings(max_examples=40)
def test_every_sign_change_is_in_the_list(parameters):
    model = rg.GRU(**parameters)
    points = rg.fixed_points(model)
    C = points.C_h
    assert np.all(points.status == Status.OK)
    assert np.all(np.diff(C) > 0) and np.all(C >= 0)
    saturated = model.activation == "hardtanh" and abs(model.b_h) >= 1  # 1 to the last digit
    assert np.all(C <= 1 + 4e-16 if saturated else C < 1)
    assert np.all(points.residual <= 1e-12 * np.maximum(C, 1e-10))
    assert (0 in C) == (model.b_h == 0 and model.v_h == 0)

    grid = np.concatenate([np.geomspace(1e-10, 0.5, 1500), 1 - np.geomspace(0.5, 1e-8, 300)[1:]])
    difference = model.fixed_point_map(grid) - grid
    # sides closer than rounding belong to no one
    clear = np.abs(difference) > 1e-11 * grid
    grid, difference = grid[clear], difference[clear]
    inside = np.searchsorted(C, grid[1:]) - np.searchsorted(C, grid[:-1])
    changes = difference[:-1] * difference[1:] < 0
    np.testing.assert_array_equal(inside % 2, changes)
    # the map is bounded: it ends below the diagonal, and the largest root is in sight
    assert difference[-1] < 0 or C[-1] > grid[-1]


@given(MODELS)
@settings(max_examples=20)
def test_symmetry_and_irrelevant_parameters(parameters):
    """b_h → −b_h changes nothing, the update gate neither."""
    points = rg.fixed_points(rg.GRU(**parameters))
    mirrored = {**parameters, "b_h": -parameters["b_h"], "a_z": 3.0, "b_z": -1.0, "v_z": 0.5}
    others = rg.fixed_points(rg.GRU(**mirrored))
    np.testing.assert_allclose(others.C_h, points.C_h, rtol=1e-10)
    np.testing.assert_allclose(others.rho, points.rho, rtol=1e-9, atol=1e-300)


# -- arrays -------------------------------------------------------------------------------------
def test_arrays_agree_with_scalar_calls():
    fields = {
        "a_h": np.array([[1.8], [3.0], [0.5], [2.0]]),
        "a_r": np.array([10.0, 1.0, 20.0]),
        "b_h": np.array([[0.0], [0.0], [0.2], [0.0]]),
        "v_r": np.array([0.0, 0.3, 0.0]),
        "v_z": 0.7,
        "a_z": np.array([1.0, 0.0, 3.0]),
        "b_z": np.array([0.5, -0.5, 0.0]),
    }
    points = rg.fixed_points(rg.GRU(**fields))
    assert points.C_h.shape == points.stable.shape == points.status.shape == (4, 3, 3)
    assert points.count.shape == (4, 3)
    full = {k: np.broadcast_to(v, (4, 3)) for k, v in fields.items()}
    for i in np.ndindex(4, 3):
        one = rg.fixed_points(rg.GRU(**{k: float(v[i]) for k, v in full.items()}))
        n = one.count
        assert type(n) is int and points.count[i] == n
        for name in ("C_h", "rho", "spectral_radius", "stable"):
            np.testing.assert_allclose(
                getattr(points, name)[i][:n], getattr(one, name), rtol=1e-13, err_msg=name
            )
        for name in ("C_h", "rho", "spectral_radius", "residual"):
            assert np.isnan(getattr(points, name)[i][n:]).all()
        assert np.all(points.residual[i][:n] <= 1e-12 * np.maximum(one.C_h, 1e-300))
        assert not points.stable[i][n:].any()
        assert points.status[i].tolist() == [Status.OK] * n + [Status.ABSENT] * (3 - n)
        assert points.message[i].tolist() == [Status(s).sentence for s in points.status[i]]


def test_large_batches_are_cut_into_parts(monkeypatch):
    rng = np.random.default_rng(0)
    model = rg.GRU(a_h=rng.uniform(1.5, 3, 300), a_r=rng.uniform(0, 20, 300).round(1))
    whole = rg.fixed_points(model)
    monkeypatch.setattr(module, "CHUNK", 500)
    parts = rg.fixed_points(model)
    np.testing.assert_allclose(parts.C_h, whole.C_h, rtol=1e-11)
    np.testing.assert_array_equal(parts.status, whole.status)
    one = rg.GRU(a_h=np.linspace(1.5, 3, 60), a_r=10)  # one H, many levels
    monkeypatch.setattr(module, "CHUNK", 100)
    parts = rg.fixed_points(one)
    monkeypatch.undo()
    np.testing.assert_array_equal(parts.C_h, rg.fixed_points(one).C_h)


def test_a_batch_in_which_one_root_is_all():
    assert rg.fixed_points(rg.GRU(a_h=[0.5, 0.6])).C_h.tolist() == [[0.0], [0.0]]


def test_max_roots():
    model = rg.GRU(a_h=[1.8, 1.0], a_r=10)
    points = rg.fixed_points(model, max_roots=5)
    assert points.C_h.shape == (2, 5) and points.count.tolist() == [3, 1]
    np.testing.assert_array_equal(points.C_h[:, :3], rg.fixed_points(model).C_h)
    assert np.all(points.status[:, 3:] == Status.ABSENT)
    assert rg.fixed_points(model, max_roots=np.int64(3)).C_h.shape == (2, 3)
    assert rg.fixed_points(rg.GRU(a_h=1), max_roots=1).C_h.tolist() == [0.0]
    padded = rg.fixed_points(rg.GRU(a_h=3), max_roots=5)  # what is absent is not there to index
    assert padded.C_h.shape == (5,) and len(padded) == 2
    assert padded[-1].C_h == padded[1].C_h == padded.C_h[1]
    with pytest.raises(IndexError, match="there are 2 fixed points, and none with index 2"):
        padded[2]
    message = "max_roots=2 is too small: one model has 3 fixed points"
    with pytest.raises(ValueError, match=f"^{message}$"):
        rg.fixed_points(model, max_roots=2)
    for bad in (0, -1, 2.0, "3"):
        message = f"max_roots must be a positive integer or None, got {bad!r}"
        with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
            rg.fixed_points(model, max_roots=bad)


def test_not_a_model():
    message = "model must be a parameter record such as rg.GRU(a_h=3), got float"
    with pytest.raises(TypeError, match=f"^{re.escape(message)}$"):
        rg.fixed_points(3.0)


# -- the record ---------------------------------------------------------------------------------
def test_scalar_record():
    model = rg.GRU(a_h=1.8, a_z=1, a_r=10)
    points = rg.fixed_points(model)
    assert len(points) == points.count == 3
    for i in (0, 1, 2, -1):
        one = points[i]
        assert isinstance(one, FixedPoint) and one.model is model
        assert one.C_h == points.C_h[i] and type(one.C_h) is float
        assert one.rho == points.rho[i] and type(one.rho) is float
        assert one.stable is bool(points.stable[i])
        assert one.status is Status.OK and one.message == Status.OK.sentence
        assert one.spectral_radius == pytest.approx(points.spectral_radius[i], rel=1e-14)
        assert one.residual == pytest.approx(points.residual[i], abs=1e-16)
        assert type(one.spectral_radius) is type(one.residual) is float
        assert one.kind == "fixed point" and one.moment is None
    assert points[-3].C_h == 0
    for beyond in (3, -4):
        message = f"there are 3 fixed points, and none with index {beyond}"
        with pytest.raises(IndexError, match=f"^{message}$"):
            points[beyond]
    with pytest.raises(TypeError, match=r"^index one fixed point by an integer, got 'a'$"):
        points["a"]
    assert points.message.tolist() == [Status.OK.sentence] * 3
    with pytest.raises(dataclasses.FrozenInstanceError):
        points.C_h = 0


def test_reprs():
    points = rg.fixed_points(rg.GRU(a_h=1.5, b_z=1))
    assert repr(points) == "FixedPoints(C_h=[0.], rho=[0.75], stable=[ True])"
    assert repr(points[0]) == "FixedPoint(C_h=0, rho=0.75, stable=True, status=OK)"


def test_residual_is_the_distance_from_the_map():
    model = rg.GRU(a_h=3)
    wrong = FixedPoint(model, 0.25, 1.0, False)
    assert wrong.residual == pytest.approx(abs(model.fixed_point_map(0.25) - 0.25), rel=1e-14)
    assert wrong.residual > 0.01 and wrong.status is Status.OK
    several = FixedPoints(
        model, np.array([0.25, np.nan]), np.ones(2), np.zeros(2, bool), np.array([0, 1])
    )
    np.testing.assert_allclose(several.residual, [wrong.residual, np.nan], rtol=1e-14)
    assert several.count == 1


def test_a_root_that_did_not_converge_says_so():
    status = np.array([Status.OK, Status.NOT_CONVERGED])
    points = FixedPoints(
        rg.GRU(a_h=3), np.array([0, np.nan]), np.array([1.5, np.nan]), np.zeros(2, bool), status
    )
    assert points.count == 2 and points[1].status is Status.NOT_CONVERGED
    assert points[1].message == points.message[1] == Status.NOT_CONVERGED.sentence


def test_a_root_that_did_not_converge_has_no_value(monkeypatch):
    """A root is known to be there, but not where."""
    model = rg.GRU(a_h=1.8, a_r=10)
    exact = rg.fixed_points(model)
    solve = module.solve_crossings

    def lose_the_last(*arguments):
        t, converged = solve(*arguments)
        converged[-1] = False
        return t, converged

    monkeypatch.setattr(module, "solve_crossings", lose_the_last)
    points = rg.fixed_points(model)
    assert points.count == 3
    assert points.status.tolist() == [Status.OK, Status.OK, Status.NOT_CONVERGED]
    np.testing.assert_array_equal(points.C_h, [*exact.C_h[:2], np.nan])
    np.testing.assert_array_equal(points.rho, [*exact.rho[:2], np.nan])
    assert np.isnan(points.spectral_radius[2]) and not points.stable[2]


@pytest.mark.parametrize(
    "model", [rg.Vanilla(a_h=1), rg.GRU(a_h=2), rg.GRU(a_h=2, reset="after"), rg.LSTM(a_h=2)]
)
def test_at_the_transition_no_fixed_point_is_stable(model):
    """Whatever the last digit of ρ, 1 − 1e-16 for reset after; and 1e-13 below it is."""
    zero = rg.fixed_points(model)[0]
    assert zero.rho == pytest.approx(1, abs=2e-15) and zero.stable is False
    around = model.replace(a_h=model.a_h * (1 + np.array([-1e-13, -1e-15, 1e-13])))
    assert rg.fixed_points(around).stable[:, 0].tolist() == [True, False, False]


def test_cannot_be_unpacked():
    points = rg.fixed_points(rg.GRU(a_h=3))
    message = re.escape("a FixedPoints record cannot be unpacked: use [i] and len()")
    with pytest.raises(TypeError, match=f"^{message}$"):
        _, _ = points


def test_arrays_have_no_single_points():
    points = rg.fixed_points(rg.GRU(a_h=[3.0]))
    message = (
        "these fixed points belong to a model with array fields: "
        "index the arrays .C_h, .rho, … instead"
    )
    for use in (len, lambda p: p[0]):
        with pytest.raises(TypeError, match=f"^{message}$"):
            use(points)


def test_to_dataset():
    points = rg.fixed_points(rg.GRU(a_h=[[1.8, 3.0]], a_r=10))
    dataset = points.to_dataset()
    assert dataset.C_h.dims == ("dim_0", "dim_1", "root")
    assert set(dataset) == {"C_h", "rho", "spectral_radius", "stable", "residual", "status"}
    for name in dataset:
        np.testing.assert_array_equal(dataset[name], getattr(points, name))
    assert dataset.attrs["model"] == repr(points.model)
    assert rg.fixed_points(rg.GRU(a_h=3)).to_dataset().C_h.dims == ("root",)


def test_unit_of_a_fixed_point():
    point = rg.fixed_points(rg.GRU(a_h=3, a_z=1, a_r=2))[1]
    assert point.unit is point.unit and len(point.unit) == 2**14
    assert point.unit.expect(lambda u: u["h"] ** 2) == pytest.approx(point.C_h, rel=2e-4)
