"""/objects and /receipts: what is kept, and the proofs of what is gone."""

from apiflask import APIBlueprint
from pydantic import Field

from app.api.once import viewer
from app.api.words import ONLY, Cursor, Moment, ObjectId, Out, Paging, Sha256
from app.listings.calls import OBJECTS, RECEIPTS
from app.listings.listing import one, one_page
from app.wiring import Installation
from storage.models import Receipt, StoredObject
from storage.retention.bundle import receipt_bundle


class ObjectOut(Out):
    object_id: ObjectId
    kind: str = Field(description="recording, peaks, …", examples=["recording"])
    state: str = Field(description="arriving, stored, deleting or deleted", examples=["stored"])
    bucket: str = Field(examples=["eskertu"])
    key: str | None = Field(description="its name in the store", examples=["0f0e0d0c0b0a09080706050403020100/000001"])
    bytes: int | None = Field(description="of the plain content", examples=[984044])
    sha256: Sha256 | None = Field(description="of the plain content")
    delete_after: Moment | None
    held: bool = Field(examples=[False])


class ObjectsOut(Out):
    items: list[ObjectOut]
    next: Cursor


class ReceiptOut(Out):
    object_id: ObjectId
    deleted_at: Moment
    leaf: int | None = Field(description="its place in the ledger; null for a second at most", examples=[41])


class ReceiptsOut(Out):
    items: list[ReceiptOut]
    next: Cursor


class BundleOut(Out):
    files: dict[str, str] = Field(
        description="by name; a README in three languages says how to check them without us",
        examples=[{"receipt.json": "{}", "README.en.md": "# A deletion receipt"}],
    )


def add_kept(area: APIBlueprint, at: Installation) -> None:
    """/objects, /receipts."""

    @area.get("/objects", **ONLY)
    @area.input(Paging, location="query")
    @area.output(ObjectsOut, description="Some objects.")
    def objects(query_data: Paging) -> object:
        """Stored objects of your centres. In the order of their ids."""
        with at.database.read() as session:
            return one_page(session, OBJECTS, viewer(), query_data.limit, query_data.cursor)

    @area.get("/objects/<object_id>", **ONLY)
    @area.output(ObjectOut, description="The object.")
    def object_(object_id: str) -> object:
        """One stored object. Its content is not here: sounds are at /recordings."""
        with at.database.read() as session:
            return one(session, OBJECTS, viewer(), StoredObject.id == object_id)

    @area.get("/receipts", **ONLY)
    @area.input(Paging, location="query")
    @area.output(ReceiptsOut, description="Some receipts.")
    def receipts(query_data: Paging) -> object:
        """Deletions that are done, with their place in the ledger. In the order of their objects' ids."""
        with at.database.read() as session:
            return one_page(session, RECEIPTS, viewer(), query_data.limit, query_data.cursor)

    @area.get("/receipts/<object_id>", **ONLY)
    @area.output(BundleOut, description="The files of the receipt.")
    def receipt(object_id: str) -> object:
        """One receipt: the files that a stranger can check without us."""
        with at.database.begin() as session:
            one(session, RECEIPTS, viewer(), Receipt.object_id == object_id)
            return {
                "files": {name: text.decode() for name, text in receipt_bundle(session, at.ledger, object_id).items()}
            }
