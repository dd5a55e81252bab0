"""What an S3 store's codes mean for us: try again, or not there. Everything else is a refusal.

Sources: AWS "Error responses" (S3 API reference); minio `cmd/api-errors.go`.
"""

# What passes by itself. NoSuchUpload and InvalidPart: somebody swept the upload away while it was under way; a new put
# succeeds.
RETRY_CODES = frozenset(
    {
        "InternalError", "InvalidPart", "NoSuchUpload", "OperationAborted", "RequestTimeTooSkewed", "RequestTimeout",
        "ServerBusy", "ServiceUnavailable", "SlowDown", "SlowDownRead", "SlowDownWrite", "XMinioServerNotInitialized",
        "XMinioStorageFull",
    }
)  # fmt: skip
ABSENT_CODES = frozenset({"NoSuchKey", "NoSuchVersion", "MethodNotAllowed"})  # 405: the version is a delete marker
RETRY_STATUSES = frozenset({408, 425, 429})
# A bucket without object lock, or one whose lock our user may not ask for.
NO_LOCK_CODES = frozenset({"ObjectLockConfigurationNotFoundError", "AccessDenied", "NotImplemented", "InvalidRequest"})
# A store that makes no locked buckets: then it makes one without.
CANNOT_LOCK_CODES = frozenset({"NotImplemented", "InvalidArgument", "InvalidRequest", "MalformedXML"})
