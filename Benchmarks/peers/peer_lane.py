"""One peer: does one piece of work for each line that it reads, and answers with milliseconds. See LaneCommand.swift.

    python peer_lane.py torch-bf16 ViT-B/32 8 --folder models --threads 2
"""
import argparse
import os
import sys
import time

import torch
import torch.nn.functional as F

import bench_model


def vision(kind, model, clip, onnx_path, threads):
    """A call that computes the frames' class embeddings (1, T, E) of the clip."""
    library, precision = kind.split("-")
    if library == "torch":
        tower, clip = (model.visual, clip) if precision == "f32" else (model.visual.bfloat16(), clip.bfloat16())
        return lambda: tower(clip)
    if not os.path.exists(onnx_path):
        torch.onnx.export(
            model.visual, (clip,), onnx_path, opset_version=17, dynamo=False, input_names=["x"], output_names=["y"])
    pixels = clip.numpy()
    if library == "onnxruntime":
        import onnxruntime
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        session = onnxruntime.InferenceSession(onnx_path, options, providers=["CPUExecutionProvider"])
        return lambda: session.run(None, {"x": pixels})[0]
    import openvino
    compiled = openvino.Core().compile_model(onnx_path, "CPU", {
        "INFERENCE_PRECISION_HINT": precision, "INFERENCE_NUM_THREADS": threads, "PERFORMANCE_HINT": "LATENCY"})
    request = compiled.create_infer_request()
    return lambda: next(iter(request.infer({"x": pixels}).values()))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("kind")
    parser.add_argument("preset")
    parser.add_argument("frames", type=int)
    parser.add_argument("--folder", required=True)
    parser.add_argument("--threads", type=int, required=True)
    a = parser.parse_args()
    torch.set_num_threads(a.threads)
    model, clip, prompts = bench_model.load(a.folder, a.preset, a.frames)
    with torch.inference_mode():
        text = F.normalize(model.encode_text(prompts[:bench_model.COMPARED_TEXTS]), dim=-1)
        scale = model.logit_scale.exp().item()
    if a.kind == "torch-bf16":
        model = model.bfloat16()
    window = vision(a.kind, model, clip, bench_model.paths(a.folder, a.preset, a.frames)[2], a.threads)

    def texts():
        return [model.encode_text(some) for some in prompts.split(64)]

    with torch.inference_mode():
        window()
        print("ready", flush=True)
        for line in sys.stdin:
            word = line.split()[0]
            if word == "logits":
                video = F.normalize(torch.as_tensor(window()).float(), dim=-1).mean(1)
                print(*(scale * video @ text.T)[0].tolist(), flush=True)
                continue
            start = time.perf_counter()
            {"window": window, "texts": texts}[word]()
            print((time.perf_counter() - start) * 1e3, flush=True)


if __name__ == "__main__":
    main()
