"""What waits for a second person: exactly what was shown to the first, and what became of it."""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from storage.database import Base, Moment
from storage.models.columns import At, Id, Sha256


class PolicyPreview(Base):
    """What a policy that keeps longer would change, as it was shown to who asked for it. An approval executes this."""

    __tablename__ = "policy_preview"

    policy_id: Mapped[str] = mapped_column(sa.ForeignKey("retention_policy.id"), primary_key=True)
    sha256: Mapped[Sha256] = mapped_column(comment="over the terms and every change: what an approval is bound to")
    in_force: Mapped[list[str]] = mapped_column(sa.JSON, comment="ids of the purpose's policies that it was made from")
    asked_by: Mapped[str] = mapped_column(sa.String(32), comment="id of the person who asks")
    asked_at: Mapped[At]
    expires_at: Mapped[At] = mapped_column(comment="from then on it can be approved no more")
    decided_by: Mapped[str | None] = mapped_column(
        sa.String(32), comment="id of the person who approved or withdrew it; null while nobody did"
    )
    decided_at: Mapped[datetime | None] = mapped_column(Moment())
    withdrawn_reason: Mapped[str | None] = mapped_column(sa.Text, comment="why it was withdrawn; null if it was not")
    changed: Mapped[int | None] = mapped_column(comment="how many objects got their date; null unless approved")


class PolicyPreviewChange(Base):
    """One object whose end for the policy's purpose would change, and to what."""

    __tablename__ = "policy_preview_change"

    policy_id: Mapped[str] = mapped_column(sa.ForeignKey("policy_preview.policy_id"), primary_key=True)
    object_id: Mapped[str] = mapped_column(sa.ForeignKey("stored_object.id"), primary_key=True)
    until_before: Mapped[At] = mapped_column(comment="its end for the purpose when the preview was made")
    delete_after_before: Mapped[At] = mapped_column(comment="its deletion date when the preview was made")
    until_after: Mapped[At] = mapped_column(comment="the end that an approval gives it")


class CardDataPurge(Base):
    """That stretches of an object be silenced, since card data is heard in them: asked for by one, approved by another.

    Done, a silenced copy has taken the object's place, and the object is deleted, also under a hold (I5).
    """

    __tablename__ = "card_data_purge"
    __table_args__ = (sa.Index(None, "state", "next_attempt_at"),)

    id: Mapped[Id]
    object_id: Mapped[str] = mapped_column(sa.ForeignKey("stored_object.id"), index=True)
    sha256: Mapped[Sha256] = mapped_column(comment="of the object's plain content, when it was asked for")
    spans: Mapped[list[list[int]]] = mapped_column(sa.JSON, comment="[from, to] in milliseconds from its begin")
    reason: Mapped[str] = mapped_column(sa.Text)
    request_sha256: Mapped[Sha256] = mapped_column(comment="over all that was asked: what an approval is bound to")
    state: Mapped[str] = mapped_column(sa.String(9), comment="asked approved done withdrawn void (it went by itself)")
    asked_by: Mapped[str] = mapped_column(sa.String(32), comment="id of the person who asks")
    asked_at: Mapped[At]
    approved_by: Mapped[str | None] = mapped_column(sa.String(32), comment="id of another person")
    approved_at: Mapped[datetime | None] = mapped_column(Moment())
    withdrawn_by: Mapped[str | None] = mapped_column(sa.String(32), comment="id of a person")
    withdrawn_reason: Mapped[str | None] = mapped_column(sa.Text)
    copy_id: Mapped[str | None] = mapped_column(
        sa.ForeignKey("stored_object.id"), comment="the silenced copy; null until one is begun"
    )
    ended_at: Mapped[datetime | None] = mapped_column(Moment(), comment="when it was done, withdrawn or void")
    next_attempt_at: Mapped[datetime | None] = mapped_column(
        Moment(), comment="when to make the copy (again); a claim's lease too"
    )
    attempts: Mapped[int] = mapped_column(default=0)
    last_error: Mapped[str | None] = mapped_column(sa.Text, comment="why the last try failed, in words")
