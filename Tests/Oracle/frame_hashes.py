"""Counts and hashes of the luma of every frame of the golden clips, decoded in order by PyAV: what claverd's reader must give.

    python frame_hashes.py        # writes ../Golden/clips/frames.json; needs av and numpy
"""
import json
import pathlib
import zlib

import av
import numpy as np

# PyAV also shows what an edit list hides and pictures whose references are missing; JPEG leaves the transform's rounding open.
OTHERWISE = {"edit-inside-group.mp4", "edit-open-group.mp4", "cut-open-group.mkv", "mjpeg.avi"}
CLIPS = pathlib.Path(__file__).parent.parent / "Golden" / "clips"


def luma(frame):
    plane = frame.planes[0]
    rows = np.frombuffer(plane, np.uint8).reshape(plane.height, plane.line_size)
    return np.ascontiguousarray(rows[:, :plane.width]).tobytes()


result = {}
for path in sorted(CLIPS.iterdir()):
    if path.suffix in (".mp4", ".mkv", ".avi", ".webm", ".ts") and path.name not in OTHERWISE:
        with av.open(str(path)) as container:
            frames = [f for f in container.decode(video=0)]
        if frames[0].format.name == "yuv420p":
            result[path.name] = [f"{zlib.crc32(luma(f)):08x}" for f in frames]
(CLIPS / "frames.json").write_text(json.dumps(result, indent=0) + "\n")
print({k: len(v) for k, v in result.items()})
