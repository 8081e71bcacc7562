"""Stores: killed anywhere and continued to the same bits, never continued by another scan."""

import multiprocessing
import shutil
import sys
import time
from functools import partial, wraps

import numpy as np
import pytest
import xarray as xr
from scanned import GRID, MODEL, noisy, radius, slow_noisy

import rmt_gates as rg

KILLS = 12
CALLS = []  # of a function that a test interrupts
BUSY = {"a_h": np.linspace(1, 3, 12), "a_z": np.linspace(0, 3, 10)}


def weighted(weights, model):
    """A function with an array bound to it."""
    return float(weights.sum())


def same(one, other):
    """Bit for bit, the command aside."""
    xr.testing.assert_identical(
        one.load().drop_attrs(deep=False), other.load().drop_attrs(deep=False)
    )


def test_a_store_holds_what_the_scan_returns(tmp_path):
    """And is read again without computing; its folder is made."""
    alone = rg.scan(noisy, MODEL, GRID, rng=5, chunk=5)
    stored = rg.scan(noisy, MODEL, GRID, rng=5, chunk=5, store=tmp_path / "new" / "a.zarr")
    same(alone, stored)
    assert stored.attrs["missing"] == 0
    same(rg.open_scan(tmp_path / "new" / "a.zarr"), alone)
    # a plain zarr store: other programs read it
    plain = xr.open_zarr(tmp_path / "new" / "a.zarr", consolidated=False)
    np.testing.assert_array_equal(plain.draw.values, alone.draw.values)


def test_points(tmp_path):
    """Lists of points as well."""
    points = xr.Dataset({"a_h": ("p", [1.0, 3.0, 2.0]), "b_z": ("p", [0.0, 1.0, -1.0])})
    stored = rg.scan(radius, MODEL, points, store=tmp_path / "a.zarr", chunk=2)
    same(stored, rg.scan(radius, MODEL, points, chunk=2))


def test_finished_blocks_are_kept(tmp_path):
    """After an exception that is no point's, and in the same bits."""
    CALLS.clear()

    def fragile(model, rng):
        CALLS.append(model.a_z)
        if len(CALLS) == 8:
            raise KeyboardInterrupt
        return noisy(model, rng)

    given = {"rng": 2, "chunk": 5, "store": tmp_path / "a.zarr"}
    with pytest.raises(KeyboardInterrupt):
        rg.scan(fragile, MODEL, GRID, **given)
    part = rg.open_scan(tmp_path / "a.zarr")
    assert part.attrs["missing"] == 15
    assert (part.status.values[1:] == rg.Status.MISSING).all() and not part.status.values[0].any()
    whole = rg.scan(fragile, MODEL, GRID, **given)
    assert len(CALLS) == 8 + 15
    same(whole, rg.scan(fragile, MODEL, GRID, rng=2, chunk=5))


def test_the_seed_of_a_store(tmp_path):
    """Without rng a store keeps the seed that was drawn."""
    store = tmp_path / "a.zarr"
    first = rg.scan(noisy, MODEL, GRID, store=store).load()
    assert first.identical(rg.scan(noisy, MODEL, GRID, store=store).load())


def _scan(store):
    rg.scan(slow_noisy, MODEL, BUSY, rng=11, chunk=5, store=store)


def test_killed_anywhere(tmp_path):
    """SIGKILL at random moments: what is finished stays, and the end is bitwise the same."""
    server = multiprocessing.get_context("forkserver")
    server.set_forkserver_preload(["scanned", "rmt_gates.scans.run", "zarr", "filelock", "xarray"])
    rng = np.random.default_rng()
    store, missing = tmp_path / "a.zarr", []
    for _ in range(KILLS):
        process = server.Process(target=_scan, args=(store,))
        process.start()
        deadline = time.monotonic() + 30
        while not store.with_name("a.zarr.lock").exists() and time.monotonic() < deadline:
            time.sleep(0.01)
        process.join(rng.uniform(0.02, 0.25))
        process.kill()
        process.join()
        if (store / "zarr.json").exists():
            missing.append(rg.open_scan(store).attrs["missing"])
    assert missing == sorted(missing, reverse=True)  # nothing is lost
    assert missing[0] > 0 or len(set(missing)) > 1  # and it was killed at work
    final = rg.scan(slow_noisy, MODEL, BUSY, rng=11, chunk=5, store=store)
    same(final, rg.scan(slow_noisy, MODEL, BUSY, rng=11, chunk=5))


