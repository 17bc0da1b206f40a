"""How a time grows with a size, drawn as plain SVG: both axes logarithmic, so that equal growth is an equal slope.

Dashed lines go through the last point and show growth by a whole power: with the first one, twice the size takes
twice the time. Dark on a white ground of its own, whatever is around it.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import escape

ACROSS = 2  # panels side by side
WIDTH, HEIGHT = 420, 290  # of a panel
LEFT, RIGHT, TOP, BOTTOM = 66, 18, 36, 46  # between its edge and its axes
INK, FAINT, CURVE, GUIDE = "#222", "#ddd", "#1f77b4", "#666"
PLACE = 0.3  # of a line's name along it
WORDS = {1: "in proportion", 2: "with the square"}


@dataclass
class Panel:
    """A measured curve, and the powers of its size that it is compared with."""

    title: str
    across: str
    up: str
    sizes: Sequence[float]
    times: Sequence[float]
    powers: Sequence[int]


def draw(title: str, panels: Sequence[Panel]) -> str:
    """Return an SVG with a panel for each curve, two side by side."""
    wide = WIDTH * min(ACROSS, len(panels))
    high = HEIGHT * -(-len(panels) // ACROSS)
    return (
        f"<svg xmlns='http://www.w3.org/2000/svg' width='{wide}' height='{high}' viewBox='0 0 {wide} {high}'"
        f" font-family='sans-serif' font-size='12' fill='{INK}' role='img'>\n"
        f"<title>{escape(title)}</title>\n<rect width='100%' height='100%' rx='6' fill='#fff'/>\n"
        + "".join(
            f"<g transform='translate({number % ACROSS * WIDTH} {number // ACROSS * HEIGHT})'>\n{_panel(panel)}</g>\n"
            for number, panel in enumerate(panels)
        )
        + "</svg>\n"
    )


class Axes:
    """Where sizes and times lie in a panel; every axis ends a little beyond its points."""

    def __init__(self, panel: Panel) -> None:
        self.sizes = panel.sizes[0] / 1.15, panel.sizes[-1] * 1.15
        self.times = min(panel.times) / 1.5, max(panel.times) * 1.5

    def x(self, size: float) -> float:
        return LEFT + (WIDTH - LEFT - RIGHT) * _share(size, *self.sizes)

    def y(self, time: float) -> float:
        return HEIGHT - BOTTOM - (HEIGHT - BOTTOM - TOP) * _share(time, *self.times)


def _share(value: float, low: float, high: float) -> float:
    return math.log(value / low) / math.log(high / low)


def _panel(panel: Panel) -> str:
    axes = Axes(panel)
    right, bottom, middle = WIDTH - RIGHT, HEIGHT - BOTTOM, (LEFT + WIDTH - RIGHT) / 2
    parts = [_text(middle, 20, panel.title, "text-anchor='middle' font-size='14'")]
    for time in _round_numbers(*axes.times):
        y = axes.y(time)
        parts.append(f"<path d='M{LEFT} {y:.1f}H{right}' stroke='{FAINT}'/>\n")
        parts.append(_text(LEFT - 6, y + 4, f"{time:,g}", "text-anchor='end'"))
    for size in panel.sizes:
        x = axes.x(size)
        parts.append(f"<path d='M{x:.1f} {bottom}v4' stroke='{INK}'/>\n")
        parts.append(_text(x, bottom + 18, f"{size:,}", "text-anchor='middle'"))
    parts.append(f"<path d='M{LEFT} {TOP}V{bottom}H{right}' fill='none' stroke='{INK}'/>\n")
    parts.append(_text(middle, HEIGHT - 10, panel.across, "text-anchor='middle'"))
    parts.append(
        _text(0, 0, panel.up, f"text-anchor='middle' transform='translate(16 {(TOP + bottom) / 2:g}) rotate(-90)'")
    )
    parts += [_guide(panel, axes, power) for power in panel.powers]
    points = [(axes.x(size), axes.y(time)) for size, time in zip(panel.sizes, panel.times, strict=True)]
    line = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
    parts.append(f"<polyline points='{line}' fill='none' stroke='{CURVE}' stroke-width='2'/>\n")
    parts += [f"<circle cx='{x:.1f}' cy='{y:.1f}' r='3.5' fill='{CURVE}'/>\n" for x, y in points]
    return "".join(parts)


def _guide(panel: Panel, axes: Axes, power: int) -> str:
    """Draw growth by a power, back from the last point as far as it is within the axes, with its name along it."""
    size, time = panel.sizes[-1], panel.times[-1]
    least = max(panel.sizes[0], size * (axes.times[0] / time) ** (1 / power))
    start = axes.x(least), axes.y(time * (least / size) ** power)
    end = axes.x(size), axes.y(time)
    angle = math.degrees(math.atan2(end[1] - start[1], end[0] - start[0]))
    middle = least * (size / least) ** PLACE
    below = _at(panel, middle) > time * (middle / size) ** power
    x, y = (a + PLACE * (b - a) for a, b in zip(start, end, strict=True))
    turned = f"transform='translate({x:.1f} {y:.1f}) rotate({angle:.1f})' text-anchor='middle' fill='{GUIDE}'"
    return (
        f"<path d='M{start[0]:.1f} {start[1]:.1f}L{end[0]:.1f} {end[1]:.1f}' stroke='{GUIDE}'"
        f" stroke-dasharray='5 4'/>\n" + _text(0, 15 if below else -6, WORDS[power], turned)
    )


def _at(panel: Panel, size: float) -> float:
    """Return the time at a size between two that were measured."""
    points = list(zip(panel.sizes, panel.times, strict=True))
    for (low, before), (high, after) in itertools.pairwise(points):
        if size <= high:
            return math.exp(math.log(before) + math.log(after / before) * _share(size, low, high))
    return panel.times[-1]


def _round_numbers(low: float, high: float) -> Iterator[float]:
    """Yield 1, 2, 5, 10, ... between low and high."""
    for exponent in range(math.floor(math.log10(low)), math.ceil(math.log10(high))):
        yield from (value for digit in (1, 2, 5) if low <= (value := digit * 10.0**exponent) <= high)


def _text(x: float, y: float, words: str, attributes: str) -> str:
    return f"<text x='{x:g}' y='{y:.1f}' {attributes}>{escape(words)}</text>\n"
