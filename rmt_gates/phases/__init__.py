"""Where the kinds of states meet in parameter space: lines and diagrams."""
