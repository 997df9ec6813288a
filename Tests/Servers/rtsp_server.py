#!/usr/bin/python3
"""An RTSP camera for tests: a moving ball and a tone, on a loopback port that is printed as 'port N'."""
import argparse
import os
import sys
import threading

import gi

gi.require_version("Gst", "1.0")
gi.require_version("GstRtsp", "1.0")
gi.require_version("GstRtspServer", "1.0")
from gi.repository import Gio, GLib, Gst, GstRtsp, GstRtspServer

parser = argparse.ArgumentParser()
parser.add_argument("--port", default="0")
parser.add_argument("--file", help="an MP4 with H.264, instead of the ball")
parser.add_argument("--width", default=320, type=int)
parser.add_argument("--height", default=240, type=int)
parser.add_argument("--rate", default=25, type=int)
parser.add_argument("--account", help="user:password")
parser.add_argument("--udp", action="store_true", help="refuse TCP transport")
parser.add_argument("--audio-only", action="store_true")
parser.add_argument("--certificate", help="PEM with certificate and key: serve rtsps")
options = parser.parse_args()

# The test holds the other end of standard input: when the test is gone, so is the server.
threading.Thread(target=lambda: (sys.stdin.read(), os._exit(0)), daemon=True).start()

Gst.init(None)
server = GstRtspServer.RTSPServer()
server.set_address("127.0.0.1")
server.set_service(options.port)

caps = f"video/x-raw,width={options.width},height={options.height},framerate={options.rate}/1"
ball = f"videotestsrc is-live=true pattern=ball ! {caps} ! x264enc tune=zerolatency key-int-max={options.rate}"
video = f"filesrc location={options.file} ! qtdemux ! h264parse" if options.file else ball
tone = "audiotestsrc is-live=true ! audioconvert ! audioresample ! audio/x-raw,rate=8000 ! alawenc ! rtppcmapay"
factory = GstRtspServer.RTSPMediaFactory()
if options.audio_only:
    factory.set_launch(f"( {tone} name=pay0 )")
elif options.file:
    factory.set_launch(f"( {video} ! rtph264pay name=pay0 pt=96 config-interval=1 )")
else:
    factory.set_launch(f"( {tone} name=pay0 {video} ! rtph264pay name=pay1 pt=96 config-interval=1 )")
factory.set_shared(not options.file)
if options.udp:
    factory.set_protocols(GstRtsp.RTSPLowerTrans.UDP)

if options.account or options.certificate:
    auth = GstRtspServer.RTSPAuth()
    if options.certificate:
        auth.set_tls_certificate(Gio.TlsCertificate.new_from_file(options.certificate))
    token = GstRtspServer.RTSPToken()
    token.set_string("media.factory.role", "viewer")
    if options.account:
        auth.set_supported_methods(GstRtsp.RTSPAuthMethod.DIGEST)
        auth.add_digest(*options.account.split(":"), token)
    else:
        auth.set_default_token(token)
    server.set_auth(auth)
    permissions = GstRtspServer.RTSPPermissions()
    permissions.add_permission_for_role("viewer", "media.factory.access", True)
    permissions.add_permission_for_role("viewer", "media.factory.construct", True)
    factory.set_permissions(permissions)

server.get_mount_points().add_factory("/camera", factory)
server.attach(None)
print(f"port {server.get_bound_port()}", flush=True)
GLib.MainLoop().run()
