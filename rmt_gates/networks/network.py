"""One network, or a batch of them, with given weights: step, run, Jacobian, eigenvalues, unit."""

from __future__ import annotations

import math
from collections.abc import Mapping
from numbers import Integral
from typing import Any

import numpy as np
import torch
from torch import Tensor

from rmt_gates.architectures.base import Architecture
from rmt_gates.networks.jacobian import dense_jacobian
from rmt_gates.networks.trajectory import Trajectory, follow
from rmt_gates.randomness import generator
from rmt_gates.unit import Unit

SEVERAL = 4  # states, stepped together
CACHED = 1 << 24  # bytes of a matrix


class Network:
    """A recurrent network of N units with the architecture of `model` and the weights given.

    `sample_network` draws one. States h are tensors (arrays and lists are converted) of shape
    ``(…, N)`` with any leading axes, one state each; for a batch of B networks ``(B, …, N)``. An
    architecture with two carried variables (LSTM) has states ``(…, 2, N)`` in the order (c, h), and
    its Jacobians are ``(…, 2N, 2N)`` in the same order. Results are in the network's dtype.

    Parameters
    ----------
    model : the architecture, and the statistics the weights were drawn from.
    weights : name -> (N, N) tensor, or (B, N, N); None for a matrix that is zero. ``U @ h`` is the
        input, so row i holds the weights *into* unit i.
    biases : name -> (N,) tensor, or (B, N).

    Attributes
    ----------
    model, weights, biases : as given; the matrices that are None are lazy zeros.
    N, batch : number of units; number of networks, None without a batch axis.
    device, dtype : of the weights.

    Examples
    --------
    >>> import rmt_gates as rg
    >>> network = rg.sample_network(rg.GRU(a_h=3, a_z=1, a_r=10), 200, rng=0)
    >>> run = network.run(200, burn_in=200, rng=1)
    >>> network.eigenvalues(run.h).shape
    (200,)
    """

    def __init__(
        self,
        model: Architecture,
        weights: Mapping[str, Tensor | None],
        biases: Mapping[str, Tensor],
    ) -> None:
        bias = next(iter(biases.values()))
        self.model = model
        self.N = int(bias.shape[-1])
        self.batch = int(bias.shape[0]) if bias.ndim == 2 else None
        self.device, self.dtype = bias.device, bias.dtype
        carried = len(model.carriers)  # (N,) is one state of one network, or (2, N) for two
        self._core = (self.N,) if carried == 1 else (carried, self.N)
        self._zeros = bias.new_zeros(()).expand(*bias.shape, self.N)
        self.weights = {k: self._zeros if U is None else U for k, U in weights.items()}
        self.biases = dict(biases)

    def __repr__(self) -> str:
        batch = "" if self.batch is None else f", batch={self.batch}"
        return f"Network({self.model!r}, N={self.N}{batch}, {self.device}, {str(self.dtype)[6:]})"

    def to(self, device: Any = None, dtype: torch.dtype | None = None) -> Network:
        """A copy on another device or in another dtype."""

        def move(tensor: Tensor) -> Tensor:
            return tensor.to(device=device or self.device, dtype=dtype or self.dtype)

        drawn = {k: None if U is self._zeros else move(U) for k, U in self.weights.items()}
        return Network(self.model, drawn, {k: move(b) for k, b in self.biases.items()})

    # -- dynamics -----------------------------------------------------------------------------
    def step(self, h: Any) -> Tensor:
        """The next state, by the same step as one unit of the mean-field theory.

        Examples
        --------
        >>> import rmt_gates as rg
        >>> network = rg.sample_network(rg.GRU(a_h=1), 50, rng=0)
        >>> network.step(network.initial_state(rng=0)).shape
        torch.Size([50])
        """
        return self._step(self._state(h))

    def inputs(self, h: Any) -> dict[str, Tensor]:
        """The inputs of all gates at h, name -> (…, N); for the GRU ``zeta``, ``xi`` and ``y``."""
        return self._inputs(self._carry(self._state(h)))

    def initial_state(self, rng: Any = None, scale: float = 1.0) -> Tensor:
        """A random state, independent normal numbers of standard deviation `scale`.

        `rng` is anything `numpy.random.default_rng` takes; network i of a batch starts from the
        same state whatever the batch.
        """
        children = generator(rng).spawn(1)[0].spawn(self.batch or 1)
        h = scale * np.stack([child.standard_normal(self._core) for child in children])
        return self._tensor(h if self.batch is not None else h[0])

    def run(
        self,
        steps: int,
        h: Any = None,
        record: int | None = None,
        *,
        burn_in: int = 0,
        rng: Any = None,
    ) -> Trajectory:
        """Iterate the network, and check that it has reached a stationary state.

        Parameters
        ----------
        steps : number T of steps, in the network's dtype.
        h : where to start; ``initial_state(rng)`` if omitted.
        record : keep every `record`-th of these states.
        burn_in : number of steps before, discarded. They run in float32 also if the network is
            float64: a chaotic trajectory depends on every rounding, its statistics do not, and
            the steps that follow forget which trajectory it was.

        Returns
        -------
        `Trajectory`: the final state, the recorded ones, (1/N)|h_t|² and the verdict on it.

        Examples
        --------
        >>> import rmt_gates as rg
        >>> network = rg.sample_network(rg.GRU(a_h=0.5), 100, rng=0)
        >>> network.run(200, rng=1).message
        'Settled at a fixed point.'
        """
        steps = _count("steps", steps, 1)
        burn_in = _count("burn_in", burn_in, 0)
        record = None if record is None else _count("record", record, 1)
        h = self.initial_state(rng) if h is None else self._state(h)
        with torch.no_grad():
            if burn_in:
                h = h.float()
                fast = self.to(dtype=torch.float32)._laid_out(h)
                for _ in range(burn_in):
                    h = fast._step(h)
                h = h.to(self.dtype)
            return follow(self._laid_out(h)._step, h, steps, record, self._mean_square)

    # -- linearisation ------------------------------------------------------------------------
    def jacobian(self, h: Any) -> Tensor:
        """J_ij = ∂(h_{t+1})_i / ∂(h_t)_j at the states h, of shape (…, N, N).

        From the architecture's blocks by a Schur complement; for the GRU eq. (11),
        ``J = ẑ + (1−ẑ)φ̂'(y) U_h (r̂ + ĥ r̂' U_r) + (ĥ − φ̂(y)) ẑ' U_z``.

        Examples
        --------
        >>> import rmt_gates as rg
        >>> network = rg.sample_network(rg.GRU(a_h=3, a_r=2), 50, rng=0)
        >>> network.jacobian(network.initial_state(rng=0)).shape
        torch.Size([50, 50])
        """
        return self._jacobian(self._state(h))

    def eigenvalues(self, h: Any) -> np.ndarray:
        """Eigenvalues of the Jacobians at h: (…, N) complex128, in no particular order.

        Computed in float64 on the device of the network, one Jacobian after the other, so that
        a large batch needs the memory of one.
        """
        h = self._state(h)
        if not bool(torch.isfinite(h).all()):
            raise ValueError("h must be finite: this state has NaN or infinite entries")
        lead = h.shape[: h.ndim - len(self._core)]
        out = np.empty((*lead, math.prod(self._core)), dtype=complex)
        for index in np.ndindex(lead):
            network = self if self.batch is None else self._one(index[0])
            J = network._jacobian(h[index]).detach().to(torch.float64)
            out[index] = torch.linalg.eigvals(J).cpu().numpy()
        return out

    def unit(self, h: Any) -> Unit:
        """The inputs and states of all units at h as one sample with equal weights.

        Networks and states are pooled, so that every spectral function of the theory can be
        applied to a given network: ``rg.spectral_radius`` and the like need only this sample.

        Examples
        --------
        >>> import rmt_gates as rg
        >>> network = rg.sample_network(rg.GRU(a_h=3), 50, batch=4, rng=0)
        >>> len(network.unit(network.run(50, rng=0).h))
        200
        """
        carry = self._carry(self._state(h))

        def flat(x: Any) -> Any:
            if isinstance(x, tuple):
                return tuple(map(flat, x))
            return x.detach().cpu().double().numpy().ravel()

        inputs = {name: flat(x) for name, x in self._inputs(carry).items()}
        return self.model.unit(inputs, flat(carry))

    # -- inside: states are tensors of the right shape ----------------------------------------
    def _tensor(self, h: Any) -> Tensor:
        values = h if isinstance(h, Tensor) else np.array(h)  # torch warns of read-only arrays
        return torch.as_tensor(values, device=self.device, dtype=self.dtype)

    def _state(self, h: Any) -> Tensor:
        h = self._tensor(h)
        lead = () if self.batch is None else (self.batch,)
        room = h.ndim - len(self._core)
        if h.shape[room:] != self._core or room < len(lead) or h.shape[: len(lead)] != lead:
            expected = ", ".join(map(str, (*lead, "…", *self._core)))
            raise ValueError(f"h must have shape ({expected}), got {tuple(h.shape)}")
        return h

    def _carry(self, h: Tensor) -> Any:
        """What the architecture carries: h, or the tuple of its carried variables."""
        return h if len(self._core) == 1 else h.unbind(-2)

    def _inputs(self, carry: Any) -> dict[str, Tensor]:
        like = carry[-1] if isinstance(carry, tuple) else carry
        bias = {k: self._aligned(b, like.ndim) for k, b in self.biases.items()}
        return self.model.network_inputs(carry, self._matvec, bias, torch)

    def _step(self, h: Tensor) -> Tensor:
        carry = self._carry(h)
        after = self.model.step(self._inputs(carry), carry, torch)
        return torch.stack(after, -2) if isinstance(after, tuple) else after

    def _matvec(self, name: str, v: Tensor) -> Tensor:
        U = self.weights[name]
        if U is self._zeros:
            return torch.zeros_like(v)
        if v.ndim == 1:
            return U @ v
        if self.batch is None:
            return v @ U.mT
        rows = v.reshape(self.batch, -1, self.N)  # vᵀUᵀ: up to twice as fast as U v
        return torch.bmm(rows, U.mT).reshape(v.shape)

    def _laid_out(self, h: Tensor) -> Network:
        """The weights column by column where that makes steps from all states of h faster.

        BLAS multiplies several rows with them up to twice as fast while they stay in the cache.
        """
        states = h.numel() // (math.prod(self._core) * (self.batch or 1))
        size = self.N**2 * h.element_size()
        if self.device.type != "cpu" or self.batch or states < SEVERAL or size > CACHED:
            return self
        drawn = {
            k: None if U is self._zeros else U.mT.contiguous().mT for k, U in self.weights.items()
        }
        return Network(self.model, drawn, self.biases)

    def _aligned(self, tensor: Tensor, ndim: int) -> Tensor:
        """A (B, …) tensor with axes of length 1 put in for the states of each network."""
        if self.batch is None:
            return tensor
        missing = ndim - 2  # (B, N), one state a network, needs none
        return tensor.reshape(self.batch, *(1,) * missing, *tensor.shape[1:])

    def _jacobian(self, h: Tensor) -> Tensor:
        carry = self._carry(h)
        like = carry[-1] if isinstance(carry, tuple) else carry
        blocks = self.model.blocks(self._inputs(carry), carry, 0, torch)
        matrices = [
            None if U is self._zeros else self._aligned(U, like.ndim)
            for U in (self.weights[k] for k in self.model.matrices)
        ]
        return dense_jacobian(blocks, matrices, self.model.carriers, like)

    def _mean_square(self, h: Tensor) -> Tensor:
        """(1/N)|h|² of the last carried variable, the output h."""
        carry = self._carry(h)
        return (carry[-1] if isinstance(carry, tuple) else carry).square().mean(-1)

    def _one(self, i: int) -> Network:
        """Network i of a batch."""
        drawn = {k: None if U is self._zeros else U[i] for k, U in self.weights.items()}
        return Network(self.model, drawn, {k: b[i] for k, b in self.biases.items()})


def _count(name: str, value: Any, least: int) -> int:
    if isinstance(value, bool) or not isinstance(value, Integral) or value < least:
        raise ValueError(f"{name} must be an integer of at least {least}, got {value!r}")
    return int(value)
