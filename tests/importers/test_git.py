"""A repository's history as a log, on repositories of a few commits that are made here by git itself."""

import os
import subprocess

import pytest

import eventlab as el
from eventlab.errors import GitFailed, ImportFailed
from eventlab.importers import git_files
from eventlab.renders import file_tree
from eventlab.widgets import TimeMachine


class Repo:
    """A repository in a folder, whose author is Ana and whose clock is set by hand."""

    def __init__(self, path):
        self.path = path
        self.git("init", "-q", "-b", "main")

    def git(self, *words, when="2026-01-05T10:00:00+01:00", committed=None, author="Ana"):
        env = os.environ | {
            "GIT_CONFIG_GLOBAL": os.devnull,
            "GIT_CONFIG_SYSTEM": os.devnull,
            "GIT_AUTHOR_NAME": author,
            "GIT_AUTHOR_EMAIL": "author@example.org",
            "GIT_AUTHOR_DATE": when,
            "GIT_COMMITTER_NAME": "Clerk",
            "GIT_COMMITTER_EMAIL": "clerk@example.org",
            "GIT_COMMITTER_DATE": committed or when,
        }
        done = subprocess.run(
            ["git", "-C", self.path, *words], env=env, capture_output=True, check=True
        )
        return done.stdout.decode().strip()

    def commit(self, subject, files=(), gone=(), **given):
        for name, content in dict(files).items():
            target = self.path / name
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(content if isinstance(content, bytes) else content.encode())
        for name in gone:
            (self.path / name).unlink()
        self.git("add", "-A")
        self.git("commit", "-q", "--allow-empty", "-m", subject, **given)
        return self.git("rev-parse", "HEAD")


@pytest.fixture
def repo(tmp_path):
    return Repo(tmp_path)


def told(log, *names):
    """Type, path and the payload fields named, of every event but the commits."""
    return [
        (e.type, e.data["path"], *(e.data.get(name) for name in names))
        for e in log
        if e.type != "CommitMade"
    ]


def test_a_commit_and_its_files_become_events(repo):
    one = repo.commit("Begin", {"a.txt": "1\n2\n", "src/b.txt": "x"})

    log = el.read_git(repo.path)

    assert [(e.stream, e.version, e.type) for e in log] == [
        ("commits", 1, "CommitMade"),
        ("file-a.txt", 1, "FileAdded"),
        ("file-src/b.txt", 1, "FileAdded"),
    ]
    assert [e.data for e in log] == [
        {"commit": one, "parents": [], "files": 2, "lines_added": 3, "lines_removed": 0},
        {"path": "a.txt", "size": 4, "lines_added": 2, "lines_removed": 0},
        {"path": "src/b.txt", "size": 1, "lines_added": 1, "lines_removed": 0},
    ]
    assert log.trace(one)["tree"].tolist() == ["CommitMade", "├─ FileAdded", "└─ FileAdded"]


def test_the_envelope_says_who_when_and_why(repo):
    hash = repo.commit(
        "Say hello",
        {"a": "x"},
        author="Zoë",
        when="2026-01-05T10:00:00+01:00",
        committed="2026-01-07T00:00:00Z",
    )

    event = list(el.read_git(repo.path))[1]

    assert (event.actor, event.reason) == ("Zoë", "Say hello")
    assert (event.correlation_id, event.causation_id) == (hash, hash)
    assert event.occurred_at.isoformat() == "2026-01-05T09:00:00"
    assert event.recorded_at.isoformat() == "2026-01-07T00:00:00"


def test_files_change_and_are_removed(repo):
    repo.commit("1", {"a": "1\n2\n3\n", "b": "x\n"})
    repo.commit("2", {"a": "1\n2\nthree\nfour\n"}, gone=["b"])

    log = el.read_git(repo.path)

    assert told(log, "size", "lines_added", "lines_removed")[2:] == [
        ("FileRemoved", "b", None, None, 1),
        ("FileChanged", "a", 15, 2, 1),
    ]
    assert git_files(log)[["size", "commits"]].to_dict("index") == {"a": {"size": 15, "commits": 2}}


