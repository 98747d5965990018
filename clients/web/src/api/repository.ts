/** A project's id, as `podium` on the command line makes it: the same repository is the same project in both. */
export async function projectIdOf(location: string): Promise<string> {
  const canonical = isUrl(location) ? location.replace(/\/+$/, "").replace(/\.git$/, "") : `${location.replace(/\/+$/, "")}/.git`;
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(canonical));
  const hex = Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, "0")).join("");
  return `project_${hex.slice(0, 16)}`;
}

export const isUrl = (text: string): boolean => /^[a-z+]+:\/\//.test(text) || /^[^/\s]+@[^/\s]+:/.test(text);

const TITLE_LIMIT = 80;

/** The first line of a person's words, without heading signs, cut where it is too long. */
export function titleOf(text: string): string {
  const first = text.split("\n").map((line) => line.trim().replace(/^#+/, "").trim()).find(Boolean) ?? "";
  return first.length <= TITLE_LIMIT ? first : `${first.slice(0, TITLE_LIMIT - 1).trimEnd()}…`;
}
