"""`operations pipeline changes`: says whether a commit changes what a part is made of."""

from __future__ import annotations

from typing import TYPE_CHECKING

from operations.pipeline.bases import base_of
from operations.pipeline.history import below
from operations.pipeline.outputs import give_output

if TYPE_CHECKING:
    from collections.abc import Mapping

    from operations.pipeline.history import History
    from operations.pipeline.parts import Part

_SHOWN = 5


def tell_changes(part: Part, history: History, environment: Mapping[str, str]) -> bool:
    """Print whether `part` changed and give the output `changed`; return the same.

    Without a commit to compare with, everything counts as changed.
    """
    base = base_of(history, environment)
    if not base.commit:
        changed = True
        print(f"{part.name}: changed, because {base.why}: everything counts as changed")
    else:
        files = below(history.changed(base.commit), part.paths)
        changed = bool(files)
        against = f"compared with {base.commit[:12]} ({base.why})"
        if changed:
            more = f" and {len(files) - _SHOWN} more" if len(files) > _SHOWN else ""
            print(f"{part.name}: changed, {against}: {', '.join(files[:_SHOWN])}{more}")
        else:
            print(f"{part.name}: not changed, {against}")
    give_output(environment, "changed", "true" if changed else "false")
    return changed
