"""The protocol every architecture follows."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields, replace
from typing import Any, ClassVar, NamedTuple, Self

import numpy as np
from scipy import fft

from rmt_gates.architectures.parameters import clean
from rmt_gates.gaussian import Activation, activation
from rmt_gates.unit import Unit

LEVEL_STEP = 1e-5  # of the central difference for dH/dt


class GaussianInput(NamedTuple):
    """Mean and stationary covariance (at the lags asked for) of one Gaussian input of a unit."""

    mean: float
    covariance: Any


class Blocks(NamedTuple):
    """The eigenvalue problem det(X(λ) − B̂ Û Ĉ) = 0 of one unit (THEORY.md §4).

    Nested lists of per-unit arrays, or of the plain numbers 0 and 1 where the structure says so:
    ``X`` is n_b × n_b and lower triangular, ``B`` n_b × n, ``C`` n × n_b, for n weight matrices.
    """

    X: list[list[Any]]
    B: list[list[Any]]
    C: list[list[Any]]


class CriterionPole(NamedTuple):
    """A share of M(λ) = a_k² E|(Ĉ X⁻¹ B̂)_kl|² that a sample has in closed form.

    Σ_i w_i entries[k, l]_i / |λ − pole_i|² over the units i; ``complement`` is 1 − pole. Where
    ``pole`` is None the share does not depend on λ.
    """

    pole: Any
    complement: Any
    entries: Mapping[tuple[int, int], Any]


class PoleTerm(NamedTuple):
    """One term E[(1−z)² q(ζ) / |λ−z|²] of S(λ)+1, with z=σ(ζ), ζ ~ N(mean, variance).

    ``q`` is analytic near the real axis and maps complex arrays to complex arrays; ``dq`` is q'.
    A pole at λ = 0 is a gate that is always shut: mean −∞, variance 0. ``strip`` is the distance
    of the singularities of q from the real axis, at most π; 0 where q has kinks or jumps and is
    real.
    """

    mean: float
    variance: float
    q: Callable[[Any], Any]
    dq: Callable[[Any], Any]
    strip: float = np.pi


@dataclass(frozen=True)
class Constant:
    """q(ζ) = value at every ζ, for a `PoleTerm`."""

    value: float

    def __call__(self, zeta: Any) -> Any:
        return np.full(np.shape(zeta), self.value)


class PathMoments(NamedTuple):
    """What one sample of paths says of a unit.

    ``order`` (m, K+1): autocorrelations of the features, averaged over the sample. ``moment``: a
    pair of arrays, values of the gate's input and of the quantity D whose conditional mean E[D|ζ]
    the spectrum needs; None if it needs none.
    """

    order: np.ndarray
    moment: tuple[np.ndarray, np.ndarray] | None = None


@dataclass(frozen=True, eq=False, repr=False)
class Architecture(ABC):
    """Statistics of the random weights of one recurrent architecture, and its one-unit process.

    Parameter records are frozen; every numerical field is a float or an array, arrays broadcast.
    (U_k)_ij ~ N(0, a_k²/N), (b_k)_i ~ N(b_k, v_k).

    To add one, implement these, in one file:

    * the fields ``a_k`` of each matrix k, ``b_k`` and ``v_k`` of each bias, ``activation``; and the
      class attributes ``name``, ``matrices`` (in the order of `blocks`), ``carriers`` (the blocks
      that carry λ), ``remembered`` (the inputs whose past the carry depends on), ``carried`` if
      a unit carries more than h, ``features`` if the weights multiply more than h (then also the
      methods ``feature_values(inputs, carry)`` and ``rest_features(C)``), ``gate`` if
      `path_moments` gives a moment: the input it is conditioned on, ``variant`` if the public
      constructor has an option that chooses this class, ``coarse_paths`` and ``tail_noise`` if a
      first look at the steady state needs fewer paths or is less noisy;
    * ``input_kernels(C)``, ``network_inputs(carry, matvec, bias, xp)``, ``step(inputs, carry, xp)``
      and ``rest(inputs, xp)``: the process, in mean field and in a real network;
    * ``fixed_point_map(C)``: the self-consistency of a fixed point (|h| ≤ 1, or override
      ``level_bounds`` as well: roots are looked for below C = 1);
    * ``blocks(inputs, carry, lam, xp)``: the three small matrices of the linearised step.

    Fixed points, steady state, curve, networks and validation follow. The other methods have
    defaults that hold for every architecture; override them where a closed form is more accurate
    or faster: ``fixed_point_level`` with ``level_bounds``, ``rho`` and ``rest_radius`` at fixed
    points; ``path_moments`` for the sampled steady state; ``pole_terms`` and ``criterion_poles``
    for the spectrum; ``averages`` and ``sample_averages`` for what networks are compared by;
    ``zero_bias`` where the biases alone decide.

    Units that remember for long need ``memory`` as well: the steady state is looked for from a
    kernel that decays in that time, in a window that follows it, and from one that is far too
    short it is not found. Sampled, such a state costs minutes. If h⁺ = z h + (1−z) φ(y), inherit
    from `LeakyUnit` (leaky.py) and implement its ``phi_argument`` and ``phi_kernel``; if also z is
    one number, name it in ``constant_gate``: the steady state is then exact, and takes a second.
    """

    name: ClassVar[str]
    matrices: ClassVar[tuple[str, ...]]
    carriers: ClassVar[tuple[int, ...]]
    remembered: ClassVar[tuple[str, ...]]
    carried: ClassVar[tuple[str, ...]] = ("h",)
    features: ClassVar[tuple[str, ...]] = ("h",)
    level_parameter: ClassVar[str | None] = None
    gate: ClassVar[str] = ""
    variant: ClassVar[dict[str, str]] = {}
    # the root of a finite sample is biased by about 2/paths, relative: less than half the standard
    # error of the replicates from 1024 paths on (measured on the exactly solvable leaky average)
    coarse_paths: ClassVar[int] = 1024
    tail_noise: ClassVar[float] = 1.0  # of the tail of an autocorrelation, times √paths

    def __post_init__(self) -> None:
        for f in fields(self):
            value = getattr(self, f.name)
            if f.name == "activation":
                activation(value)  # raises the clear sentence
            else:
                object.__setattr__(self, f.name, clean(f.name, value))
        self.shape  # noqa: B018  arrays that do not broadcast are refused here

    # -- the record ---------------------------------------------------------------------------
    @classmethod
    def numbers(cls) -> tuple[str, ...]:
        """Names of the numerical fields."""
        return tuple(f.name for f in fields(cls) if f.name != "activation")

    @property
    def shape(self) -> tuple[int, ...]:
        """The broadcast shape of the fields; () for a scalar model."""
        arrays = {n: np.shape(getattr(self, n)) for n in self.numbers()}
        try:
            return np.broadcast_shapes(*arrays.values())
        except ValueError:
            shapes = ", ".join(f"{n} {s}" for n, s in arrays.items() if s)
            raise ValueError(f"array fields must broadcast together, got shapes {shapes}") from None

    @property
    def phi(self) -> Activation:
        """The activation φ."""
        return activation(self.activation)  # type: ignore[attr-defined]

    def replace(self, **changes: Any) -> Self:
        """A copy with some fields changed."""
        unknown = sorted(set(changes) - {f.name for f in fields(self)})
        if unknown:
            known = ", ".join(f.name for f in fields(self))
            raise TypeError(f"{self.name} has no field {unknown[0]!r}; its fields are {known}")
        return replace(self, **changes)

    def unchecked(self, **arrays: Any) -> Self:
        """`replace` without validation, for clean arrays in inner loops."""
        copy = object.__new__(type(self))
        for f in fields(self):
            object.__setattr__(copy, f.name, arrays.get(f.name, getattr(self, f.name)))
        return copy

    def to_dict(self) -> dict[str, Any]:
        """Field name -> value, JSON-ready for a scalar model."""
        values = {f.name: getattr(self, f.name) for f in fields(self)}
        return {"architecture": self.name, **self.variant, **values}

    def __eq__(self, other: object) -> bool:
        if type(self) is not type(other):
            return NotImplemented
        return all(
            np.array_equal(getattr(self, f.name), getattr(other, f.name)) for f in fields(self)
        )

    def __hash__(self) -> int:
        values = (getattr(self, f.name) for f in fields(self))
        return hash(
            (type(self), *(v.tobytes() if isinstance(v, np.ndarray) else v for v in values))
        )

    def __repr__(self) -> str:
        shown = []
        for f in fields(self):
            value = getattr(self, f.name)
            if isinstance(value, np.ndarray):
                shown.append(f"{f.name}=<{'×'.join(map(str, value.shape))} array>")
            elif value != f.default:
                shown.append(
                    f"{f.name}={value:.12g}" if isinstance(value, float) else f"{f.name}={value!r}"
                )
        shown += [f"{name}={value!r}" for name, value in self.variant.items()]
        return f"{self.name}({', '.join(shown)})"

    # -- the process --------------------------------------------------------------------------
    @abstractmethod
    def input_kernels(self, C: np.ndarray, tolerance: float = 1e-13) -> dict[str, GaussianInput]:
        """Mean and covariance of each Gaussian input, from the autocorrelation C of h.

        ``C`` (n,) is C_h at n lags: 0…K and then ∞, where it is C_h(∞); or 0 alone, at a fixed
        point. A covariance has the same n lags, and at each may depend on C there and at lag 0
        only, not on where in the array the lag stands. With several ``features`` C is (m, n), their
        autocorrelations. ``tolerance`` is relative; what follows exactly from C need not use it.
        """

    @abstractmethod
    def network_inputs(
        self, carry: Any, matvec: Callable[[str, Any], Any], bias: Mapping[str, Any], xp: Any
    ) -> dict[str, Any]:
        """The inputs in a real network: ``matvec(k, v)`` is U_k v, ``bias[k]`` the drawn b_k."""

    @abstractmethod
    def step(self, inputs: Mapping[str, Any], carry: Any, xp: Any = np) -> Any:
        """One time step of a unit (or of all units of a network): the next carry."""

    @abstractmethod
    def rest(self, inputs: Mapping[str, Any], xp: Any = np) -> Any:
        """The carry at which a unit with these constant inputs rests (its fixed point)."""

    @abstractmethod
    def blocks(self, inputs: Mapping[str, Any], carry: Any, lam: Any, xp: Any = np) -> Blocks:
        """The linearised step as X(λ), B̂, Ĉ, from the inputs and the carry *before* the step."""

    def feature_values(self, inputs: Mapping[str, Any], carry: Any) -> tuple[Any, ...]:
        """What the weights multiply, in the order of ``features``; the first is always h."""
        self._require_one_feature("feature_values")
        return (carry if len(self.carried) == 1 else carry[self.carried.index("h")],)

    def rest_features(self, C: Any) -> tuple[Any, ...]:
        """Variances of the ``features`` at a fixed point where that of h is C."""
        self._require_one_feature("rest_features")
        return (C,)

    def _require_one_feature(self, method: str) -> None:
        if len(self.features) > 1:
            raise NotImplementedError(
                f"{type(self).__name__} has the features {', '.join(self.features)}: implement "
                f"{method} as well"
            )

    @property
    def zero_bias(self) -> Any:
        """h = 0 stays 0: no bias inside φ, whatever those of the gates (a bool, or an array)."""
        return all_zero(self.fixed_point_map(np.zeros(self.shape)))

    @property
    def constant_gate(self) -> float | None:
        """z of a `LeakyUnit`, if it is one number for all units and times; else None."""
        return None

    @property
    def memory(self) -> float:
        """Steps a typical unit remembers, such as 4/(1−z): the steady-state solver begins there.

        Its first window is a power of two from five times as many lags on, at least 64.
        """
        return 8.0

    def path_moments(self, paths: Any, K: int) -> PathMoments:
        """Autocorrelations at lags 0…K of the features of units driven by sampled paths.

        ``paths.periodic(name)`` is (2K, rows), stationary paths of an input with period 2K.
        """
        inputs = {name: paths.periodic(name) for name in self.remembered}
        L = len(next(iter(inputs.values())))
        carry = self.rest({name: path[L - K] for name, path in inputs.items()})
        recorded: list[list[Any]] = [[] for _ in self.features]
        for t in range(-K, L):  # one memory's worth of steps before the record begins
            now = {name: path[t] for name, path in inputs.items()}
            if t >= 0:
                for row, value in zip(recorded, self.feature_values(now, carry), strict=True):
                    row.append(value)
            carry = self.step(now, carry)
        return PathMoments(np.array([mean_autocorrelation(np.array(r), K) for r in recorded]))

    # -- fixed points -------------------------------------------------------------------------
    @abstractmethod
    def fixed_point_map(self, C: Any) -> Any:
        """The right-hand side of the self-consistency of C_h at a fixed point, by quadrature."""

    def fixed_point_level(self, t: Any) -> tuple[Any, Any, Any]:
        """(H, dH/dt, C) with fixed points at the crossings of H by a level.

        The level is 2 log of ``level_parameter``, which H must not depend on, or 0 without one.
        Here t = log C and H = log F(C) − log C, F the fixed-point map.
        """
        C = np.exp(t)

        def log_gain(t: Any) -> Any:
            return np.log(self.fixed_point_map(np.exp(t))) - t

        slope = (log_gain(t + LEVEL_STEP) - log_gain(t - LEVEL_STEP)) / (2 * LEVEL_STEP)
        return log_gain(t), slope, C

    def level_bounds(self) -> tuple[Any, Any]:
        """(low, high): below low H has no structure, at and above high it is under the level."""
        scale: Any = 1.0
        for name in self.numbers():
            value = np.square(getattr(self, name)) if name[0] != "v" else getattr(self, name)
            if name[0] == "a":
                scale = np.minimum(scale, 1 / (1 + value))
            else:
                scale = np.minimum(scale, np.where(value > 0, value, 1.0))
        return np.log(1e-3 * scale), np.zeros(np.shape(scale))

    def rho(self, C: Any) -> Any:
        """√(S(1)+1) of a fixed point with variance C: stable iff below 1. None: by sampling."""
        return None

    def rest_radius(self, C: Any, rho: Any) -> Any:
        """Radius of the Jacobian's support at fixed points (arrays). None: from the curve."""
        return None

    # -- the spectrum -------------------------------------------------------------------------
    def pole_terms(self, C: float, moment: Any = None) -> list[PoleTerm] | None:
        """S(λ)+1 as one-dimensional integrals over the gates' Gaussian laws; the last term's gate
        is the one with the widest law. None: the criterion over the state's unit.

        ``moment`` is E[D|ζ] of a steady state (see `path_moments`), None at a fixed point.
        """
        return None

    def criterion_poles(self, unit: Unit) -> list[CriterionPole] | None:
        """M(λ)/a_k² of a sample as a sum over poles; None: it follows from `blocks`, slower."""
        return None

    # -- what is compared ---------------------------------------------------------------------
    def averages(self, C: float, moment: Any = None) -> dict[str, float]:
        """One-unit averages by name, of a mean-field state with variance C."""
        return {"C_h(0)": float(C)}

    def sample_averages(self, unit: Unit) -> dict[str, float]:
        """The same averages, same names, over a sample of units."""
        return {"C_h(0)": unit.expect(lambda u: u["h"] ** 2)}

    def gains(self) -> np.ndarray:
        """a_k in the order of `matrices`."""
        return np.array([getattr(self, f"a_{k}") for k in self.matrices])

    def unit(self, inputs: Mapping[str, Any], carry: Any, weights: Any = None) -> Unit:
        """The `Unit` record of a sample of inputs and carries."""
        carries = carry if len(self.carried) > 1 else (carry,)
        return Unit(self, {**dict(zip(self.carried, carries, strict=True)), **inputs}, weights)


def mean_autocorrelation(x: np.ndarray, K: int) -> np.ndarray:
    """E[x_t x_{t+k}] at lags 0…K of periodic paths (L, rows), over all times and rows."""
    power = np.abs(fft.rfft(x, axis=0)) ** 2
    return np.asarray(fft.irfft(power.mean(axis=1), len(x))[: K + 1] / len(x))


def all_zero(*values: Any) -> Any:
    """Where all of these numbers or arrays are 0: a bool, or an array of their common shape."""
    zero = np.logical_and.reduce(np.broadcast_arrays(*(np.equal(value, 0) for value in values)))
    return zero if np.ndim(zero) else bool(zero)
