"""Text to speech: text in, clauses of levelled 16-bit audio out. Read `tts.speaker` first."""
