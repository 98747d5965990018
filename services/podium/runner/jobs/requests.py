"""What is known of a pod's pull request, told to the pod by `ReportExternalSync`."""

from dataclasses import dataclass

from podium.client.connection import Podium
from podium.pods.v1.pod_pb2 import ExternalSync
from podium.pods.v1.pod_service_pb2 import ReportExternalSyncRequest
from podium.runner.agents.finishing import cut
from podium.runner.workspaces.proposing import Proposal

_ADDRESS_BYTES = 4096


@dataclass(frozen=True)
class Requests:
    """Tells pods of their requests. Telling again is harmless: it is what is known now."""

    client: Podium

    async def tell(self, pod_id: str, proposal: Proposal) -> None:
        """Raises PodiumError."""
        sync = ExternalSync(
            provider=cut(proposal.provider, 128),
            kind=proposal.kind,
            number=proposal.number,
            url=cut(proposal.url, _ADDRESS_BYTES),
            state=proposal.state,
            branch=cut(proposal.branch, _ADDRESS_BYTES),
            title=cut(proposal.title, _ADDRESS_BYTES),
            body=cut(proposal.body),
            last_error=cut(proposal.error),
        )
        sync.synced_time.GetCurrentTime()
        await self.client.pods.ReportExternalSync(ReportExternalSyncRequest(pod_id=pod_id, external_sync=sync))
