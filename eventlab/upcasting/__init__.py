"""Old events, new code: what was stored years ago, shown in the shape that is written today.

Read ``upcaster`` (one step) and ``chains`` (all of them, checked); ``ready`` has the steps most changes
need. How a store shows its old rows with them is in ``store/upcasted.py``. Lesson 09.
"""

from eventlab.upcasting.chains import Chains
from eventlab.upcasting.ready import default, drop, rename, rename_type, split
from eventlab.upcasting.upcaster import Upcaster, upcaster

__all__ = ["Chains", "Upcaster", "default", "drop", "rename", "rename_type", "split", "upcaster"]
