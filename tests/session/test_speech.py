"""Typed pieces of a text of which a part was spoken already."""

from __future__ import annotations

from session.speech import SayAs, shifted


def test_pieces_move_with_the_rest_of_the_text_and_what_was_begun_is_dropped() -> None:
    pieces = [SayAs(start=2, end=5, kind="spell"), SayAs(start=10, end=14, kind="phone")]
    assert shifted(pieces, 0) == pieces
    assert shifted(pieces, 6) == [SayAs(start=4, end=8, kind="phone")]
    assert shifted(pieces, 12) == []
