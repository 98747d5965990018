export interface DiffLine {
  kind: "add" | "del" | "same" | "hunk" | "note";
  text: string;
  /** Line numbers, from 1; 0: not on that side. */
  before: number;
  after: number;
}

export interface DiffFile {
  path: string;
  status: "changed" | "added" | "deleted" | "renamed";
  binary: boolean;
  insertions: number;
  deletions: number;
  lines: DiffLine[];
}

/** A unified diff of git, by file. */
export function parseDiff(text: string): DiffFile[] {
  const files: DiffFile[] = [];
  let file: DiffFile | null = null;
  let before = 0;
  let after = 0;
  let inHunk = false;
  for (const line of text.split("\n")) {
    if (line.startsWith("diff --git ")) {
      file = { path: pathOf(line), status: "changed", binary: false, insertions: 0, deletions: 0, lines: [] };
      files.push(file);
      inHunk = false;
      continue;
    }
    if (!file) continue;
    const hunk = /^@@ -(\d+)(?:,\d+)? \+(\d+)(?:,\d+)? @@/.exec(line);
    if (hunk) {
      before = Number(hunk[1]);
      after = Number(hunk[2]);
      inHunk = true;
      file.lines.push({ kind: "hunk", text: line, before: 0, after: 0 });
    } else if (!inHunk) {
      header(file, line);
    } else if (line.startsWith("+")) {
      file.insertions += 1;
      file.lines.push({ kind: "add", text: line.slice(1), before: 0, after: after++ });
    } else if (line.startsWith("-")) {
      file.deletions += 1;
      file.lines.push({ kind: "del", text: line.slice(1), before: before++, after: 0 });
    } else if (line.startsWith(" ")) {
      file.lines.push({ kind: "same", text: line.slice(1), before: before++, after: after++ });
    } else if (line.startsWith("\\")) {
      file.lines.push({ kind: "note", text: line.slice(2), before: 0, after: 0 });
    }
  }
  return files;
}

function header(file: DiffFile, line: string): void {
  if (line.startsWith("new file")) file.status = "added";
  else if (line.startsWith("deleted file")) file.status = "deleted";
  else if (line.startsWith("rename to ")) {
    file.status = "renamed";
    file.path = line.slice("rename to ".length);
  } else if (line.startsWith("Binary files")) file.binary = true;
  else if (line.startsWith("+++ b/")) file.path = line.slice(6);
}

function pathOf(line: string): string {
  const rest = line.slice("diff --git ".length);
  const middle = rest.lastIndexOf(" b/");
  return middle >= 0 ? rest.slice(middle + 3) : rest;
}
