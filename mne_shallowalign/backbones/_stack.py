"""A loaded backbone: images in, the outputs of chosen layers out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor, nn

FINAL = "final"


class LayerOutput(NamedTuple):
    """What one layer says about a batch of images.

    Parameters
    ----------
    patches : Tensor, shape (n_images, n_patches, width)
        The spatial tokens; a feature map counts one token per position.
    prefix : Tensor, shape (n_images, n_prefix, width)
        Class token first, then register tokens; ``n_prefix`` may be 0.
    """

    patches: Tensor
    prefix: Tensor

    @classmethod
    def from_map(cls, x: Tensor, prefix: Tensor | None = None) -> LayerOutput:
        """Lay out a feature map as tokens.

        Parameters
        ----------
        x : Tensor, shape (n_images, width, height, breadth)
            The feature map.
        prefix : Tensor, shape (n_images, n_prefix, width) | None
            Class and register tokens beside it.

        Returns
        -------
        output : LayerOutput
            With height x breadth patches.
        """
        return cls.from_tokens(x.flatten(2).transpose(1, 2), prefix)

    @classmethod
    def from_tokens(cls, x: Tensor, prefix: Tensor | None = None) -> LayerOutput:
        """Take tokens whose prefix is split off.

        Parameters
        ----------
        x : Tensor, shape (n_images, n_patches, width)
            The patch tokens.
        prefix : Tensor, shape (n_images, n_prefix, width) | None
            Class and register tokens; None if there are none.

        Returns
        -------
        output : LayerOutput
            Both together.
        """
        return cls(x, x[:, :0] if prefix is None else prefix)


class LayerStack(nn.Module):
    """A loaded backbone: images in, the outputs of chosen layers out.

    Subclasses implement :meth:`run`.

    Parameters
    ----------
    layers : sequence of str
        The layer names, shallow to deep, without ``"final"``.
    """

    def __init__(self, layers: Sequence[str]) -> None:
        super().__init__()
        self.layers = tuple(layers)

    @torch.no_grad()
    def forward(self, images: Tensor, layers: Sequence[str]) -> dict[str, LayerOutput]:
        """Run the model once, no deeper than the deepest layer asked for.

        Parameters
        ----------
        images : Tensor, shape (n_images, 3, size, size)
            Preprocessed images.
        layers : sequence of str
            Names from ``self.layers``, and ``"final"``.

        Returns
        -------
        outputs : dict of str to LayerOutput
            One entry per name, in the order asked for.
        """
        wanted = [layer for layer in self.layers if layer in layers]
        outputs = self.run(images.to(self.dtype), wanted, FINAL in layers)
        return {layer: outputs[layer] for layer in layers}

    def run(
        self, images: Tensor, layers: list[str], final: bool
    ) -> dict[str, LayerOutput]:
        """Compute some layers; what a provider has to implement.

        Parameters
        ----------
        images : Tensor, shape (n_images, 3, size, size)
            Preprocessed images in the dtype of the stack.
        layers : list of str
            Names from ``self.layers``, shallow to deep; may be empty if ``final``.
        final : bool
            Whether ``"final"`` is asked for too.

        Returns
        -------
        outputs : dict of str to LayerOutput
            One entry per layer.
        """
        raise NotImplementedError

    @property
    def dtype(self) -> torch.dtype:
        """The floating dtype in which the stack computes."""
        tensors = [*self.parameters(), *self.buffers()]
        return next((t.dtype for t in tensors if t.is_floating_point()), torch.float32)


def measure_widths(
    stack: LayerStack, input_size: int
) -> tuple[tuple[int, ...], int | None]:
    """Find the widths of all layers and of the final output by one blank image.

    Parameters
    ----------
    stack : LayerStack
        A model, which may live on the meta device (then nothing is computed).
    input_size : int
        Side of the square input, in pixels.

    Returns
    -------
    widths : tuple of int
        The width of every layer.
    final_width : int
        The width of the final output.
    """
    tensors = [*stack.parameters(), *stack.buffers()]
    device = tensors[0].device if tensors else "cpu"
    blank = torch.zeros(1, 3, input_size, input_size, device=device)
    outputs = stack.eval()(blank, (*stack.layers, FINAL))
    *widths, final_width = (out.patches.shape[-1] for out in outputs.values())
    return tuple(widths), final_width


def check_granularity(granularity: str) -> None:
    """Refuse unknown ways of counting layers."""
    if granularity not in ("stage", "block"):
        raise ValueError(
            f"granularity must be 'stage' or 'block'; got {granularity!r}."
        )