def test_a_renamed_file_ends_here_and_begins_there(repo):
    repo.commit("1", {"old name.txt": "a\nb\nc\nd\ne\n"})
    repo.git("mv", "old name.txt", "new.txt")
    repo.commit("2")

    log = el.read_git(repo.path)

    assert told(log, "renamed_to", "renamed_from")[1:] == [
        ("FileRenamed", "old name.txt", "new.txt", None),
        ("FileAdded", "new.txt", None, "old name.txt"),
    ]
    assert git_files(log).index.tolist() == ["new.txt"]


def test_two_files_that_swap_names_are_both_there(repo):
    lines = "".join(f"line {n}\n" for n in range(20))
    repo.commit("1", {"a": lines, "b": lines.upper()})
    repo.git("mv", "a", "c")
    repo.git("mv", "b", "a")
    repo.git("mv", "c", "b")
    repo.commit("2")

    assert git_files(el.read_git(repo.path)).index.tolist() == ["a", "b"]


def test_binary_files_and_links_have_no_lines_to_count(repo):
    (repo.path / "link").symlink_to("nowhere")
    repo.commit("1", {"b.bin": b"\0\1\2"})

    assert told(el.read_git(repo.path), "size", "lines_added") == [
        ("FileAdded", "b.bin", 3, None),
        ("FileAdded", "link", 7, 1),
    ]


def test_names_may_hold_anything(repo):
    odd = ['tab\tand "quotes"', "two\nlines", "-dash", "日本 🎂", "\x01start", ":colon", "7\t7\tx"]
    repo.commit("\x01 : odd <b>", dict.fromkeys(odd, "x"))
    (repo.path / "-dash").rename(repo.path / os.fsdecode(b"latin-\xe9"))
    repo.commit("2")

    log = el.read_git(repo.path)

    names = {*odd, "latin-\\xe9"} - {"-dash"}
    assert set(git_files(log).index) == names


def test_a_merge_is_what_it_brought_to_the_branch(repo):
    repo.commit("1", {"a": "x"})
    repo.git("checkout", "-q", "-b", "side")
    repo.commit("aside", {"s": "1"})
    repo.git("checkout", "-q", "main")
    repo.commit("2", {"b": "y"})
    repo.git("merge", "-q", "--no-ff", "-m", "Merge side", "side")

    log = el.read_git(repo.path)

    commits = log.only("CommitMade")
    assert [(e.reason, len(e.data["parents"])) for e in commits] == [
        ("1", 0),
        ("2", 1),
        ("Merge side", 2),
    ]
    assert told(log) == [("FileAdded", "a"), ("FileAdded", "b"), ("FileAdded", "s")]


@pytest.mark.parametrize(
    "setting",
    [
        ("log.showRoot", "false"),
        ("log.diffMerges", "off"),
        ("log.diffMerges", "combined"),
        ("diff.relative", "true"),
        ("diff.ignoreSubmodules", "all"),
        ("submodule.lib.ignore", "all"),
        ("diff.algorithm", "patience"),
        ("diff.renames", "false"),
        ("diff.renameLimit", "1"),
        ("diff.orderFile", "{folder}/order"),
        ("log.follow", "true"),
    ],
    ids="=".join,
)
def test_the_settings_of_whoever_reads_change_nothing(repo, setting):
    submodule = '[submodule "lib"]\n\tpath = lib\n\turl = .\n'
    one = repo.commit("1", {".gitmodules": submodule, "a": "c\na\nc\nb\n", "src/b": "1\n2\n3\n4\n"})
    repo.git("checkout", "-q", "-b", "side")
    repo.commit("2", {"side": "1\n2\n3\n4\n"})
    repo.git("checkout", "-q", "main")
    repo.git("merge", "--no-ff", "-m", "3", "side")
    (repo.path / "lib").mkdir()
    repo.git("update-index", "--add", "--cacheinfo", f"160000,{one},lib")
    repo.git("commit", "-q", "-m", "4")
    repo.git("mv", "src/b", "src/d")
    repo.git("mv", "side", "e")
    (repo.path / "src/d").write_text("1\n2\n3\n4\n5\n")
    (repo.path / "e").write_text("1\n2\n3\n4\n6\n")
    (repo.path / "a").write_text("b\nc\na\nc\n")
    repo.git("commit", "-q", "-a", "-m", "5")
    (repo.path / "order").write_text("src/*\n")
    name, value = setting
    repo.git("config", name, value.format(folder=repo.path))

    log = el.read_git(repo.path / "src")

    assert told(log, "lines_added") == [
        ("FileAdded", ".gitmodules", 3),
        ("FileAdded", "a", 4),
        ("FileAdded", "src/b", 4),
        ("FileAdded", "side", 4),
        ("FileAdded", "lib", 1),
        ("FileRenamed", "side", None),
        ("FileRenamed", "src/b", None),
        ("FileChanged", "a", 1),
        ("FileAdded", "e", 1),
        ("FileAdded", "src/d", 1),
    ]
    assert told(el.read_git(repo.path, paths="e")) == [("FileAdded", "e")]


