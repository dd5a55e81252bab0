"""Is this request the carrier's? By its signature over the URL that *we* know, and the form it sent.

The URL comes from configuration, never from Host headers (twilio-python#751). Only form bodies are accepted: without
`bodySHA256` in the URL a JSON body is not signed at all. A good signature proves origin, not freshness: there is no
timestamp in it, so whatever a replay could do must be harmless by itself.
"""

from collections.abc import Mapping

from twilio.request_validator import RequestValidator
from werkzeug.datastructures import MultiDict


class Signatures:
    """Checks requests for the accounts that we know."""

    def __init__(self, auth_tokens: Mapping[str, str]) -> None:
        self._validators = {sid: RequestValidator(token) for sid, token in auth_tokens.items()}

    def is_genuine(self, url: str, form: Mapping[str, list[str]], signature: str | None) -> bool:
        """Whether `signature` is that of the account which `form` names, over `url` and `form`.

        Args:
            url: the absolute URL as the carrier was given it, without its fragment.
            form: every field with all its values.
            signature: the X-Twilio-Signature header.
        """
        accounts = form.get("AccountSid", [])
        if signature is None or len(accounts) != 1:
            return False
        validator = self._validators.get(accounts[0])
        if validator is None:
            return False
        fields: MultiDict[str, str] = MultiDict((name, value) for name, values in form.items() for value in values)
        return bool(validator.validate(url, fields, signature))
