"""The command: what it prints, how it exits, and that an error is one plain line."""

import os
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

import eventlab as el
from eventlab.command import lab, main
from eventlab.command.sources import Kind, kind_of
from eventlab.command.states import projection_of

ROOT = Path(__file__).parents[2]

FULL = Path("/dev/full")

CARDS = """\
card,kind,ts,amount,holder
card-1,CardLoaded,2026-01-05,20,Ana
card-2,CardLoaded,2026-01-06,10,<img src=x onerror=alert(1)>
card-1,CardRedeemed,2026-01-07,5,
"""

NAMES = ["--stream", "card", "--type", "kind", "--time", "ts"]


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("cards.csv").write_text(CARDS, encoding="utf-8")
    return tmp_path


@pytest.fixture
def file():
    """A store of two cards, sealed."""
    with el.EventStore("cards.duckdb", clock=lambda: "2026-02-01") as store:
        store.append("card-1", el.Event("CardLoaded", {"amount": 20}, occurred_at="2026-01-05"))
        store.append("card-2", el.Event("CardLoaded", {"amount": 10}, occurred_at="2026-01-06"))
        store.append("card-1", el.Event("CardRedeemed", {"amount": 5}))
        store.seal()
    return Path("cards.duckdb")


def said(capsys, *words):
    """Exit code, stdout and stderr of one call."""
    code = main([str(word) for word in words])
    out, err = capsys.readouterr()
    return code, out, err


# -- page ---------------------------------------------------------------------------------------


def test_page_of_a_table(capsys):
    code, out, err = said(capsys, "page", "cards.csv", *NAMES, "-o", "out.html")

    assert (code, err) == (0, "")
    assert out.startswith("out.html: 3 steps of 3 events, ")
    page = Path("out.html").read_text(encoding="utf-8")
    assert "<title>cards</title>" in page
    assert "<img" not in page


def test_page_is_called_like_the_file_and_has_the_title_that_was_given(capsys):
    code, out, _ = said(capsys, "page", "cards.csv", *NAMES, "--title", "A & B")

    assert (code, out[:10]) == (0, "cards.html")
    assert "<title>A &amp; B</title>" in Path("cards.html").read_text(encoding="utf-8")


def test_page_of_a_store_shows_one_card(capsys, file):
    code, out, _ = said(capsys, "page", file, "--only", "card-1", "--total", "amount")

    assert (code, out.partition(",")[0]) == (0, "cards.html: 2 steps of 3 events")


def test_page_says_which_columns_there_are(capsys):
    code, out, err = said(capsys, "page", "cards.csv")

    assert (code, out) == (2, "")
    assert "its columns are: 'card', 'kind', 'ts', 'amount', 'holder'" in err
    assert err.count("\n") == 1


def test_page_refuses_options_that_mean_nothing_for_the_source(capsys, file):
    code, _, err = said(capsys, "page", file, "--stream", "card", "--max-commits", "3")

    assert code == 2
    assert "is an eventlab store, and --stream, --max-commits would say nothing about it" in err


def test_page_of_a_repository_shows_its_files(capsys):
    def git(*words):
        subprocess.run(["git", *words], check=True, capture_output=True)

    git("init", "-q", "repo")
    Path("repo/a.txt").write_text("a\n", encoding="utf-8")
    who = ("-c", "user.name=Ana", "-c", "user.email=ana@example.org")
    git("-C", "repo", "add", ".")
    git("-C", "repo", *who, "commit", "-q", "-m", "Begin")

    code, out, _ = said(capsys, "page", "repo")

    assert (code, out.partition(",")[0]) == (0, "repo.html: 2 steps of 2 events")
    page = Path("repo.html").read_text(encoding="utf-8")
    assert "<title>repo</title>" in page
    assert "└─ " in page


@pytest.mark.parametrize("name", ["nowhere.csv", "nowhere", "."])
def test_page_of_what_is_not_there_is_one_line(capsys, name):
    code, out, err = said(capsys, "page", name)

    assert (code, out, err.count("\n")) == (2, "", 1)
    assert err.startswith("eventlab page: ")


def test_page_that_cannot_be_written_is_one_line(capsys):
    code, _, err = said(capsys, "page", "cards.csv", *NAMES, "-o", "no/such/folder/out.html")

    assert (code, err.count("\n")) == (2, 1)
    assert "no/such/folder/out.html" in err


@pytest.mark.parametrize("target", ["cards.csv", "link.csv", "cards.duckdb"])
def test_page_is_never_written_over_what_is_no_page(capsys, file, target):
    Path("link.csv").symlink_to("cards.csv")
    before = Path(target).read_bytes()

    code, out, err = said(capsys, "page", "cards.csv", *NAMES, "-o", target)

    assert (code, out, err.count("\n")) == (2, "", 1)
    assert f"{target!r} is there already and is no page" in err
    assert Path(target).read_bytes() == before


