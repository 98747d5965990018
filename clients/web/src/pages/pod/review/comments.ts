/** Comments on lines, written but not sent: they go together, as one request for changes. */
export interface Comment {
  id: string;
  path: string;
  line: number;
  quoted: string;
  text: string;
  workstreamId: string;
}

export const toChanges = (comments: readonly Comment[], general: { workstreamId: string; text: string } | null) => [
  ...comments.map((comment) => ({
    workstreamId: comment.workstreamId,
    comment: comment.text,
    anchor: { document: comment.path, firstLine: comment.line, lastLine: comment.line, quotedText: comment.quoted },
  })),
  ...(general?.text ? [{ workstreamId: general.workstreamId, comment: general.text }] : []),
];
