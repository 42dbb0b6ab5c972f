"""Many modules of one architecture as a single one with a leading model axis."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ..encoders._dropout import Dropout, draw_mask


class StackedLinear(nn.Module):
    """M linear maps as one batched matrix product.

    Maps that take fewer features than the widest are filled up with zeros: if the
    features are too, the zeros have no gradient and stay.

    Parameters
    ----------
    members : sequence of nn.Linear
        The maps.
    """

    def __init__(self, members: Sequence[nn.Linear]) -> None:
        super().__init__()
        self.in_features = tuple(member.in_features for member in members)
        widest = max(self.in_features)
        weights = [F.pad(m.weight, (0, widest - m.in_features)) for m in members]
        self.weight = _stack_parameters(weights)
        self.bias = None
        if members[0].bias is not None:
            self.bias = _stack_parameters([member.bias for member in members])

    def forward(self, x: Tensor) -> Tensor:
        """Map x of shape (M, n, in), or (G, n, in) if M / G members share their x."""
        operands: Sequence[Tensor | None] = (x, self.weight, self.bias)
        if torch.is_autocast_enabled(x.device.type):
            dtype = torch.get_autocast_dtype(x.device.type)
            operands = [None if t is None else t.to(dtype) for t in operands]
        return _BatchedLinear.apply(*operands)


class _BatchedLinear(torch.autograd.Function):
    """x W^T + b member by member, with gradients in the memory layout of W.

    Members that share their input are one wide map. Autograd's own gradient of
    ``x @ weight.mT`` is transposed, and turning it costs as much as the product.
    """

    @staticmethod
    def forward(ctx: Any, x: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
        ctx.save_for_backward(x, weight)
        wide = weight.reshape(len(x), -1, weight.shape[2])
        if bias is None:
            y = torch.bmm(x, wide.mT)
        else:
            y = torch.baddbmm(bias.reshape(len(x), 1, -1), x, wide.mT)
        return y.unflatten(-1, (-1, weight.shape[1])).transpose(1, 2).flatten(0, 1)

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor | None, ...]:
        x, weight = ctx.saved_tensors
        needs_x, _, needs_bias = ctx.needs_input_grad
        grad_x = grad_bias = None
        if needs_x:
            grad_x = torch.bmm(grad, weight)
            if len(grad_x) > len(x):
                grad_x = grad_x.unflatten(0, (len(x), -1)).sum(1)
        if needs_bias:
            grad_bias = grad.sum(1)
        wide = grad.mT.reshape(len(x), -1, grad.shape[1])
        return grad_x, torch.bmm(wide, x).view(weight.shape), grad_bias


class StackedLayerNorm(nn.Module):
    """M layer normalisations over the last axis, each with its own weight and bias.

    Parameters
    ----------
    members : sequence of nn.LayerNorm
        The normalisations.
    """

    def __init__(self, members: Sequence[nn.LayerNorm]) -> None:
        super().__init__()
        self.shape, self.eps = members[0].normalized_shape, members[0].eps
        self.weight = self.bias = None
        if members[0].weight is not None:
            self.weight = _stack_parameters([member.weight for member in members])
        if members[0].bias is not None:
            self.bias = _stack_parameters([member.bias for member in members])

    def forward(self, x: Tensor) -> Tensor:
        """Normalise x of shape (M, n, width)."""
        x = F.layer_norm(x, self.shape, eps=self.eps)
        if self.weight is not None:
            x = x * self.weight[:, None]
        return x if self.bias is None else x + self.bias[:, None]


@dataclass
class Stream:
    """The random numbers of a net, which may be those of several.

    Parameters
    ----------
    order : torch.Generator
        Of the CPU.
    masks : torch.Generator
        Of the device that trains; the same one on the CPU.
    """

    order: torch.Generator
    masks: torch.Generator

    @classmethod
    def seeded(cls, seed: int, device: torch.device) -> Stream:
        """Start as torch's own generators do after ``torch.manual_seed(seed)``."""
        order = torch.Generator().manual_seed(seed)
        if device.type == "cpu":
            return cls(order, order)
        return cls(order, torch.Generator(device).manual_seed(seed))

    @contextmanager
    def in_use(self) -> Iterator[None]:
        """Have torch draw from here inside the block."""
        cuda = [self.masks.device] if self.masks.device.type == "cuda" else []
        with torch.random.fork_rng(cuda):
            torch.set_rng_state(self.order.get_state())
            for device in cuda:
                torch.cuda.set_rng_state(self.masks.get_state(), device)
            yield
            self.order.set_state(torch.get_rng_state())
            for device in cuda:
                self.masks.set_state(torch.cuda.get_rng_state(device))


