"""A camera by GStreamer's RTSP server: `/usr/bin/python3 gstreamer_camera.py FILE PORT`, with Debian's packages alone.

It says `ready` when it listens, and serves the file at /door and at /lift, in real time, to whoever comes.
"""

import sys

import gi

gi.require_version("Gst", "1.0")
gi.require_version("GstRtspServer", "1.0")
from gi.repository import GLib, Gst, GstRtspServer  # noqa: E402 - after the versions


def main(path: str, port: str) -> None:
    """Serve until killed."""
    Gst.init(None)
    server = GstRtspServer.RTSPServer()
    server.set_address("127.0.0.1")
    server.set_service(port)
    for mount in ("/door", "/lift"):
        factory = GstRtspServer.RTSPMediaFactory()
        factory.set_launch(
            f"( filesrc location={path} ! qtdemux ! h264parse config-interval=-1 ! rtph264pay name=pay0 pt=96 )"
        )
        server.get_mount_points().add_factory(mount, factory)
    if not server.attach(None):
        sys.exit(f"port {port} is taken")
    print("ready", flush=True)  # noqa: T201 - whoever started it waits for this
    GLib.MainLoop().run()


if __name__ == "__main__":
    main(*sys.argv[1:])
