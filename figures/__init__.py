"""Figures of the papers, drawn anew, and some of our own: ``python -m figures NAME``.

One module a figure, with a function ``draw(quick=False, rng=0) -> matplotlib.figure.Figure`` and a
docstring whose first line says what it shows. To add one, write that module and name it here.
"""

NAMES = (
    "can2020_fig1",
    "can2020_fig2_left",
    "can2020_fig2_right",
    "can2020_fig3",
    "density_maps",
    "gru_conventions",
    "lstm_phase_diagram",
    "phase_conventions",
    "radius_maps",
    "trained_gru",
)
