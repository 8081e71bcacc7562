"""A scan on a dask cluster of which one worker dies: nothing is lost."""

from functools import partial

import xarray as xr
from scanned import GRID, MODEL, noisy, once_deadly

import rmt_gates as rg


def test_a_worker_dies_in_the_middle(tmp_path):
    """SIGKILL to a worker while it computes; the cluster starts another and repeats its task."""
    from dask.distributed import Client, LocalCluster

    function = partial(once_deadly, tmp_path)
    with (
        LocalCluster(
            n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None
        ) as cluster,
        Client(cluster) as client,
    ):
        found = rg.scan(
            function,
            MODEL,
            GRID,
            rng=1,
            chunk=2,
            executor=client.get_executor(),
            store=tmp_path / "a.zarr",
        ).load()
    assert (tmp_path / "died").exists()
    alone = rg.scan(noisy, MODEL, GRID, rng=1, chunk=2)
    xr.testing.assert_equal(found, alone)
    assert found.attrs["missing"] == 0
