"""The controls of TASK-002's criteria about rights and about what containers are confined to."""

from __future__ import annotations

from controls.control import Control
from controls.sabotages import access as do

_RIGHTS = ("TASK-002-AC-2", "Everybody may do what is granted and nothing else")
_CONFINED = ("TASK-002-AC-4", "Every process of the system is confined")
_STANDARD = (
    "TASK-002-AC-4",
    "The cluster refuses every pod that the strictest standard forbids",
)

CONTROLS = (
    Control(
        *_RIGHTS,
        do.a_verb_more,
        r"the role operator may create pods/exec in \S+, which nobody granted",
    ),
    Control(
        *_RIGHTS,
        do.a_verb_less,
        r"the role operator may not delete pods in \S+, which is granted",
    ),
    Control(
        *_RIGHTS,
        do.an_almighty_service_account,
        r"the service account backend may \* \*\.\* in ",
    ),
    Control(
        *_RIGHTS,
        do.a_right_for_a_stranger,
        "the role binding stranger gives view to the User mallory",
    ),
    Control(
        "TASK-002-AC-2",
        "No container holds credentials of the cluster",
        do.a_mounted_token,
        r"backend-\S+/backend holds credentials of the cluster in /",
    ),
    Control(
        "TASK-002-AC-2",
        "Stolen credentials of a pod open nothing",
        do.an_almighty_service_account,
        r"who has the credentials of backend-\S+ could list the Secrets",
    ),
    Control(*_CONFINED, do.root, r"backend: python \(1\) runs as root"),
    Control(*_CONFINED, do.a_capability, r"backend: python \(1\) has capabilities: .*CapBnd 0x400"),
    Control(*_CONFINED, do.no_filter, r"has no filter of system calls \(seccomp 0\)"),
    Control(*_CONFINED, do.a_writable_root, r"the root of backend-\S+ can be written to: /"),
    Control(
        *_CONFINED,
        do.the_memory_of_the_node,
        r"frontend (has the|shares) memory and semaphores",
    ),
    Control(*_CONFINED, do.service_links, r"is told of other Services by \d+ variables: [A-Z]"),
    Control(
        "TASK-002-AC-4",
        "Every container runs the very image that was delivered",
        do.an_image_by_its_tag,
        r"frontend asks for \S+, which may be another image tomorrow",
    ),
    Control(*_STANDARD, do.no_standard, "the system takes a pod with "),
    Control(
        *_STANDARD,
        do.a_lax_standard,
        r"(?s)was not refused by the standard restricted: .*PodSecurity .*baseline",
    ),
)
