"""Canaries: a number, a name, addresses, words typed as reasons. None is in a leaf, a log, a metric, a key, a URL (I10).

The story below makes a leaf of every kind that there is: a new kind fails here until it is told, and looked at.
"""

import re
from datetime import timedelta
from pathlib import Path

import pytest
import requests
import sqlalchemy as sa
from structlog.testing import capture_logs

from storage.ledger.log import sequence
from storage.models import Call, Leaf, LeafOpening, Receipt
from tests.cli.conftest import Lived, lived_in
from tests.docs.pages import ROOT
from tests.seaweed import Seaweed

NUMBER = "+77018887766"
NAME = "Kanarova"
ADDRESSES = ("kanarova@example.com", "kenar@example.org")
CANARIES = (NUMBER[1:], NUMBER[2:], NAME.lower(), *(address.partition("@")[0] for address in ADDRESSES))
