"""What the network's actors share: a testbed of their own, and the image of its probes."""

from __future__ import annotations

from acceptance.domains.cluster.actor import ClusterActor
from acceptance.domains.network.packets.testbed import NetworkTestbed
from acceptance.judgement import require


class ProbeActor(ClusterActor):
    """Opens a testbed, and removes it when the scenario ends."""

    def _open_testbed(self) -> NetworkTestbed:
        testbed = NetworkTestbed(self.system, self._cluster, self._timeouts)
        self._undo.callback(testbed.close)
        return testbed

    def _probe_image(self) -> str:
        """Return the image of the probes: the backend's, which has Python."""
        pods = self._pods(self.system.workloads.backend)
        require(pods, "The backend has no pod whose image a probe could use.")
        return pods[0].main.image