class StackedDropout(nn.Module):
    """Dropout whose masks come from one stream for every M / G members.

    Parameters
    ----------
    members : sequence of Dropout
        The dropouts.
    """

    def __init__(self, members: Sequence[Dropout]) -> None:
        super().__init__()
        self.p = members[0].p
        self.streams: Sequence[Stream] = ()

    def forward(self, x: Tensor) -> Tensor:
        """Zero elements of x, of shape (M, ...), as each member alone would."""
        if not self.training:
            return x
        if x.device.type not in ("cpu", "cuda"):
            return F.dropout(x, self.p)
        masks = [
            draw_mask(x.shape[1:], self.p, x.device, x.dtype, stream.masks)
            for stream in self.streams
        ]
        x = x.unflatten(0, (len(masks), -1))
        return (x * torch.stack(masks)[:, None]).flatten(0, 1)


class SideBySide(nn.Module):
    """M modules of any kind, one after the other.

    Parameters
    ----------
    members : sequence of torch.nn.Module
        The modules.
    """

    def __init__(self, members: Sequence[nn.Module]) -> None:
        super().__init__()
        self.members = nn.ModuleList(copy.deepcopy(member) for member in members)
        self.streams: Sequence[Stream] = ()

    def forward(self, x: Tensor) -> Tensor:
        """Take x of shape (M, n, ...), or (G, n, ...), through every member."""
        n_sharing, outputs = len(self.members) // len(x), []
        for i, member in enumerate(self.members):
            group = i // n_sharing
            with self.streams[group].in_use() if self.training else nullcontext():
                outputs.append(member(x[group]))
        return torch.stack(outputs)


TWINS = {
    nn.Linear: StackedLinear,
    nn.LayerNorm: StackedLayerNorm,
    Dropout: StackedDropout,
}
# the same for any number of leading axes, given that nn.Flatten counts from the end
PASSIVE = (nn.Sequential, nn.Identity, nn.GELU, nn.ReLU, nn.ELU, nn.SiLU, nn.Tanh)


def is_stackable(module: nn.Module) -> bool:
    """Tell whether :func:`stack_modules` can stack all parts of a module.

    Parameters
    ----------
    module : torch.nn.Module
        The module.

    Returns
    -------
    stackable : bool
        True if it is made of linear maps, layer normalisations, our dropout and
        activations, in containers with the class attribute ``stackable = True``. With
        that a class says that its ``forward`` counts axes from the end and computes
        everything through its submodules and parameters.
    """
    return all(map(_is_known, module.modules()))


def _is_known(module: nn.Module) -> bool:
    kind = type(module)
    if module._buffers:
        return False
    if type(module) is nn.Flatten:
        return module.start_dim < 0
    if type(module) is nn.LayerNorm:
        return len(module.normalized_shape) == 1
    return kind in TWINS or kind in PASSIVE or kind.__dict__.get("stackable", False)


def stack_modules(modules: Sequence[nn.Module]) -> nn.Module:
    """Turn M modules into one that computes them all.

    Parameters
    ----------
    modules : sequence of torch.nn.Module
        Modules of one architecture; a module may be there several times. Only a
        linear map whose input the caller fills up with zeros may differ in width.

    Returns
    -------
    stack : torch.nn.Module
        A copy of the first, whose parameters have a leading axis of length M. It
        takes ``(M, n, ...)``, or ``(G, n, ...)`` where M / G members in a row share
        their input, and gives ``(M, n, ...)``. Parts that :func:`is_stackable` does
        not approve of are computed one after the other.
    """
    first = modules[0]
    twin = TWINS.get(type(first))
    if twin is None and not _is_known(first):
        twin = SideBySide
    if twin is not None:
        return twin(modules).train(first.training)
    stack = copy.copy(first)
    stack._parameters = {
        name: _stack_parameters([getattr(module, name) for module in modules])
        for name in stack._parameters
    }
    stack._modules = {
        name: stack_modules([getattr(module, name) for module in modules])
        for name in stack._modules
    }
    return stack


def unstack(stack: nn.Module, member: int) -> dict[str, Tensor]:
    """Give back the weights of one member.

    Parameters
    ----------
    stack : torch.nn.Module
        What :func:`stack_modules` made.
    member : int
        Its position.

    Returns
    -------
    state : dict of str to Tensor
        Its ``state_dict``; the tensors are views.
    """
    if isinstance(stack, SideBySide):
        return stack.members[member].state_dict()
    state = {
        name: stacked.detach()[member]
        for name, stacked in stack._parameters.items()
        if stacked is not None
    }
    if isinstance(stack, StackedLinear):
        state["weight"] = state["weight"][:, : stack.in_features[member]]
    for name, part in stack.named_children():
        state |= {f"{name}.{key}": x for key, x in unstack(part, member).items()}
    return state


def _stack_parameters(parameters: Sequence[Tensor]) -> nn.Parameter:
    stacked = torch.stack([parameter.detach() for parameter in parameters])
    return nn.Parameter(stacked, requires_grad=parameters[0].requires_grad)
