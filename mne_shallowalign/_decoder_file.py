"""Decoders on disk: safetensors with a JSON header, never a pickle."""

from __future__ import annotations

import json
import os
import pkgutil
import zlib
from collections.abc import Callable, Hashable
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import uuid4
from warnings import warn

import mne
import numpy as np
from mne.utils import logger

from ._provenance import versions

if TYPE_CHECKING:
    import torch
    from pandas import DataFrame
    from torch import nn

    from .backbones import Backbone
    from .decoder import ShallowAlignDecoder

FORMAT_VERSION = 1
HEADER_KEY = "mne_shallowalign"
OURS = "mne_shallowalign."
SCALERS = ("signal_scaler_", "image_scaler_")
PLAIN_ATTRIBUTES = (
    "n_features_in_",
    "n_times_",
    "layer_widths_",
    "layer_",
    "subjects_",
    "precision_",
    "seeds_",
)


def write_decoder(
    decoder: ShallowAlignDecoder, fname: Path, overwrite: bool = False
) -> None:
    """Write a fitted decoder, whole or not at all.

    Parameters
    ----------
    decoder : ShallowAlignDecoder
        The decoder.
    fname : Path
        The file.
    overwrite : bool
        Whether to replace an existing file.

    Raises
    ------
    FileExistsError
        If the file exists and may not be replaced.
    """
    from safetensors.torch import save

    if fname.exists() and not overwrite:
        raise FileExistsError(f"{fname} exists. Use overwrite=True to replace it.")
    tensors = _tensors(decoder)
    header = _header(decoder) | {"crc32": _checksums(tensors)}
    if left_out := _left_out(decoder, header):
        logger.info("%s does not say %s.", fname, " and ".join(left_out))
    temporary = fname.with_name(f".{fname.name}.{uuid4().hex}")
    try:
        # not save_file, which would make the file unreadable to colleagues
        temporary.write_bytes(save(tensors, {HEADER_KEY: json.dumps(header)}))
        os.replace(temporary, fname)
    finally:
        temporary.unlink(missing_ok=True)


def load_decoder(
    fname: Path,
    backbone: str | Backbone | nn.Module | None = None,
    encoder: Callable[..., nn.Module] | None = None,
    loss: Callable[..., nn.Module] | None = None,
    device: str = "auto",
) -> ShallowAlignDecoder:
    """Read a decoder; see :func:`mne_shallowalign.read_decoder`.

    Parameters
    ----------
    fname : Path
        The file.
    backbone : str | Backbone | torch.nn.Module | None
        Stands in for the backbone in the file.
    encoder : callable | None
        Stands in for the encoder in the file.
    loss : callable | None
        Stands in for the loss in the file.
    device : str
        Where to put the decoder.

    Returns
    -------
    decoder : ShallowAlignDecoder
        The fitted decoder.
    """
    from ._device import choose_device

    header, tensors = _read(fname)
    header["params"]["device"] = device
    device = str(choose_device(device))
    header["params"]["encoder"] = encoder or _named("encoder", header, fname)
    header["params"]["loss"] = loss or _named("loss", header, fname)
    try:
        decoder = _rebuild(header, tensors, device)
    except (KeyError, RuntimeError, TypeError) as error:
        raise ValueError(
            f"The decoder in {fname} does not fit this version of mne-shallowalign, or "
            f"the encoder or loss that was given: {error}"
        ) from error
    decoder.backbone_ = _restore_backbone(header, backbone, fname)
    return decoder


