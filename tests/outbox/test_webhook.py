"""Is every event posted until the receiver has taken it, and can the receiver tell what it got?"""

import json
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Event, Thread

import pytest

import eventlab as el
from eventlab import outbox
from eventlab.errors import InvalidTarget, NotSent
from eventlab.outbox import signing
from tests.outbox.test_messages import HOSTILE


class Receiver(HTTPServer):
    """Notes what is posted, and gives the answers it was told to: then 204s."""

    def __init__(self, *answers):
        super().__init__(("127.0.0.1", 0), Handler)
        self.answers, self.got = list(answers), []

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server_port}/hooks/s3cret?token=s3cret"

    def ids(self):
        return [headers["webhook-id"] for headers, _ in self.got]


class Handler(BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"] or 0))
        self.server.got.append((self.headers, body))
        answer = self.server.answers.pop(0) if self.server.answers else 204
        if answer is None:
            return  # closed without an answer
        status, location, text = answer if isinstance(answer, tuple) else (answer, None, "")
        self.send_response(status)
        if location:
            self.send_header("Location", location)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text.encode())

    def do_GET(self):
        self.do_POST()

    def log_message(self, *args):
        pass


@contextmanager
def receiver(*answers):
    with Receiver(*answers) as server:
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def test_every_event_is_posted_as_a_message(bus, shop):
    with receiver() as crm:
        bus.consumer("crm", "OrderPlaced")(outbox.webhook(crm.url, clock=lambda: 1772366400.7))

        assert bus.deliver() == {"crm": 3}

    headers, body = crm.got[0]
    assert json.loads(body) == outbox.message(shop.at(1)[0])
    assert headers["Content-Type"] == "application/cloudevents+json; charset=UTF-8"
    assert (headers["webhook-id"], headers["webhook-timestamp"]) == ("order-1@1", "1772366400")
    assert headers["webhook-signature"] is None
    assert crm.ids() == ["order-1@1", "order-2@1", "order-3@1"]


def test_a_500_and_silence_are_tried_again_with_the_same_id(bus):
    with receiver(500, None, 200) as crm:
        bus.consumer("crm", "OrderPaid")(outbox.webhook(crm.url))

        assert bus.deliver() == {"crm": 1}

    assert crm.ids() == ["order-1@2"] * 3
    assert bus.dead_letters().empty


def test_what_is_never_taken_is_a_dead_letter_that_keeps_the_secret(bus):
    with receiver(*[(404, None, "no such hook")] * 2) as crm:
        bus.consumer("crm", "OrderPaid", retries=1)(outbox.webhook(crm.url, secret=b"k" * 24))
        bus.deliver()

        [error] = bus.dead_letters()["error"]
        assert "answered 404 and said 'no such hook'" in error
        assert "s3cret" not in error
        assert bus.retry("crm") == 1

    assert len(crm.got) == 3


def test_a_receiver_that_is_down_is_named(bus):
    with receiver() as crm:
        pass
    bus.consumer("crm", "OrderPaid", retries=0)(outbox.webhook(crm.url))

    bus.deliver()

    [error] = bus.dead_letters()["error"]
    assert f"http://127.0.0.1:{crm.server_port} gave no answer" in error
    assert "s3cret" not in error


def test_a_receiver_that_never_answers_is_given_up(shop):
    with receiver() as crm:
        crm.RequestHandlerClass = type("Slow", (Handler,), {"do_POST": lambda self: hold.wait(5)})
        hold = Event()
        try:
            with pytest.raises(NotSent, match="timed out"):
                outbox.webhook(crm.url, timeout=0.05)(shop.at(1)[0])
        finally:
            hold.set()


@pytest.mark.parametrize("location", ["file:///etc/passwd", "http://127.0.0.1:1/", "/elsewhere"])
@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_redirects_are_failures(shop, status, location):
    with (
        receiver((status, location, "")) as crm,
        pytest.raises(NotSent, match=f"answered {status}"),
    ):
        outbox.webhook(crm.url)(shop.at(1)[0])

    assert len(crm.got) == 1


def test_a_signature_is_that_of_the_standard():
    # The vector that the standard's own libraries are tested with.
    key = signing.key_of("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")

    found = signing.headers(
        "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, b'{"test": 2432232314}', key
    )

    assert found["webhook-signature"] == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_what_is_signed_is_what_is_sent(bus, shop):
    key = b"k" * 24
    shop.append("order-5", el.Event("Odd", HOSTILE, event_id="naïve 1.0\r\nX-Evil: 1"))
    with receiver() as crm:
        bus.consumer("crm", "Odd")(outbox.webhook(crm.url, secret=key, headers={"X-Shop": "7"}))
        bus.deliver()

    [(headers, body)] = crm.got
    assert headers["webhook-id"] == "na%C3%AFve%201%2E0%0D%0AX-Evil:%201"
    assert (headers["X-Evil"], headers["X-Shop"]) == (None, "7")
    assert json.loads(body)["data"] == HOSTILE
    seconds = int(headers["webhook-timestamp"])
    signed = signing.headers("naïve 1.0\r\nX-Evil: 1", seconds, body, key)
    assert headers["webhook-signature"] == signed["webhook-signature"]


