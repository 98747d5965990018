import { create } from "@bufbuild/protobuf";
import { describe, expect, it } from "vitest";
import { Phase, PodSummarySchema } from "@gen/podium/pods/v1/pod_pb";
import { projectIdOf, titleOf } from "@/api/repository";
import { arrange, matches } from "@/pages/board/filter";
import { ownerOf, toChanges } from "@/pages/pod/review/comments";
import { parseDiff } from "@/pages/pod/review/parseDiff";

const DIFF = `diff --git a/shop/money.py b/shop/money.py
index 1..2 100644
--- a/shop/money.py
+++ b/shop/money.py
@@ -1,3 +1,3 @@ def parse
 import re
-x = 1
+x = 2
 --- not a header
\\ No newline at end of file
diff --git a/new.txt b/new.txt
new file mode 100644
--- /dev/null
+++ b/new.txt
@@ -0,0 +1 @@
+hello
diff --git a/pic.png b/pic.png
Binary files a/pic.png and b/pic.png differ
`;

describe("a diff", () => {
  const files = parseDiff(DIFF);
  it("is read by file, with both line numbers", () => {
    expect(files.map(({ path, status, insertions, deletions, binary }) => [path, status, insertions, deletions, binary])).toEqual([
      ["shop/money.py", "changed", 1, 1, false], ["new.txt", "added", 1, 0, false], ["pic.png", "changed", 0, 0, true],
    ]);
    expect(files[0]?.lines.map(({ kind, before, after }) => `${kind} ${before} ${after}`)).toEqual(["hunk 0 0", "same 1 1", "del 2 0", "add 0 2", "same 3 3", "note 0 0"]);
  });

  it("is commented by line, and general words go along", () => {
    const comment = { id: "1", path: "shop/money.py", line: 2, quoted: "x = 2", text: "why 2?", workstreamId: "money" };
    expect(toChanges([comment], { workstreamIds: ["stock"], text: "and tests" })).toEqual([
      { workstreamId: "money", comment: "why 2?", anchor: { document: "shop/money.py", firstLine: 2, lastLine: 2, quotedText: "x = 2" } },
      { workstreamId: "stock", comment: "and tests" },
    ]);
    expect(toChanges([], null)).toEqual([]);
  });

  it("goes to the last workstream that changed the file", async () => {
    const files: Record<string, string[]> = { money: ["a.py", "b.py"], stock: ["b.py"], docs: [] };
    const owner = (path: string) => ownerOf(path, ["money", "stock", "docs"], async (id) => files[id] ?? []);
    expect([await owner("a.py"), await owner("b.py"), await owner("unknown.py")]).toEqual(["money", "stock", "docs"]);
  });
});

describe("the board's filter", () => {
  const pod = (number: number, phase: Phase, attention = 0, projectId = "p") => create(PodSummarySchema, { podId: `p${number}`, number: BigInt(number), title: `Round prices ${number}`, phase, attention, projectId });
  const all = { text: "", projectId: "", attentionOnly: false };

  it("finds by words and number, by project, by what wants a person", () => {
    expect(matches(pod(4, Phase.PLANNING), { ...all, text: "PRICES #4" })).toBe(true);
    expect(matches(pod(4, Phase.PLANNING), { ...all, text: "#5" })).toBe(false);
    expect(matches(pod(4, Phase.PLANNING), { ...all, projectId: "q" })).toBe(false);
    expect(matches(pod(4, Phase.COMPLETED, 2), { ...all, attentionOnly: true })).toBe(false);
  });

  it("puts first what wants a person, and the cancelled with the done", () => {
    const columns = arrange([pod(1, Phase.REVIEW, 1), pod(2, Phase.REVIEW), pod(3, Phase.CANCELLED), pod(4, Phase.COMPLETED)], all);
    expect(columns.get(Phase.REVIEW)).toEqual(["p1", "p2"]);
    expect(columns.get(Phase.COMPLETED)).toEqual(["p4", "p3"]);
  });
});

it("a repository is the same project as on the command line", async () => {
  // hashlib.sha256(b"/home/anna/shop/.git"), and of the URL without its ending.
  expect(await projectIdOf("/home/anna/shop/")).toBe(await projectIdOf("/home/anna/shop"));
  expect(await projectIdOf("/home/anna/shop")).toBe("project_7951ad1070fe26ce");
  expect(await projectIdOf("https://host/shop.git")).toBe(await projectIdOf("https://host/shop"));
  expect(titleOf("\n# Exact prices\nmore")).toBe("Exact prices");
  expect(titleOf("x".repeat(100))).toHaveLength(80);
});
