"""States on disk: what comes back is what was saved."""

import json
import re

import numpy as np
import pytest

import rmt_gates as rg
from rmt_gates.mean_field.fixed_points import FixedPoint
from rmt_gates.mean_field.steady_state import SteadyState


def same(a, b):
    assert type(a) is type(b) and a.model == b.model and a.kind == b.kind
    assert a.status is b.status
    for name in ("C_h", "C_h_error", "static", "seed", "note", "rho", "stable"):
        if hasattr(a, name):
            np.testing.assert_array_equal(getattr(a, name), getattr(b, name), err_msg=name)
    assert repr(a) == repr(b) and a.message == b.message
    if a.moment is None:
        assert b.moment is None
    else:
        moments = [(a.moment, b.moment)]
        for (C, moment), (C_b, moment_b) in zip(a.replicates, b.replicates, strict=True):
            assert C_b == C and type(C_b) is float
            moments.append((moment, moment_b))
        for x, y in moments:
            assert (x.mean, x.variance) == (y.mean, y.variance)
            np.testing.assert_array_equal(x.coefficients, y.coefficients)
    np.testing.assert_array_equal(a.unit["h"], b.unit["h"])


def states(sampled, biased):
    yield sampled("3,1,10")
    yield biased
    yield rg.steady_state(rg.GRU(a_h=3, a_r=10))
    yield rg.steady_state(rg.GRU(a_h=1))
    yield rg.steady_state(rg.GRU(a_h=1, v_h=0.5, activation="hardtanh"))
    yield rg.approximate_steady_state(rg.GRU(a_h=3, a_z=1, a_r=10))


def test_steady_states(sampled, biased, tmp_path):
    for i, state in enumerate(states(sampled, biased)):
        path = tmp_path / f"{i}.npz"
        assert state.save(path) is None
        loaded = rg.load(path)
        assert isinstance(loaded, SteadyState)
        same(state, loaded)
        assert rg.spectral_radius(loaded) == rg.spectral_radius(state)
        assert rg.spectral_curve(loaded).radius_error == rg.spectral_curve(state).radius_error


def test_fixed_points(tmp_path):
    for i, point in enumerate(rg.fixed_points(rg.GRU(a_h=1.8, a_z=1, a_r=10))[k] for k in range(3)):
        path = str(tmp_path / f"{i}")  # no suffix is added
        point.save(path)
        loaded = rg.load(path)
        assert isinstance(loaded, FixedPoint)
        same(point, loaded)
        assert loaded.spectral_radius == point.spectral_radius


def test_a_file_that_is_not_there(tmp_path):
    path = tmp_path / "none.npz"
    message = f"path: there is no file {str(path)!r}"
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        rg.load(path)
    with pytest.raises(ValueError, match="there is no file"):
        rg.load(tmp_path)


def write_text(path):
    path.write_text("C_h = 0.3")


def write_empty(path):
    path.write_bytes(b"")


def write_array(path):
    with open(path, "wb") as file:
        np.save(file, np.zeros(3))


def write_other_arrays(path):
    with open(path, "wb") as file:
        np.savez(file, C_h=np.zeros(3))


def write_other_header(path):
    with open(path, "wb") as file:
        np.savez(file, header=np.array("not json"))


def write_half(path):
    rg.fixed_points(rg.GRU(a_h=3))[1].save(path)
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])


@pytest.mark.parametrize(
    "write",
    [write_text, write_empty, write_array, write_other_arrays, write_other_header, write_half],
)
def test_files_that_are_no_states(write, tmp_path):
    path = tmp_path / "state.npz"
    write(path)
    message = f"path: {str(path)!r} is not a state saved by rmt_gates"
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        rg.load(path)


def test_another_schema(tmp_path):
    path = tmp_path / "state.npz"
    rg.fixed_points(rg.GRU(a_h=3))[1].save(path)
    with np.load(path) as file:
        header = json.loads(str(file["header"]))
    assert header["schema"] == 1
    header["schema"] = 7
    with open(path, "wb") as file:
        np.savez(file, header=np.array(json.dumps(header)))
    message = f"path: {str(path)!r} has schema 7, this version reads 1"
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        rg.load(path)


@pytest.mark.parametrize("header", ["[1]", "{}", '{"schema": 1}'])
def test_a_foreign_header_is_refused(tmp_path, header):
    path = tmp_path / "foreign.npz"
    np.savez(path, header=np.array(header))
    with pytest.raises(ValueError, match="is not a state saved by rmt_gates"):
        rg.load(path)
