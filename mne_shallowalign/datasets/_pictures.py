"""Drawn pictures: families of shapes, textures and colours, made with PIL."""

from __future__ import annotations

import colorsys
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageDraw, ImageFilter
from sklearn.utils import check_random_state

_POINTS = {"triangle": 3, "square": 4, "pentagon": 5, "octagon": 8}
_STARS = {"star": (5, 0.42), "spark": (4, 0.25), "sun": (12, 0.7)}
_SHAPES = (*_POINTS, *_STARS, "disc", "ring", "cross", "crescent", "bar")
_TEXTURES = (
    *("plain", "striped", "checked", "dotted", "cloudy", "grained"),
    *("woven", "rippled", "zigzag"),
)


def draw_pictures(
    path: str | Path,
    n_concepts: int = 20,
    n_per_concept: int = 4,
    *,
    size: int = 128,
    random_state: int | np.random.RandomState | None = 0,
) -> list[Path]:
    """Draw pictures, a folder per concept.

    A concept is a family: a shape, a texture and a palette. Its exemplars differ in
    position, size, rotation, number, colours, texture scale, lighting and background.

    Parameters
    ----------
    path : str | Path
        The folder to write to; it is made if it does not exist.
    n_concepts : int
        The number of concepts, i.e. of folders.
    n_per_concept : int
        The number of pictures of each concept.
    size : int
        The height and the width in pixels.
    random_state : int | RandomState | None
        The same seed draws the same pictures.

    Returns
    -------
    pictures : list of Path
        The pictures, ``<path>/<concept>/<concept>_<number>.png``.
    """
    rng = check_random_state(random_state)
    pictures = []
    for concept, shape, texture in _concepts(n_concepts, rng):
        folder = Path(path) / concept
        folder.mkdir(parents=True, exist_ok=True)
        hue = rng.uniform()
        for number in range(1, n_per_concept + 1):
            fname = folder / f"{concept}_{number:02d}.png"
            _draw(shape, texture, hue, size, rng).save(fname)
            pictures.append(fname)
    return pictures