def test_every_state_is_the_tree_that_git_has_there(repo):
    lines = [f"{n}\n" for n in range(30)]
    for n in range(12):
        files = {f"d{n % 3}/f{k}": "".join(lines[: n + k]) for k in range(n % 4)}
        gone = [f"d{(n - 1) % 3}/f0"] if (repo.path / f"d{(n - 1) % 3}/f0").exists() else []
        repo.commit(str(n), files, gone)

    log = el.read_git(repo.path)

    for at in log.only("CommitMade"):
        end = max(e.position for e in log if e.correlation_id == at.correlation_id)
        listed = repo.git("ls-tree", "-r", "--format=%(path) %(objectsize)", at.correlation_id)
        there = dict(line.rsplit(" ", 1) for line in listed.splitlines())
        state = git_files(log.until(position=end))
        assert {path: str(size) for path, size in state["size"].items()} == there


def test_a_branch_a_part_and_the_newest_can_be_asked_for(repo):
    repo.commit("1", {"a": "x", "src/b": "y"})
    repo.git("branch", "early")
    repo.commit("2", {"a": "xx"})
    repo.commit("3", {"src/b": "yy"})

    def subjects(**given):
        return [e.reason for e in el.read_git(repo.path, **given).only("CommitMade")]

    assert subjects(branch="early") == ["1"]
    assert subjects(paths="src") == ["1", "3"]
    assert subjects(paths=["a"], max_commits=1) == ["2"]
    assert subjects(max_commits=2) == ["2", "3"]
    assert subjects(paths="nowhere") == []


def test_a_commit_without_files_is_an_event(repo):
    repo.commit("nothing at all")

    assert [e.data["files"] for e in el.read_git(repo.path)] == [0]


def test_recorded_times_never_step_back(repo):
    repo.commit("1", {"a": "1"}, when="2026-03-01T00:00Z")
    repo.commit("2", {"a": "2"}, when="2026-02-01T00:00Z")

    log = el.read_git(repo.path)

    days = [(f"{e.occurred_at:%m-%d}", f"{e.recorded_at:%m-%d}") for e in log.only("CommitMade")]
    assert days == [("03-01", "03-01"), ("02-01", "03-01")]


def test_a_history_can_go_behind_other_events(repo):
    repo.commit("1", {"a": "1"})
    store = el.EventStore(clock=lambda: "2026-06-01")
    store.append("diary", el.Event("DayBegan"))

    assert el.read_git(repo.path, into=store) is store
    assert [e.type for e in store] == ["DayBegan", "CommitMade", "FileAdded"]


def test_a_store_is_given_what_came_since(repo):
    repo.commit("1", {"a": "1"})
    store = el.read_git(repo.path)
    repo.git("checkout", "-q", "-b", "side")
    repo.commit("aside", {"s": "1"})
    repo.git("checkout", "-q", "main")
    repo.git("merge", "-q", "--no-ff", "-m", "Merge side", "side")
    repo.commit("2", {"a": "22"})

    el.read_git(repo.path, into=store)
    el.read_git(repo.path, into=store)  # nothing is new, and nothing is written

    whole = el.read_git(repo.path)
    assert [(e.event_id, e.data) for e in store] == [(e.event_id, e.data) for e in whole]
    assert git_files(store)["size"].to_dict() == {"a": 2, "s": 1}