def test_a_store_that_is_called_like_a_page_stays_a_store(capsys, file):
    code, _, _ = said(capsys, "page", file.rename("cards.html"))

    assert code == 2
    assert len(el.EventStore("cards.html")) == 3


def test_page_is_written_over_an_older_page(capsys):
    said(capsys, "page", "cards.csv", *NAMES, "--title", "Yesterday")

    code, _, err = said(capsys, "page", "cards.csv", *NAMES, "--title", "Today")

    assert (code, err) == (0, "")
    assert "<title>Today</title>" in Path("cards.html").read_text(encoding="utf-8")


@pytest.mark.parametrize("steps", ["0", "1", "-5", "2.5", "all"])
def test_page_has_two_stops_at_least(capsys, steps):
    with pytest.raises(SystemExit) as stopped:
        main(["page", "cards.csv", *NAMES, f"--steps={steps}"])

    assert stopped.value.code == 2
    assert f"{steps!r} is no number of stops: give a whole number, 2" in capsys.readouterr().err


def test_page_of_no_commits_is_refused(capsys):
    subprocess.run(["git", "init", "-q", "."], check=True)

    code, _, err = said(capsys, "page", ".", "--max-commits", "0")

    assert (code, err.count("\n")) == (2, 1)
    assert "max_commits=0" in err


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (
            ["--total", "amuont"],
            "--total 'amuont' names nothing in this log: choose from 'amount', 'holder'",
        ),
        (["--last", "Holder"], "--last 'Holder' names nothing"),
        (
            ["--key", "room"],
            "--key 'room' names nothing in this log: choose from 'amount', 'holder', 'stream'",
        ),
        (
            ["--ends", "CardClosed"],
            "--ends 'CardClosed' names nothing in this log: choose from 'CardLoaded'",
        ),
        (["--total", "amount", "--minus", "CardSpent"], "--minus 'CardSpent' names nothing"),
        (["--total", "amount", "--plus", "CardSpent"], "--plus 'CardSpent' names nothing"),
        (["--stream", ""], "stream='' names no column of the table"),
    ],
)
def test_page_refuses_a_name_that_is_not_there(capsys, words, sentence):
    code, _, err = said(capsys, "page", "cards.csv", *NAMES, *words)

    assert (code, err.count("\n")) == (2, 1)
    assert sentence in err
    assert not Path("cards.html").exists()


def test_debug_shows_where_an_error_came_from():
    with pytest.raises(el.EventLabError):
        main(["page", "nowhere.csv", "--debug"])


def test_sources_are_told_apart_by_what_is_in_them(file, folder):
    renamed = file.rename("cards.csv.backup")

    assert [kind_of(path) for path in (folder, renamed, folder / "cards.csv")] == [
        Kind.GIT,
        Kind.STORE,
        Kind.TABLE,
    ]


# -- the state that is guessed ------------------------------------------------------------------


def test_the_state_is_the_last_of_every_field():
    log = el.read_table("cards.csv", stream="card", type="kind", occurred_at="ts")

    state = projection_of(log.stream("card-1"), "cards")(log.stream("card-1"))

    assert state.drop(columns="position").to_dict("index") == {
        "card-1": {"amount": 5, "holder": "Ana"}
    }


def test_the_state_can_be_a_total_under_another_key():
    log = el.read_table("cards.csv", stream="kind", type="kind")

    totals = projection_of(log, "t", key="card", totals=["amount"], minus=["CardRedeemed"])

    assert totals(log)["amount"].to_dict() == {"card-1": 15, "card-2": 10}


def test_odd_fields_find_a_column():
    store = el.EventStore()
    odd = {"type": 1, "POSITION": 2, "a b": 3, "A B": 4, 'say "hi"': 5, "mixed": 6, "list": [7]}
    store.append("s", [el.Event("E", odd), el.Event("E", {"mixed": "six", "amount": 1.5})])

    row = projection_of(store, "p")(store).drop(columns="position").iloc[0].to_dict()

    assert row == {
        "type_": 1,
        "POSITION_": 2,
        "a b": 3,
        "A B_": 4,
        'say "hi"': 5,
        "mixed": "six",
        "list": [7],
        "amount": 1.5,
    }


def test_events_without_fields_are_counted():
    store = el.EventStore()
    store.append("s", [el.Event("Rang"), el.Event("Rang")])

    assert projection_of(store, "p")(store)["events"].to_dict() == {"s": 2}


