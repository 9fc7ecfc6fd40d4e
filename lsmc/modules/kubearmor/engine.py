"""An open bundle of KubeArmor policy."""

from __future__ import annotations

from lsmc.engine.verdict import RequestError
from lsmc.modules.kubearmor.bundle import unpack
from lsmc.modules.kubearmor.evaluate import Confinements
from lsmc.modules.kubearmor.policy import Policy
from lsmc.modules.kubearmor.selectors import read_subject, selected, subject_of


class Engine:
    """An open bundle: its policies, and what they enforce on workloads."""

    def __init__(self, data: bytes | memoryview) -> None:
        unpacked = unpack(data)
        self.bundle = unpacked.sections
        self.policies = unpacked.policies
        self.confinements = Confinements(*unpacked[1:])
        subjects = dict.fromkeys(subject_of(one) for one in self.policies.policies)
        #: The subjects that the selectors name; the most that policy says of containers.
        self.subjects = tuple(subjects)

    def find(self, name: str) -> tuple[Policy, ...] | None:
        """The policies for a subject; None if there are none, or the text is no subject."""
        try:
            return selected(self.policies, read_subject(name)) or None
        except RequestError:
            return None
