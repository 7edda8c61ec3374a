import errno
import re
import resource
from pathlib import Path

import pytest

import eventlab as el
from eventlab.errors import TimeMachineError
from eventlab.widgets import TimeMachine
from tests.widgets.conftest import HOSTILE


def test_a_saved_page_holds_all_it_needs(store, cards, tmp_path):
    path = TimeMachine(store, cards).save(tmp_path / "cards.html")

    page = path.read_text(encoding="utf-8")
    assert not re.findall(r"https?://|src=|@import|url\(|<link", page)
    assert len(page) < 70_000


def test_a_saved_page_forbids_every_request_and_foreign_script(store, cards, tmp_path):
    page = TimeMachine(store, cards).save(tmp_path / "cards.html").read_text(encoding="utf-8")

    (policy,) = re.findall(r'http-equiv="Content-Security-Policy" content="([^"]*)"', page)
    assert "default-src 'none'" in policy
    assert re.search(r"script-src 'sha256-[A-Za-z0-9+/=]{44}'(;|$)", policy)


def test_a_saved_page_reads_without_javascript(store, cards, tmp_path):
    tm = TimeMachine(store, cards, step=3)

    assert tm.html(3) in tm.save(tmp_path / "cards.html").read_text(encoding="utf-8")


def test_a_saved_page_is_the_same_every_time(store, cards, tmp_path):
    one = TimeMachine(store, cards).save(tmp_path / "one.html")
    other = TimeMachine(store, cards).save(str(tmp_path / "other.html"))

    assert one.read_bytes() == other.read_bytes()


def test_a_saved_page_has_the_title_it_was_given(store, cards, tmp_path):
    tm = TimeMachine(store, cards, key="card-1")

    given = tm.save(tmp_path / "given.html", title="<Ana's> card").read_text(encoding="utf-8")
    own = tm.save(tmp_path / "own.html").read_text(encoding="utf-8")

    assert "<title>&lt;Ana&#x27;s&gt; card</title>" in given
    assert "<h1>cards · card-1</h1>" in own


def test_no_payload_ends_the_script_that_carries_it(hostile, said, tmp_path):
    page = TimeMachine(hostile, said).save(tmp_path / "said.html").read_text(encoding="utf-8")

    assert page.count("<script") == page.count("</script>") == 3
    assert not any(text in page for text in HOSTILE[:3])


HALF = "half \ud800"


@pytest.fixture
def files_stay_small():
    """As a full disk: no file of this process grows beyond ten thousand bytes."""
    _, most = before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, most))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_a_page_that_cannot_be_written_leaves_the_one_that_was_there(
    store, cards, tmp_path, files_stay_small
):
    path = tmp_path / "cards.html"
    path.write_text("precious")

    with pytest.raises(TimeMachineError, match=r"cards\.html.*: File too large.*space left"):
        TimeMachine(store, cards).save(path)

    assert path.read_text() == "precious"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize(
    "words", [{"title": HALF}, {"caption": HALF}, {"title": 5}, {"caption": 5}]
)
def test_words_that_are_no_text_leave_the_page_that_was_there(store, cards, tmp_path, words):
    path = tmp_path / "cards.html"
    path.write_text("precious")

    with pytest.raises(TimeMachineError, match=rf"save\({next(iter(words))}=.*no text"):
        TimeMachine(store, cards).save(path, **words)

    assert path.read_text() == "precious"


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("missing/cards.html", "No such file or directory"),
        ("", "Is a directory"),
        ("cards\0.html", "null"),
    ],
)
def test_a_page_that_has_no_place_says_so(store, cards, tmp_path, name, why):
    with pytest.raises(TimeMachineError, match=f"no page was saved as .*{why}"):
        TimeMachine(store, cards).save(tmp_path / name)

    assert not list(tmp_path.iterdir())


def test_a_page_is_saved_by_a_path(store, cards):
    with pytest.raises(TimeMachineError, match=r"save\(5\) names no file"):
        TimeMachine(store, cards).save(5)


def test_a_page_keeps_who_may_read_it_and_the_link_that_leads_to_it(store, cards, tmp_path):
    path, link = tmp_path / "cards.html", tmp_path / "latest.html"
    path.touch(mode=0o600)
    link.symlink_to(path)

    TimeMachine(store, cards).save(link)

    assert link.is_symlink()
    assert path.stat().st_mode & 0o777 == 0o600
    assert "<title>cards</title>" in path.read_text()


def test_a_store_is_not_replaced_by_a_page(store, cards, tmp_path):
    path = tmp_path / "cards.duckdb"
    with el.EventStore(path) as kept:
        kept.append("card-7", el.Event("CardLoaded", {"amount": 20}))
        with pytest.raises(TimeMachineError, match="it is a store, or another file that"):
            TimeMachine(kept, cards).save(path)
    with pytest.raises(TimeMachineError, match="it is a store, or another file that"):
        TimeMachine(store, cards).save(path)

    with el.EventStore(path) as kept:
        assert len(kept) == 1


def test_a_page_that_may_not_be_written_to_is_not_replaced(store, cards, tmp_path, monkeypatch):
    path = tmp_path / "cards.html"
    path.write_text("precious")
    opened = Path.open

    def refusing(self, mode="r", **how):
        if mode == "r+b":  # as the system would, but to root
            raise PermissionError(errno.EACCES, "Permission denied")
        return opened(self, mode, **how)

    monkeypatch.setattr(Path, "open", refusing)

    with pytest.raises(TimeMachineError, match="Permission denied"):
        TimeMachine(store, cards).save(path)

    assert path.read_text() == "precious"
