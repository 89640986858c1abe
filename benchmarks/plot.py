"""Plain SVG pictures of measurements, drawn without any library: bars, and lines on logarithmic axes."""

import html
import math

colors = ["#1b6ca8", "#d1495b", "#66a182", "#edae49", "#7a5195", "#555555"]


class Picture:
    def __init__(self, width, height, title):
        self.width, self.height, self.parts = width, height, []
        self.text(16, 24, title, size=15, weight="bold")

    def text(self, x, y, words, size=12, anchor="start", weight="normal", color="#222"):
        self.parts.append(f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size}" text-anchor="{anchor}" font-weight="{weight}" '
                          f'fill="{color}">{html.escape(str(words))}</text>')

    def line(self, points, color, width=2.0):
        path = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
        self.parts.append(f'<polyline points="{path}" fill="none" stroke="{color}" stroke-width="{width}"/>')

    def box(self, x, y, width, height, color):
        self.parts.append(f'<rect x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{height:.1f}" fill="{color}"/>')

    def save(self, path):
        with open(path, "w") as file:
            file.write(f'<svg xmlns="http://www.w3.org/2000/svg" width="{self.width}" height="{self.height}" '
                       f'font-family="sans-serif"><rect width="100%" height="100%" fill="white"/>\n')
            file.write("\n".join(self.parts) + "\n</svg>\n")


def bars(path, title, unit, groups):
    """`groups`: {group: {bar: value}}; lengths are values, so that a ratio can be seen."""
    rows = sum(len(group) + 1 for group in groups.values())
    picture = Picture(760, 50 + 20 * rows, title)
    most = max(value for group in groups.values() for value in group.values())
    names = list(dict.fromkeys(name for group in groups.values() for name in group))
    y = 40
    for group, values in groups.items():
        picture.text(16, y + 14, group, weight="bold")
        y += 20
        for name, value in values.items():
            length = 430 * value / most
            picture.text(190, y + 13, name, anchor="end")
            picture.box(200, y + 2, max(length, 1), 14, colors[names.index(name) % len(colors)])
            picture.text(206 + length, y + 13, f"{value:.4g} {unit}")
            y += 20
    picture.save(path)


def lines(path, title, xTitle, yTitle, series):
    """`series`: {name: [(x, y)]}, on logarithmic axes: what is linear rises by one doubling for each."""
    picture = Picture(620, 420, title)
    xs = [math.log2(x) for points in series.values() for x, _ in points]
    ys = [math.log2(y) for points in series.values() for _, y in points]
    left, right, top, bottom = 80, 600, 50, 360
    lowX, highX, lowY, highY = min(xs), max(xs), math.floor(min(ys)), math.ceil(max(ys))
    at = lambda x, y: (left + (right - left) * (math.log2(x) - lowX) / max(highX - lowX, 1e-9),
                       bottom - (bottom - top) * (math.log2(y) - lowY) / max(highY - lowY, 1e-9))
    for x in sorted({x for points in series.values() for x, _ in points}):
        px, _ = at(x, 2.0**lowY)
        picture.line([(px, top), (px, bottom)], "#ddd", 1)
        picture.text(px, bottom + 18, f"{x:g}", anchor="middle")
    for power in range(lowY, highY + 1):
        _, py = at(2.0**lowX, 2.0**power)
        picture.line([(left, py), (right, py)], "#ddd", 1)
        picture.text(left - 6, py + 4, f"{2.0**power:.4g}", anchor="end")
    for i, (name, points) in enumerate(series.items()):
        color = colors[i % len(colors)]
        picture.line([at(x, y) for x, y in points], color)
        for x, y in points:
            px, py = at(x, y)
            picture.box(px - 3, py - 3, 6, 6, color)
        picture.text(left + 12, top + 16 + 16 * i, name, color=color, weight="bold")
    picture.text((left + right) / 2, bottom + 42, xTitle, anchor="middle")
    picture.text(16, top - 8, yTitle)
    picture.save(path)
