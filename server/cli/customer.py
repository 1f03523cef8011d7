"""`warmline customer …`: what operators do about a customer's verification."""

from __future__ import annotations

from typing import Annotated

import typer

from dialog.verification.codes import new_totp_secret, totp_uri
from dialog.verification.directory import FileDirectory
from dialog.verification.lockout import customer_key, number_key
from dialog.verification.memory import Nobody
from dialog.verification.vault import VaultError
from dialog.yamlfile import FileError
from server.cli.common import fail, settings_or_exit, with_store
from server.settings import Settings
from server.verification import Verification
from session.store import Store
from session.voiceprints import Voiceprints

app = typer.Typer(help="Customers' verification: authenticator apps, locks, voiceprints.", no_args_is_help=True)

CustomerNo = Annotated[str, typer.Argument(help="customer number, as in the directory")]


@app.command("enrol-totp")
def enrol_totp(
    customer_no: CustomerNo,
    issuer: Annotated[str, typer.Option(help="company's name, as the app shows it")] = "Warmline",
) -> None:
    """Make a secret for an authenticator app (over an older one) and print it once, as the address that a QR code holds."""
    settings = settings_or_exit()
    secret = new_totp_secret()

    async def work(store: Store) -> bool:
        if not any([await directory.find(customer_no=customer_no) for directory in _directories(settings)]):
            return False
        await Verification.of(settings, store).codes(Nobody()).enrol_totp(customer_no, secret)
        return True

    try:
        known = with_store(work)
    except (VaultError, FileError) as error:
        raise fail(str(error)) from error
    if not known:
        raise fail(
            f"there is no customer {customer_no!r} in {settings.dialog.customers}, neither beside the flows nor in a pack; "
            "write the number as it stands there, or set dialog.customers"
        )
    print(totp_uri(secret, customer_no, issuer))


def _directories(settings: Settings) -> list[FileDirectory]:
    """Of every folder of flows. Raises `FileError`."""
    from dialog.library import flow_files, people_of

    root = settings.installed(settings.dialog.flows_dir)
    folders = {root, *(path.parent for path in flow_files(root).values())}
    return [people_of(folder, root, settings.dialog) for folder in sorted(folders)]


@app.command("delete-totp")
def delete_totp(customer_no: CustomerNo) -> None:
    """The customer's authenticator app counts no longer."""
    settings = settings_or_exit()

    async def work(store: Store) -> bool:
        return await Verification.of(settings, store).codes(Nobody()).delete_totp(customer_no)

    try:
        found = with_store(work)
    except VaultError as error:
        raise fail(str(error)) from error
    if not found:
        raise fail(f"customer {customer_no} has no authenticator app")
    print("deleted")


@app.command("unlock")
def unlock(
    customer_no: Annotated[str, typer.Argument(help="customer number; - for none")] = "-",
    number: Annotated[str, typer.Option(help="calling number, or SIP user, exactly as the call shows it")] = "",
) -> None:
    """Forget the wrong answers of a customer and/or of a calling number, so that they may try again at once."""
    settings = settings_or_exit()
    keys = [customer_key(customer_no)] if customer_no != "-" else []
    keys += [number_key(number)] if number else []
    if not keys:
        raise fail("name a customer number, or --number", 2)

    async def work(store: Store) -> int:
        return await Verification.of(settings, store).attempts.unlock(keys)

    try:
        found = with_store(work)
    except VaultError as error:
        raise fail(str(error)) from error
    print(f"{found} unlocked" if found else "nothing was counted against them")


@app.command("voiceprint-delete")
def voiceprint_delete(
    customer_no: CustomerNo, by: Annotated[str, typer.Option(help="who asked for it, for the record")] = "customer"
) -> None:
    """Delete a customer's voiceprint and end the consent to it."""

    async def work(store: Store) -> bool:
        return await Voiceprints(store).delete(customer_no, by)

    if not with_store(work):
        raise fail(f"customer {customer_no} has no voiceprint")
    print("deleted")
