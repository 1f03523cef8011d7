"""Audio files of every kind, and what is not one."""

from __future__ import annotations

from pathlib import Path

import av
import numpy as np
import pytest
import soundfile

from asr.files import AudioFileError, read
from media.frames import SPEECH_RATE

SECONDS = 1.5


def tone(rate: int, hertz: float = 440.0) -> np.ndarray:
    return 0.25 * np.sin(2 * np.pi * hertz * np.arange(round(rate * SECONDS)) / rate)


def pitch(samples: np.ndarray) -> float:
    middle = samples[len(samples) // 4 : 3 * len(samples) // 4].astype(float)
    spectrum = np.abs(np.fft.rfft(middle * np.hanning(len(middle))))
    return float(spectrum.argmax()) * SPEECH_RATE / len(middle)


@pytest.mark.parametrize(
    ("name", "rate", "subtype"),
    [
        ("a.wav", 8000, "ULAW"),
        ("a.wav", 8000, "ALAW"),
        ("a.wav", 44100, "PCM_24"),
        ("a.wav", 96000, "DOUBLE"),
        ("a.flac", 16000, "PCM_16"),
        ("a.ogg", 48000, "OPUS"),
        ("a.ogg", 22050, "VORBIS"),
        ("a.mp3", 32000, "MPEG_LAYER_III"),
        ("a.aiff", 11025, "PCM_16"),
        ("no suffix", 16000, "PCM_16"),
    ],
)
def test_any_container_and_rate(tmp_path: Path, name: str, rate: int, subtype: str) -> None:
    path = tmp_path / name
    kind = "WAV" if "." not in name else None
    soundfile.write(path, tone(rate), rate, subtype=subtype, format=kind)
    (audio,) = read(path)
    assert audio.rate == SPEECH_RATE
    assert audio.ms == pytest.approx(1000 * SECONDS, abs=60)  # lossy codecs pad
    assert pitch(audio.samples) == pytest.approx(440, abs=3)
    assert np.abs(audio.samples).max() == pytest.approx(8192, rel=0.1)


def test_video_with_sound_gives_its_sound_and_without_says_so(tmp_path: Path) -> None:
    def video(name: str, sound: bool) -> Path:
        with av.open(str(tmp_path / name), "w") as container:
            pictures = container.add_stream("mpeg4", rate=10)
            pictures.width = pictures.height = 64
            pictures.pix_fmt = "yuv420p"
            sounds = container.add_stream("aac", rate=48000) if sound else None
            for _ in range(15):
                container.mux(pictures.encode(av.VideoFrame.from_ndarray(np.zeros((64, 64, 3), np.uint8))))
            container.mux(pictures.encode(None))
            if sounds is not None:
                frame = av.AudioFrame.from_ndarray((tone(48000) * 32767).astype(np.int16)[None], "s16", "mono")
                frame.rate = 48000
                container.mux(sounds.encode(frame))
                container.mux(sounds.encode(None))
        return tmp_path / name

    assert pitch(read(video("talk.mp4", True))[0].samples) == pytest.approx(440, abs=3)
    with pytest.raises(AudioFileError, match=r"mute\.mp4 holds no sound, only video"):
        read(video("mute.mp4", False))


def test_channels_are_mixed_or_kept_apart(tmp_path: Path) -> None:
    path = tmp_path / "stereo.wav"
    soundfile.write(path, np.stack([tone(44100, 300), tone(44100, 900)], axis=1), 44100)
    left, right = read(path, split=True)
    assert pitch(left.samples) == pytest.approx(300, abs=3)
    assert pitch(right.samples) == pytest.approx(900, abs=3)
    (mixed,) = read(path)
    mean = (left.samples.astype(int) + right.samples.astype(int)) / 2
    assert np.abs(mixed.samples - mean).max() <= 1


def write(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    return path


PLAYLIST = b"#EXTM3U\n#EXT-X-TARGETDURATION:10\n#EXTINF:9,\nhttp://127.0.0.1:9/x.ts\n"


@pytest.mark.parametrize(
    ("name", "content", "why"),
    [
        ("empty.wav", b"", "is empty"),
        ("letter.wav", b"Dear Sir or Madam, " * 50, "is not an audio file that can be read"),
        ("noise.mp3", np.random.default_rng(1).bytes(20_000), "is not an audio file that can be read"),
        ("list.m3u8", PLAYLIST, "is not an audio file that can be read"),  # never opens what it names
        ("list.wav", b"ffconcat version 1.0\nfile /etc/passwd\n", "is not an audio file that can be read"),
    ],
)
def test_what_is_no_audio_is_named(tmp_path: Path, name: str, content: bytes, why: str) -> None:
    with pytest.raises(AudioFileError, match=why) as caught:
        read(write(tmp_path / name, content))
    assert name in str(caught.value)


def test_no_file_a_folder_and_no_samples(tmp_path: Path) -> None:
    with pytest.raises(AudioFileError, match=r"gone\.wav cannot be opened: No such file"):
        read(tmp_path / "gone.wav")
    with pytest.raises(AudioFileError, match="cannot be opened: Is a directory"):
        read(tmp_path)
    soundfile.write(tmp_path / "zero.wav", np.zeros(0), 8000)
    with pytest.raises(AudioFileError, match=r"zero\.wav holds no sound"):
        read(tmp_path / "zero.wav")


def test_recordings_joined_into_one_file_may_differ_in_rate_but_not_in_channels(tmp_path: Path) -> None:
    parts = []
    for rate, channels in ((16_000, 1), (44_100, 1), (16_000, 2)):
        part = tmp_path / f"{rate}-{channels}.mp3"
        soundfile.write(part, np.stack([tone(rate)] * channels, axis=1), rate)
        parts.append(part.read_bytes())
    joined = tmp_path / "joined.mp3"
    joined.write_bytes(parts[0] + parts[1])
    (audio,) = read(joined)
    assert audio.ms == pytest.approx(2000 * SECONDS, abs=200)
    joined.write_bytes(parts[0] + parts[2])
    with pytest.raises(AudioFileError, match="number of channels"):
        read(joined)
