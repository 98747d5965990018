"""The events of `$leases`, as facts to store."""

import os

from podium.event_store.domain.model import Fact, Lease, LeaseEnd
from podium.events.v1.event_pb2 import NewEvent
from podium.events.v1.lease_events_pb2 import LeaseAcquired, LeaseEnded, LeaseEndReason
from podium.kernel.ids import uuid7


def _fact(message: LeaseAcquired | LeaseEnded, time_us: int) -> Fact:
    event = NewEvent(
        event_id=uuid7(time_us // 1000, os.urandom(10)),
        type=message.DESCRIPTOR.full_name,
        data=message.SerializeToString(deterministic=True),
        metadata={"actor": "service:event-store", "time": str(time_us), "correlation_id": message.name},
    )
    return Fact(event.event_id, event.type, event.SerializeToString(deterministic=True))


def acquired_fact(lease: Lease, time_us: int) -> Fact:
    """A process came."""
    return _fact(
        LeaseAcquired(name=lease.name, epoch=lease.epoch, address=lease.address, metadata=lease.metadata), time_us
    )


def ended_fact(lease: Lease, reason: LeaseEnd, time_us: int) -> Fact:
    """A process is gone, under this epoch."""
    return _fact(
        LeaseEnded(
            name=lease.name,
            epoch=lease.epoch,
            address=lease.address,
            metadata=lease.metadata,
            reason=LeaseEndReason.Value(f"LEASE_END_REASON_{reason.name}"),
        ),
        time_us,
    )