@pytest.mark.parametrize(
    "address",
    [
        "ftp://crm.example",
        "file:///etc/passwd",
        "crm.example/hooks",
        "https://",
        "https://ana:pass@crm.example",
        "https://crm.example:port",
        "https://crm.example/a b",
        "https://crm.example/\n",
        "https://..../",
        "https://:443/",
        f"https://{'a' * 300}.example/",
        "https://\ud800/",
        None,
        7,
    ],
)
def test_what_is_no_address_is_refused(address):
    with pytest.raises(InvalidTarget, match=r"outbox\.webhook was given") as refused:
        outbox.webhook(address)

    assert "pass" not in str(refused.value).partition("give an address")[0]


@pytest.mark.parametrize("secret", ["whsec_short", "whsec_no base64 at all", b"short", "", 7])
def test_a_secret_that_is_none_is_refused_and_not_repeated(secret):
    with pytest.raises(InvalidTarget, match=r"secret= of outbox\.webhook is none") as refused:
        outbox.webhook("https://crm.example", secret=secret)

    assert "short" not in str(refused.value)


def test_a_header_that_cannot_be_sent_is_refused_and_not_repeated():
    with pytest.raises(InvalidTarget, match="header 'Authorization'") as refused:
        outbox.webhook("https://crm.example", headers={"Authorization": "token\n"})
    with pytest.raises(InvalidTarget, match=r"headers= of outbox\.webhook is a list") as odd:
        outbox.webhook("https://crm.example", headers=["token"])

    assert "token" not in str(refused.value) + str(odd.value)


@pytest.mark.parametrize("name", ["A:", "A B", "", "Content-Length", "transfer-encoding", 7])
def test_a_header_that_http_has_no_use_for_is_refused(name):
    with pytest.raises(InvalidTarget, match=f"header {name!r} of"):
        outbox.webhook("https://crm.example", headers={"X-Shop_1": "ok", name: "5"})


@pytest.mark.parametrize("clock", [5, None, "now"])
def test_a_clock_is_a_function(clock):
    with pytest.raises(InvalidTarget, match="tells no time: give a function"):
        outbox.webhook("https://crm.example", clock=clock)


@pytest.mark.parametrize("timeout", [0, -1, "15", None, True, float("nan"), float("inf")])
def test_a_time_to_wait_is_a_number_of_seconds(timeout):
    with pytest.raises(InvalidTarget, match="is no time to wait: give seconds, more than 0"):
        outbox.webhook("https://crm.example", timeout=timeout)


def test_a_function_gets_messages_and_its_errors_are_failures(bus):
    sent, failures = [], [OSError("down")]

    def post(message):
        if failures:
            raise failures.pop()
        sent.append(message["id"])

    bus.consumer("crm", "OrderPlaced")(outbox.webhook(post))

    assert bus.deliver() == {"crm": 3}
    assert sent == ["order-1@1", "order-2@1", "order-3@1"]


def test_a_bad_answer_that_a_function_returns_is_a_failure(bus):
    class Answer:
        def raise_for_status(self):
            raise RuntimeError("500 Server Error")

    bus.consumer("crm", "OrderPaid", retries=0)(outbox.webhook(lambda message: Answer()))

    bus.deliver()

    assert bus.dead_letters()["error"].tolist() == ["RuntimeError: 500 Server Error"]


def test_an_async_function_is_refused_as_nobody_awaits_it():
    async def post(message):
        pass

    with pytest.raises(InvalidTarget, match="is async"):
        outbox.webhook(post)


def test_what_is_only_for_addresses_is_refused_with_a_function():
    with pytest.raises(InvalidTarget, match="a function and secret="):
        outbox.webhook(print, secret=b"k" * 24)


def test_a_crash_sends_an_event_again_with_its_id(deliver, shop):
    ids = []
    faults = el.Faults(3, crash_after=0.5)

    deliver(lambda: outbox.webhook(lambda message: ids.append(message["id"])), faults=faults)

    assert list(dict.fromkeys(ids)) == ["order-1@1", "order-2@1", "order-1@2", "order-3@1"]
    assert len(ids) > 4


def test_events_made_of_one_have_ids_of_their_own(halved):
    ids = []
    bus = el.Bus(halved)
    bus.consumer("crm", workers=2)(outbox.webhook(lambda message: ids.append(message["id"])))

    bus.deliver()

    assert ids == ["shop-1@1", "shop-1@1/2", "shop-1@1/3", "shop-1@2"]


def test_its_repr_says_where_it_sends_and_no_more():
    hidden = outbox.webhook("https://crm.example/s3cret", secret=b"k" * 24)

    assert repr(hidden) == "outbox.webhook('https://crm.example')"
    assert repr(outbox.webhook(print)) == "outbox.webhook(print)"
