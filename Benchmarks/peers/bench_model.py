"""The models and inputs that all lanes share: random weights of the published sizes, one clip, 400 texts."""
import dataclasses
import os
import sys

import torch
from safetensors.torch import load_file, save_file

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "..", "Tests", "Oracle"))
from claver_oracle import CLAVER, PRESETS  # noqa: E402

TEXTS = 400
COMPARED_TEXTS = 32


def config(preset, frames):
    return dataclasses.replace(PRESETS[preset], frames=frames)


def paths(folder, preset, frames):
    name = f"{preset.replace('/', '-')}x{frames}"
    return [os.path.join(folder, name + end) for end in (".safetensors", ".input.safetensors", ".onnx")]


def make(folder, preset, frames):
    """Writes weights and input unless they are there."""
    weights, inputs, _ = paths(folder, preset, frames)
    if os.path.exists(inputs):
        return
    os.makedirs(folder, exist_ok=True)
    c = config(preset, frames)
    torch.manual_seed(0)
    save_file({name: value.contiguous() for name, value in CLAVER(c).state_dict().items()}, weights)
    # "a photo of a NAME, a kind of action." and the like: names of one to four words.
    length = torch.randint(11, 16, (TEXTS,))
    prompts = torch.randint(1, c.vocab_size - 2, (TEXTS, c.context_length))
    place = torch.arange(c.context_length)
    prompts[:, 0] = c.vocab_size - 2
    prompts = torch.where(place == length[:, None], c.vocab_size - 1, prompts)
    prompts = torch.where(place > length[:, None], 0, prompts)
    clips = torch.randn(1, frames, 3, c.image_size, c.image_size)
    save_file({"clips": clips, "prompts_i64": prompts[None]}, inputs)


def load(folder, preset, frames):
    """The model, its clip (1, T, 3, H, W) and its texts (TEXTS, K)."""
    weights, inputs, _ = paths(folder, preset, frames)
    model = CLAVER(config(preset, frames)).eval()
    model.load_state_dict(load_file(weights))
    tensors = load_file(inputs)
    return model, tensors["clips"], tensors["prompts_i64"][0]
