"""The layer lists of appendix A.2 and of the lineage's code, written down again."""

import math

import pytest
import torch
from torch.nn import functional as F

from mne_shallowalign.encoders import build_encoder

SIZES = [(17, 250), (63, 250), (4, 64), (271, 201)]
D = 24


def conv(n_in, n_out, height, width):
    return n_in * n_out * height * width + n_out


def linear(n_in, n_out):
    return n_in * n_out + n_out


def head(n_features):
    """Linear(F, D), Linear(D, D) and the scale and shift of LayerNorm(D)."""
    return linear(n_features, D) + linear(D, D) + 2 * D


def patches(n_chans):
    """Conv(1, 40, (1, 25)), Conv(40, 40, (C, 1)), Conv(40, 40, 1), 2 batch norms."""
    convolutions = conv(1, 40, 1, 25) + conv(40, 40, n_chans, 1) + conv(40, 40, 1, 1)
    return convolutions + 2 * 2 * 40


def n_windows(n_times):
    return (n_times - 24 - 51) // 5 + 1


def tsconv(n_chans, n_times):
    return patches(n_chans) + head(40 * n_windows(n_times))


def eegnet(n_chans, n_times):
    convolutions = conv(1, 8, 1, 64) + conv(8, 16, n_chans, 1) + conv(16, 16, 1, 16)
    norms = 2 * (8 + 16 + 16)
    return convolutions + norms + head(16 * ((n_times - 63) // 2 - 15))


def separable_eegnet(n_chans, n_times):
    plain = conv(8, 16, n_chans, 1) + conv(16, 16, 1, 16)
    separable = 16 * n_chans + 16 + 16 * 16 + 16 + conv(16, 16, 1, 1)
    return eegnet(n_chans, n_times) - plain + separable


def atm(n_chans, n_times):
    inner = 4 * (n_times // 4)
    attention = 3 * linear(n_times, inner) + linear(inner, n_times)
    net = linear(n_times, 256) + linear(256, n_times)
    norms = 3 * 2 * n_times
    token = n_times
    transformer = linear(n_times, n_times) + token + attention + net + norms
    return transformer + tsconv(n_chans, n_times)


def eegconformer(n_chans, n_times):
    attention, net = 4 * linear(40, 40), linear(40, 160) + linear(160, 40)
    block = attention + net + 2 * 2 * 40
    return patches(n_chans) + 2 * block + linear(40 * n_windows(n_times), D) + 2 * D


COUNTS = {
    "tsconv": tsconv,
    "eegnet": eegnet,
    "separable eegnet": separable_eegnet,
    "atm": atm,
    "eegconformer": eegconformer,
}
SHORTER_KERNELS = {
    "tsconv": {"kernel_size": 9, "pool_size": 20},
    "eegnet": {"kernel_size": 16},
    "atm": {"kernel_size": 9, "pool_size": 20},
    "eegconformer": {"kernel_size": 9, "pool_size": 20},
}


def make(name, n_chans, n_times, **params):
    params |= {"separable": True} if name.startswith("separable") else {}
    signal = {"n_chans": n_chans, "n_times": n_times, "n_outputs": D}
    torch.manual_seed(0)
    return build_encoder(name.split()[-1], signal, params)


@pytest.mark.parametrize("size", [(17, 250), (63, 250), (271, 201)])
@pytest.mark.parametrize("name", COUNTS)
def test_number_of_parameters(name, size):
    module = make(name, *size)
    count = sum(p.numel() for p in module.parameters())
    assert count == COUNTS[name](*size)


def test_flattened_widths_of_the_recipes():
    """1440 at 250 samples and 1040 at 200, as hard-coded in the lineage's code."""
    assert make("tsconv", 17, 250).head.project.in_features == 1440
    assert make("tsconv", 271, 200).head.project.in_features == 1040


def weights(module, prefix):
    state = module.state_dict()
    return state[f"{prefix}.weight"], state[f"{prefix}.bias"]


def plain_norm(module, prefix, x):
    """Batch norm in evaluation mode."""
    state = module.state_dict()
    mean, var = state[f"{prefix}.running_mean"], state[f"{prefix}.running_var"]
    return F.batch_norm(x, mean, var, *weights(module, prefix))


def plain_head(module, x):
    h = F.linear(x.flatten(1), *weights(module, "head.project"))
    y = h + F.linear(F.gelu(h), *weights(module, "head.residual.1"))
    return F.layer_norm(y, (D,), *weights(module, "head.norm"))


def plain_patches(module, x):
    x = F.conv2d(x[:, None], *weights(module, "patches.temporal"))
    x = F.avg_pool2d(x, (1, 51), (1, 5))
    x = F.elu(plain_norm(module, "patches.temporal_norm", x))
    x = F.conv2d(x, *weights(module, "patches.spatial"))
    x = F.elu(plain_norm(module, "patches.spatial_norm", x))
    return F.conv2d(x, *weights(module, "patches.mix"))[:, :, 0]


def plain_attention(module, prefix, x, n_heads):
    projected = F.linear(x, *weights(module, f"{prefix}.queries_keys_values"))
    heads = []
    for q, k, v in zip(
        *(part.chunk(n_heads, 2) for part in projected.chunk(3, 2)), strict=True
    ):
        weight = torch.softmax(q @ k.transpose(1, 2) / math.sqrt(q.shape[2]), 2)
        heads.append(weight @ v)
    return F.linear(torch.cat(heads, 2), *weights(module, f"{prefix}.output"))


def plain_net(module, prefix, x):
    hidden = F.gelu(F.linear(x, *weights(module, f"{prefix}.0")))
    return F.linear(hidden, *weights(module, f"{prefix}.3"))


def plain_layer_norm(module, prefix, x):
    return F.layer_norm(x, x.shape[-1:], *weights(module, prefix))


def plain_tsconv(module, x):
    return plain_head(module, plain_patches(module, x))


def plain_eegnet(module, x, separable=False):
    part = "convolutions"
    x = plain_norm(
        module, f"{part}.1", F.conv2d(x[:, None], *weights(module, f"{part}.0"))
    )
    groups = 8 if separable else 1
    x = F.conv2d(x, *weights(module, f"{part}.2"), groups=groups)
    x = F.avg_pool2d(F.elu(plain_norm(module, f"{part}.3", x)), (1, 2))
    x = F.conv2d(x, *weights(module, f"{part}.7"), groups=16 if separable else 1)
    if separable:
        x = F.conv2d(x, *weights(module, f"{part}.8"))
    x = F.elu(plain_norm(module, f"{part}.{9 if separable else 8}", x))
    return plain_head(module, x)


def plain_atm(module, x, positions=None):
    n_chans = x.shape[1]
    x = F.linear(x, *weights(module, "embed"))
    if positions is not None:
        x = x + positions
    if (token := module.state_dict().get("token")) is not None:
        x = torch.cat([x, token.expand(len(x), -1, -1)], 1)
    block = "blocks.0"
    y = x + plain_attention(module, f"{block}.attention", x, 4)
    y = plain_layer_norm(module, f"{block}.attention_norm", y)
    y = y + plain_net(module, f"{block}.net", y)
    y = plain_layer_norm(module, f"{block}.net_norm", y)
    return plain_tsconv(module, plain_layer_norm(module, "norm", y)[:, :n_chans])


def plain_eegconformer(module, x):
    x = plain_patches(module, x).transpose(1, 2)
    for block in ("blocks.0", "blocks.1"):
        y = plain_layer_norm(module, f"{block}.attention_norm", x)
        x = x + plain_attention(module, f"{block}.attention", y, 10)
        y = plain_layer_norm(module, f"{block}.net_norm", x)
        x = x + plain_net(module, f"{block}.net", y)
    x = F.linear(x.flatten(1), *weights(module, "head.1"))
    return F.elu(plain_norm(module, "head.2", x))


def sinusoids(n_tokens, width):
    """Sines and cosines of position / 10000^(2 i / width) (Vaswani et al., 2017)."""
    rows = [
        [
            (math.cos if column % 2 else math.sin)(
                row / 10000 ** (2 * (column // 2) / width)
            )
            for column in range(width)
        ]
        for row in range(n_tokens)
    ]
    return torch.tensor(rows)


PLAIN = {
    "tsconv": (plain_tsconv, {}, {}),
    "eegnet": (plain_eegnet, {}, {}),
    "separable eegnet": (plain_eegnet, {}, {"separable": True}),
    "atm": (plain_atm, {}, {}),
    "atm of the text": (
        plain_atm,
        {"subject_token": False, "positions": True},
        {"positions": sinusoids(9, 103)},
    ),
    "eegconformer": (plain_eegconformer, {}, {}),
}


@pytest.mark.parametrize("name", PLAIN)
def test_output_equals_a_plain_transcription(name):
    plain, params, settings = PLAIN[name]
    params = params | ({"separable": True} if "separable" in name else {})
    known = next(part for part in SHORTER_KERNELS if part in name.split())
    module = make(known, 9, 103, **params)
    with torch.no_grad():
        for _ in range(3):  # batch norms that have seen something
            module.train()(2 * torch.randn(32, 9, 103) + 1)
        x = torch.randn(6, 9, 103)
        expected = plain(module, x, **settings)
        torch.testing.assert_close(module.eval()(x), expected, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("name", SHORTER_KERNELS)
def test_any_number_of_channels_and_samples(name, size):
    params = SHORTER_KERNELS[name] if size[1] < 95 else {}
    module = make(name, *size, **params).eval()
    with torch.no_grad():
        assert module(torch.randn(2, *size)).shape == (2, D)


@pytest.mark.parametrize(
    ("name", "shortest"),
    [("tsconv", 75), ("eegconformer", 75), ("atm", 75), ("eegnet", 95)],
)
def test_shortest_signal(name, shortest):
    module = make(name, 3, shortest).eval()
    assert module(torch.zeros(2, 3, shortest)).shape == (2, D)
    expected = rf"encoder='{name}' needs at least {shortest} time samples, got"
    with pytest.raises(ValueError, match=expected):
        make(name, 3, shortest - 1)


def test_width_of_the_tokens_of_atm():
    module = make("atm", 5, 40, d_model=80).eval()
    assert module(torch.zeros(2, 5, 40)).shape == (2, D)
    with pytest.raises(ValueError, match="n_heads must be between 1 and"):
        make("atm", 5, 80, n_heads=81)
