"""Draw a network of N units from the weight statistics of a model."""

from __future__ import annotations

from numbers import Integral
from typing import Any

import numpy as np
import torch

from rmt_gates.architectures.base import Architecture
from rmt_gates.architectures.checks import require_scalar
from rmt_gates.networks.network import Network
from rmt_gates.randomness import generator


def sample_network(
    model: Architecture,
    N: int,
    *,
    batch: int | None = None,
    rng: Any = None,
    device: Any = "cpu",
    dtype: torch.dtype = torch.float64,
) -> Network:
    """A network of N units, or `batch` independent ones, with random weights.

    ``(U_k)_ij ~ N(0, a_k²/N)`` for each weight matrix k and ``(b_k)_i ~ N(b_k, v_k)`` for each
    bias, all independent. Numbers are drawn on the CPU in float64 and then cast and moved, so a
    seed gives the same network on every device. Every matrix and every bias has its own random
    stream, so changing one gain changes one matrix; a matrix of gain 0 is neither drawn nor
    multiplied.

    Parameters
    ----------
    model : the statistics, a scalar model such as ``rg.GRU(a_h=3, a_z=1, a_r=10)``.
    N : number of units.
    batch : number of networks; None for one network without a batch axis, which is network 0
        of any batch with the same seed. Network i does not depend on `batch`.
    rng : anything `numpy.random.default_rng` takes. One child is spawned from it, whatever the
        model, N and batch, so a Generator gives a new network at every call.
    device : where the network lives, as `torch.device` takes it.
    dtype : torch.float64 or torch.float32.

    Examples
    --------
    >>> import rmt_gates as rg
    >>> network = rg.sample_network(rg.GRU(a_h=3, a_z=1), 100, rng=0)
    >>> network
    Network(GRU(a_h=3, a_z=1), N=100, cpu, float64)
    >>> round(float(network.weights["h"].var() * 100))
    9
    """
    require_scalar(model, "sample_network")
    N = _positive("N", N, "the number of units")
    if batch is not None:
        batch = _positive("batch", batch, "the number of networks")
    if dtype not in (torch.float64, torch.float32):
        raise ValueError(f"dtype must be torch.float64 or torch.float32, got {dtype!r}")
    place = _usable(device, dtype)

    names = [field[2:] for field in model.numbers() if field.startswith("b_")]
    networks = generator(rng).spawn(1)[0].spawn(batch or 1)
    streams = [network.spawn(len(model.matrices) + len(names)) for network in networks]
    lead = () if batch is None else (batch,)

    def draw(index: int, shape: tuple[int, ...], mean: float, scale: float) -> torch.Tensor:
        """(*lead, *shape) normal numbers, network i from stream `index` of its own."""
        out = torch.empty((len(networks), *shape), dtype=dtype)
        for i, stream in enumerate(streams):
            values = stream[index].standard_normal(shape)
            values *= scale
            values += mean
            out[i] = torch.from_numpy(values)
        return out.reshape(*lead, *shape).to(place)

    weights = {
        k: draw(j, (N, N), 0.0, a_k / np.sqrt(N)) if a_k > 0 else None
        for j, (k, a_k) in enumerate(zip(model.matrices, model.gains(), strict=True))
    }
    biases = {
        k: draw(j, (N,), getattr(model, f"b_{k}"), np.sqrt(getattr(model, f"v_{k}")))
        for j, k in enumerate(names, start=len(model.matrices))
    }
    return Network(model, weights, biases)


def _positive(name: str, value: Any, meaning: str) -> int:
    if isinstance(value, bool) or not isinstance(value, Integral) or value < 1:
        raise ValueError(f"{name}, {meaning}, must be a positive integer, got {value!r}")
    return int(value)


def _usable(device: Any, dtype: torch.dtype) -> torch.device:
    try:
        place = torch.device(device)
        torch.zeros(1, device=place, dtype=dtype).item()
    except Exception as error:  # torch raises five different types here
        reason = str(error).splitlines()[0].rstrip(".")
        raise ValueError(
            f"device {str(device)!r} cannot hold a {str(dtype)[6:]} network here ({reason}): "
            f'use device="cpu"'
        ) from None
    return place
