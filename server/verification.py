"""Puts verification together for the app and the command line: database, key, sender of codes."""

from __future__ import annotations

from dataclasses import dataclass

from dialog.verification.codes import CodeRules, WebhookSender
from dialog.verification.lockout import LockPolicy
from dialog.verification.ports import CustomerDirectory, VerificationPorts
from dialog.verification.stored import StoredAttempts, StoredCodes, StoredProgress, StoredVoices
from dialog.verification.vault import Vault, open_vault
from server.settings import Settings
from session.store import Store


@dataclass(frozen=True, slots=True)
class Verification:
    """What all flows share. Raises `VaultError` from `of` when the key cannot be used."""

    settings: Settings
    store: Store
    vault: Vault

    @classmethod
    def of(cls, settings: Settings, store: Store) -> Verification:
        """With the key of the settings, or of the data folder."""
        return cls(settings, store, open_vault(settings.dialog.verification.key, settings.data_dir))

    @property
    def attempts(self) -> StoredAttempts:
        """Wrong tries, over calls and restarts."""
        dialog = self.settings.dialog
        policy = LockPolicy(dialog.lockout_attempts, dialog.verification.number_attempts, dialog.lockout_s)
        return StoredAttempts(self.store, policy)

    def codes(self, customers: CustomerDirectory) -> StoredCodes:
        """One-time codes for the customers of a directory."""
        options = self.settings.dialog.verification
        rules = CodeRules(options.code_digits, options.code_valid_s, options.code_tries, options.codes_per_hour)
        sender = WebhookSender(options.webhook, options.webhook_token, options.webhook_timeout_s)
        return StoredCodes(self.store, self.vault, customers, sender, rules)

    def ports(self, customers: CustomerDirectory) -> VerificationPorts:
        """For the flows that these customers call."""
        return VerificationPorts(
            codes=self.codes(customers),
            progress=StoredProgress(self.store, self.settings.dialog.verification.resume_min),
            voices=StoredVoices(self.store, self.vault),
        )
