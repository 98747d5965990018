import { useEffect, useLayoutEffect, useMemo, useRef, useState, type RefObject } from "react";
import { Graph as Layout, layout } from "@dagrejs/dagre";
import { Background, Handle, MarkerType, Position, ReactFlow, type Edge, type Node, type NodeProps } from "@xyflow/react";
import "@xyflow/react/dist/style.css";
import { WorkstreamStatus, type Workstream } from "@gen/podium/pods/v1/pod_pb";
import { workstreamWord } from "@/lib/words";
import { Chip } from "@/ui/Chip";
import { say } from "./WorkstreamRow";

/** Of a workstream: where there is room for it, and where there is not. */
const BROAD = 230;
const NARROW = 186;
const HEIGHT = 78;
const MARGIN = 12;
/** Smaller than this its words cannot be read. */
const ZOOM_LEAST = 0.8;

type WorkstreamNode = Node<{ workstream: Workstream; chosen: boolean; onChoose: (id: string) => void }, "workstream">;
const NODE_TYPES = { workstream: NodeView };
const satisfied = (status: WorkstreamStatus) => status === WorkstreamStatus.COMPLETED || status === WorkstreamStatus.SKIPPED;

/** The dependency graph; from left to right, as work can go. Where it is wider than its place, it is scrolled, never too small to read. */
export default function Graph({ workstreams, chosen, onChoose }: { workstreams: Workstream[]; chosen: string; onChoose: (id: string) => void }) {
  const shape = workstreams.map((each) => `${each.id}<${each.dependencies.join("|")}`).join(";");
  // Places depend on the shape alone: a change of status moves nothing.
  const broad = useMemo(() => arrange(workstreams, BROAD), [shape]);
  const narrow = useMemo(() => arrange(workstreams, NARROW), [shape]);
  const [room, place] = useRoom();
  const [places, width] = breadth(broad, BROAD) <= room ? [broad, BROAD] : [narrow, NARROW];
  const wide = breadth(places, width);
  const high = Math.max(...[...places.values()].map(({ y }) => y + HEIGHT)) + MARGIN;
  const zoom = Math.min(1, Math.max(ZOOM_LEAST, room / wide));
  useEffect(() => {
    place.current?.querySelector("[aria-pressed=true]")?.scrollIntoView({ block: "nearest", inline: "center" });
  }, [chosen, zoom, place]);
  const nodes: WorkstreamNode[] = workstreams.map((workstream) => ({
    id: workstream.id,
    type: "workstream",
    position: places.get(workstream.id) ?? { x: 0, y: 0 },
    data: { workstream, chosen: workstream.id === chosen, onChoose },
    width, height: HEIGHT,
    draggable: false, connectable: false, focusable: false, selectable: false,
    // The library lets the pointer through where nothing can be done to a node itself; the button in it is ours.
    style: { pointerEvents: "all" },
  }));
  return (
    <div ref={place} data-testid="graph" className="max-h-[70vh] overflow-auto">
      {room > 0 && (
        <div style={{ width: Math.max(room, wide * zoom), height: Math.max(180, high * zoom + 2 * MARGIN) }}>
          <ReactFlow key={`${shape} ${width}`} nodes={nodes} edges={edgesOf(workstreams)} nodeTypes={NODE_TYPES} viewport={{ x: Math.max(0, (room - wide * zoom) / 2), y: MARGIN, zoom }} minZoom={ZOOM_LEAST} maxZoom={1}
            panOnDrag={false} zoomOnScroll={false} zoomOnPinch={false} zoomOnDoubleClick={false} preventScrolling={false}
            nodesConnectable={false} proOptions={{ hideAttribution: true }} aria-label="Dependencies of the workstreams">
            <Background color="var(--line)" gap={20} />
          </ReactFlow>
        </div>
      )}
    </div>
  );
}

/** The width that an element has, and where to put it. */
function useRoom(): [number, RefObject<HTMLDivElement | null>] {
  const place = useRef<HTMLDivElement>(null);
  const [room, setRoom] = useState(0);
  useLayoutEffect(() => {
    const element = place.current;
    if (!element) return undefined;
    const observer = new ResizeObserver(() => setRoom(element.clientWidth));
    setRoom(element.clientWidth);
    observer.observe(element);
    return () => observer.disconnect();
  }, []);
  return [room, place];
}

function edgesOf(workstreams: Workstream[]): Edge[] {
  const byId = new Map(workstreams.map((each) => [each.id, each]));
  return workstreams.flatMap((to) =>
    to.dependencies.filter((id) => byId.has(id)).map((id) => {
      const done = satisfied(byId.get(id)?.status ?? WorkstreamStatus.UNSPECIFIED);
      const color = done ? "var(--good)" : "var(--strong)";
      return { id: `${id}-${to.id}`, source: id, target: to.id, animated: false, focusable: false, style: { stroke: color, strokeWidth: 1.5 }, markerEnd: { type: MarkerType.ArrowClosed, color } };
    }),
  );
}

function NodeView({ data }: NodeProps<WorkstreamNode>) {
  const { workstream, chosen, onChoose } = data;
  const { text, tone } = workstreamWord(workstream.status);
  return (
    <>
      <Handle type="target" position={Position.Left} className="invisible" />
      <button type="button" onClick={() => onChoose(workstream.id)} aria-pressed={chosen} data-testid={`node-${workstream.id}`}
        className={`nodrag nopan flex h-full w-full flex-col gap-1 overflow-hidden rounded-lg border bg-surface px-2.5 py-1.5 text-left shadow-card transition-colors hover:border-strong ${chosen ? "border-accent ring-2 ring-accent/25" : "border-line"}`}>
        <span className="flex w-full items-center gap-2"><Chip tone={tone} dot>{text}</Chip><span className="flex-1" />{workstream.attempts.length > 1 && <span className="text-[11px] text-faint">attempt {workstream.attempts.length}</span>}</span>
        <span className="w-full truncate font-medium">{workstream.title}</span>
        <span className="w-full truncate text-xs text-faint">{say(workstream)}</span>
      </button>
      <Handle type="source" position={Position.Right} className="invisible" />
    </>
  );
}

type Places = ReadonlyMap<string, { x: number; y: number }>;

const breadth = (places: Places, width: number) => Math.max(...[...places.values()].map(({ x }) => x + width)) + MARGIN;

function arrange(workstreams: Workstream[], width: number): Places {
  const graph = new Layout();
  graph.setGraph({ rankdir: "LR", nodesep: 16, ranksep: 32, marginx: MARGIN, marginy: MARGIN });
  graph.setDefaultEdgeLabel(() => ({}));
  for (const each of workstreams) graph.setNode(each.id, { width, height: HEIGHT });
  for (const each of workstreams) for (const id of each.dependencies) if (graph.hasNode(id)) graph.setEdge(id, each.id);
  layout(graph);
  return new Map(workstreams.map(({ id }) => {
    const { x, y } = graph.node(id) as { x: number; y: number };
    return [id, { x: x - width / 2, y: y - HEIGHT / 2 }];
  }));
}
