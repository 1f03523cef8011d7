"""Who is calling: factors of proof, what they add up to (`levels`), what wrong answers cost (`lockout`).

Read first: `dialog/blocks/verify_steps.py`, what the block asks in which order (`verify.py`: how it listens); `factors/base.py`, what
every factor does; `standing.py`, who is asked and must wait.
What has to be remembered between calls is behind the protocols of `ports`, kept in this process (`memory`) for tests
and trials, and in the database (`session.verification`) for real.
"""
