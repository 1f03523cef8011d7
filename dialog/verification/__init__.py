"""Who is calling: factors of proof, what they add up to (`levels`), what wrong answers cost (`lockout`).

Read first: `dialog/blocks/verify.py`, the block that asks; `factors/base.py`, what every factor does.
What has to be remembered between calls is behind the protocols of `ports`, kept in this process (`memory`) for tests
and trials, and in the database (`session.verification`) for real.
"""
