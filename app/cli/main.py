"""The command line: `eskertu …`. Every failure is one message on stderr and a non-zero exit."""

import sys

import click
from sqlalchemy.exc import DatabaseError

from app.cli import (
    call,
    calls,
    cameras,
    clip,
    database,
    demo,
    fsck,
    holds,
    kept,
    ledger,
    notices,
    phone,
    policies,
    processes,
    purge,
    setup,
    signs,
    upkeep,
    users,
)
from config.settings import SettingsError
from storage.errors import Refused
from storage.objects.embedded import EmbeddedStoreError, EmbeddedStoreNotReady, EmbeddedStoreRunning
from storage.objects.keys import KeyProblem, KeysUnavailable
from storage.objects.master_key import MasterKeyRefused
from storage.objects.store import StoreError
from storage.retention.policy import PolicyError
from telephony.carrier.port import CarrierError

TOLD = (
    Refused,
    PolicyError,
    SettingsError,
    StoreError,
    EmbeddedStoreError,
    EmbeddedStoreRunning,
    EmbeddedStoreNotReady,
    KeyProblem,
    KeysUnavailable,
    MasterKeyRefused,
    CarrierError,
)


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def cli() -> None:
    """Notice first, consent proven, deleted on its day."""


for area in (
    processes,
    database,
    upkeep,
    fsck,
    setup,
    signs,
    cameras,
    clip,
    users,
    policies,
    notices,
    calls,
    call,
    kept,
    holds,
    purge,
    ledger,
    phone,
    demo,
):
    for command in area.COMMANDS:
        cli.add_command(command)


def main() -> None:
    """Run one command. A person sees what was wrong and what to do, never a stack trace."""
    try:
        cli(standalone_mode=False)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except click.Abort:
        sys.exit(130)
    except TOLD as error:
        click.echo(f"eskertu: {error}", err=True)
        sys.exit(1)
    except DatabaseError as error:
        click.echo(f"eskertu: the database cannot be used ({error.orig}); has `eskertu db upgrade` been run?", err=True)
        sys.exit(1)
    except BrokenPipeError:
        sys.exit(141)
    except OSError as error:
        # A folder that cannot be written, a disk that is full: the system's words, and where.
        where = f"{error.filename}: " if error.filename else ""
        click.echo(f"eskertu: {where}{error.strerror or error}", err=True)
        sys.exit(1)


if __name__ == "__main__":
    main()
