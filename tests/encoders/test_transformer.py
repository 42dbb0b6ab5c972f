"""The transformer block against PyTorch's."""

import pytest
import torch
from torch import nn

from mne_shallowalign.encoders._transformer import SelfAttention, TransformerBlock

NAMES = {
    "self_attn.in_proj_weight": "attention.queries_keys_values.weight",
    "self_attn.in_proj_bias": "attention.queries_keys_values.bias",
    "self_attn.out_proj.weight": "attention.output.weight",
    "self_attn.out_proj.bias": "attention.output.bias",
    "linear1.weight": "net.0.weight",
    "linear1.bias": "net.0.bias",
    "linear2.weight": "net.3.weight",
    "linear2.bias": "net.3.bias",
    "norm1.weight": "attention_norm.weight",
    "norm1.bias": "attention_norm.bias",
    "norm2.weight": "net_norm.weight",
    "norm2.bias": "net_norm.bias",
}


@pytest.mark.parametrize("norm_first", [True, False])
def test_block_equals_that_of_pytorch_where_heads_divide_the_width(norm_first):
    torch.manual_seed(0)
    block = TransformerBlock(24, 4, 50, 0.0, norm_first).train()
    theirs = nn.TransformerEncoderLayer(
        24, 4, 50, 0.0, "gelu", batch_first=True, norm_first=norm_first
    )
    state = block.state_dict()
    theirs.load_state_dict({name: state[ours] for name, ours in NAMES.items()})
    x = torch.randn(5, 7, 24)
    torch.testing.assert_close(block(x), theirs.train()(x), rtol=1e-5, atol=1e-5)


def test_heads_need_not_divide_the_width():
    attention = SelfAttention(250, 4, 0.0)
    assert attention.queries_keys_values.out_features == 3 * 4 * 62
    assert attention(torch.randn(2, 3, 250)).shape == (2, 3, 250)


def test_attention_does_not_know_the_order_of_the_tokens():
    attention = SelfAttention(10, 3, 0.0)
    x, order = torch.randn(2, 6, 10), torch.randperm(6)
    torch.testing.assert_close(attention(x)[:, order], attention(x[:, order]))
