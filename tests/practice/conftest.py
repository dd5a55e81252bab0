import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from twilio.rest import Client

from telephony.practice.network import PracticeNetwork
from telephony.practice.server import PracticeServer
from tests.practice.customer import ACCOUNT, LINE, TOKEN, Customer, FastClock, PracticeHttpClient, serve, tone


@pytest.fixture
def clock() -> FastClock:
    return FastClock()


@pytest.fixture
def customer(clock: FastClock) -> Iterator[Customer]:
    app = Customer(clock)
    app.url, stop = serve(app)
    yield app
    stop()


@pytest.fixture
def network(tmp_path: Path, clock: FastClock, customer: Customer) -> Iterator[PracticeNetwork]:
    network = PracticeNetwork(tmp_path, clock=clock, account_sid=ACCOUNT, auth_token=TOKEN, speak=tone)
    network.add_number(LINE, voice_url=f"{customer.url}/voice", status_callback=f"{customer.url}/status")
    yield network
    network.close()


@pytest.fixture
def server(network: PracticeNetwork) -> Iterator[PracticeServer]:
    with PracticeServer(network) as server:
        yield server
    assert not [t for t in threading.enumerate() if t.name.startswith("practice-CA")]


@pytest.fixture
def client(server: PracticeServer) -> Iterator[Client]:
    http = PracticeHttpClient(server.url)
    yield Client(ACCOUNT, TOKEN, http_client=http)
    assert http.session is not None
    http.session.close()
