"""Deletions that are merely inferred, because two places do not agree: how many of them are too many to be believed."""

# Fewer than these may be all that there is.
SUSPICIOUS_FROM = 20


def too_many(going: int, of: int) -> bool:
    """Whether something is likelier to be wrong with us: a database that was restored, a bucket of somebody else's.

    Args:
        going: how many would be deleted.
        of: how many were looked at.
    """
    return going >= SUSPICIOUS_FROM and going * 2 > of
