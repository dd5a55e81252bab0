"""Serves the network on loopback: the REST API, and a small control of our own to place calls with."""

import json
import queue
import socket
import threading
from collections.abc import Iterable, Iterator
from dataclasses import fields
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from werkzeug.serving import WSGIRequestHandler, make_server
from werkzeug.wrappers import Request, Response

from config.loopback import LOOPBACK
from telephony.practice.caller import CallerPlan
from telephony.practice.live import LiveCalls, NoSuchCallError, last_step, step_of
from telephony.practice.network import PracticeNetwork
from telephony.practice.rest import may_enter

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

CONTROL = "/practice/"
LIVE = "/practice/live"
POLL_S = 0.05
"""How soon the server notices that it should stop."""


class _Quiet(WSGIRequestHandler):
    def log(self, type: str, message: str, *args: Any) -> None:  # noqa: A002, ANN401 - the base class's signature
        """Requests carry phone numbers in their URLs: nothing of them is logged."""


class PracticeServer:
    """A network that listens on 127.0.0.1; a context manager. Port 0 takes any free one.

    `POST /practice/calls` takes a CallerPlan as JSON and answers in lines of JSON: each event as it happens, the
    result last. `GET /practice/health` answers when it listens. `POST /practice/live` begins a call that its `owner`
    lives through: `GET /practice/live/SID` waits for its next steps, `POST …/SID/keys` presses, `POST …/SID/hang-up`
    hangs up. All want the account's SID and token, as the REST API does.
    """

    def __init__(self, network: PracticeNetwork, port: int = 0) -> None:
        self._network = network
        self._live = LiveCalls(network, network.clock)
        app: WSGIApplication = self._app
        # bound here: werkzeug ends the whole process where a port is taken, this raises OSError
        with socket.create_server((LOOPBACK, port)) as bound:
            self._server = make_server(LOOPBACK, port, app, threaded=True, request_handler=_Quiet, fd=bound.fileno())
        self.port = int(self._server.port)
        self.url = f"http://{LOOPBACK}:{self.port}"
        network.base_url = self.url
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(POLL_S,), name="practice-phone", daemon=True
        )

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def start(self) -> None:
        """Begin to listen, in a thread of its own."""
        self._thread.start()

    def stop(self) -> None:
        """Stop listening and let go of everything. Calls that still run are dropped with their threads."""
        if self._thread.is_alive():
            self._server.shutdown()
            self._thread.join()
        self._server.server_close()
        self._network.close()

    def _app(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        request = Request(environ)
        if not request.path.startswith(CONTROL):
            return self._network.rest_app(environ, start_response)
        return self._control(request)(environ, start_response)

    def _control(self, request: Request) -> Response:
        if not may_enter(request, self._network.account_sid, self._network.auth_token):
            return _json({"error": "the account's SID and token are needed"}, 401)
        match request.method, request.path:
            case "GET", "/practice/health":
                return _json({"status": "listening"}, 200)
            case "POST", "/practice/calls":
                return self._place(request)
        if request.path.startswith(LIVE):
            return self._lived(request)
        return _json({"error": "no such thing"}, 404)

    def _place(self, request: Request) -> Response:
        try:
            plan = read_plan(json.loads(request.get_data()))
        except (ValueError, TypeError) as error:
            return _json({"error": str(error)}, 400)
        return Response(self._lines(plan), mimetype="application/x-ndjson", direct_passthrough=True)

    def _lived(self, request: Request) -> Response:
        call_sid, _, what = request.path.removeprefix(LIVE).strip("/").partition("/")
        try:
            given = json.loads(request.get_data() or b"{}") | request.args.to_dict()
            owner = str(given["owner"])
            match request.method, bool(call_sid), what:
                case "POST", False, "":
                    return _json({"call_sid": self._live.place(read_plan(given["plan"]), owner)}, 201)
                case "GET", True, "":
                    after, wait_s = int(given.get("after", 0)), float(given.get("wait", 0))
                    steps, over = self._live.steps(call_sid, owner, after, wait_s)
                    return _json({"steps": steps, "over": over}, 200)
                case "POST", True, "keys":
                    self._live.press(call_sid, owner, str(given.get("keys", "")))
                    return Response(status=204)
                case "POST", True, "hang-up":
                    self._live.hang_up(call_sid, owner)
                    return Response(status=204)
        except NoSuchCallError:
            return _json({"error": "no such call"}, 404)
        except (ValueError, TypeError, KeyError) as error:
            return _json({"error": str(error)}, 400)
        return _json({"error": "no such thing"}, 404)

    def _lines(self, plan: CallerPlan) -> Iterator[bytes]:
        steps: queue.Queue[dict[str, Any]] = queue.Queue()

        def call() -> None:
            try:
                result = self._network.place_call(plan, lambda event: steps.put(step_of(event)))
                steps.put(last_step(result))
            except Exception as error:  # noqa: BLE001 - whoever waits for the last line must get one
                steps.put({"kind": "error", "text": f"{type(error).__name__}: {error}"})

        # the call goes on when nobody listens any more, as calls do
        threading.Thread(target=call, name="practice-call", daemon=True).start()
        while True:
            step = steps.get()
            yield json.dumps(step, ensure_ascii=False).encode() + b"\n"
            if step["kind"] in {"result", "error"}:
                return


def read_plan(given: object) -> CallerPlan:
    """A CallerPlan from JSON. Raises ValueError or TypeError, naming what is wrong."""
    if not isinstance(given, dict):
        raise TypeError("a plan is a JSON object")
    known = {field.name for field in fields(CallerPlan)}
    if not given.keys() <= known:
        raise ValueError(f"a plan has no {', '.join(sorted(given.keys() - known))}")
    values = dict(given)
    if values.get("speech") is not None:
        values["speech"] = Path(values["speech"])
    return CallerPlan(**values)


def _json(body: dict[str, Any], status: int) -> Response:
    return Response(json.dumps(body), status, mimetype="application/json")