def _concepts(
    n_concepts: int, rng: np.random.RandomState
) -> list[tuple[str, str, str]]:
    """Name each concept after its texture and shape, numbered when they run out."""
    kinds = list(product(_SHAPES, _TEXTURES))
    order = np.concatenate(
        [rng.permutation(len(kinds)) for _ in range(-(-n_concepts // len(kinds)))]
    )
    concepts = []
    for i, kind in enumerate(order[:n_concepts]):
        shape, texture = kinds[kind]
        suffix = f"_{i // len(kinds) + 1}" if i >= len(kinds) else ""
        concepts.append((f"{texture}_{shape}{suffix}", shape, texture))
    return concepts


def _draw(
    shape: str, texture: str, hue: float, size: int, rng: np.random.RandomState
) -> Image.Image:
    """Draw one exemplar: textured shapes over a textured background, then light."""
    backdrop = _TEXTURES[rng.randint(len(_TEXTURES))]
    picture = _textured(backdrop, rng.uniform(), 0.35, size, rng)
    for _ in range(rng.choice([1, 1, 2, 3])):
        colours = (hue + rng.normal(0, 0.05)) % 1
        figure = _textured(texture, colours, 0.85, size, rng)
        picture.paste(figure, mask=_outline(shape, size, rng))
    if rng.uniform() < 0.3:
        picture = picture.filter(ImageFilter.GaussianBlur(rng.uniform(0.5, 1.5)))
    return _lit(picture, rng)


def _outline(shape: str, size: int, rng: np.random.RandomState) -> Image.Image:
    """Draw the mask of one shape, twice as large and then reduced for soft edges."""
    mask = Image.new("L", (2 * size, 2 * size))
    draw = ImageDraw.Draw(mask)
    radius = size * rng.uniform(0.35, 0.85)
    x, y = size + size * rng.uniform(-0.45, 0.45, 2)
    if shape in _POINTS or shape in _STARS:
        draw.polygon(_corners(shape, x, y, radius), fill=255)
    elif shape in ("cross", "bar"):
        arm = radius * 0.3
        draw.rectangle((x - radius, y - arm, x + radius, y + arm), fill=255)
        if shape == "cross":
            draw.rectangle((x - arm, y - radius, x + arm, y + radius), fill=255)
    else:
        draw.ellipse((x - radius, y - radius, x + radius, y + radius), fill=255)
        hole = radius * {"disc": 0.0, "ring": 0.55, "crescent": 0.8}[shape]
        left = x - hole + (0.5 * radius if shape == "crescent" else 0.0)
        if hole:
            draw.ellipse((left, y - hole, left + 2 * hole, y + hole), fill=0)
    return mask.rotate(rng.uniform(0, 360), center=(x, y)).resize((size, size))


def _corners(shape: str, x: float, y: float, radius: float) -> list[tuple[Any, ...]]:
    """Place the corners of a polygon or the points of a star around (x, y)."""
    n_points, inner = _STARS.get(shape, (_POINTS.get(shape, 0), 1.0))
    n_corners = n_points * (2 if shape in _STARS else 1)
    angles = 2 * np.pi * np.arange(n_corners) / n_corners
    radii = np.full(n_corners, radius)
    if shape in _STARS:
        radii[1::2] *= inner
    corners = np.stack([x + radii * np.cos(angles), y + radii * np.sin(angles)], 1)
    return [tuple(corner) for corner in corners.tolist()]


def _textured(
    texture: str, hue: float, saturation: float, size: int, rng: np.random.RandomState
) -> Image.Image:
    """Fill a picture with a texture that blends two colours of one hue."""
    light, dark = rng.uniform(0.65, 1.0), rng.uniform(0.1, 0.5)
    colours = np.array(
        [
            colorsys.hsv_to_rgb(hue, saturation * rng.uniform(0.6, 1.0), light),
            colorsys.hsv_to_rgb((hue + 0.12) % 1, saturation, dark),
        ]
    )
    blend = _pattern(texture, size, rng)[..., np.newaxis]
    pixels = blend * colours[0] + (1 - blend) * colours[1]
    return Image.fromarray((255 * pixels).astype(np.uint8))


def _pattern(texture: str, size: int, rng: np.random.RandomState) -> np.ndarray:
    """Return the texture as (size, size) weights between 0 and 1."""
    angle, period = rng.uniform(0, np.pi), size * rng.uniform(0.05, 0.2)
    rows, columns = np.mgrid[:size, :size]
    u = 2 * np.pi * (columns * np.cos(angle) + rows * np.sin(angle)) / period
    v = 2 * np.pi * (rows * np.cos(angle) - columns * np.sin(angle)) / period
    if texture == "striped":
        return 0.5 + 0.5 * np.sin(u)
    if texture == "checked":
        return (np.sin(u) * np.sin(v) > 0).astype(float)
    if texture == "dotted":
        return (np.cos(u) + np.cos(v) > rng.uniform(0.3, 1.0)).astype(float)
    if texture == "woven":
        return 0.5 + 0.25 * (np.sin(u) + np.sin(3 * v))
    if texture == "rippled":
        return 0.5 + 0.5 * np.sin(np.hypot(u, v))
    if texture == "zigzag":
        return (np.sin(u + 3 * np.arcsin(np.sin(v / 2))) > 0).astype(float)
    if texture == "plain":
        return np.full((size, size), rng.uniform(0.2, 0.8))
    grains = max(2, int(size / (period if texture == "cloudy" else 3)))
    noise = Image.fromarray(rng.uniform(0, 255, (grains, grains)).astype(np.uint8))
    return np.asarray(noise.resize((size, size), Image.Resampling.BICUBIC)) / 255


def _lit(picture: Image.Image, rng: np.random.RandomState) -> Image.Image:
    """Light the picture from one side and change its exposure."""
    width, height = picture.size
    angle = rng.uniform(0, 2 * np.pi)
    rows, columns = np.mgrid[-1 : 1 : height * 1j, -1 : 1 : width * 1j]
    slope = columns * np.cos(angle) + rows * np.sin(angle)
    light = rng.uniform(0.7, 1.1) + rng.uniform(0, 0.25) * slope
    pixels = np.asarray(picture) * light[..., np.newaxis]
    return Image.fromarray(pixels.clip(0, 255).astype(np.uint8))
