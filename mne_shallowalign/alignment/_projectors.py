"""The maps into the shared space, W_N and W_I."""

from __future__ import annotations

from torch import nn

PROJECTORS = ("linear", "mlp", None)


def build_projector(kind: str | None, n_features: int, n_components: int) -> nn.Module:
    """Make one projector.

    Parameters
    ----------
    kind : ``"linear"`` | ``"mlp"`` | None
        ``"linear"``: one linear map with bias (paper eq. 2). ``"mlp"``: Linear, ReLU,
        Linear, as the lineage's alternative. None: no projector (the ablation of
        paper section 4.7); the signal must then be encoded at the width of the image
        features.
    n_features : int
        Width of what comes in.
    n_components : int
        Width of the shared space.

    Returns
    -------
    projector : torch.nn.Module
        ``(n, n_features) -> (n, n_components)``.

    Raises
    ------
    ValueError
        If the kind is unknown, or there is no projector and the widths differ.
    """
    if kind == "linear":
        return nn.Linear(n_features, n_components)
    if kind == "mlp":
        return nn.Sequential(
            nn.Linear(n_features, n_components),
            nn.ReLU(),
            nn.Linear(n_components, n_components),
        )
    if kind is not None:
        raise ValueError(f"projector must be one of {PROJECTORS}, got {kind!r}.")
    if n_features != n_components:
        raise ValueError(
            f"projector=None needs signal and image features of one width, but the "
            f"encoder gives {n_features} and the image features have {n_components}. "
            "Leave n_outputs out of encoder_params, or use projector='linear'."
        )
    return nn.Identity()
