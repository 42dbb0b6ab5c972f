"""Layer outputs of any module, caught by forward hooks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from torch import Tensor, nn

from ._stack import FINAL, LayerOutput, LayerStack


class HookStack(LayerStack):
    """Watch named submodules of a model while it runs.

    Parameters
    ----------
    model : nn.Module
        Maps images to the final output.
    layers : sequence of str
        Names of submodules, shallow to deep. Each gives a feature map (4-D), tokens
        (3-D) or vectors (2-D).
    n_prefix : int
        How many leading tokens are class or register tokens.
    channels_last : bool
        Whether feature maps are (n_images, height, breadth, width).
    """

    def __init__(
        self,
        model: nn.Module,
        layers: Sequence[str],
        *,
        n_prefix: int = 0,
        channels_last: bool = False,
    ) -> None:
        super().__init__(layers)
        self.model = model
        self.n_prefix = n_prefix
        self.channels_last = channels_last

    def run(
        self, images: Tensor, layers: list[str], final: bool
    ) -> dict[str, LayerOutput]:
        """Run the model until every layer asked for has spoken.

        Parameters
        ----------
        images : Tensor, shape (n_images, 3, size, size)
            Preprocessed images.
        layers : list of str
            Names from ``self.layers``.
        final : bool
            Whether the model runs to its end, for ``"final"``.

        Returns
        -------
        outputs : dict of str to LayerOutput
            One entry per layer.
        """
        caught: dict[str, LayerOutput] = {}

        def watch(name: str) -> Any:
            def hook(module: nn.Module, args: Any, output: Any) -> None:
                caught[name] = self._lay_out(name, output)
                if not final and len(caught) == len(layers):
                    raise _Deepest

            return self.model.get_submodule(name).register_forward_hook(hook)

        handles = [watch(name) for name in layers]
        try:
            output = self.model(images)
            if final:
                caught[FINAL] = LayerOutput.from_tokens(output.flatten(1)[:, None])
        except _Deepest:
            pass
        finally:
            for handle in handles:
                handle.remove()
        return caught

    def _lay_out(self, name: str, output: Any) -> LayerOutput:
        if isinstance(output, tuple | list):
            output = output[0]
        if not isinstance(output, Tensor) or output.ndim not in (2, 3, 4):
            raise ValueError(
                f"Layer {name!r} must give a feature map (4-D), tokens (3-D) or "
                f"vectors (2-D); got {getattr(output, 'shape', type(output))}. Choose "
                "other layers."
            )
        if output.ndim == 4 and self.channels_last:
            return LayerOutput.from_tokens(output.flatten(1, 2))
        if output.ndim == 4:
            return LayerOutput.from_map(output)
        if output.ndim == 2:
            return LayerOutput.from_tokens(output[:, None])
        n = self.n_prefix
        return LayerOutput.from_tokens(output[:, n:], output[:, :n])


class _Deepest(Exception):
    """Everything asked for is computed; the rest of the model need not run."""
