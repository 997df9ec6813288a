"""Our recogniser against PyTorch, ONNX Runtime and OpenVINO, all on the same weights and clips, in one run.

Each program is a process of its own that waits for work. A round lets each work for a few seconds, in order and then in reverse
order, so that what changes on the machine meanwhile changes for all. Peers compute a window's frames anew at every step, as they come; what
a stream saves is ours.

    python bench_peers.py --ours .build/release/Benchmarks --results DIR [--rounds N] [GROUP ...]
"""
import argparse
import json
import os
import statistics
import subprocess
import sys
import time

import bench_model
import bench_report

# What is compared: our precision and work, the peer that the ratio is to ("f32" and "bf16": the fastest of these), the least ratio.
GROUPS = {
    "B-32x8": ("ViT-B/32", 8, ["torch-f32", "torch-bf16", "onnxruntime-f32", "openvino-f32", "openvino-bf16"], [
        ("one window recomputed, f32", "f32", "window 8", "f32", 1.2),
        ("one window recomputed, bf16", "bf16", "window 8", "openvino-bf16", 1.15),
        ("stream at hop 1, bf16", "bf16", "window 1", "openvino-bf16", 3.8),
        ("stream at hop 1, int8", "int8", "window 1", "openvino-bf16", 6),
    ]),
    "B-16x8": ("ViT-B/16", 8, ["openvino-bf16"], [
        ("stream at hop 1, bf16", "bf16", "window 1", "openvino-bf16", 3.3),
    ]),
    "B-16x16": ("ViT-B/16", 16, ["torch-bf16"], [("stream at hop 2, bf16", "bf16", "window 2", "torch-bf16", 4)]),
    "L-14x8": ("ViT-L/14", 8, ["torch-bf16"], [("stream at hop 1, bf16", "bf16", "window 1", "torch-bf16", 4)]),
    "texts": ("ViT-B/32", 8, ["torch-bf16"], [("400 texts, bf16", "bf16", "texts", "torch-bf16", 6)]),
}
STAGES = ["spatial 1", "spatial 8", "temporal", "window 1", "window 8"]
# Libraries' threads spin for a while after their work.
PAUSE_SECONDS = 0.25
# Pieces of work at the beginning of a turn that are not counted: the pause and the others leave caches cold.
UNCOUNTED = 2


class Lane:
    """A program that does one piece of work for each line."""

    def __init__(self, command):
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def ask(self, line):
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()
        return self.answer()

    def answer(self):
        line = self.process.stdout.readline()
        if not line:
            sys.exit(f"{self.process.args[0]} ended: status {self.process.wait()}")
        return line.split()

    def close(self):
        self.process.stdin.close()
        self.process.wait()


def turn(lane, line, seconds):
    """One program's turn: the same piece of work for some seconds, one after the other; the answers that count."""
    time.sleep(PAUSE_SECONDS)
    for _ in range(UNCOUNTED):
        lane.ask(line)
    answers = []
    end = time.monotonic() + seconds
    while not answers or time.monotonic() < end:
        answers.append(lane.ask(line))
    return answers


def largest_difference(a, b):
    return max(abs(float(x) - float(y)) for x, y in zip(a, b, strict=True))


def measure(group, a):
    preset, frames, peers, rows = GROUPS[group]
    folder = os.path.join(a.results, "models")
    bench_model.make(folder, preset, frames)
    weights, inputs, _ = bench_model.paths(folder, preset, frames)
    here = os.path.dirname(os.path.abspath(__file__))
    ours = sorted({row[1] for row in rows} | {"bf16"})
    lanes = {}
    for precision in ours:
        lanes[precision] = Lane([
            a.ours, "lane", "--weights", weights, "--input", inputs, "--precision", precision,
            "--workers", str(a.threads)])
        lanes[precision].answer()
    for peer in peers:
        lanes[peer] = Lane([
            sys.executable, os.path.join(here, "peer_lane.py"), peer, preset, str(frames), "--folder", folder,
            "--threads", str(a.threads)])
        lanes[peer].answer()
    work = "texts" if group == "texts" else "window"
    cells = [(row[1], row[2]) for row in rows] + [(peer, work) for peer in peers]
    stages = [] if group == "texts" else [("bf16", stage) for stage in STAGES if ("bf16", stage) not in cells]
    times, counts, peaks = {}, {}, []
    for number in range(a.rounds):
        peaks.append(float(lanes["bf16"].ask("peak")[0]))
        order = cells + (stages if number % 2 == 0 else [])
        for cell in order + order[::-1]:
            answers = turn(lanes[cell[0]], cell[1], a.seconds)
            times.setdefault(cell, []).extend(float(answer[0]) for answer in answers)
            counts[cell] = int(answers[0][1]) if len(answers[0]) > 1 else 0
    result = {"preset": preset, "frames": frames, "counted": min(len(values) for values in times.values()), "threads": a.threads,
              "peak_gmacs": statistics.median(peaks), "rows": [], "stages": []}
    medians = {cell: statistics.median(values) for cell, values in times.items()}
    for name, precision, line, against, target in rows:
        own = medians[(precision, line)]
        rivals = [peer for peer in peers if peer.endswith(against)]
        rival = min(rivals, key=lambda peer: medians[(peer, work)])
        theirs = medians[(rival, work)]
        result["rows"].append({"work": name, "ours_ms": own, "against": rival, "peer_ms": theirs,
                               "ratio": theirs / own, "target": target})
    result["peers"] = {peer: medians[(peer, work)] for peer in peers}
    for cell, count in counts.items():
        if count and cell in medians:
            rate = count / medians[cell] / 1e6
            result["stages"].append({"precision": cell[0], "stage": cell[1], "ms": medians[cell],
                                     "gmac": count / 1e9, "gmacs": rate,
                                     "share_of_bf16_peak": rate / result["peak_gmacs"]})
    if "torch-f32" in lanes:
        truth = lanes["torch-f32"].ask("logits")
        result["logit_difference"] = {
            name: largest_difference(truth, lanes[name].ask("logits")) for name in lanes if name != "torch-f32"}
    for lane in lanes.values():
        lane.close()
    return result


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("groups", nargs="*", help=f"of {', '.join(GROUPS)}; all by default")
    parser.add_argument("--ours", required=True, help="the built Benchmarks program")
    parser.add_argument("--results", required=True, help="folder for models and results")
    parser.add_argument("--picture", help="SVG file to write")
    parser.add_argument("--rounds", type=int, default=3, help="each gives every piece of work two turns")
    parser.add_argument("--seconds", type=float, default=4, help="length of a turn")
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    a = parser.parse_args()
    for group in a.groups or GROUPS:
        if group not in GROUPS:
            parser.error(f"no group {group}; there are {', '.join(GROUPS)}")
        result = measure(group, a)
        with open(os.path.join(a.results, group + ".json"), "w") as file:
            json.dump(result, file, indent=1)
    results = {}
    for group in GROUPS:
        path = os.path.join(a.results, group + ".json")
        if os.path.exists(path):
            with open(path) as file:
                results[group] = json.load(file)
    print(bench_report.table(results))
    if a.picture:
        with open(a.picture, "w") as file:
            file.write(bench_report.picture(results))


if __name__ == "__main__":
    main()