def test_one_process_at_a_time(tmp_path):
    """The second is refused, and the store unharmed."""
    store = tmp_path / "a.zarr"
    server = multiprocessing.get_context("forkserver")
    process = server.Process(target=_scan, args=(store,))
    process.start()
    deadline = time.monotonic() + 30
    while not (store / "zarr.json").exists() and time.monotonic() < deadline:
        time.sleep(0.01)
    with pytest.raises(ValueError, match="being written by another process"):
        _scan(store)
    process.join()
    assert process.exitcode == 0
    same(rg.open_scan(store), rg.scan(slow_noisy, MODEL, BUSY, rng=11, chunk=5))


@pytest.mark.parametrize(
    ("change", "part"),
    [
        ({"over": {"a_h": [1.0, 2.0], "a_z": [1.0]}}, "fields"),
        ({"model": rg.GRU(a_h=3, a_r=2)}, "model"),
        ({"model": rg.GRU(a_h=3, a_r=1, reset="after")}, "model"),
        ({"chunk": 2}, "chunk"),
        ({"rng": 9}, "seed"),
        ({"function": slow_noisy}, "function"),
        ({"name": "other"}, "name"),
        ({"version": "0.0.1"}, "version"),
    ],
)
def test_another_scan_is_refused(tmp_path, monkeypatch, change, part):
    """By the part of its identity that differs; the store stays as it is."""
    given = {"function": noisy, "model": MODEL, "over": GRID, "rng": 5, "chunk": 5}
    store = tmp_path / "a.zarr"
    first = rg.scan(**given, store=store).load()
    if "version" in change:
        monkeypatch.setattr("rmt_gates.scans.identity.__version__", change["version"])
        change = {}
    with pytest.raises(ValueError, match=f"belongs to another scan: its {part} is"):
        rg.scan(**(given | change), store=store)
    assert first.identical(rg.open_scan(store).load())


def test_a_function_that_changed(tmp_path):
    """The same name, another source."""

    def made(body):
        file = tmp_path / "made.py"
        file.write_text(f"def value(model):\n    return {body}\n")
        import importlib.util
        import linecache

        linecache.clearcache()
        spec = importlib.util.spec_from_file_location("made", file)
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        return module.value

    rg.scan(made("model.a_h"), MODEL, GRID, store=tmp_path / "a.zarr")
    with pytest.raises(ValueError, match="its source is"):
        rg.scan(made("model.a_h + 1"), MODEL, GRID, store=tmp_path / "a.zarr")


@pytest.mark.parametrize("kind", ["partial", "closure", "default"])
def test_what_is_bound_to_a_function_belongs_to_it(tmp_path, kind):
    """Arrays that differ in one element in the middle, and numbers of the surroundings."""

    def made(middle):
        weights = np.zeros(3000)
        weights[1500] = middle

        def closure(model):
            return float(weights.sum())

        def default(model, w=weights):
            return float(w.sum())

        given = {"closure": closure, "default": default, "partial": partial(weighted, weights)}
        return given[kind]

    store = tmp_path / "a.zarr"
    rg.scan(made(1.0), MODEL, GRID, store=store, name="f")
    rg.scan(made(1.0), MODEL, GRID, store=store, name="f")
    with pytest.raises(ValueError, match="its source is"):
        rg.scan(made(2.0), MODEL, GRID, store=store, name="f")


def test_models_that_differ_in_the_last_digit(tmp_path):
    """Are different models."""
    rg.scan(radius, rg.GRU(a_h=1, b_z=0.1234567890121), {"a_h": [1.0]}, store=tmp_path / "a.zarr")
    with pytest.raises(ValueError, match="its model is"):
        rg.scan(
            radius, rg.GRU(a_h=1, b_z=0.1234567890124), {"a_h": [1.0]}, store=tmp_path / "a.zarr"
        )


def test_statuses_are_written_last(tmp_path, monkeypatch):
    """They say that a block is whole: also where the process dies between two files."""
    import zarr

    order, write = [], zarr.Array.__setitem__

    def recorded(array, region, values):
        order.append(array.basename)
        write(array, region, values)

    monkeypatch.setattr(zarr.Array, "__setitem__", recorded)
    rg.scan(noisy, MODEL, GRID, rng=0, chunk=5, store=tmp_path / "a.zarr")
    written = [name for name in order if name not in GRID]
    ends = [i for i, name in enumerate(written) if name == "status"]
    assert len(ends) == 4 and ends[-1] == len(written) - 1
    assert set(written[: ends[0]]) == {"draw", "kind", "values", "wave"}


