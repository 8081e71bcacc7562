"""What an architecture inherits: its paths' moments and its fixed-point level."""

import numpy as np
import pytest

import rmt_gates as rg
from rmt_gates.architectures.base import mean_autocorrelation


def test_autocorrelations_are_over_all_times_and_rows():
    x = np.random.default_rng(0).normal(size=(10, 3))
    exact = [np.mean(x * np.roll(x, -k, axis=0)) for k in range(5)]
    np.testing.assert_allclose(mean_autocorrelation(x, 4), exact, rtol=0, atol=1e-15)


def test_moments_of_periodic_paths(minimal_gated_unit):
    """The unit runs through the last K steps before it is recorded, from its rest at the first."""
    K, rng = 6, np.random.default_rng(1)
    paths = {name: rng.normal(size=(2 * K, 4)) for name in ("eta", "y")}

    class Paths:
        def periodic(self, name):
            return paths[name]

    f, phi_y = 1 / (1 + np.exp(-paths["eta"])), np.tanh(paths["y"])
    h, record = phi_y[K], []
    for t in [*range(K, 2 * K), *range(2 * K)]:
        record.append((h, f[t] * h))
        h = (1 - f[t]) * h + f[t] * phi_y[t]
    features = np.array(record[K:]).swapaxes(0, 1)
    got = minimal_gated_unit(a_h=3).path_moments(Paths(), K)
    assert got.order.shape == (2, K + 1) and got.moment is None
    for row, x in zip(got.order, features, strict=True):
        np.testing.assert_allclose(row, mean_autocorrelation(x, K), rtol=0, atol=1e-15)


def test_the_feature_is_h_whatever_else_is_carried():
    """h alone, or one of several."""
    h, c = np.array([0.1, 0.2]), np.array([3.0, 4.0])
    for model, carry in ((rg.Vanilla(a_h=1), h), (rg.GRU(a_h=1), h), (rg.LSTM(a_h=1), (c, h))):
        assert len(model.features) == 1
        (value,) = model.feature_values({}, carry)
        assert value is h


@pytest.mark.parametrize(
    "parameters, scale",
    [
        ({"a_h": 0}, 1.0),
        ({"a_h": 3}, 0.1),
        ({"a_h": 1, "a_f": 2}, 0.2),
        ({"a_h": 0, "b_h": -0.1}, 0.01),
        ({"a_h": 0, "v_f": 0.2}, 0.2),
        ({"a_h": 3, "v_h": 0.02, "b_f": 0.5}, 0.02),
        ({"a_h": 3, "v_h": 4, "b_f": 5}, 0.1),
    ],
    ids=str,
)
def test_where_the_level_has_structure(minimal_gated_unit, parameters, scale):
    low, high = minimal_gated_unit(**parameters).level_bounds()
    np.testing.assert_allclose(low, np.log(1e-3 * scale), rtol=1e-14)
    assert high == 0


def test_level_by_differences(minimal_gated_unit):
    model = minimal_gated_unit(a_h=3, a_f=1.5, b_h=0.2, b_f=0.4, v_h=0.1)
    t, d = np.linspace(-6, -0.1, 9), 1e-2
    H, slope, C = model.fixed_point_level(t)
    np.testing.assert_array_equal(C, np.exp(t))
    np.testing.assert_allclose(H, np.log(model.fixed_point_map(C) / C), rtol=0, atol=1e-14)
    near = [model.fixed_point_level(t + k * d)[0] for k in (-2, -1, 1, 2)]
    numerical = (near[0] - 8 * near[1] + 8 * near[2] - near[3]) / (12 * d)
    np.testing.assert_allclose(slope, numerical, rtol=0, atol=1e-9)


@pytest.mark.parametrize("method", ["feature_values", "rest_features"])
def test_several_features_need_their_methods(method):
    class Forgetful(type(rg.Vanilla(a_h=1))):
        features = ("h", "h squared")

    arguments = ({}, 0.3) if method == "feature_values" else (0.3,)
    sentence = f"^Forgetful has the features h, h squared: implement {method} as well$"
    with pytest.raises(NotImplementedError, match=sentence):
        getattr(Forgetful(a_h=1), method)(*arguments)
