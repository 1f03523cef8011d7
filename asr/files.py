"""Audio files of any container, rate and channel count, as the recogniser hears: 16 kHz, mono per channel."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import av
import numpy as np
from av.error import FFmpegError

from media.frames import SPEECH_RATE, Audio, Samples

# Containers of sound. Playlists and the like stay out: they name other files and addresses to be opened.
FORMATS = (
    "aac,ac3,aiff,amr,ape,asf,au,avi,caf,flac,flv,gsm,matroska,webm,mov,mp4,m4a,mp3,mpeg,mpegts,ogg,tta,w64,wav,wv"
)


class AudioFileError(Exception):
    """The file cannot be heard; the text names it and says why."""


def read(path: Path, *, split: bool = False) -> list[Audio]:
    """The file's first audio stream at 16 kHz: one `Audio` of all channels' mean, or one per channel.

    Raises `AudioFileError`.
    """
    try:
        with path.open("rb") as file:
            if not file.read(1):
                raise AudioFileError(f"{path} is empty")
            file.seek(0)
            with av.open(file, "r", options={"format_whitelist": FORMATS}) as container:
                parts = list(_decode(container, path))
    except FFmpegError as error:
        raise AudioFileError(f"{path} is not an audio file that can be read: {error.strerror}") from error
    except OSError as error:
        raise AudioFileError(f"{path} cannot be opened: {error.strerror}") from error
    widths = {part.shape[0] for part in parts}
    if len(widths) > 1:
        raise AudioFileError(f"{path} changes its number of channels on the way ({sorted(widths)})")
    if not parts or not (samples := np.concatenate(parts, axis=1)).shape[1]:
        raise AudioFileError(f"{path} holds no sound")
    if split:
        return [Audio(np.ascontiguousarray(channel), SPEECH_RATE) for channel in samples]
    if samples.shape[0] == 1:
        return [Audio(samples[0], SPEECH_RATE)]
    return [Audio(np.rint(samples.mean(axis=0, dtype=np.float32)).astype(np.int16), SPEECH_RATE)]


def _decode(container: av.container.InputContainer, path: Path) -> Iterator[Samples]:
    """Blocks of shape (channels, n)."""
    if not container.streams.audio:
        raise AudioFileError(f"{path} holds no sound, only {', '.join(s.type for s in container.streams) or 'nothing'}")
    resampler, before = None, None
    for frame in container.decode(audio=0):
        now = (frame.sample_rate, frame.format.name, frame.layout.name)
        if resampler is None or now != before:  # two recordings joined into one file may differ
            yield from _resampled(resampler, None)
            resampler, before = av.AudioResampler(format="s16p", rate=SPEECH_RATE), now
        yield from _resampled(resampler, frame)
    yield from _resampled(resampler, None)


def _resampled(resampler: av.AudioResampler | None, frame: av.AudioFrame | None) -> Iterator[Samples]:
    """What comes out for this frame; for None what was still held back."""
    for part in resampler.resample(frame) if resampler is not None else ():
        yield part.to_ndarray().astype(np.int16, copy=False)
