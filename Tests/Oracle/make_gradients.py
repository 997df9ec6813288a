"""Writes ../Golden/training/gradients-more.json: gradients of models whose numbers follow from a formula, so that neither
weights nor whole gradients need to be stored. Run: python make_gradients.py

Each case is a geometry with its loss and, for every parameter, the norm of its gradient and the gradient at some places.
Needs torch, numpy.
"""
import json
import pathlib

import numpy as np
import torch

from claver_oracle import CLAVER, Config, Transformer

SOT, EOT = 512, 513
CASES = {
    # name: mask, frames, heads, spatial blocks, temporal blocks, clips, prompts, classes
    "kmct": ("KMCT", 4, 2, 2, 2, 2, 2, 3),
    "three-heads": ("KMT", 3, 3, 1, 2, 2, 1, 4),
    "long": ("KMCT", 9, 1, 1, 3, 1, 2, 3),
    "one-frame": ("KMT", 1, 1, 1, 1, 2, 1, 3),
    "batch-of-one": ("KMT", 5, 1, 2, 1, 1, 3, 2),
}


def numbers(count: int, key: int) -> np.ndarray:
    """-0.5 ..< 0.5, exact in float32: the upper 24 bits of a hash of place and key."""
    with np.errstate(over="ignore"):
        x = np.arange(count, dtype=np.uint32) * np.uint32(2654435761) + np.uint32(key * 40503 % 2**32)
        x ^= x >> np.uint32(15)
        x *= np.uint32(2246822519)
        x ^= x >> np.uint32(13)
    return (x >> np.uint32(8)).astype(np.float32) / np.float32(1 << 24) - np.float32(0.5)


def short(x: torch.Tensor) -> float:
    return float(f"{x.item():.8g}")


def main() -> None:
    out = {}
    for case, (mask, frames, heads, spatial, temporal, clips, prompts, classes) in CASES.items():
        c = Config(image_size=24, patch_size=8, frames=frames, vision_width=64 * heads, vision_layers=spatial,
                   embed_dim=40, text_width=64, text_layers=1, context_length=20, vocab_size=514, mask=mask)
        model = CLAVER(c)
        # The reference has a third as many temporal blocks as spatial ones; any number may be tried.
        model.visual.transformer_t = Transformer(c.vision_width, temporal, heads, "temporal_")
        with torch.no_grad():
            for key, (name, p) in enumerate(sorted(model.named_parameters())):
                values = numbers(p.numel(), key).reshape(tuple(p.shape))
                if name == "logit_scale":
                    values = np.float32(3)
                elif "ln_" in name and name.endswith("weight"):
                    values = values + np.float32(1)
                else:
                    values = values * np.float32(0.25)
                p.copy_(torch.as_tensor(values))
        video = torch.from_numpy(numbers(clips * frames * 3 * 24 * 24, 1001)).view(clips, frames, 3, 24, 24) * 4
        target = torch.from_numpy(numbers(clips * classes, 1002)).view(clips, classes) + 0.75
        target = target / target.sum(-1, keepdim=True)
        ids = ((numbers(prompts * classes * 20, 1003) + 0.5) * 512).astype(np.int64).reshape(prompts, classes, 20)
        tokens = torch.zeros(prompts, classes, 20, dtype=torch.long)
        for a in range(prompts):
            for b in range(classes):
                n = 2 + (5 * a + 3 * b) % 9
                tokens[a, b, 0], tokens[a, b, n - 1] = SOT, EOT
                tokens[a, b, 1:n - 1] = torch.from_numpy(ids[a, b, 1:n - 1])
        # In double precision, so that what differs is ours.
        model, video, target = model.double(), video.double(), target.double()
        loss = -(target[:, None] * model(video, tokens).log_softmax(-1)).sum(-1).mean()
        loss.backward()
        gradients = {}
        for name, p in sorted(model.named_parameters()):
            g = p.grad.flatten()
            # Spread over the whole and, for the token embedding, where rows were read.
            places = sorted({int(i * 7919 % g.numel()) for i in range(16)} | {int(g.abs().argmax())})
            gradients[name] = {"norm": short(g.norm()), "largest": short(g.abs().max()), "places": places,
                               "values": [short(g[i]) for i in places]}
        out[case] = {"mask": mask, "frames": frames, "heads": heads, "spatial": spatial, "temporal": temporal,
                     "clips": clips, "prompts": prompts, "classes": classes, "loss": loss.item(), "gradients": gradients}
    path = pathlib.Path(__file__).resolve().parent.parent / "Golden" / "training" / "gradients-more.json"
    path.write_text(json.dumps(out, separators=(",", ":")) + "\n")


if __name__ == "__main__":
    main()
