"""States on disk: what comes back is what was saved."""

import json
import re

import numpy as np
import pytest

import rmt_gates as rg
from rmt_gates.mean_field.fixed_points import FixedPoint
from rmt_gates.mean_field.steady_state import SteadyState
from rmt_gates.results import Status


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


def test_what_was_not_found_stays_not_found(tmp_path):
    """A status other than OK, and the NaN beside it."""
    path, model = tmp_path / "state.npz", rg.GRU(a_h=3)
    FixedPoint(model, np.nan, np.nan, False, Status.NOT_CONVERGED).save(path)
    point = rg.load(path)
    assert point.status is Status.NOT_CONVERGED and point.message == Status.NOT_CONVERGED.sentence
    assert np.isnan(point.C_h) and np.isnan(point.rho) and point.stable is False
    lost = np.full(4, np.nan)
    SteadyState(model, lost, lost, "chaotic", Status.WINDOW_TOO_SHORT, np.nan).save(path)
    state = rg.load(path)
    assert state.status is Status.WINDOW_TOO_SHORT and np.isnan(state.C_h).all()
    assert state.message.startswith("No state was found.") and state.replicates == ()


def test_a_state_without_conditional_moment(tmp_path):
    """Replicates of C_h alone, and the autocorrelation of a second feature."""
    others = np.linspace(0.5, 0.1, 5)[None]
    state = SteadyState(
        rg.GRU(a_h=3),
        np.array([0.4, 0.3, 0.2, 0.1]),
        np.full(4, 1e-3),
        "chaotic",
        Status.OK,
        0.05,
        replicates=((0.39, None), (0.41, None), (0.4, None)),
        seed=7,
        note="by hand",
        others=others,
    )
    path = tmp_path / "state.npz"
    state.save(path)
    loaded = rg.load(path)
    assert loaded.moment is None and loaded.replicates == state.replicates
    np.testing.assert_array_equal(loaded.others, others)
    np.testing.assert_array_equal(loaded.order, state.order)
    assert (loaded.seed, loaded.note, loaded.static) == (7, "by hand", 0.05)


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
    """Schema, type and model are enough to know it: whatever else such a file may hold."""
    path = tmp_path / "state.npz"
    rg.fixed_points(rg.GRU(a_h=3))[1].save(path)
    with np.load(path) as file:
        header = json.loads(str(file["header"]))
    assert header["schema"] == 1
    header["schema"] = 7
    for keys in (header, ("schema", "type", "model")):
        with open(path, "wb") as file:
            np.savez(file, header=np.array(json.dumps({key: header[key] for key in keys})))
        message = f"path: {str(path)!r} has schema 7, this version reads 1"
        with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
            rg.load(path)


@pytest.mark.parametrize("header", ["[1]", "{}", '{"schema": 1}'])
def test_a_foreign_header_is_refused(tmp_path, header):
    path = tmp_path / "foreign.npz"
    np.savez(path, header=np.array(header))
    message = f"path: {str(path)!r} is not a state saved by rmt_gates"
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        rg.load(path)


def damaged(path, arrays=None, header=None):
    """The file again, with arrays (None: left out) and entries of the header changed."""
    with np.load(path) as file:
        content = {name: file[name] for name in file.files} | (arrays or {})
    content["header"] = np.array(json.dumps(json.loads(str(content["header"])) | (header or {})))
    np.savez(path, **{name: value for name, value in content.items() if value is not None})


@pytest.mark.parametrize(
    "change",
    [
        {"arrays": {"C_h_error": None}},
        {"arrays": {"moment_laws": None}},
        {"arrays": {"moment_laws": np.zeros((1, 2))}},
        {"arrays": {"replicate_C": np.array(1.0)}},
        {"header": {"status": 99}},
        {"header": {"model": 3}},
        {"header": {"type": "X"}},
    ],
    ids=str,
)
def test_a_damaged_file_is_said_to_be(sampled, tmp_path, change):
    path = tmp_path / "state.npz"
    sampled("3,1,10").save(path)
    damaged(path)
    assert rg.load(path).converged
    damaged(path, **change)
    message = f"path: the state in {str(path)!r} is damaged ("
    with pytest.raises(ValueError, match=f"^{re.escape(message)}.*[)]$"):
        rg.load(path)


def test_paths_are_names():
    for call in (rg.load, rg.fixed_points(rg.GRU(a_h=3))[0].save):
        with pytest.raises(TypeError, match=r"^path must be the name of a file, got None$"):
            call(None)