def test_a_key_that_is_a_number_can_be_typed(capsys):
    Path("n.csv").write_text("stream,type,room\na,Entered,7\nb,Entered,8\n", encoding="utf-8")

    code, out, _ = said(capsys, "page", "n.csv", "--key", "room", "--only", "7")

    assert (code, out.partition(",")[0]) == (0, "n.html: 1 step of 2 events")


# -- verify and info ----------------------------------------------------------------------------


def test_verify_exits_with_0_where_all_is_well(capsys, file):
    assert said(capsys, "verify", file) == (
        0,
        "cards.duckdb: all is well; 3 events, 3 of them under 1 seal\n",
        "",
    )


def test_verify_exits_with_1_and_a_line_for_each_finding(capsys, file):
    code, out, err = said(capsys, "verify", file, "--digest", "0" * 64)

    assert (code, err) == (1, "")
    assert out.splitlines()[0] == "cards.duckdb: 1 finding"
    assert out.splitlines()[1].startswith("         3  other digest       no seal here has")


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["nowhere.duckdb"], "there is no store 'nowhere.duckdb'"),
        (["cards.csv"], "'cards.csv' is not an eventlab store"),
        (["cards.duckdb", "--digest", "abc"], "64 hexadecimal digits"),
    ],
)
def test_verify_exits_with_2_where_nothing_could_be_verified(capsys, file, words, sentence):
    code, out, err = said(capsys, "verify", *words)

    assert (code, out, err.count("\n")) == (2, "", 1)
    assert sentence in err


def test_a_file_that_lost_its_end_is_one_line(capsys):
    pad = {str(number): "x" * 30 for number in range(100)}
    with el.EventStore("torn.duckdb") as store:
        store.append("s", [el.Event("E", {**pad, "n": n * 7919 % 5003}) for n in range(4000)])
    os.truncate("torn.duckdb", 2 * 2**18)

    for command in ("verify", "page", "info"):
        code, out, err = said(capsys, command, "torn.duckdb")
        assert (code, out, err.count("\n")) == (2, "", 1), command
        assert "Could not read enough bytes" in err


def test_nothing_is_made_where_there_was_no_store(capsys, folder):
    said(capsys, "info", "nowhere.duckdb")

    assert [path.name for path in folder.iterdir()] == ["cards.csv"]


def test_info_is_one_screen(capsys, file):
    with el.EventStore(file) as store:
        digest = store.seals()["digest"].iloc[0]

    code, out, err = said(capsys, "info", file)

    assert (code, err) == (0, "")
    head, *lines = out.splitlines()
    assert head.startswith("cards.duckdb, ")
    assert lines == [
        "events      3",
        "streams     2, by category: card 3",
        "types       CardLoaded 2, CardRedeemed 1",
        "occurred    2026-01-05 00:00 to 2026-02-01 00:00 UTC",
        "recorded    2026-02-01 00:00 to 2026-02-01 00:00 UTC",
        f"seals       1 seal, the last at position 3: {digest}",
    ]


def test_info_of_an_empty_store(capsys):
    el.EventStore("empty.duckdb").close()

    code, out, _ = said(capsys, "info", "empty.duckdb")

    assert code == 0
    assert out.splitlines()[1:] == [
        "events      0",
        "streams     0, by category: none",
        "types       none",
        "seals       none",
    ]


def test_info_names_what_is_kept_beside_the_log(capsys, file):
    cards = el.Projection("cards", n=el.count())
    with el.EventStore(file) as store:
        el.Snapshots(store, cards, every=1)(store)
        el.ReadModel(store, cards).catch_up(limit=2)
        with store.borrowed() as con:
            con.execute("create table my_notes (note varchar)")

    _, out, _ = said(capsys, "info", file)

    assert out.splitlines()[-3:] == [
        "snapshots   cards 3, the last at position 3",
        "models      cards at position 2",
        "also here   my_notes",
    ]


# -- the course ---------------------------------------------------------------------------------


def test_lab_copies_notebooks_and_data(capsys):
    code, out, _ = said(capsys, "lab", "mine", "--no-open")

    assert code == 0
    assert out.startswith("mine: ")
    for part in ("notebooks/00_tour.ipynb", "data/gift-cards.csv"):
        assert Path("mine", part).read_bytes() == (ROOT / part).read_bytes()


