"""Draws digits/0.png to 9.png, the ten digits that the examples explain: made here, none of them from MNIST.

    python draw_digits.py

A digit is a few strokes (lines and elliptic arcs) in a square of side 1, y pointing down, drawn with a round pen. As in
MNIST the ink is white on black, scaled to fit a box of 20 x 20 pixels, antialiased, and moved so that its centre of mass
lies in the middle of 28 x 28 pixels.
"""

from pathlib import Path

import numpy as np
from PIL import Image

HERE = Path(__file__).resolve().parent
SIDE, BOX = 28, 20
PEN = 0.055  # the pen's radius, in units of the square
FINE = 8  # sub-pixels per pixel and axis


def line(*corners: tuple[float, float]) -> np.ndarray:
    """Points along straight segments through the corners, dense enough to draw as dots."""
    ends = np.array(corners)
    steps = np.linspace(0, 1, 80)[:, None]
    return np.concatenate([a + steps * (b - a) for a, b in zip(ends[:-1], ends[1:])])


def arc(centre: tuple[float, float], radii: tuple[float, float], start: float, end: float) -> np.ndarray:
    """Points along an ellipse from angle start to end in degrees: 0 right, 90 down, 180 left, 270 up."""
    angles = np.radians(np.linspace(start, end, 240))
    return np.stack([centre[0] + radii[0] * np.cos(angles), centre[1] + radii[1] * np.sin(angles)], axis=1)


STROKES = {
    0: [arc((0.5, 0.5), (0.27, 0.42), 0, 360)],
    1: [line((0.44, 0.16), (0.54, 0.08), (0.47, 0.92))],
    2: [arc((0.48, 0.3), (0.24, 0.22), 190, 380), line((0.71, 0.37), (0.25, 0.9), (0.8, 0.87))],
    3: [arc((0.45, 0.29), (0.24, 0.2), 205, 445), arc((0.45, 0.7), (0.27, 0.22), 275, 510)],
    4: [line((0.3, 0.1), (0.22, 0.52), (0.78, 0.5)), line((0.68, 0.14), (0.62, 0.92))],
    5: [line((0.76, 0.1), (0.36, 0.12), (0.31, 0.46)), arc((0.46, 0.66), (0.26, 0.25), 235, 515)],
    6: [line((0.62, 0.08), (0.4, 0.36), (0.29, 0.62)), arc((0.49, 0.7), (0.21, 0.21), 0, 360)],
    7: [line((0.22, 0.15), (0.77, 0.12), (0.44, 0.92))],
    8: [arc((0.5, 0.28), (0.2, 0.19), 0, 360), arc((0.49, 0.69), (0.24, 0.22), 0, 360)],
    9: [arc((0.48, 0.31), (0.22, 0.22), 0, 360), line((0.7, 0.3), (0.66, 0.62), (0.56, 0.92))],
}


def draw(strokes: list[np.ndarray]) -> np.ndarray:
    """uint8 image of shape [SIDE, SIDE]: the share of each pixel that the pen covers, times 255."""
    points = np.concatenate(strokes)
    low, high = points.min(0) - PEN, points.max(0) + PEN
    pixels_per_unit = BOX / (high - low).max()
    # Two passes: the first, centred by extent, finds the centre of mass; the second is drawn around it.
    middle = (low + high) / 2
    for _ in range(2):
        grid = (np.arange(SIDE * FINE) + 0.5) / FINE - SIDE / 2
        on_paper = (points - middle) * pixels_per_unit
        across = (grid[None, :] - on_paper[:, 0:1]) ** 2  # [points, columns]
        down = (grid[None, :] - on_paper[:, 1:2]) ** 2  # [points, rows]
        radius = (PEN * pixels_per_unit) ** 2
        ink = np.zeros((SIDE * FINE, SIDE * FINE), dtype=bool)
        for row_distance, column_distance in zip(down, across):
            ink |= row_distance[:, None] + column_distance[None, :] <= radius
        rows, columns = np.nonzero(ink)
        middle = middle + np.array([grid[columns].mean(), grid[rows].mean()]) / pixels_per_unit
    covered = ink.reshape(SIDE, FINE, SIDE, FINE).mean(axis=(1, 3))
    return np.round(covered * 255).astype(np.uint8)


if __name__ == "__main__":
    (HERE / "digits").mkdir(exist_ok=True)
    for digit, strokes in STROKES.items():
        Image.fromarray(draw(strokes)).save(HERE / "digits" / f"{digit}.png", optimize=True)
