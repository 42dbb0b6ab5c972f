"""Colours, markers and hatches that are told apart in grey and by colour-blind eyes."""

from __future__ import annotations

# Okabe & Ito (2008), "Color universal design".
BLUE = "#0072B2"
ORANGE = "#E69F00"
GREEN = "#009E73"
VERMILION = "#D55E00"
SKY = "#56B4E9"
PURPLE = "#CC79A7"
GREY = "#666666"

COLORS = (BLUE, ORANGE, GREEN, VERMILION, SKY, PURPLE)
MARKERS = ("o", "s", "^", "D", "v", "P")
LINES = ("-", "--", "-.", ":", (0, (5, 1)), (0, (3, 1, 1, 1, 1, 1)))
HATCHES = ("", "///", "...", "xx", "\\\\\\", "++")
EVEN_MAP = "cividis"  # its lightness grows evenly, so that it also reads in grey
