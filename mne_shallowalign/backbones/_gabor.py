"""Provider ``gabor/v1``: a weight-free hierarchy of Gabor energy, after V1."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from ._base import Backbone
from ._preprocess import build_preprocess
from ._stack import FINAL, LayerOutput, LayerStack, check_granularity, measure_widths

INPUT_SIZE = 128
# Luminance, red-green, blue-yellow (rows) from red, green, blue (columns).
OPPONENT = [[1 / 3, 1 / 3, 1 / 3], [0.5, -0.5, 0.0], [-0.25, -0.25, 0.5]]
N_ORIENTATIONS = 6
WAVELENGTHS = (3.0, 4.5)  # pixels, on the picture and on its half
SEMISATURATION = 0.1  # in contrast, of pictures in [-1, 1]
WIDTHS = (96, 128, 160, 192, 192)
STRIDES = (2, 2, 2, 1, 1)


def provide(
    model: str,
    *,
    weights: str | Path = "hub",
    preprocess: Callable[[Any], Tensor] | None = None,
    granularity: str = "stage",
) -> Backbone:
    """Describe the Gabor hierarchy: no weights, no download, the same everywhere.

    Parameters
    ----------
    model : str
        ``"v1"``.
    weights : str | Path
        There are none: must stay ``"hub"``.
    preprocess : callable | None
        None for a centre crop of 128 x 128 pixels with values in [-1, 1].
    granularity : "stage" | "block"
        Its layers are the same either way.

    Returns
    -------
    backbone : Backbone
        The description.

    See Also
    --------
    GaborStack : The mathematics.
    """
    check_granularity(granularity)
    if model != "v1":
        raise ValueError(f"Unknown backbone 'gabor/{model}'. Did you mean 'gabor/v1'?")
    if weights != "hub":
        raise ValueError(
            f"weights={weights!r}: gabor/v1 has no weights; leave weights='hub'."
        )
    layers, widths, final_width = _describe()
    return Backbone(
        name="gabor/v1",
        layers=layers,
        widths=widths,
        final_width=final_width,
        input_size=INPUT_SIZE,
        n_parameters=0,
        license="BSD-3-Clause",
        weights="none",
        weights_revision="1",
        preprocess=preprocess or build_preprocess(INPUT_SIZE),
        loader=GaborStack,
    )


def list_models() -> list[str]:
    """List the hierarchies there are."""
    return ["v1"]


provide.list_models = list_models  # type: ignore[attr-defined]  # of a function


@lru_cache(maxsize=1)
def _describe() -> tuple[tuple[str, ...], tuple[int, ...], int | None]:
    stack = GaborStack()
    return stack.layers, *measure_widths(stack, INPUT_SIZE)


class GaborStack(LayerStack):
    r"""Six layers of Gabor energy, divisive normalisation and fixed mixing.

    Notes
    -----
    Layer 1 models complex cells [1]_ [2]_: every picture is split into luminance and
    two colour-opponent channels; a quadrature pair of Gabor filters
    :math:`g_{even}, g_{odd}` per orientation and wavelength gives the energy

    .. math:: e = \sqrt{(g_{even} * x)^2 + (g_{odd} * x)^2},

    beside on and off responses to local luminance and colour.

    Each deeper layer normalises the maps below divisively [3]_ by their local and
    cross-channel mean :math:`\bar{e}`, mixes channels by a fixed seeded matrix
    :math:`Q` with orthonormal rows or columns, and takes Gabor energies of the mixture
    :math:`Q (e / (\sigma + \bar{e}))` at twice the receptive field, a different
    orientation in each channel; one channel in four averages instead of
    filtering. Depth thus trades detail for abstraction, with nothing learned.

    References
    ----------
    .. [1] Adelson & Bergen (1985), Spatiotemporal energy models for the perception of
       motion, J. Opt. Soc. Am. A 2(2).
    .. [2] Jones & Palmer (1987), An evaluation of the two-dimensional Gabor filter
       model of simple receptive fields in cat striate cortex, J. Neurophysiol. 58(6).
    .. [3] Heeger (1992), Normalization of cell responses in cat striate cortex, Visual
       Neuroscience 9(2).
    """

    def __init__(self) -> None:
        super().__init__([f"energy{i}" for i in range(1, len(WIDTHS) + 2)])
        self.first = OpponentEnergy()
        generator = torch.Generator().manual_seed(1985)
        widths = (self.first.width, *WIDTHS)
        self.deeper = nn.ModuleList(
            MixedEnergy(below, width, stride, generator)
            for below, width, stride in zip(widths, WIDTHS, STRIDES, strict=False)
        )

    def run(
        self, images: Tensor, layers: list[str], final: bool
    ) -> dict[str, LayerOutput]:
        """Run up to the deepest layer asked for; final is the last layer's mean."""
        depth = len(self.layers) if final else self.layers.index(layers[-1]) + 1
        outputs: dict[str, LayerOutput] = {}
        maps = images
        for name, stage in zip(
            self.layers[:depth], (self.first, *self.deeper), strict=False
        ):
            maps = stage(maps)
            outputs[name] = LayerOutput.from_map(maps)
        if final:
            outputs[FINAL] = LayerOutput.from_tokens(maps.mean((2, 3))[:, None])
        return outputs