def _rebuild(
    header: dict[str, Any], tensors: dict[str, torch.Tensor], device: str
) -> ShallowAlignDecoder:
    from .alignment import Standardizer
    from .decoder import ShallowAlignDecoder

    decoder = ShallowAlignDecoder(**header["params"])
    for name in PLAIN_ATTRIBUTES:
        setattr(decoder, name, header["fitted"][name])
    _restore_choice(decoder, header)
    decoder.info_ = header["info"] and mne.Info.from_json_dict(header["info"])
    decoder.gallery_ = np.array(header["gallery"])
    decoder.gallery_embedding_ = tensors["gallery_embedding"].numpy()
    for name in SCALERS:
        mean, scale = tensors[f"{name}.mean"], tensors[f"{name}.scale"]
        setattr(decoder, name, Standardizer(mean.numpy(), scale.numpy()))
    decoder.device_ = device
    decoder._take_nets(decoder._make_nets())
    decoder.net_.module_.load_state_dict(_part(tensors, "module."))
    decoder.net_.criterion_.load_state_dict(_part(tensors, "criterion."))
    for train_loss, duration in header["history"]:
        decoder.history_.new_epoch()
        decoder.history_.record("train_loss", train_loss)
        decoder.history_.record("dur", duration)
    return decoder


def _restore_choice(decoder: ShallowAlignDecoder, header: dict[str, Any]) -> None:
    """Give back what the closed form had chosen, where it had."""
    import pandas as pd

    if header["alpha"] is not None:
        decoder.alpha_ = header["alpha"]
    if header["screen"] is not None:
        decoder.screen_ = pd.DataFrame(header["screen"])


def _header(decoder: ShallowAlignDecoder) -> dict[str, Any]:
    params = decoder.get_params(deep=False)
    named = {part: params.pop(part) for part in ("encoder", "loss")}
    backbone = decoder.backbone_
    if backbone is not None:
        params["backbone"] = backbone.name
    if decoder.views is not None and _plain(decoder.views) is None:
        raise ValueError(
            f"views={decoder.views!r} has transforms, which a file cannot say: use "
            "names, such as 'fovea-45', or features of the pictures."
        )
    fitted = {name: getattr(decoder, name) for name in PLAIN_ATTRIBUTES}
    return {
        "format_version": FORMAT_VERSION,
        "versions": versions(),
        "params": {name: _plain(value) for name, value in params.items()},
        "fitted": {name: _plain(value) for name, value in fitted.items()},
        **{part: _name_of(x) for part, x in named.items()},
        "backbone": None if backbone is None else _describe(backbone),
        "info": None if decoder.info_ is None else decoder.info_.to_json_dict(),
        "gallery": [_plain(name) for name in decoder.gallery_.tolist()],
        "alpha": getattr(decoder, "alpha_", None),
        "screen": _records(getattr(decoder, "screen_", None)),
        "history": [(row["train_loss"], row["dur"]) for row in decoder.history_],
    }


def _left_out(decoder: ShallowAlignDecoder, header: dict[str, Any]) -> list[str]:
    """Name what a decoder has and its file has not."""
    params = decoder.get_params(deep=False)
    names = [
        name
        for name in ("net_params", "random_state")
        if params[name] is not None and header["params"][name] is None
    ]
    has_validation = any("valid_loss" in row for row in decoder.history_)
    return names + ["validation losses"] * has_validation


def _records(screen: DataFrame | None) -> list[dict[Hashable, Any]] | None:
    return None if screen is None else screen.to_dict("records")


def _describe(backbone: Backbone) -> dict[str, Any]:
    keys = ("name", "weights", "weights_revision", "fingerprint")
    said = {key: str(getattr(backbone, key)) for key in keys}
    return said | {"commit": backbone.commit, "options": dict(backbone.options)}


def _plain(value: Any) -> Any:
    """Keep what JSON can say; callbacks, modules and generators are left out."""
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, Path):
        return str(value)
    try:
        json.dumps(value)
    except TypeError:
        return None
    return value


def _tensors(decoder: ShallowAlignDecoder) -> dict[str, torch.Tensor]:
    import torch

    arrays = {"gallery_embedding": decoder.gallery_embedding_}
    for name in SCALERS:
        scaler = getattr(decoder, name)
        arrays |= {f"{name}.mean": scaler.mean, f"{name}.scale": scaler.scale}
    tensors = {name: torch.from_numpy(array) for name, array in arrays.items()}
    for prefix, part in _halves(decoder).items():
        state = part.state_dict()
        tensors |= {prefix + key: value.cpu() for key, value in state.items()}
    return {name: tensor.contiguous() for name, tensor in tensors.items()}


