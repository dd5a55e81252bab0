"""A deletion receipt as a bundle of files that a stranger can check without us."""

from importlib import resources

import sqlalchemy as sa
from sqlalchemy.orm import Session

from storage.errors import NotFound
from storage.ledger.ledger import Ledger
from storage.ledger.log import canonical, leaf_data
from storage.models import Leaf, LeafOpening, Receipt

LANGUAGES = ("kk", "ru", "en")


def receipt_bundle(session: Session, ledger: Ledger, object_id: str) -> dict[str, bytes]:
    """The files of a receipt, by name. Giving them out counts as giving out a checkpoint.

    Raises:
        NotFound: if the object has no receipt, or its leaf has no place yet (it gets one within a second).
    """
    found = session.execute(
        sa.select(Receipt, Leaf, LeafOpening)
        .join(Leaf, Leaf.id == Receipt.leaf_id)
        .join(LeafOpening, LeafOpening.leaf_id == Leaf.id)
        .where(Receipt.object_id == object_id)
    ).one_or_none()
    if found is None:
        raise NotFound(
            "object {object_id} has no receipt: it is not deleted, or not everywhere yet", object_id=object_id
        )
    _, leaf, opening = found
    if leaf.position is None:
        raise NotFound("the receipt's leaf has no place in the ledger yet: ask again in a second")
    files = {
        "receipt.json": canonical(opening.facts),
        "salt.txt": opening.salt.encode(),
        "leaf.json": leaf_data(leaf.id, leaf.kind, leaf.at, leaf.commitment),
        "leaf.tlog-proof": ledger.proof(session, leaf.position).encode(),
        "checkpoint.txt": ledger.checkpoint(session, given=True).note.encode(),
        "ledger.vkey": f"{ledger.verifier()}\n".encode(),
    }
    for language in LANGUAGES:
        name = f"README.{language}.md"
        files[name] = resources.files("config").joinpath("receipts", name).read_bytes()
    return files
