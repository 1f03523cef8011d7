"""How like is what was heard to what is on file? 0…1 for postcodes, names and birth dates, however they were said.

Everything compares with one record: what is asked for is known beforehand, so that "see a v 4 s w" need not be read
without help, only be told from CA5 4SW.
"""

from __future__ import annotations

ENOUGH = {"postcode": 0.686, "name": 0.743, "birth_date": 0.76}
"""Likeness that counts as a right answer, chosen on one half of EVI's speakers; docs/verification.md has the errors."""
