"""Deciding: messages, questions, threads, the inbox."""

from functools import lru_cache
from typing import assert_never

from podium.kernel.errors import Rejection, invalid, not_found, precondition
from podium.kernel.identity import CallerKind, Identity
from podium.kernel.ids import derive
from podium.pod_manager.domain import inbox, limits
from podium.pod_manager.domain.commands.messages import (
    AnswerQuestion,
    AskQuestion,
    MarkInboxRead,
    MessageCommand,
    PostMessage,
    ReopenThread,
    ResolveThread,
)
from podium.pod_manager.domain.conversation import Message
from podium.pod_manager.domain.draft import Draft
from podium.pod_manager.domain.events.agents import AgentAwaitedInput, AgentContinued
from podium.pod_manager.domain.events.messages import (
    AnswerDelivered,
    InboxItemAdded,
    InboxItemCleared,
    InboxItemsRead,
    MessagePosted,
    QuestionAnswered,
    ThreadReopened,
    ThreadResolved,
    ToolGranted,
)
from podium.pod_manager.domain.kinds import JobEnding, JobKind, MessageKind
from podium.pod_manager.domain.limits import check_count, check_text
from podium.pod_manager.domain.orders import close_job, open_job
from podium.pod_manager.domain.policy import ToolGrant
from podium.pod_manager.domain.queries import CLAIMED, DOCUMENT_KINDS, find_message, find_workstream, live_agents
from podium.pod_manager.domain.resources import Agent, Pod

ALWAYS = "always"
BY_GRANT = "policy"
"""A choice that begins so grants the tool for good."""


def decide(draft: Draft, command: MessageCommand) -> None:
    """Add what the command leads to."""
    match command:
        case PostMessage():
            post_message(draft, command)
        case AskQuestion():
            ask_question(draft, command)
        case AnswerQuestion():
            answer_question(draft, command)
        case ResolveThread():
            resolve_thread(draft, command)
        case ReopenThread():
            reopen_thread(draft, command)
        case MarkInboxRead():
            mark_inbox_read(draft, command)
        case _:
            assert_never(command)


# -- messages --------------------------------------------------------------------------------------------------------


def post_message(draft: Draft, command: PostMessage) -> None:
    """THREAD_NOT_FOUND, WORKSTREAM_NOT_FOUND, EMPTY_CONTENT, TOO_MANY_ENTRIES. A BLOCKER goes to the inbox."""
    if command.kind is MessageKind.QUESTION:
        raise invalid("kind", "questions are asked with AskQuestion")
    thread = _thread(draft.pod, command.thread_id) if command.thread_id else None
    name = posted_id(draft.pod.pod_id, draft.context.request_id)
    message = Message(
        kind=command.kind,
        id=name,
        author=draft.by,
        content=check_text("content", command.content),
        thread_id=thread.id if thread else name,
        workstream_id=_about(draft, command.workstream_id or (thread.workstream_id if thread else "")),
        anchor=command.anchor,
        posted_time=draft.now,
    )
    post(draft, message)


def post(draft: Draft, message: Message) -> None:
    """Add a message, and what it puts into the inbox."""
    check_count("messages", len(draft.pod.messages) + 1, limits.MESSAGES)
    draft.emit(MessagePosted(message=message))
    item = inbox.item_of(message, draft.now)
    if item is not None:
        draft.emit(InboxItemAdded(item=item))


def _about(draft: Draft, workstream_id: str) -> str:
    """The workstream that is meant; an agent's own by default."""
    caller = draft.context.actor
    if not workstream_id and caller.kind is CallerKind.AGENT:
        return draft.pod.agents[caller.name].workstream_id
    return find_workstream(draft.pod, workstream_id).id if workstream_id else ""


# -- questions -------------------------------------------------------------------------------------------------------


