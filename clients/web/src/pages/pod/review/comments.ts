/** Comments on lines, written but not sent: they go together, as one request for changes. */
export interface Comment {
  id: string;
  path: string;
  line: number;
  quoted: string;
  text: string;
  /** Whose changes were looked at; empty: those of all, and the comment is for the last that changed the file. */
  workstreamId: string;
}

/** Words that belong to no line, and to whom they go. */
export interface General {
  text: string;
  workstreamIds: readonly string[];
}

export const toChanges = (comments: readonly Comment[], general: General | null) => [
  ...comments.map((comment) => ({
    workstreamId: comment.workstreamId,
    comment: comment.text,
    anchor: { document: comment.path, firstLine: comment.line, lastLine: comment.line, quotedText: comment.quoted },
  })),
  ...(general?.text ? general.workstreamIds.map((workstreamId) => ({ workstreamId, comment: general.text })) : []),
];

/** The last workstream that changed the file, of those given in their order; the last of all where none is known to have. */
export async function ownerOf(path: string, workstreamIds: readonly string[], filesOf: (workstreamId: string) => Promise<readonly string[]>): Promise<string> {
  for (const id of workstreamIds.toReversed()) if ((await filesOf(id)).includes(path)) return id;
  return workstreamIds.at(-1) ?? "";
}
