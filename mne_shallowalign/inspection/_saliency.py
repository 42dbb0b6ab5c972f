"""Where and when a small change of the signal matters."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ._sensors import SensorView

if TYPE_CHECKING:
    import mne

    from ..decoder import ShallowAlignDecoder
    from ..preprocessing import MVNNWhitener

KINDS = ("input", "absolute", "signed")


def saliency(
    decoder: ShallowAlignDecoder,
    epochs: mne.BaseEpochs,
    images: Any = None,
    *,
    kind: str = "input",
    whitener: MVNNWhitener | None = None,
) -> mne.EvokedArray:
    r"""Differentiate the similarity to the right picture with respect to the signal.

    With the signal :math:`x` of an epoch, its embedding :math:`v(x)` and that of its
    picture :math:`u`, both of unit norm, the gradient is

    .. math::

        g_{ct} = \frac{\partial\, u^\top v(x)}{\partial x_{ct}}

    and the map the mean of :math:`g_{ct} (x_{ct} - \bar x_{ct})` over epochs: what each
    sample adds to the similarity, to first order.

    Parameters
    ----------
    decoder : ShallowAlignDecoder
        The fitted decoder.
    epochs : Epochs
        The signals **at the sensors**, preferably of the test set, with the times that
        the decoder was fitted on.
    images : sequence of path | list of PIL.Image | array | None
        The image of every epoch. None: ``epochs.metadata["image"]``.
    kind : ``"input"`` | ``"absolute"`` | ``"signed"``
        ``"input"`` (default): the mean of gradient times input, the input counted from
        its mean over the epochs. ``"absolute"``: the mean absolute gradient.
        ``"signed"``: the mean gradient, in which what differs from picture to picture
        cancels.
    whitener : MVNNWhitener | None
        What the decoder's signal goes through first: it is applied to ``epochs``, and
        the map is of the sensors before it, those of which the decoder sees no channel
        but through the whitener included.

    Returns
    -------
    evoked : mne.EvokedArray
        Channels, types and times of the epochs. Cosine similarity, without a unit, for
        ``"input"``; else per V (EEG), T (magnetometers) or T/m (gradiometers), so that
        sensors of different types do not compare. MNE's plots think of volts and
        teslas: pass them ``units=`` and ``scalings=``. Of two gradiometers in one place
        its topographies show the root mean square, which has no sign:
        ``ch_type="planar1"`` and ``"planar2"`` show one each.

    Raises
    ------
    TypeError
        If ``epochs`` is not Epochs, or ``whitener`` no MVNNWhitener.
    ValueError
        If channels, times or images do not fit the decoder, or ``kind="input"`` and
        there is one epoch, which is its own mean.

    See Also
    --------
    occlusion : What the decoder loses without a part of the signal.
    patterns : What the sensors see of the activity that the decoder picks up.

    Notes
    -----
    A gradient says what the decoder is sensitive to, which are *filters*: sensors that
    see nothing but noise are used to cancel the noise of others, and a cosine that is
    nearly 1 has hardly any gradient left along what made it so. In simulations the
    maximum of the absolute gradient has been elsewhere than the activity, that of
    gradient times input has not (``benchmarks/saliency.py``). Only :func:`patterns` may
    be read as where activity is :footcite:p:`Haufe2014`.

    References
    ----------
    .. footbibliography::
    """
    if kind not in KINDS:
        raise ValueError(f"kind={kind!r} must be one of {', '.join(KINDS)}.")
    view = SensorView(decoder, epochs, images, whitener)
    gradients = view.gradients()
    if kind == "absolute":
        gradients = np.abs(gradients)
    elif kind == "input":
        gradients *= view.signal - view.mean()
    return view.as_evoked(gradients.mean(axis=0), f"saliency ({kind})")
