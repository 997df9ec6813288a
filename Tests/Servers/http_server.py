#!/usr/bin/python3
"""An HTTP camera for tests, on a loopback port that is printed as 'port N'.

/mjpeg: JPEG pictures as multipart/x-mixed-replace, for ever; /locked: the same for user:secret only; /files/...: the folder
given; /leaky.m3u8: a playlist that points at a local file.
"""
import argparse
import base64
import http.server
import os
import sys
import threading
import time

import gi

gi.require_version("Gst", "1.0")
from gi.repository import Gst

parser = argparse.ArgumentParser()
parser.add_argument("--port", default=0, type=int)
parser.add_argument("--folder", default=".")
options = parser.parse_args()

# The test holds the other end of standard input: when the test is gone, so is the server.
threading.Thread(target=lambda: (sys.stdin.read(), os._exit(0)), daemon=True).start()


def pictures():
    pipeline = Gst.parse_launch(
        "videotestsrc num-buffers=10 pattern=ball ! video/x-raw,format=I420,width=270,height=190 ! jpegenc "
        "! appsink name=sink"
    )
    pipeline.set_state(Gst.State.PLAYING)
    sink = pipeline.get_by_name("sink")
    result = []
    while sample := sink.emit("pull-sample"):
        buffer = sample.get_buffer()
        result.append(buffer.extract_dup(0, buffer.get_size()))
    pipeline.set_state(Gst.State.NULL)
    return result


Gst.init(None)
PICTURES = pictures()
LOCK = "Basic " + base64.b64encode(b"user:secret").decode()


class Camera(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        if self.path == "/mjpeg" or (self.path == "/locked" and self.headers.get("Authorization") == LOCK):
            self.stream()
        elif self.path == "/locked":
            self.answer(401, b"", [("WWW-Authenticate", 'Basic realm="camera"')])
        elif self.path == "/leaky.m3u8":
            text = b"#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\nfile:///etc/hostname\n#EXT-X-ENDLIST\n"
            self.answer(200, text, [("Content-Type", "application/vnd.apple.mpegurl")])
        elif self.path.startswith("/files/"):
            path = os.path.join(options.folder, os.path.basename(self.path))
            if not os.path.isfile(path):
                return self.answer(404, b"", [])
            kind = "application/vnd.apple.mpegurl" if path.endswith(".m3u8") else "video/mp2t"
            with open(path, "rb") as file:
                self.answer(200, file.read(), [("Content-Type", kind)])
        else:
            self.answer(404, b"", [])

    def answer(self, status, body, headers):
        self.send_response(status)
        for name, value in headers + [("Content-Length", str(len(body)))]:
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def stream(self):
        self.send_response(200)
        self.send_header("Content-Type", "multipart/x-mixed-replace; boundary=picture")
        self.end_headers()
        try:
            while True:
                for picture in PICTURES:
                    head = f"--picture\r\nContent-Type: image/jpeg\r\nContent-Length: {len(picture)}\r\n\r\n"
                    self.wfile.write(head.encode() + picture + b"\r\n")
                    time.sleep(1 / 25)
        except (BrokenPipeError, ConnectionResetError):
            self.close_connection = True

    def log_message(self, *_):
        pass


server = http.server.ThreadingHTTPServer(("127.0.0.1", options.port), Camera)
print(f"port {server.server_address[1]}", flush=True)
server.serve_forever()