class OpponentEnergy(nn.Module):
    """Gabor energy of luminance and colour opponency: RGB (n, 3, h, w) to maps."""

    bank: Tensor
    opponent: Tensor

    def __init__(self) -> None:
        super().__init__()
        angles = [math.pi * k / N_ORIENTATIONS for k in range(N_ORIENTATIONS)]
        pairs = [gabor_pair(w, a, 11) for w in WAVELENGTHS for a in angles]
        # all even filters, then all odd ones: (2 * n_pairs, 1, 11, 11)
        bank = torch.stack([p[0] for p in pairs] + [p[1] for p in pairs])[:, None]
        self.register_buffer("bank", bank.float())
        self.register_buffer("opponent", torch.tensor(OPPONENT))
        self.width = (1 + len(OPPONENT)) * len(pairs) + 2 * len(OPPONENT)

    def forward(self, images: Tensor) -> Tensor:
        """Return energies and on/off responses, (n, width, h / 2, w / 2)."""
        x = torch.einsum("oc,nchw->nohw", self.opponent, images)
        half = functional.avg_pool2d(x, 2)
        fine = self._energy(x[:, :1], stride=2)  # colour vision is coarser
        coarse = self._energy(half, stride=1)
        return normalise(torch.cat([fine, coarse, half.relu(), (-half).relu()], dim=1))

    def _energy(self, x: Tensor, stride: int) -> Tensor:
        n = len(x)
        x = x.flatten(0, 1)[:, None]  # the same bank for all channels
        even, odd = _convolve(x, self.bank, stride=stride).chunk(2, dim=1)
        return _modulus(even, odd).reshape(n, -1, *even.shape[-2:])


class MixedEnergy(nn.Module):
    """Divisive normalisation, fixed channel mixing and Gabor energy."""

    mixing: Tensor
    even: Tensor
    odd: Tensor

    def __init__(
        self, below: int, width: int, stride: int, generator: torch.Generator
    ) -> None:
        super().__init__()
        self.stride = stride
        self.register_buffer("mixing", orthogonal(width, below, generator).float())
        pairs = [
            (gaussian(5), torch.zeros(5, 5, dtype=torch.float64))
            if channel % 4 == 3
            else gabor_pair(4.0, math.pi * (channel % 12) / 12, 5)
            for channel in range(width)
        ]
        even, odd = (torch.stack(f)[:, None] for f in zip(*pairs, strict=True))
        self.register_buffer("even", even.float())
        self.register_buffer("odd", odd.float())

    def forward(self, maps: Tensor) -> Tensor:
        """Map (n, below, h, w) to (n, width, h / stride, w / stride)."""
        x = functional.avg_pool2d(maps, self.stride)
        x = torch.einsum("oc,nchw->nohw", self.mixing, x)
        even = _convolve(x, self.even, groups=x.shape[1])
        odd = _convolve(x, self.odd, groups=x.shape[1])
        return normalise(_modulus(even, odd))


def normalise(maps: Tensor) -> Tensor:
    """Divide responses by the mean of all channels nearby (Heeger 1992, eq. 3).

    Parameters
    ----------
    maps : Tensor, shape (n, width, h, w)
        Responses, not negative.

    Returns
    -------
    maps : Tensor, shape (n, width, h, w)
        About 1 on average where there is contrast, near 0 where there is none.
    """
    drive = functional.avg_pool2d(
        maps.mean(1, keepdim=True), 3, 1, 1, count_include_pad=False
    )
    return maps / (SEMISATURATION + drive)


def gabor_pair(wavelength: float, angle: float, size: int) -> tuple[Tensor, Tensor]:
    """Even and odd Gabor filters (Jones & Palmer 1987), blind to flat fields.

    Parameters
    ----------
    wavelength : float
        In pixels; the envelope's standard deviation is 0.5 wavelengths (about 1.1
        octaves of bandwidth).
    angle : float
        Direction of modulation, in radians.
    size : int
        Side of the filters.

    Returns
    -------
    even, odd : Tensor, shape (size, size), float64
        A quadrature pair; the even one has unit norm.
    """
    y, x = _grid(size)
    envelope = torch.exp(-(x**2 + y**2) / (2 * (0.5 * wavelength) ** 2))
    phase = 2 * math.pi / wavelength * (x * math.cos(angle) + y * math.sin(angle))
    even = envelope * phase.cos()
    even = even - envelope * even.sum() / envelope.sum()
    odd = envelope * phase.sin()
    return even / even.norm(), odd / odd.norm()


def gaussian(size: int) -> Tensor:
    """Return a Gaussian of unit sum, shape (size, size), float64."""
    y, x = _grid(size)
    bell = torch.exp(-(x**2 + y**2) / 2)
    return bell / bell.sum()


def orthogonal(rows: int, columns: int, generator: torch.Generator) -> Tensor:
    """Return a random matrix with orthonormal rows or columns, the fewer of the two.

    Parameters
    ----------
    rows, columns : int
        Its shape.
    generator : torch.Generator
        The source of randomness.

    Returns
    -------
    matrix : Tensor, shape (rows, columns), float64
        The same on every machine: signs are fixed by a positive diagonal of R.
    """
    shape = (max(rows, columns), min(rows, columns))
    q, r = torch.linalg.qr(torch.randn(shape, generator=generator, dtype=torch.float64))
    q = q * r.diagonal().sign()
    return q if rows >= columns else q.T


def _grid(size: int) -> tuple[Tensor, Tensor]:
    axis = torch.arange(size, dtype=torch.float64) - (size - 1) / 2
    y, x = torch.meshgrid(axis, axis, indexing="ij")
    return y, x


def _convolve(x: Tensor, kernel: Tensor, stride: int = 1, groups: int = 1) -> Tensor:
    """Filter with mirrored borders, which add no edge of their own."""
    pad = kernel.shape[-1] // 2
    padded = functional.pad(x, (pad,) * 4, mode="reflect")
    return functional.conv2d(padded, kernel, stride=stride, groups=groups)


def _modulus(even: Tensor, odd: Tensor) -> Tensor:
    # in place: these maps are the largest arrays there are
    return even.square_().add_(odd.square_()).add_(1e-8).sqrt_()
