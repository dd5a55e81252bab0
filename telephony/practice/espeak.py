"""espeak-ng, in a process of its own: text on standard input, raw sound on standard output.

The library keeps its state in globals and is not thread-safe: two threads that speak at once end the process. So
each utterance is a process, which `speech.speak` starts, and kills when it takes too long. For the same reason
nothing but ctypes and the wheel that carries the library is imported here: a start costs some 50 ms.

    python espeak.py VOICE WORDS_PER_MINUTE <TEXT >PCM

Out come four bytes with the sample rate in Hz (unsigned, little-endian), then mono 16-bit samples in the byte order
of the machine. Anything that fails is one line on standard error and exit code 1.

Facts from espeak-ng's `speak_lib.h`.
"""

import ctypes
import os
import struct
import sys
from pathlib import Path

import espeakng_loader

AUDIO_OUTPUT_SYNCHRONOUS = 2
INITIALIZE_DONT_EXIT = 0x8000
PARAMETER_RATE = 1
CHARS_UTF8 = 1
POSITION_CHARACTER = 1
OK = 0

SynthCallback = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.c_void_p)


class EspeakFailed(Exception):
    """The library would not do it; the message says which step."""


def synthesise(text: str, voice: str, words_per_minute: int) -> tuple[int, bytes]:
    """The sample rate (Hz) and the samples of `text`. Once per process: the library cannot be started twice.
    It changes the working directory.

    Raises EspeakFailed when the library, its data or the voice is missing, or when nothing was spoken.
    """
    try:
        library = ctypes.CDLL(espeakng_loader.get_library_path())
        data = Path(espeakng_loader.get_data_path())
    except (OSError, RuntimeError) as error:
        raise EspeakFailed(f"the espeak-ng library does not load: {error}") from error

    os.chdir(data.parent)  # the library cuts longer paths off: given a deep one, it finds nothing
    rate_hz = int(library.espeak_Initialize(AUDIO_OUTPUT_SYNCHRONOUS, 0, b".", INITIALIZE_DONT_EXIT))
    if rate_hz <= 0:
        raise EspeakFailed(f"espeak-ng finds no voices in {data}")

    spoken = bytearray()

    def collect(samples: "ctypes._Pointer[ctypes.c_short]", count: int, _events: int | None) -> int:
        if samples and count > 0:
            spoken.extend(ctypes.string_at(samples, count * ctypes.sizeof(ctypes.c_short)))
        return 0

    callback = SynthCallback(collect)  # kept in a name: the library holds no reference of its own
    library.espeak_SetSynthCallback(callback)
    if library.espeak_SetVoiceByName(voice.encode()) != OK:
        raise EspeakFailed(f"espeak-ng has no voice {voice!r}")
    if library.espeak_SetParameter(PARAMETER_RATE, words_per_minute, 0) != OK:
        raise EspeakFailed(f"espeak-ng cannot speak {words_per_minute} words a minute")

    encoded = text.encode() + b"\0"
    library.espeak_Synth.argtypes = [
        ctypes.c_char_p,
        ctypes.c_size_t,
        ctypes.c_uint,
        ctypes.c_int,
        ctypes.c_uint,
        ctypes.c_uint,
        ctypes.c_void_p,
        ctypes.c_void_p,
    ]
    if library.espeak_Synth(encoded, len(encoded), 0, POSITION_CHARACTER, 0, CHARS_UTF8, None, None) != OK:
        raise EspeakFailed("espeak-ng could not speak the text")
    if not spoken:
        raise EspeakFailed("espeak-ng said nothing")
    return rate_hz, bytes(spoken)


def main(arguments: list[str]) -> int:
    """Speak what stands on standard input; the exit code."""
    voice, words_per_minute = arguments
    text = sys.stdin.buffer.read().decode()
    try:
        rate_hz, spoken = synthesise(text, voice, int(words_per_minute))
    except EspeakFailed as error:
        sys.stderr.write(f"{error}\n")
        return 1
    sys.stdout.buffer.write(struct.pack("<I", rate_hz) + spoken)
    sys.stdout.buffer.flush()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
