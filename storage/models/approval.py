"""What waits for a second person: exactly what was shown to the first, and what became of it."""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from storage.database import Base, Moment
from storage.models.columns import At, Sha256


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