def question_id(pod: Pod, caller: Identity, command: AskQuestion) -> str:
    """Equal for equal keys in one workstream or document, so that asking again finds the same question."""
    agent = pod.agents.get(caller.name) if caller.kind is CallerKind.AGENT else None
    document = agent.kind.name if agent is not None and agent.kind in DOCUMENT_KINDS else ""
    scope = command.workstream_id or (agent.workstream_id if agent is not None else "") or document
    key = command.question_key or derive("question", command.content)
    return derive("msg", pod.pod_id, "question", scope, key)


@lru_cache(maxsize=1024)
def posted_id(pod_id: str, request_id: str) -> str:
    """The id of the message that a PostMessage makes; remembered, since its answer asks for it once more."""
    return derive("msg", request_id, pod_id)


def ask_question(draft: Draft, command: AskQuestion) -> None:
    """Asking again returns the same question; an answer that is there counts as delivered to the agent that asks."""
    check_text("content", command.content)
    workstream_id = _about(draft, command.workstream_id)
    name = question_id(draft.pod, draft.context.actor, command)
    if name not in draft.pod.messages:
        post(
            draft,
            Message(
                kind=MessageKind.QUESTION,
                id=name,
                author=draft.by,
                content=command.content,
                thread_id=name,
                workstream_id=workstream_id,
                options=command.options,
                blocking=command.blocking,
                question_key=command.question_key,
                posted_time=draft.now,
                permission_tool=command.permission_tool,
            ),
        )
        _answer_by_grant(draft, draft.pod.messages[name])
    caller = draft.context.actor
    if caller.kind is CallerKind.AGENT:
        _listen(draft, draft.pod.agents[caller.name], draft.pod.messages[name], command.blocking)


def _listen(draft: Draft, agent: Agent, question: Message, blocking: bool) -> None:
    if question.answer is None:
        if blocking and question.id not in agent.awaiting:
            draft.emit(AgentAwaitedInput(agent_id=agent.id, message_id=question.id))
    else:
        deliver(draft, agent, question)


def deliver(draft: Draft, agent: Agent, question: Message) -> None:
    """The agent has the answer: recorded once, and no INPUT job need bring it any more."""
    if question.answer is not None and not question.answer.delivered:
        draft.emit(AnswerDelivered(message_id=question.id, agent_id=agent.id))
    for job in [j for j in draft.pod.jobs.values() if j.kind is JobKind.INPUT and j.agent_id == agent.id]:
        if job.message_id == question.id:
            close_job(draft, job, JobEnding.CANCELLED)


def answer_question(draft: Draft, command: AnswerQuestion) -> None:
    """MESSAGE_NOT_FOUND, ALREADY_ANSWERED, INVALID_CHOICE, EMPTY_CONTENT."""
    question = find_message(draft.pod, command.message_id)
    if question.kind is not MessageKind.QUESTION:
        raise not_found("MESSAGE_NOT_FOUND", f"{question.id} is no question", message_id=question.id)
    if question.answer is not None:
        by, choice = question.answer.by, question.answer.choice
        raise precondition("ALREADY_ANSWERED", f"{by} has answered this", by=by, choice=choice)
    if question.options and command.choice not in question.options:
        options = ", ".join(question.options)
        raise invalid("choice", f"choose one of: {options}", "INVALID_CHOICE", options=options)
    text = check_text("text", command.text, required=not question.options)
    _answer(draft, question, command.choice if question.options else "", text)
    if question.permission_tool and command.choice.lower().startswith(ALWAYS):
        _grant(draft, question)


def _answer(draft: Draft, question: Message, choice: str, text: str) -> None:
    """Record it, clear the inbox, and bring it to every agent that asked."""
    draft.emit(QuestionAnswered(message_id=question.id, by=draft.by, choice=choice, text=text))
    _clear(draft, question)
    words = "\n".join(part for part in (choice, text) if part)
    for agent in list(live_agents(draft.pod)):
        if question.id in agent.awaiting:
            draft.emit(AgentContinued(agent_id=agent.id, message_id=question.id))
        elif question.author != f"agent:{agent.id}":
            continue
        if agent.status in CLAIMED:
            open_job(draft, JobKind.INPUT, agent_id=agent.id, message_id=question.id, text=words)


