"""curves.svg: loss and metrics over the epochs, drawn as plain SVG so that every run can have it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from html import escape  # that of xml.sax brings half of urllib along

WIDTH, HEIGHT, MARGIN, TOP = 420, 260, 56, 34
MOST_POINTS = 800  # of a curve: more would not be seen
COLORS = {"": "#1f77b4", "val_": "#d95f02"}
STYLE = "font-family='sans-serif' font-size='11'"


def draw(title: str, epochs: Sequence[int], history: dict[str, list[float]]) -> str:
    """Return an SVG with one panel a quantity, the training curve and the validation curve in each."""
    names = [name for name in history if not name.startswith("val_") and name != "learning_rate"]
    panels = [_panel(i, name, epochs, history) for i, name in enumerate(names)]
    width = max(1, len(names)) * WIDTH
    return (
        f"<svg xmlns='http://www.w3.org/2000/svg' width='{width}' height='{HEIGHT}' viewBox='0 0 {width} {HEIGHT}'>\n"
        f"<title>{escape(title)}</title>\n<rect width='100%' height='100%' fill='white'/>\n"
        + "".join(panels)
        + "</svg>\n"
    )


def _panel(number: int, name: str, epochs: Sequence[int], history: dict[str, list[float]]) -> str:
    curves = {prefix: history[prefix + name] for prefix in COLORS if prefix + name in history}
    finite = [value for curve in curves.values() for value in curve if math.isfinite(value)]
    if not finite:
        return ""
    low, high = min(finite), max(finite)
    if low == high:
        low, high = low - 0.5, high + 0.5
    first, last = epochs[0] + 1, max(epochs[-1] + 1, epochs[0] + 2)

    def x(epoch: float) -> float:
        return MARGIN + (WIDTH - MARGIN - 16) * (epoch - first) / (last - first)

    def y(value: float) -> float:
        return HEIGHT - 36 - (HEIGHT - 36 - TOP) * (value - low) / (high - low)

    parts = [
        f"<g transform='translate({number * WIDTH} 0)' {STYLE}>\n",
        f"<text x='{WIDTH / 2:g}' y='18' text-anchor='middle' font-size='13'>{escape(name)}</text>\n",
    ]
    for value in ticks(low, high):
        parts.append(
            f"<path d='M{MARGIN} {y(value):.1f}H{WIDTH - 16}' stroke='#ddd'/>"
            f"<text x='{MARGIN - 6}' y='{y(value) + 4:.1f}' text-anchor='end'>{value:.4g}</text>\n"
        )
    for epoch in ticks(first, last, whole=True):
        parts.append(f"<text x='{x(epoch):.1f}' y='{HEIGHT - 18}' text-anchor='middle'>{epoch:g}</text>\n")
    for row, (prefix, curve) in enumerate(curves.items()):
        seldom = max(1, len(epochs) // max(1, len(curve)))  # of a curve that is measured every few epochs
        places = epochs[seldom - 1 :: seldom]
        every = -(-len(curve) // MOST_POINTS)
        points = " ".join(
            f"{x(epoch + 1):.1f},{y(value):.1f}"
            for epoch, value in zip(places[::every], curve[::every], strict=False)
            if math.isfinite(value)
        )
        shape = f"<polyline points='{points}' fill='none' stroke='{COLORS[prefix]}' stroke-width='1.5'/>"
        label = "validation" if prefix else "training"
        parts.append(
            f"{shape}<text x='{WIDTH - 20}' y='{TOP + 12 + 14 * row}' text-anchor='end' "
            f"fill='{COLORS[prefix]}'>{label}</text>\n"
        )
    parts.append(f"<text x='{WIDTH / 2:g}' y='{HEIGHT - 4}' text-anchor='middle'>epoch</text></g>\n")
    return "".join(parts)


def ticks(low: float, high: float, whole: bool = False) -> list[float]:
    """Return about five round numbers between low and high."""
    step = 10 ** math.floor(math.log10((high - low) / 4))
    step = next(s for s in (step, 2 * step, 5 * step, 10 * step) if (high - low) / s <= 6)
    if whole:
        step = max(1, round(step))
    start = math.ceil(low / step)
    return [i * step for i in range(start, math.floor(high / step + 1e-9) + 1)]
