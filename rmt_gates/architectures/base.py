"""The protocol every architecture follows."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields, replace
from typing import Any, ClassVar, NamedTuple, Self

import numpy as np

from rmt_gates.architectures.parameters import clean
from rmt_gates.gaussian import Activation, activation
from rmt_gates.unit import Unit


class GaussianInput(NamedTuple):
    """Mean and stationary covariance (at the lags asked for) of one Gaussian input of a unit."""

    mean: float
    covariance: Any


class Blocks(NamedTuple):
    """The eigenvalue problem det(X(λ) − B̂ Û Ĉ) = 0 of one unit (THEORY.md §4).

    Nested lists of per-unit arrays, or of the plain numbers 0 and 1 where the structure says so:
    ``X`` is n_b × n_b, ``B`` n_b × n, ``C`` n × n_b, for n weight matrices.
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
    """

    mean: float
    variance: float
    q: Callable[[Any], Any]
    dq: Callable[[Any], Any]


@dataclass(frozen=True, eq=False, repr=False)
class Architecture(ABC):
    """Statistics of the random weights of one recurrent architecture, and its one-unit process.

    Parameter records are frozen; every numerical field is a float or an array, arrays broadcast.
    (U_k)_ij ~ N(0, a_k²/N), (b_k)_i ~ N(b_k, v_k).

    To add one, implement these (each documented below), in one file:

    * the fields ``a_*``, ``b_*``, ``v_*`` and the class attributes ``name``, ``matrices`` (the
      weight matrices in the order of `blocks`), ``carriers`` (the blocks that carry λ),
      ``remembered`` (the inputs whose past the carry depends on), ``carried`` (names of what a
      unit carries from step to step: ``("h",)``, or ``("c", "h")`` and the carry is a tuple);
    * ``input_kernels(C)``, ``network_inputs(carry, matvec, bias)`` and ``step(inputs, carry, xp)``:
      the process, in mean field and in a real network;
    * ``fixed_point_map(C)``, and ``fixed_point_level(log_u)`` with ``smallest_scale()``: the same
      equation with the gain a_h as an explicit level, for finding every root; ``rho(C)``;
      ``rest(inputs)``;
    * ``blocks(inputs, carry, lam, xp)``: the three small matrices of the linearised step;
      ``pole_terms(C, excess)``: S(λ) in closed form, and ``criterion_poles(unit)``, optional:
      the criterion of a sample in closed form;
    * ``averages(C, excess)`` and ``sample_averages(unit)``: what is compared with networks.
    """

    name: ClassVar[str]
    matrices: ClassVar[tuple[str, ...]]
    carriers: ClassVar[tuple[int, ...]]
    remembered: ClassVar[tuple[str, ...]]
    carried: ClassVar[tuple[str, ...]] = ("h",)

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
        return {"architecture": self.name, **{f.name: getattr(self, f.name) for f in fields(self)}}

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
        return f"{self.name}({', '.join(shown)})"

    # -- the process --------------------------------------------------------------------------
    @abstractmethod
    def input_kernels(self, C: np.ndarray, tolerance: float = 1e-13) -> dict[str, GaussianInput]:
        """Mean and covariance of each Gaussian input, from the autocorrelation C of h.

        ``C`` is (K+1,) over lags 0…K, or (1,) at a fixed point; lag 0 comes first. ``tolerance``
        is relative; what follows exactly from C need not use it.
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
    def fixed_point_map(self, C: Any) -> Any:
        """The right-hand side of the self-consistency of C_h at a fixed point, by quadrature."""

    @abstractmethod
    def blocks(self, inputs: Mapping[str, Any], carry: Any, lam: Any, xp: Any = np) -> Blocks:
        """The linearised step as X(λ), B̂, Ĉ, from the inputs and the carry *before* the step."""

    @abstractmethod
    def rest(self, inputs: Mapping[str, Any], xp: Any = np) -> Any:
        """The carry at which a unit with these constant inputs rests (its fixed point)."""

    @abstractmethod
    def averages(self, C: float, excess: Any = None) -> dict[str, float]:
        """One-unit averages by name, of a mean-field state with variance C."""

    @abstractmethod
    def sample_averages(self, unit: Unit) -> dict[str, float]:
        """The same averages, same names, over a sample of units."""

    @abstractmethod
    def rho(self, C: Any) -> Any:
        """The stability parameter of a fixed point with variance C: stable iff below 1."""

    @abstractmethod
    def pole_terms(self, C: float, excess: Any = None) -> list[PoleTerm]:
        """S(λ)+1 as one-dimensional integrals over the gates' Gaussian laws."""

    def criterion_poles(self, unit: Unit) -> list[CriterionPole] | None:
        """M(λ)/a_k² of a sample as a sum over poles; None: it follows from `blocks`, slower."""
        return None

    @abstractmethod
    def fixed_point_level(self, log_u: Any) -> tuple[Any, Any, Any]:
        """(H, dH/d log u, C): fixed points are the crossings of H with the level 2 log a_h."""

    @abstractmethod
    def smallest_scale(self) -> Any:
        """The u below which H has no structure: it is monotone or constant there."""

    @property
    @abstractmethod
    def zero_bias(self) -> Any:
        """Whether the zero state is a fixed point (a bool, or an array of them)."""

    def gains(self) -> np.ndarray:
        """a_k in the order of `matrices`."""
        return np.array([getattr(self, f"a_{k}") for k in self.matrices])

    def unit(self, inputs: Mapping[str, Any], carry: Any, weights: Any = None) -> Unit:
        """The `Unit` record of a sample of inputs and carries."""
        carries = carry if len(self.carried) > 1 else (carry,)
        return Unit(self, {**dict(zip(self.carried, carries, strict=True)), **inputs}, weights)


def require_scalar(model: Architecture, function: str) -> None:
    """Refuse a model with array fields where only one parameter point makes sense."""
    if not isinstance(model, Architecture):
        raise TypeError(
            f"{function} needs a model such as rg.GRU(a_h=3), got {type(model).__name__}"
        )
    if model.shape:
        arrays = [n for n in model.numbers() if np.ndim(getattr(model, n))]
        raise ValueError(
            f"{function} takes one model, but {', '.join(arrays)} "
            f"{'is an array' if len(arrays) == 1 else 'are arrays'}: use rg.scan for many points"
        )
