"""A camera by GStreamer's RTSP server: `/usr/bin/python3 gstreamer_camera.py FILE PORT [FOLDER]`.

Needs Debian's packages alone. It says `ready` when it listens, and serves the file at /door, /lift, /hall and /yard, in
real time, to whoever comes. How many frames it took from the file for each who came is the size of a file in FOLDER,
`door-1` and so on, whenever it dies.
"""

import os
import sys
from pathlib import Path
from typing import Any

import gi

gi.require_version("Gst", "1.0")
gi.require_version("GstRtspServer", "1.0")
from gi.repository import GLib, Gst, GstRtspServer  # noqa: E402 - after the versions

MOUNTS = ("door", "lift", "hall", "yard")


def main(path: str, port: str, folder: str | None = None) -> None:
    """Serve until killed."""
    Gst.init(None)
    server = GstRtspServer.RTSPServer()
    server.set_address("127.0.0.1")
    server.set_service(port)
    for mount in MOUNTS:
        factory = GstRtspServer.RTSPMediaFactory()
        factory.set_launch(
            f"( filesrc location={path} ! qtdemux ! h264parse name=parse config-interval=-1 "
            "! rtph264pay name=pay0 pt=96 )"
        )
        if folder is not None:
            factory.connect("media-configure", count_into, folder, mount)
        server.get_mount_points().add_factory(f"/{mount}", factory)
    if not server.attach(None):
        sys.exit(f"port {port} is taken")
    print("ready", flush=True)  # noqa: T201 - whoever started it waits for this
    GLib.MainLoop().run()


def count_into(_factory: Any, media: Any, folder: str, mount: str) -> None:
    """Note each frame of one connection by a byte, which is on its way out of this process at once."""
    number = 1 + len(list(Path(folder).glob(f"{mount}-*")))
    handle = os.open(Path(folder) / f"{mount}-{number}", os.O_WRONLY | os.O_CREAT | os.O_APPEND)

    def seen(_pad: Any, _info: Any) -> Any:
        os.write(handle, b".")
        return Gst.PadProbeReturn.OK

    media.get_element().get_by_name("parse").get_static_pad("sink").add_probe(Gst.PadProbeType.BUFFER, seen)


if __name__ == "__main__":
    main(*sys.argv[1:])