def test_lab_copies_all_of_the_course_and_nothing_that_was_made_in_it(folder):
    course = ["notebooks/00_tour.ipynb", "notebooks/pictures/board.png", "data/cards.csv"]
    made = [
        "notebooks/.ipynb_checkpoints/00_tour.ipynb",
        "data/__pycache__/x.pyc",
        "data/my.duckdb",
    ]
    for name in course + made:
        (folder / "source" / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / "source" / name).write_text(name, encoding="utf-8")

    assert lab.copy_course(folder / "source", folder / "mine") == (3, 0)
    copied = [path for path in (folder / "mine").rglob("*") if path.is_file()]
    assert {path.relative_to(folder / "mine").as_posix() for path in copied} == set(course)


def test_lab_leaves_the_readers_work_alone(capsys):
    mine = Path("mine/notebooks/00_tour.ipynb")
    mine.parent.mkdir(parents=True)
    mine.write_text("my own", encoding="utf-8")

    _, out, _ = said(capsys, "lab", "mine", "--no-open")

    assert mine.read_text(encoding="utf-8") == "my own"
    assert out.endswith("copied, 1 file left as they were\n")


def test_lab_opens_the_first_notebook_in_the_folder(capsys, monkeypatch):
    calls = []
    monkeypatch.setattr(lab.subprocess, "call", lambda words, cwd: calls.append((words, cwd)) or 7)

    code, out, _ = said(capsys, "lab", "mine")

    assert code == 7
    assert out.startswith("mine: ")
    assert calls == [
        ([sys.executable, "-m", "jupyterlab", "notebooks/00_tour.ipynb"], Path("mine"))
    ]


def test_lab_says_what_is_missing(capsys, monkeypatch):
    monkeypatch.setattr(lab, "find_spec", lambda name: None)
    assert "pip install 'eventlab[lab]'" in said(capsys, "lab", "mine")[2]

    monkeypatch.setattr(lab, "PLACES", (Path("nowhere"),))
    assert "did not come with this installation" in said(capsys, "lab", "mine")[2]


def test_the_wheel_is_told_to_take_the_course_along():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    included = project["tool"]["hatch"]["build"]["targets"]["wheel"]["force-include"]

    assert included == {part: f"eventlab/_course/{part}" for part in lab.PARTS}
    assert lab.PLACES[0].parts[-2:] == ("eventlab", "_course")
    assert project["project"]["scripts"] == {"eventlab": "eventlab.command:main"}


# -- as a program -------------------------------------------------------------------------------


def run(*words, **given):
    env = os.environ | {"PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "eventlab", *words]
    given = {"capture_output": True, **given}
    return subprocess.run(command, env=env, text=True, check=False, **given)


def test_the_module_is_the_command():
    done = run("--help")

    assert (done.returncode, done.stderr) == (0, "")
    assert "examples:" in done.stdout
    assert "\x1b" not in done.stdout


def test_an_error_of_the_program_has_no_traceback():
    done = run("info", "nowhere.duckdb")

    assert (done.returncode, done.stdout) == (2, "")
    assert "Traceback" not in done.stderr
    assert done.stderr.count("\n") == 1


def test_a_pipe_that_is_closed_early_is_no_error(file):
    env = os.environ | {"PYTHONPATH": str(ROOT)}
    reader, writer = os.pipe()
    os.close(reader)
    try:
        done = subprocess.run(
            [sys.executable, "-m", "eventlab", "info", file],
            env=env,
            stdout=writer,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    finally:
        os.close(writer)

    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.skipif(not FULL.exists(), reason="only Linux has a disk that is always full")
def test_an_answer_that_cannot_be_written_is_one_line(file):
    with FULL.open("w") as full:
        done = run("info", file, capture_output=False, stdout=full, stderr=subprocess.PIPE)

    assert (done.returncode, done.stderr.count("\n")) == (2, 1)
    assert "No space left on device" in done.stderr


def test_an_answer_that_nobody_could_read_is_one_line(capsys, monkeypatch, file):
    monkeypatch.setattr(sys, "stdout", None)

    assert main(["info", str(file)]) == 2
    assert capsys.readouterr().err == (
        "eventlab info: the standard output is closed: leave it open, or send it to a file.\n"
    )


def test_a_terminal_that_knows_no_accents_is_told_in_its_letters(monkeypatch):
    monkeypatch.setenv("PYTHONIOENCODING", "ascii")

    done = run("page", "cards.csv", *NAMES, "-o", "café.html")

    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("caf\\xe9.html: 3 steps")
    assert run("--help").returncode == 0


@pytest.mark.parametrize("words", [[], ["slide"], ["page"], ["verify", "a", "b"]])
def test_a_wrong_call_shows_the_usage(capsys, words):
    with pytest.raises(SystemExit) as stopped:
        main(words)

    assert stopped.value.code == 2
    assert capsys.readouterr().err.startswith("usage: eventlab")
