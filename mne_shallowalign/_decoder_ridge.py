"""The part of a decoder that is found in closed form."""

from __future__ import annotations

from collections.abc import Iterator
from numbers import Real
from typing import TYPE_CHECKING

import numpy as np
from mne.utils import logger

from ._checks import CONCEPT, refuse_missing
from ._decoder_input import TrialLabels
from ._decoder_state import DecoderState
from .features._gallery import Gallery, is_auto

if TYPE_CHECKING:
    import torch

    from .alignment import AlignmentNet, RidgeScreen

# of the weight of the layer that counts most: less costs a net more than it gives
LEAST_SHARE = 0.4


class RidgeMixin(DecoderState):
    """Choose layers and penalties, and fill in weights, by ridge regression."""

    @property
    def _needs_ridge(self) -> bool:
        return self.solver == "ridge" or self.init == "ridge"

    def _flat_signal(self, signal: np.ndarray) -> torch.Tensor:
        import torch

        scaled = self.signal_scaler_.to_device(signal, self.device_, torch.float32)
        return scaled.flatten(1)

    def _make_screen(
        self, signal: np.ndarray, gallery: Gallery, labels: TrialLabels
    ) -> RidgeScreen | None:
        """Factorise the signal, if a layer, penalty or weight is to be chosen."""
        import torch

        from .alignment import RidgeScreen

        several = len(gallery.widths) > 1
        is_compared = several and (is_auto(self.layer) or self.fusion == "learned")
        has_alpha = isinstance(self.alpha, Real)
        if not is_compared and (has_alpha or not self._needs_ridge):
            return None
        refuse_missing(labels.concepts, CONCEPT)
        groups = gallery.index if labels.concepts is None else labels.concepts
        alpha = self.alpha
        alphas = [alpha] if isinstance(alpha, int | float | Real) else alpha
        index = torch.from_numpy(gallery.index)
        return RidgeScreen(self._flat_signal(signal), index, groups, alphas)

    def _choose_layers(self, screen: RidgeScreen, gallery: Gallery) -> Gallery:
        """Take the best layer, or those that count when layers are weighed."""
        self.screen_ = screen.table(self._layer_targets(gallery), gallery.layers)
        if self.fusion == "learned":
            self.screen_["weight"] = weights = self._weights(screen, gallery)
            counting = np.flatnonzero(weights >= LEAST_SHARE * weights.max())
            # all are equal if nothing tells them apart
            if len(counting) > 1 and np.ptp(weights) > 0:
                return self._take_several(counting, gallery)
        return self._take_best(gallery)

    def _take_several(self, counting: np.ndarray, gallery: Gallery) -> Gallery:
        best = int(self.screen_["mrr"].argmax())
        logger.info(
            "Of %d layers, those that count are fused: %s (held-out top-1 of the best "
            "alone %.3f in closed form, chance %.3f).",
            len(gallery.layers),
            ", ".join(
                f"{gallery.layers[i]} {self.screen_['weight'][i]:.0%}" for i in counting
            ),
            self.screen_["top1"][best],
            self.screen_["chance_top1"][best],
        )
        return gallery.only(*counting.tolist())

    def _take_best(self, gallery: Gallery) -> Gallery:
        # what starts from random weights does not come near the best penalty
        measure = "mrr" if self._needs_ridge else "mean_rank"
        best = int(self.screen_[measure].argmax())
        logger.info(
            "Of %d layers, %s is taken (held-out top-1 %.3f in closed form, chance "
            "%.3f).",
            len(gallery.layers),
            gallery.layers[best],
            self.screen_["top1"][best],
            self.screen_["chance_top1"][best],
        )
        return gallery.only(best)

    def _weigh_layers(self, screen: RidgeScreen, gallery: Gallery) -> None:
        """Open the gate as far as held-out images say."""
        is_listed = not hasattr(self, "screen_")
        if is_listed:
            self.screen_ = screen.table(self._layer_targets(gallery), gallery.layers)
        weights = self._weights(screen, gallery)
        if is_listed:
            self.screen_["weight"] = weights
        self.net_.criterion_.projector.start_from(weights)

    def _weights(self, screen: RidgeScreen, gallery: Gallery) -> np.ndarray:
        alphas = self.screen_.set_index("layer")["alpha"][list(gallery.layers)]
        return screen.weigh(self._layer_targets(gallery), alphas.tolist())

    def _layer_targets(self, gallery: Gallery) -> Iterator[torch.Tensor]:
        import torch

        from .alignment import Standardizer

        for i in range(len(gallery.widths)):
            layer = gallery.only(i).features
            scaler = Standardizer.fit(layer)
            yield scaler.to_device(layer, self.device_, torch.float32)

    def _fill_in(
        self,
        nets: list[AlignmentNet],
        signal: np.ndarray,
        gallery: Gallery,
        screen: RidgeScreen | None,
    ) -> None:
        """Give nets the weights of ridge regression, as their last or their first."""
        import torch

        from .alignment import RidgePath, start_from_ridge

        target = torch.cat(list(self._target_chunks(gallery.features, torch.float32)))
        if screen is None:
            index = torch.from_numpy(gallery.index)
            path = RidgePath(self._flat_signal(signal), index)
            assert isinstance(self.alpha, Real)  # of several, a screen chooses
            self.alpha_ = float(self.alpha)
        else:
            path = screen.path
            self.alpha_ = self._choose_penalty(screen, target, gallery)
        solution = path.solve(target, self.alpha_)
        for net in nets:
            if self.solver == "ridge":
                net.module_.encoder.fill_in(*solution)
            else:
                start_from_ridge(net, *solution, path.axes(target, self.alpha_))

    def _choose_penalty(
        self, screen: RidgeScreen, target: torch.Tensor, gallery: Gallery
    ) -> float:
        if not hasattr(self, "screen_"):
            self.screen_ = screen.table([target], [" + ".join(gallery.layers) or None])
        return float(self.screen_["alpha"][self.screen_["mrr"].argmax()])