def test_neighbours_of_a_store_are_left_alone(tmp_path):
    """Whatever they are called."""
    (tmp_path / "a.zarr.new").mkdir()
    (tmp_path / "a.zarr.new" / "thesis.tex").write_text("x")
    rg.scan(radius, MODEL, GRID, store=tmp_path / "a.zarr")
    assert (tmp_path / "a.zarr.new" / "thesis.tex").exists()


def test_what_is_no_store(tmp_path):
    """Folders of something else are left alone; lambdas need a name."""
    (tmp_path / "thesis.tex").write_text("x")
    with pytest.raises(ValueError, match="is no zarr store"):
        rg.scan(radius, MODEL, GRID, store=tmp_path)
    with pytest.raises(ValueError, match="there is none at this path"):
        rg.open_scan(tmp_path / "none")
    with pytest.raises(ValueError, match="give name="):
        rg.scan(lambda model: 1.0, MODEL, GRID, store=tmp_path / "b.zarr")
    stored = rg.scan(lambda model: 1.0, MODEL, GRID, store=tmp_path / "b.zarr", name="one")
    assert (stored.one.values == 1).all()
    import zarr

    zarr.create_group(tmp_path / "c.zarr", zarr_format=3)
    with pytest.raises(ValueError, match=r"not written by rg.scan"):
        rg.open_scan(tmp_path / "c.zarr")
    shutil.rmtree(tmp_path / "c.zarr")


def test_stores_that_cannot_be(tmp_path):
    """A file in the way, and a store that lost a part of what says what it is."""
    (tmp_path / "file").write_text("x")
    with pytest.raises(ValueError, match="cannot be written"):
        rg.scan(radius, MODEL, GRID, store=tmp_path / "file" / "a.zarr")
    store = tmp_path / "a.zarr"
    rg.scan(noisy, MODEL, GRID, store=store)
    (store / "zarr.json").write_text((store / "zarr.json").read_text()[:100])
    for use in (rg.open_scan, lambda path: rg.scan(noisy, MODEL, GRID, store=path)):
        with pytest.raises(ValueError, match=r"is damaged: its zarr.json cannot be read"):
            use(store)


class Scaled:
    """With a method, and callable."""

    def __init__(self, scale):
        self.scale = scale

    def method(self, model):
        return self.scale * model.a_h

    def __call__(self, model):
        return self.scale * model.a_h


def keyword_only(scale):
    def value(model, *, scale=scale):
        return scale * model.a_h

    return value


def wrapped(scale):
    """All of one name, and of one text as `inspect.unwrap` sees it."""

    @wraps(radius)
    def value(model):
        return scale * model.a_h

    return value


@pytest.mark.parametrize(
    "function",
    [lambda s: Scaled(s).method, Scaled, keyword_only, wrapped, lambda s: partial(wrapped(s))],
)
def test_what_a_function_holds_is_told_apart(tmp_path, function):
    """In an object, in a keyword-only default, behind functools.wraps."""
    given = {"store": tmp_path / "a.zarr", "name": "value"}
    over = {"a_h": [1.0, 2.0]}
    assert rg.scan(function(3.0), MODEL, over, **given)["value"].values.tolist() == [3, 6]
    assert rg.scan(function(3.0), MODEL, over, **given)["value"].values.tolist() == [3, 6]
    with pytest.raises(ValueError, match="belongs to another scan: its source"):
        rg.scan(function(4.0), MODEL, over, **given)


SCALE = 3.0


def helper(model):
    """Of a function that is scanned."""
    return SCALE * model.a_h


def by_helper(model):
    return helper(model)


def test_constants_of_the_module_and_functions_called(tmp_path, monkeypatch):
    """Through the functions of the same file, however deep."""
    given = {"store": tmp_path / "a.zarr"}
    rg.scan(by_helper, MODEL, {"a_h": [1.0]}, **given)
    rg.scan(by_helper, MODEL, {"a_h": [1.0]}, **given)
    monkeypatch.setattr(sys.modules[__name__], "SCALE", 4.0)
    with pytest.raises(ValueError, match="belongs to another scan: its source"):
        rg.scan(by_helper, MODEL, {"a_h": [1.0]}, **given)
    monkeypatch.setattr(sys.modules[__name__], "SCALE", 3.0)
    monkeypatch.setattr(sys.modules[__name__], "helper", weighted)
    with pytest.raises(ValueError, match="belongs to another scan: its source"):
        rg.scan(by_helper, MODEL, {"a_h": [1.0]}, **given)
