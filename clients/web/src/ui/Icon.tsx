const PATHS = {
  board: "M4 5h4v14H4zM10 5h4v9h-4zM16 5h4v11h-4z",
  inbox: "M4 13l2.5-8h11L20 13v6H4zM4 13h4.5l1 2.5h5l1-2.5H20",
  plus: "M12 5v14M5 12h14",
  search: "M11 4a7 7 0 1 0 0 14 7 7 0 0 0 0-14zM16 16l4.5 4.5",
  moon: "M20 14.5A8 8 0 0 1 9.5 4 8 8 0 1 0 20 14.5z",
  sun: "M12 8a4 4 0 1 0 0 8 4 4 0 0 0 0-8zM12 2v2.5M12 19.5V22M2 12h2.5M19.5 12H22M5 5l1.7 1.7M17.3 17.3L19 19M19 5l-1.7 1.7M6.7 17.3L5 19",
  chevron: "M9 6l6 6-6 6",
  x: "M6 6l12 12M18 6L6 18",
  play: "M8 5l11 7-11 7z",
  stop: "M7 7h10v10H7z",
  send: "M4 12l16-8-6 16-3-6.5z",
  check: "M5 12.5l4.5 4.5L19 7",
  terminal: "M4 5h16v14H4zM7.5 9.5L10 12l-2.5 2.5M12.5 15H16",
  graph: "M5 4h5v5H5zM14 15h5v5h-5zM7.5 9v8.5H14",
  list: "M4 6h16M4 12h16M4 18h16",
  history: "M4 12a8 8 0 1 0 2.5-5.8L4 8.5M4 4v4.5h4.5M12 8v4.5l3 1.8",
  folder: "M3.5 6h6l2 2.5h9V19h-17z",
  refresh: "M20 11a8 8 0 1 0-2.3 6.3M20 5v6h-6",
  bell: "M6 16V11a6 6 0 1 1 12 0v5l1.5 2h-15zM10 20.5h4",
  edit: "M5 19l1-4L16.5 4.5l3 3L9 18z",
  link: "M9.5 14.5l5-5M8 11l-2.5 2.5a3.5 3.5 0 0 0 5 5L13 16M16 13l2.5-2.5a3.5 3.5 0 0 0-5-5L11 8",
  command: "M9 9h6v6H9zM9 9H6.5A2.5 2.5 0 1 1 9 6.5zM15 9V6.5A2.5 2.5 0 1 1 17.5 9zM15 15h2.5a2.5 2.5 0 1 1-2.5 2.5zM9 15v2.5A2.5 2.5 0 1 1 6.5 15z",
  more: "M6 12h.01M12 12h.01M18 12h.01",
  sliders: "M4 7h9M17 7h3M4 17h3M11 17h9M15 5a2 2 0 1 0 0 4 2 2 0 0 0 0-4zM9 15a2 2 0 1 0 0 4 2 2 0 0 0 0-4z",
  trash: "M5 7h14M10 7V4.5h4V7M7 7l1 12h8l1-12M10.5 10.5v5M13.5 10.5v5",
  chat: "M4.5 5h15v11h-8l-4 3.5V16h-3z",
  panel: "M4 5h16v14H4zM15 5v14",
} as const;

export type IconName = keyof typeof PATHS;

export function Icon({ name, size = 16, className = "" }: { name: IconName; size?: number; className?: string }) {
  return (
    <svg width={size} height={size} viewBox="0 0 24 24" fill="none" stroke="currentColor" strokeWidth={name === "more" ? 3 : 1.7}
      strokeLinecap="round" strokeLinejoin="round" aria-hidden="true" className={`shrink-0 ${className}`}>
      <path d={PATHS[name]} />
    </svg>
  );
}