def test_a_history_that_was_rewritten_is_refused(repo):
    repo.commit("1", {"a": "1"})
    store = el.read_git(repo.path)
    repo.git("commit", "-q", "--amend", "-m", "other words")

    with pytest.raises(GitFailed, match="is not on this branch"):
        el.read_git(repo.path, into=store)
    assert len(store) == 2


def test_a_folder_inside_will_do(repo):
    repo.commit("1", {"src/a": "1"})

    assert len(el.read_git(repo.path / "src")) == 2


def test_what_is_no_repository_is_refused(tmp_path):
    with pytest.raises(GitFailed, match="is not in a git repository"):
        el.read_git(tmp_path)
    with pytest.raises(GitFailed, match="is no folder"):
        el.read_git(tmp_path / "nowhere")


def test_an_empty_repository_is_refused(repo):
    with pytest.raises(GitFailed, match="has no commits yet"):
        el.read_git(repo.path)


@pytest.mark.parametrize("branch", ["nowhere", "--output=oops", "main..main", ""])
def test_an_unknown_branch_is_refused_and_the_others_listed(repo, branch):
    repo.commit("1")
    with pytest.raises(GitFailed, match="Its branches are: main;"):
        el.read_git(repo.path, branch=branch)
    assert not (repo.path / "oops").exists()


def test_a_missing_git_is_named(repo, monkeypatch):
    monkeypatch.setenv("PATH", str(repo.path))
    with pytest.raises(GitFailed, match="Install git"):
        el.read_git(repo.path)


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"max_commits": 0}, "max_commits=0 is no number of commits"),
        ({"max_commits": True}, "max_commits=True is no number of commits"),
        ({"paths": None}, "paths=None cannot be asked of git"),
        ({"paths": 5}, "paths=5 cannot be asked of git"),
        ({"paths": ["src", 5]}, r"paths=\['src', 5\] cannot be asked of git"),
        ({"paths": "a\0b"}, "cannot be asked of git"),
        ({"branch": "a\0b"}, "branch='a.x00b' cannot be asked of git"),
        ({"branch": "\ud800"}, "branch='.ud800' cannot be asked of git"),
        ({"branch": None}, "branch=None cannot be asked of git"),
        ({"into": "x"}, "into='x' is a str, not a store"),
        ({"path": 5}, "5 is no path of a folder"),
        ({"path": "a\0b"}, "is no path of a folder"),
        ({"path": ""}, "'' is no path of a folder"),
        ({"path": "x" * 5000}, "is no folder"),
    ],
)
def test_what_git_cannot_be_asked_is_refused(repo, wrong, sentence):
    repo.commit("1")

    with pytest.raises(ImportFailed, match=sentence):
        el.read_git(**{"path": repo.path, **wrong})


def test_a_damaged_repository_says_what_git_says(repo):
    first = repo.commit("1", {"a": "1"})
    repo.commit("2", {"a": "2"})
    (repo.path / ".git/objects" / first[:2] / first[2:]).unlink()

    with pytest.raises(GitFailed, match=f"git could not read the repository .*{first}"):
        el.read_git(repo.path)


def test_the_tree_stands_on_the_slider_at_any_commit(repo):
    repo.commit("1", {"src/a": "1", "b": "<img onerror>"})
    repo.commit("2", {"src/a": "2", "<img onerror>": ""}, gone=["b"])

    tm = TimeMachine(el.read_git(repo.path), git_files, render=file_tree())

    assert "src/" not in tm.html(1)
    assert '<abbr title="appeared">+</abbr>' in tm.html(2)
    assert "<s>b</s>" in tm.html(5)
    assert "<img" not in "".join(tm.html(step) for step in range(tm.last + 1))
