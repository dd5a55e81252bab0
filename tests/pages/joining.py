"""What tests of links for passwords share."""

import re

from werkzeug.test import TestResponse as Answer

from app.auth.links import PATH
from tests.pages.people import PASSWORD, Visitor


def secret_in(text: str) -> str:
    """What is secret in the one link that a page, or a command, shows."""
    (found,) = re.findall(rf"{PATH}#([\w-]{{43}})", text)
    return str(found)


def join(visitor: Visitor, secret: str, password: str = PASSWORD, repeated: str | None = None) -> Answer:
    """Set a password with a link, as the page does."""
    again = password if repeated is None else repeated
    return visitor.post(PATH, form=visitor.form(PATH), secret=secret, password=password, repeated=again)
