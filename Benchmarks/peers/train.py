"""Steps of training beside PyTorch: same model, batch and precision, taking turns, each in a process of its own.

    python train.py ViT-B/32 --batch 2 --rounds 5          # one JSON line for each program and precision, then the ratios
    python train.py ViT-B/32 --parts image,temporal --no-peer     # claverd alone, several things to train

A step is forward, backward and AdamW on noise, prompts given as features. Needs torch, and the Benchmarks program, built with
`swift build -c release --product Benchmarks`.
"""
import argparse
import json
import os
import pathlib
import resource
import statistics
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
CLASSES, PROMPTS = 400, 5


def peer(a):
    """PyTorch's side: a step for each line of standard input."""
    sys.path.insert(0, str(ROOT / "Tests" / "Oracle"))
    import torch
    import torch.nn.functional as F
    from claver_oracle import PRESETS, Vision
    torch.set_num_threads(a.threads)
    torch.manual_seed(0)
    c = PRESETS[a.preset]
    model = Vision(c).train()
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-5, betas=(0.9, 0.98), weight_decay=1e-3)
    clip = torch.randn(a.batch, c.frames, 3, c.image_size, c.image_size)
    text = F.normalize(torch.randn(PROMPTS * CLASSES, c.embed_dim), dim=-1)
    target = torch.rand(a.batch, CLASSES).softmax(-1)

    def step():
        start = time.perf_counter()
        optimizer.zero_grad()
        with torch.autocast("cpu", torch.bfloat16, enabled=a.peer == "bf16"):
            features = model(clip)
        logits = (100 * F.normalize(features.float(), dim=-1).mean(1) @ text.T).view(a.batch, PROMPTS, CLASSES)
        (-(target[:, None] * logits.log_softmax(-1)).sum(-1).mean()).backward()
        optimizer.step()
        print(json.dumps({"ms": (time.perf_counter() - start) * 1e3}), flush=True)

    step()
    for _ in sys.stdin:
        step()
    print(json.dumps({"peakMegabytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e6}), flush=True)


class Lane:
    def __init__(self, name, command):
        self.name, self.times = name, []
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.read()

    def read(self):
        line = self.process.stdout.readline()
        if not line:
            raise SystemExit(f"{self.name} ended with {self.process.wait()}")
        return json.loads(line)

    def step(self):
        self.process.stdin.write("\n")
        self.process.stdin.flush()
        self.times.append(self.read()["ms"])

    def finish(self):
        self.process.stdin.close()
        return self.read()["peakMegabytes"]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("preset", choices=["ViT-Ti/16@64px", "ViT-B/32", "ViT-L/14"])
    parser.add_argument("--batch", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    parser.add_argument("--precisions", default="f32,bf16")
    parser.add_argument("--parts", default="image", help="what claverd trains: image, temporal, all; PyTorch's is image")
    parser.add_argument("--no-peer", action="store_true", help="claverd alone")
    parser.add_argument("--peer", choices=["f32", "bf16"], help=argparse.SUPPRESS)
    a = parser.parse_args()
    if a.peer:
        return peer(a)
    common = [a.preset, "--batch", str(a.batch)]
    lanes = []
    for precision in a.precisions.split(","):
        for part in a.parts.split(","):
            lanes.append(Lane(f"claverd-{part}-{precision}", [
                ROOT / ".build/release/Benchmarks", "training", *common, "--precision", precision, "--part", part,
                "--workers", str(a.threads), "--on-request"]))
        if not a.no_peer:
            lanes.append(Lane(f"torch-{precision}", [
                sys.executable, __file__, *common, "--threads", str(a.threads), "--peer", precision]))
    for _ in range(a.rounds):
        for lane in lanes:
            lane.step()
    medians = {}
    for lane in lanes:
        medians[lane.name] = statistics.median(lane.times)
        print(json.dumps({
            "lane": lane.name, "preset": a.preset, "batch": a.batch, "threads": a.threads,
            "median_ms": round(medians[lane.name], 1), "fastest_ms": round(min(lane.times), 1),
            "clips_per_s": round(a.batch / medians[lane.name] * 1e3, 3), "peak_MB": round(lane.finish())}), flush=True)
    first = lanes[0].name
    for name in medians:
        rival = f"torch-{name.split('-')[-1]}"
        base = rival if name.startswith("claverd-image-") and rival in medians else first
        if name != base:
            print(json.dumps({"lane": name, "than": base, "times_faster": round(medians[base] / medians[name], 2)}))


if __name__ == "__main__":
    main()
