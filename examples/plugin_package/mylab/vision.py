"""The backbone ``mylab/contrast``: contrast of colours, octave by octave."""

from functools import partial

from torch import Tensor
from torch.nn import functional

from mne_shallowalign.backbones import (
    Backbone,
    LayerOutput,
    LayerStack,
    build_preprocess,
)

INPUT_SIZE = 128
LAYERS = ("octave1", "octave2", "octave3", "octave4")
N_CELLS = 4  # along each side of the picture: 3 colours x 4 x 4 cells = 48 features


def provide(model, *, weights="hub", preprocess=None):
    """Describe the model ``mylab/<model>``; ``load_backbone`` calls this."""
    if model not in list_models() or weights != "hub":
        raise ValueError(
            f"mylab has one model, 'contrast', which has no weights; got {model!r} "
            f"and weights={weights!r}."
        )
    return Backbone(
        name=f"mylab/{model}",
        layers=LAYERS,
        widths=(3 * N_CELLS**2,) * len(LAYERS),
        final_width=None,  # it has no head, so there is no layer "final"
        input_size=INPUT_SIZE,
        n_parameters=0,
        license="BSD-3-Clause",
        weights="none",
        weights_revision="1",  # part of the cache key: count on when the model changes
        preprocess=preprocess or build_preprocess(INPUT_SIZE),
        loader=partial(Contrast, LAYERS),
    )


def list_models():
    """List what ``list_backbones`` shows as ``mylab/<model>``."""
    return ["contrast"]


provide.list_models = list_models


class Contrast(LayerStack):
    """How much each octave of spatial frequency differs from the next coarser one."""

    def run(
        self, images: Tensor, layers: list[str], final: bool
    ) -> dict[str, LayerOutput]:
        """Compute the layers asked for, and stop at the deepest of them."""
        outputs, fine = {}, images
        for name in self.layers[: self.layers.index(layers[-1]) + 1]:
            coarse = functional.avg_pool2d(fine, 2)
            detail = fine - functional.interpolate(coarse, scale_factor=2)
            cells = functional.adaptive_avg_pool2d(detail.abs(), N_CELLS)
            outputs[name] = LayerOutput.from_tokens(cells.flatten(1)[:, None])
            fine = coarse
        return outputs