def _halves(decoder: ShallowAlignDecoder) -> dict[str, nn.Module]:
    return {"module.": decoder.net_.module_, "criterion.": decoder.net_.criterion_}


def _read(fname: Path) -> tuple[dict[str, Any], dict[str, torch.Tensor]]:
    from safetensors import SafetensorError, safe_open

    if not fname.is_file():
        raise FileNotFoundError(f"fname={str(fname)!r} is no existing file.")
    try:
        with safe_open(fname, framework="pt") as file:
            metadata = file.metadata() or {}
            tensors = {name: file.get_tensor(name) for name in file.keys()}
    except SafetensorError as error:
        raise ValueError(
            f"{fname} is not a whole safetensors file: {error}."
        ) from error
    if HEADER_KEY not in metadata:
        raise ValueError(f"{fname} is safetensors, but not of a ShallowAlignDecoder.")
    header = _parse(metadata[HEADER_KEY])
    if header.get("format_version", 0) > FORMAT_VERSION:
        writer = header.get("versions", {}).get("mne-shallowalign", "a newer version")
        raise ValueError(
            f"{fname} was written by mne-shallowalign {writer} (format "
            f"{header['format_version']}), and this version reads formats up to "
            f"{FORMAT_VERSION}. Update mne-shallowalign."
        )
    if header.get("crc32") != _checksums(tensors):
        raise ValueError(f"{fname} is damaged: its checksums do not match.")
    return header, tensors


def _parse(header: str) -> dict[str, Any]:
    try:
        return dict(json.loads(header))
    except (TypeError, ValueError):
        return {}  # its checksums cannot match


def _checksums(tensors: dict[str, torch.Tensor]) -> dict[str, int]:
    return {name: zlib.crc32(tensor.numpy().data) for name, tensor in tensors.items()}


def _name_of(part: Any) -> str | None:
    """Name an encoder or loss that is registered, or a class of this package."""
    if isinstance(part, str):
        return part
    if isinstance(part, type) and part.__module__.startswith(OURS):
        return f"{part.__module__}:{part.__qualname__}"
    return None


def _named(part: str, header: dict[str, Any], fname: Path) -> Any:
    name = header.get(part, header["params"].get(part))
    if name is None:
        raise ValueError(
            f"The {part} of the decoder in {fname} has no registered name: pass its "
            f"class or factory as {part}=."
        )
    return _class_of_ours(name) if name.startswith(OURS) else name


def _class_of_ours(name: str) -> type:
    """Find a class of this package: a file must not name anything else."""
    from torch import nn

    found = pkgutil.resolve_name(name)
    if _name_of(found) != name or not issubclass(found, nn.Module):
        raise ValueError(f"{name!r} is no encoder or loss of mne-shallowalign.")
    return found


def _restore_backbone(
    header: dict[str, Any], given: str | Backbone | nn.Module | None, fname: Path
) -> Backbone | None:
    described = header["backbone"]
    if described is None:
        return None
    from .backbones import load_backbone

    commit = described.get("commit")
    found: Backbone | None
    try:
        if given is None:
            found = load_backbone(
                described["name"],
                weights=described["weights"].replace("none", "hub"),
                revision=commit,
                **described.get("options", {}),
            )
        else:
            found = load_backbone(given)
            found = found.pinned() if commit else found
        reason = f"it is {found.name} of another revision or preprocessing"
    except (OSError, ValueError) as error:
        found, reason = None, str(error)
    if found is not None and found.fingerprint == described["fingerprint"]:
        return found
    warn(
        f"The backbone of {fname.name} ({described['name']}, weights "
        f"{described['weights_revision']}) cannot be restored: {reason}. Features can "
        "be decoded; for pictures, pass the same backbone as backbone=.",
        RuntimeWarning,
        stacklevel=4,
    )
    return None


def _part(tensors: dict[str, torch.Tensor], prefix: str) -> dict[str, torch.Tensor]:
    return {
        name.removeprefix(prefix): tensor
        for name, tensor in tensors.items()
        if name.startswith(prefix)
    }
