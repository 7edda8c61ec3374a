import re

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
