import { StoryView } from "./StoryView";
import TerminalTranscript from "./TerminalTranscript";
import { useTranscript } from "./useTranscript";

/** What an agent wrote and was told; follows it while it lives. As a story where it says what it does, else as a terminal. */
export default function Transcript({ sessionId, live }: { sessionId: string; live: boolean }) {
  const { reader, story } = useTranscript(sessionId);
  if (story.structured) return <StoryView story={story} live={live} />;
  const empty = reader.asked && story.parts.length === 0;
  const note = !empty ? "" : live ? "Nothing written yet; it will appear here." : "This agent wrote nothing.";
  return <TerminalTranscript feed={reader.feed} note={note} />;
}
