"""Values and messages of pods, by the structural codec."""

from typing import get_args

from podium.chassis.codec import StructuralCodec, pair_by_name, pair_commands
from podium.chassis.entity_codec import ProtoEntityCodec
from podium.jobs.v1 import job_events_pb2
from podium.pod_manager.domain import commands, conversation, events, jobs, policy, reports, resources, views
from podium.pod_manager.domain.commands import agents as agent_commands
from podium.pod_manager.domain.commands import documents as document_commands
from podium.pod_manager.domain.commands import lifecycle as lifecycle_commands
from podium.pod_manager.domain.commands import messages as message_commands
from podium.pod_manager.domain.commands import review as review_commands
from podium.pod_manager.domain.commands import workstreams as workstream_commands
from podium.pod_manager.domain.events import agents, documents, lifecycle, messages, review, workstreams
from podium.pods.v1 import pod_events_pb2, pod_pb2, pod_service_pb2

EVENT_TYPES: tuple[type, ...] = get_args(events.Event)
ORDER_TYPES: tuple[type, ...] = (jobs.JobIssued, jobs.JobClosed)
COMMAND_TYPES: tuple[type, ...] = get_args(commands.Command)


def make_codec() -> StructuralCodec:
    """Every value that has a message, and every request that is a command."""
    values = pair_by_name((resources, policy, conversation, views, reports), (pod_pb2, pod_service_pb2))
    facts = pair_by_name((agents, documents, lifecycle, messages, review, workstreams), (pod_events_pb2,))
    orders = pair_by_name((jobs,), (job_events_pb2,))
    requests = pair_commands(
        (
            agent_commands,
            document_commands,
            lifecycle_commands,
            message_commands,
            review_commands,
            workstream_commands,
        ),
        (pod_service_pb2,),
    )
    return StructuralCodec({**values, **facts, **orders, **requests})


def entity_codec(codec: StructuralCodec) -> ProtoEntityCodec:
    """Pods in the event store: their facts, their orders to runners, their snapshots."""
    return ProtoEntityCodec(codec, resources.Pod, (*EVENT_TYPES, *ORDER_TYPES))
