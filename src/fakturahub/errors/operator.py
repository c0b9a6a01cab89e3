"""What the person who runs the hub has to put right."""

from __future__ import annotations

from fakturahub.errors.tree import FakturahubError


class OperatorError(FakturahubError):
    """Something on the side of the hub's operator: the set-up, a file, a key. Commands end with exit code 1."""

    code = "operator"
    title = "The hub is not set up right"
    advice = "Run `fakturahub doctor`; it says what to do."


class ProvisioningError(OperatorError):
    """The provisioning file is wrong; ``faults`` has one sentence per fault, each with the line."""

    code = "provisioning"
    title = "The provisioning file was not applied"
    advice = "Correct the lines named and apply the file again. Nothing of it was applied."

    def __init__(self, file: str, faults: tuple[str, ...]) -> None:
        super().__init__(f"{file} was not applied:\n" + "\n".join(f"  {fault}" for fault in faults))
        self.faults = faults


class DataFolderError(OperatorError):
    code = "data-folder"
    title = "The data folder cannot be used"


class MasterKeyError(OperatorError):
    code = "master-key"
    title = "The master key does not fit"
    advice = "Give the hub the master key that this database was sealed with; it cannot be made anew."


class SchemaTooNew(OperatorError):
    code = "schema-too-new"
    title = "The database was upgraded by a newer program"
    advice = "Run a version of the hub that is at least as new as the one that upgraded the database."


class SchemaTooOld(OperatorError):
    code = "schema-too-old"
    title = "The database was not upgraded yet"
    advice = "Start `fakturahub serve` once, it upgrades the database."


class PrivateServerError(OperatorError):
    code = "private-server"
    title = "The private PostgreSQL server cannot be started"


class PackRefused(OperatorError):
    """A rule pack is not taken; ``reasons``: one sentence each with file, line and what, an expression as written."""

    code = "pack-refused"
    title = "The rule pack was refused"
    advice = (
        "A pack is taken whole or not at all. The message names file and line, and what the hub does not know there."
    )

    def __init__(self, reason: str, reasons: tuple[str, ...] = ()) -> None:
        """``reason``: what holds for the pack as a whole, in most cases its name or that of a file."""
        super().__init__("\n  ".join((f"{reason} was refused:", *reasons)) if reasons else reason)
        self.reasons = reasons or (reason,)


class StalePack(OperatorError):
    """The bytes are no rule pack compiled by this version of the hub under this Python; compiling it again helps."""

    code = "stale-pack"
    title = "A compiled rule pack does not fit this version"
    advice = "The hub compiles an installed pack again by itself. If this stays, remove the cache of compiled packs."


class TargetRefused(OperatorError):
    """The hub does not connect to a target, see ``outbound.guard``; one sentence with its address and what that is."""

    code = "target-refused"
    title = "The hub does not connect to this address"
    advice = (
        "Only addresses of the public internet are connected to. Where the target is meant to be in a network of your "
        "own, list that network in `trusted_networks` under `[outbound]`; an address that is link-local or serves "
        "metadata has to be listed alone."
    )


class UnusableCredential(OperatorError):
    """A certificate, a key or an authority that the hub was given for its connections; the key is never quoted."""

    code = "unusable-credential"
    title = "A certificate or a key cannot be used"
    advice = (
        "Give certificates and keys in PEM, the key without a password and of the same pair as the certificate, and "
        "apply the provisioning file again."
    )
