"""Short names of the paper's backbones (arXiv:2601.21948, section 3.2, Table 4)."""

ALIASES = {
    "rn50": "open_clip/RN50.openai",
    "rn101": "open_clip/RN101.openai",
    "vit-b-16": "open_clip/ViT-B-16.laion2b_s34b_b88k",
    "vit-h-14": "open_clip/ViT-H-14.laion2b_s32b_b79k",
    "vit-bigg-14": "open_clip/ViT-bigG-14.laion2b_s39b_b160k",
    "dinov2-giant": "timm/vit_giant_patch14_dinov2.lvd142m",
    "eva02-e-14-plus": "open_clip/EVA02-E-14-plus.laion2b_s9b_b144k",
}