def _grant(draft: Draft, question: Message) -> None:
    asker = draft.pod.agents.get(question.author.removeprefix("agent:"))
    grant = ToolGrant(profile=asker.profile if asker else "", tool=question.permission_tool)
    if grant not in draft.pod.tool_grants:
        draft.emit(ToolGranted(grant=grant))


def _answer_by_grant(draft: Draft, question: Message) -> None:
    """A tool that was allowed always, for this profile, is not asked for again; the record says that a grant did it."""
    asker = draft.pod.agents.get(question.author.removeprefix("agent:"))
    choice = next((option for option in question.options if option.lower().startswith(ALWAYS)), "")
    grant = ToolGrant(profile=asker.profile if asker else "", tool=question.permission_tool)
    if asker is not None and question.permission_tool and choice and grant in draft.pod.tool_grants:
        draft.emit(QuestionAnswered(message_id=question.id, by=BY_GRANT, choice=choice))
        _clear(draft, question)


# -- threads ---------------------------------------------------------------------------------------------------------


def resolve_thread(draft: Draft, command: ResolveThread) -> None:
    """THREAD_NOT_FOUND, THREAD_WRONG_STATE. An open question resolved is a question answered: nobody waits for it."""
    thread = _thread(draft.pod, command.thread_id)
    if thread.resolved:
        raise _wrong_state(thread, "resolved")
    if thread.kind is MessageKind.QUESTION and thread.answer is None:
        _answer(draft, thread, "", "(resolved without an answer)")
    draft.emit(ThreadResolved(thread_id=thread.id))
    _clear(draft, thread)


def reopen_thread(draft: Draft, command: ReopenThread) -> None:
    """THREAD_NOT_FOUND, THREAD_WRONG_STATE. A blocker wants a person again."""
    thread = _thread(draft.pod, command.thread_id)
    if not thread.resolved:
        raise _wrong_state(thread, "open")
    draft.emit(ThreadReopened(thread_id=thread.id))
    item = inbox.item_of(thread, draft.now)
    if item is not None:
        draft.emit(InboxItemAdded(item=item))


def _thread(pod: Pod, thread_id: str) -> Message:
    message = pod.messages.get(thread_id)
    if message is None or message.thread_id != message.id:
        raise not_found("THREAD_NOT_FOUND", f"the pod has no thread {thread_id}", thread_id=thread_id)
    return message


def _wrong_state(thread: Message, state: str) -> Rejection:
    return precondition("THREAD_WRONG_STATE", f"the thread is {state} already", thread_id=thread.id)


def _clear(draft: Draft, message: Message) -> None:
    item = inbox.item_of(message, draft.now, settled=True)
    if item is not None and item.id in draft.pod.inbox:
        draft.emit(InboxItemCleared(item_id=item.id))


# -- inbox -----------------------------------------------------------------------------------------------------------


def mark_inbox_read(draft: Draft, command: MarkInboxRead) -> None:
    """INBOX_ITEM_NOT_FOUND; without ids all items. What was read is no fact again."""
    names = command.item_ids or tuple(sorted(draft.pod.inbox))
    for name in names:
        if name not in draft.pod.inbox:
            raise not_found("INBOX_ITEM_NOT_FOUND", f"the inbox has no item {name}", item_id=name)
    unread = tuple(name for name in names if not draft.pod.inbox[name].read)
    if unread:
        draft.emit(InboxItemsRead(item_ids=unread))


def send_text(draft: Draft, agent: Agent, text: str) -> None:
    """A person's words to an agent: kept as a message, brought by an INPUT job."""
    name = draft.context.derive("msg", draft.pod.pod_id, agent.id)
    kind = MessageKind.UPDATE
    words = check_text("text", text)
    about = agent.workstream_id if agent.workstream_id in draft.pod.workstreams else ""
    message = Message(
        kind=kind, id=name, author=draft.by, content=words, thread_id=name, workstream_id=about, posted_time=draft.now
    )
    post(draft, message)
    open_job(draft, JobKind.INPUT, agent_id=agent.id, message_id=name, text=words)
