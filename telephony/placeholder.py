"""Gives each shipped text that nobody has recorded yet a voice, so that the whole product can be tried at once.

    python -m telephony.placeholder

For every text of `config/notices/texts.toml` whose line in `manifest.toml` is missing, or speaks another version,
espeak-ng says it, and `config/notices/audio/<sha256>.wav` and the manifest are written anew. What was made before
stays, byte for byte (espeak-ng does not say a thing the same way twice), and so do recordings by people. Audio that
no line names any more is removed. Everything made here is marked `placeholder = true`.

It writes into the source tree, and is for those who work on it; an installation publishes its recordings with
`eskertu notice publish`.
"""

import sys
from pathlib import Path
from typing import Any

import numpy as np

import config
from config.shipped import NoticeKey, NoticeText, ShippedDataBroken, manifest_lines, notice_texts
from telephony.audio import RATE_HZ, NoticeAudio, notice_audio
from telephony.practice.speech import SpeechFailed, speak

LEAD_IN_S = 0.2
"""Silence at the beginning: a telephone that has just connected swallows the first syllable."""

_HEAD = """\
# Which audio speaks which text of texts.toml. Written by `python -m telephony.placeholder`; a recording
# by people takes a line's audio_sha256 and duration_ms (ms) over, with placeholder = false.
"""


class TextChanged(Exception):
    """A text was changed under a version that has been spoken already; the message names it."""


def spoken(text: str, language: str) -> NoticeAudio:
    """The placeholder for a text, as a WAV file. Raises SpeechFailed."""
    silence = np.zeros(round(LEAD_IN_S * RATE_HZ), np.int16)
    return notice_audio(np.concatenate([silence, speak(text, language, rate_hz=RATE_HZ)]))


def write_placeholders(folder: Path) -> list[str]:
    """Bring the audio and the manifest of `folder` (config/notices) up to its texts; what was done, a line each.

    Raises TextChanged, before anything is written, when a text is not the one that its version was spoken with.
    """
    before = _lines_so_far(folder)
    texts = notice_texts()
    for one in texts:
        line = before.get((one.kind, one.mode, one.language))
        if line and line["version"] == one.version and line["text_sha256"] != one.sha256:
            raise TextChanged(f"{one} was changed: give it version {one.version + 1} in texts.toml")
    done: list[str] = []
    after: list[dict[str, Any]] = []
    for one in texts:
        line = before.get((one.kind, one.mode, one.language))
        if line is None or line["version"] != one.version or not _audio(folder, line["audio_sha256"]).exists():
            line = _speak(one, folder)
            done.append(f"spoken: {one}, {line['duration_ms']} ms")
        after.append(line)
    (folder / "manifest.toml").write_text(_HEAD + "".join(map(_toml, after)), "utf-8")
    for path in sorted((folder / "audio").glob("*.wav")):
        if path.stem not in {line["audio_sha256"] for line in after}:
            path.unlink()
            done.append(f"removed: {path.name}, which no text has any more")
    return done


def _lines_so_far(folder: Path) -> dict[NoticeKey, dict[str, Any]]:
    return manifest_lines() if (folder / "manifest.toml").exists() else {}


def _speak(one: NoticeText, folder: Path) -> dict[str, Any]:
    """The manifest's line of a text, its audio written."""
    audio = spoken(one.text, one.language)
    _audio(folder, audio.sha256).write_bytes(audio.wav)
    return {
        "kind": one.kind,
        "mode": one.mode,
        "language": one.language,
        "version": one.version,
        "text_sha256": one.sha256,
        "audio_sha256": audio.sha256,
        "duration_ms": audio.duration_ms,
        "placeholder": True,
    }


def _audio(folder: Path, sha256: str) -> Path:
    return folder / "audio" / f"{sha256}.wav"


def _toml(line: dict[str, Any]) -> str:
    """One `[[audio]]` table; what is None is left out."""

    def value(of: object) -> str:
        if isinstance(of, bool):
            return "true" if of else "false"
        return f'"{of}"' if isinstance(of, str) else str(of)

    rows = [f"{name} = {value(of)}" for name, of in line.items() if of is not None]
    return "\n".join(["\n[[audio]]", *rows, ""])


def main() -> int:
    """The command; its exit code."""
    folder = Path(config.__path__[0]) / "notices"
    try:
        done = write_placeholders(folder)
    except (SpeechFailed, TextChanged, ShippedDataBroken) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    sys.stdout.write("".join(f"{line}\n" for line in done) or "nothing to do\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
