"""Snapshots: states kept beside the log, so that nothing is folded from the start.

A disposable cache: `Snapshots` gives the same answers as the projection it stands for, and deleting what
it kept changes none of them. Lesson 06 weighs their price.
"""

from eventlab.snapshots.snapshots import Snapshots

__all__ = ["Snapshots"]
