"""Footage whose frames say their number: what was stored can be counted, frame by frame, by looking at it."""

from fractions import Fraction
from io import BytesIO
from pathlib import Path

import av
import numpy as np

WIDTH, HEIGHT, BARS, FPS = 160, 64, 16, 25


def frame(number: int) -> av.VideoFrame:
    """Its number in 16 bars, black or white, under a grey stripe that moves."""
    picture = np.zeros((HEIGHT, WIDTH), np.uint8)
    for bar in range(BARS):
        picture[:, bar * 10 : bar * 10 + 10] = 235 if number >> bar & 1 else 16
    picture[:8, number % WIDTH] = 128
    return av.VideoFrame.from_ndarray(picture, format="gray").reformat(format="yuv420p")


def number_in(picture: av.VideoFrame) -> int:
    """What the bars say."""
    row = picture.to_ndarray(format="gray")[32:56].mean(axis=0)
    return sum(int(row[bar * 10 + 2 : bar * 10 + 8].mean() > 125) << bar for bar in range(BARS))


def make(path: Path, frames: int, codec: str = "libx264", gop: int = 25, b_frames: int = 0) -> Path:
    """Frames 0, 1, … at 25 a second, a key frame every `gop`."""
    options = {"g": str(gop), "keyint_min": str(gop), "sc_threshold": "0", "preset": "ultrafast", "bf": str(b_frames)}
    if codec == "libx265":
        options = {"preset": "ultrafast"}
        options["x265-params"] = f"log-level=none:keyint={gop}:min-keyint={gop}:scenecut=0:bframes=0:open-gop=0"
    with av.open(path, "w") as out:
        stream = out.add_stream(codec, rate=FPS, options=options)
        assert isinstance(stream, av.VideoStream)
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        stream.codec_context.time_base = Fraction(1, FPS)
        for number in range(frames):
            picture = frame(number)
            picture.pts = number
            out.mux(stream.encode(picture))
        out.mux(stream.encode())
    return path


def numbers(media: bytes) -> list[int]:
    """The frames of a file, as it shows them. Raises av.error.FFmpegError if any is damaged."""
    with av.open(BytesIO(media), "r", options={"err_detect": "explode"}) as file:
        (stream,) = file.streams.video
        stream.codec_context.options = {"err_detect": "explode"}
        stream.codec_context.thread_count = 1
        return [number_in(picture) for picture in file.decode(stream)]
