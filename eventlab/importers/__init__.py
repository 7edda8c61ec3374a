"""Bring your own history: from files and tables into a store, a file per format.

Every importer gives an in-memory ``EventStore``, or fills the one given as ``into=``, all or nothing.
"""

from eventlab.importers.git_history import git_files, read_git
from eventlab.importers.table import read_table

__all__ = ["read_table", "read_git", "git_files"]
