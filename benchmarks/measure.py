"""A fair race: every side in a process of its own, one round each in turn, and the median of them.

A machine that is busy for a while is busy for both sides, so a ratio within one round says more than
two times. Each process is watched from outside: the memory is its own, and looking costs it nothing.
"""

from __future__ import annotations

import multiprocessing as mp
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from pathlib import Path
from statistics import median, quantiles
from typing import Any

import psutil

LOOK_EVERY = 0.01  # seconds between two looks at the memory


@dataclass(frozen=True)
class Setting:
    """How large the large log is, where it and other files may lie, and whether figures are kept."""

    events: int
    folder: Path
    keep: bool = False

    @property
    def log(self) -> Path:
        """The file with the large log; it is made when it is first needed."""
        return self.folder / "log.duckdb"

    @property
    def snapshots(self) -> Path:
        """A copy of that file in which snapshots are kept."""
        return self.folder / "snapshots.duckdb"


class Watch:
    """Only what happens inside ``with watch:`` counts; each time is a sample."""

    def __init__(self) -> None:
        self.seconds: list[float] = []

    def __enter__(self) -> None:
        self._start = time.perf_counter()

    def __exit__(self, *_: object) -> None:
        self.seconds.append(time.perf_counter() - self._start)


Once = Callable[[Watch], Any]  # does the work of one round and returns the answer it came to
Prepare = Callable[[Setting], AbstractContextManager[Once]]


@dataclass(frozen=True)
class Side:
    """One way to do the work. ``family`` counts the memory of child processes too."""

    name: str
    prepare: Prepare
    family: bool = False


@dataclass
class Result:
    """What one side took: its samples by round, and the most memory it was seen with."""

    rounds: list[list[float]] = field(default_factory=list)
    peak: int = 0

    @property
    def seconds(self) -> float:
        """The median of all samples."""
        return median(self._samples())

    @property
    def p95(self) -> float:
        """The time that 95 of 100 samples stay below."""
        return quantiles(self._samples(), n=20, method="inclusive")[-1]

    def _samples(self) -> list[float]:
        return [sample for samples in self.rounds for sample in samples]


def ratio(ours: Result, theirs: Result) -> float:
    """Return our time as a multiple of theirs: the median over the rounds."""
    pairs = zip(ours.rounds, theirs.rounds, strict=True)
    return median(median(a) / median(b) for a, b in pairs)


def race(setting: Setting, *sides: Side, rounds: int = 5, warm_up: bool = True) -> list[Result]:
    """Let each side have its round in turn, and again; all must come to the same answer."""
    with ExitStack() as stack:
        workers = [stack.enter_context(_worker(side, setting)) for side in sides]
        if warm_up:
            _one_round(workers)
            for worker in workers:
                worker.result.rounds.clear()
        for _ in range(rounds):
            _one_round(workers)
    return [worker.result for worker in workers]


def _one_round(workers: list[_Worker]) -> None:
    answers = {worker.side.name: worker.run() for worker in workers}
    if any(answer != answers[workers[0].side.name] for answer in answers.values()):
        raise AssertionError(f"the sides did not do the same work: {answers}")


@dataclass
class _Worker:
    side: Side
    pipe: Connection
    process: psutil.Process
    result: Result = field(default_factory=Result)

    def run(self) -> Any:
        self.pipe.send(True)
        while not self.pipe.poll(0.5 if self.side.family else LOOK_EVERY):
            self._look()
        self._look()
        seconds, answer = self._receive()
        self.result.rounds.append(seconds)
        return answer

    def wait_until_ready(self) -> None:
        self._receive()

    def _receive(self) -> Any:
        try:
            return self.pipe.recv()
        except EOFError:
            raise RuntimeError(f"{self.side.name!r} failed: its error stands above") from None

    def _look(self) -> None:
        try:
            used = _family(self.process) if self.side.family else self.process.memory_info().rss
        except psutil.Error:
            return
        self.result.peak = max(self.result.peak, used)


def _family(parent: psutil.Process) -> int:
    """Return the memory of a process and its children; what they share is counted once or not at all."""
    found = 0
    for process in [parent, *parent.children(recursive=True)]:
        try:
            found += process.memory_full_info().uss
        except psutil.Error:
            continue  # it has ended meanwhile
    return found


@contextmanager
def _worker(side: Side, setting: Setting) -> Iterator[_Worker]:
    context = mp.get_context("spawn")
    here, there = context.Pipe()
    child = context.Process(target=_work, args=(there, side.prepare, setting), daemon=False)
    child.start()
    there.close()
    worker = _Worker(side, here, psutil.Process(child.pid))
    try:
        worker.wait_until_ready()
        yield worker
    finally:
        here.close()
        child.join()


def _work(pipe: Connection, prepare: Prepare, setting: Setting) -> None:
    with prepare(setting) as once:
        pipe.send(None)
        while _asked_again(pipe):
            watch = Watch()
            answer = once(watch)
            pipe.send((watch.seconds, answer))


def _asked_again(pipe: Connection) -> bool:
    try:
        return bool(pipe.recv())
    except EOFError:
        return False
