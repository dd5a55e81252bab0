"""`fsck`: does everything that is kept agree with everything else that is kept?"""

import json

import click

from app.cli.terminal import installation
from storage.errors import Refused
from storage.fsck.check import Fsck, Mended, Seen
from storage.fsck.discrepancy import Discrepancy


@click.command()
@click.option(
    "--only", multiple=True, help="One part (media, keys, endings, calls, carrier, cameras, signs, ledger); repeatable."
)
@click.option("--content", is_flag=True, help="Read every stored object to its end and compare its hash: long.")
@click.option("--repair", is_flag=True, help="Mend what can be mended, after asking.")
@click.option("--yes", is_flag=True, help="With --repair: do not ask.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
def fsck(only: tuple[str, ...], content: bool, repair: bool, yes: bool, as_json: bool) -> None:
    """Compare database, store, keys, ledger and carrier, both ways. Reads only, unless told to repair."""
    check = installation().fsck(content=content)
    if unknown := sorted(set(only) - set(check.names)):
        raise Refused(f"--only: there is no part {', '.join(unknown)} (there is: {', '.join(check.names)})")
    seen = []
    for each in check.check(only):
        seen.append(each)
        _tell(each, as_json=as_json)
    left = sum(len(each.found) for each in seen)
    if repair and left:
        left -= _repair(check, seen, yes=yes, as_json=as_json)
    if left:
        raise Refused(f"{left} things do not agree" + ("" if repair else "; --repair mends what can be mended"))


def _tell(seen: Seen, *, as_json: bool) -> None:
    for found in seen.found:
        if as_json:
            click.echo(json.dumps(_row(seen.name, found)))
        else:
            click.echo(f"!!  {found.kind} {found.subject}: {found.explanation}")
            click.echo(f"    repair: {found.repair.says}" if found.repair else "    for a person")
    verdict = f"{len(seen.found)} do not agree" if seen.found else "all agree"
    click.echo(f"{'!! ' if seen.found else 'ok '} {seen.name}: {seen.looked_at} looked at, {verdict}", err=as_json)


def _row(part: str, found: Discrepancy) -> dict[str, object]:
    return {
        "part": part,
        "kind": found.kind,
        "subject": found.subject,
        "explanation": found.explanation,
        "repair": found.repair.says if found.repair else None,
        "deletes": found.repair.deletes if found.repair else False,
    }


def _repair(check: Fsck, seen: list[Seen], *, yes: bool, as_json: bool) -> int:
    """Mend after asking. Returns how many things agree now."""
    repairs = [each.repair for part in seen for each in part.found if each.repair is not None]
    deletions = sum(repair.deletes for repair in repairs)
    if not repairs:
        return 0
    question = f"Mend {len(repairs)} things? {deletions} of them are deletions, and cannot be undone."
    if not yes and not click.confirm(question, err=True):
        return 0
    mended = [each for part in seen for each in check.repair(part)]
    for each in mended:
        _say(each, as_json=as_json)
    return sum(each.how in {"done", "not needed"} for each in mended)


def _say(mended: Mended, *, as_json: bool) -> None:
    found = mended.discrepancy
    why = f": {type(mended.error).__name__}: {mended.error}" if mended.error else ""
    click.echo(f"{mended.how}: {found.kind} {found.subject}{why}", err=as_json)


COMMANDS = (fsck,)
