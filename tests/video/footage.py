"""Footage whose frames say their number: what was stored can be counted, frame by frame, by looking at it."""

from fractions import Fraction
from io import BytesIO
from pathlib import Path
from typing import Any

import av
import numpy as np
from numpy.typing import NDArray

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
    row = picture.to_ndarray(format="gray")[-14:-2].mean(axis=0)
    return sum(int(each[len(each) // 4 : -len(each) // 4].mean() > 125) << bar for bar, each in enumerate(_bars(row)))


def numbered(source: Path, path: Path) -> Path:
    """Real footage as H.264, a quarter of its size, with its frames' numbers below the picture."""
    with av.open(str(source)) as file, av.open(path, "w") as out:
        stream = out.add_stream("libx264", rate=10, options={"g": "10", "bf": "0", "preset": "ultrafast"})
        assert isinstance(stream, av.VideoStream)
        size = file.streams.video[0]
        stream.width, stream.height, stream.pix_fmt = size.width // 2, size.height // 2, "yuv420p"
        for number, picture in enumerate(file.decode(file.streams.video[0])):
            gray = picture.to_ndarray(format="gray")[::2, ::2].copy()
            for bar, each in enumerate(_bars(gray[-16:].T)):
                each[:] = 235 if number >> bar & 1 else 16
            made = av.VideoFrame.from_ndarray(gray, format="gray").reformat(format="yuv420p")
            made.pts = number
            out.mux(stream.encode(made))
        out.mux(stream.encode())
    return path


def _bars(row: NDArray[Any]) -> list[NDArray[Any]]:
    return np.split(row, BARS)


def make(path: Path, frames: int, codec: str = "libx264", gop: int = 25, b_frames: int = 0, fps: int = FPS) -> Path:
    """Frames 0, 1, … a key frame every `gop`."""
    options = {"g": str(gop), "keyint_min": str(gop), "sc_threshold": "0", "preset": "ultrafast", "bf": str(b_frames)}
    if codec == "libx265":
        options = {"preset": "ultrafast"}
        options["x265-params"] = f"log-level=none:keyint={gop}:min-keyint={gop}:scenecut=0:bframes=0:open-gop=0"
    with av.open(path, "w") as out:
        stream = out.add_stream(codec, rate=fps, options=options)
        assert isinstance(stream, av.VideoStream)
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        stream.codec_context.time_base = Fraction(1, fps)
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
