"""The minio client's errors as ours: beside `s3.py`, the only other place that knows the client."""

from collections.abc import Iterator
from contextlib import contextmanager
from xml.etree.ElementTree import ParseError

from minio.error import InvalidResponseError, S3Error, ServerError
from urllib3.exceptions import HTTPError

from storage.objects.codes import ABSENT_CODES, RETRY_CODES, RETRY_STATUSES
from storage.objects.store import ObjectAbsent, StoreError, StoreRefused, StoreUnavailable


def code_of(error: StoreError) -> str | None:
    """The store's own code behind an error of ours."""
    return error.__cause__.code if isinstance(error.__cause__, S3Error) else None


@contextmanager
def translated(doing: str) -> Iterator[None]:
    """The client's errors as ours. What is ours already, or comes from a source, passes."""
    try:
        yield
    except S3Error as error:
        text = f"{doing}: {error.code}: {error.message}"
        status = error.response.status
        if error.code in RETRY_CODES or status >= 500 or status in RETRY_STATUSES:
            raise StoreUnavailable(text) from error
        raise (ObjectAbsent if error.code in ABSENT_CODES else StoreRefused)(text) from error
    except (ServerError, InvalidResponseError) as error:
        # An answer that is no S3 answer: a proxy, a restarting server, or not an object store at all.
        status = error.status_code if isinstance(error, ServerError) else error._code
        kind = StoreRefused if 400 <= status < 500 and status not in RETRY_STATUSES else StoreUnavailable
        raise kind(f"{doing}: {error}") from error
    except (HTTPError, ParseError, OSError) as error:
        raise StoreUnavailable(f"{doing}: {error}") from error
    except ValueError as error:
        # minio checks names and endpoints before it sends anything.
        raise StoreRefused(f"{doing}: {error}") from error
