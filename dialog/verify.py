"""Old names, until all have moved."""

from dialog.verification import hashing
from dialog.verification.directory import CustomerEntry as CustomerEntry
from dialog.verification.directory import FileDirectory as FileDirectory
from dialog.verification.directory import normal_number as normal_number
from dialog.verification.lockout import MemoryAttempts as MemoryAttempts

hash_pin = hashing.hash_secret
