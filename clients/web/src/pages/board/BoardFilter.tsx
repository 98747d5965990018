import { useQuery } from "@tanstack/react-query";
import { projects } from "@/api/queries";
import { Icon } from "@/ui/Icon";

interface Props {
  text: string;
  onText: (text: string) => void;
  attentionOnly: boolean;
  onAttentionOnly: (only: boolean) => void;
  project: string;
  onProject: (id: string) => void;
}

export function BoardFilter({ text, onText, attentionOnly, onAttentionOnly, project, onProject }: Props) {
  const { data = [] } = useQuery(projects);
  return (
    <>
      <label className="flex h-8 min-w-0 flex-1 basis-40 items-center gap-2 rounded-lg border border-line bg-surface px-2.5 text-faint focus-within:border-accent sm:max-w-64">
        <Icon name="search" size={14} />
        <span className="sr-only">Filter pods</span>
        <input data-search value={text} onChange={(event) => onText(event.target.value)} placeholder="Filter by title or number" className="w-full bg-transparent text-ink outline-none placeholder:text-faint" />
      </label>
      {data.length > 1 && (
        <select aria-label="Project" value={project} onChange={(event) => onProject(event.target.value)} className="h-8 max-w-44 min-w-0 truncate rounded-lg border border-line bg-surface px-2">
          <option value="">All projects</option>
          {data.map((each) => <option key={each.id} value={each.id}>{each.name}</option>)}
        </select>
      )}
      <button type="button" aria-pressed={attentionOnly} onClick={() => onAttentionOnly(!attentionOnly)}
        className={`h-8 rounded-lg border px-3 font-medium transition-colors ${attentionOnly ? "border-accent bg-accent-soft text-accent-text" : "border-line bg-surface text-muted hover:bg-sunken"}`}>
        Wants you
      </button>
    </>
  );
}
