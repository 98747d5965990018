import { Landing, type ExternalSync, type Pod } from "@gen/podium/pods/v1/pod_pb";

/** One of the two ways in which approved work reaches its branch. */
export interface WayToLand {
  landing: Landing;
  /** What is said where the work is approved so. */
  approve: string;
  /** What is said where it has been approved, and is to be tried again. */
  again: string;
}

const TARGET: WayToLand = { landing: Landing.TARGET, approve: "Approve and land", again: "Land again" };
const REQUEST: WayToLand = { landing: Landing.PULL_REQUEST, approve: "Approve as a pull request", again: "Land by a pull request" };

/** How the pod's rules say that it lands, and the other way. */
export const waysToLand = (pod: Pod): readonly [WayToLand, WayToLand] =>
  pod.policy?.landing === Landing.PULL_REQUEST ? [REQUEST, TARGET] : [TARGET, REQUEST];

export const wayTo = (pod: Pod, landing: Landing): WayToLand => waysToLand(pod).find((each) => each.landing === landing) ?? TARGET;

/** The pull request that is open, or waits for a person to open it. */
export function proposal(pod: Pod): ExternalSync | null {
  return pod.review?.proposedCommit && !pod.review.landedCommit ? (pod.externalSync ?? null) : null;
}

/** "pull request 12"; of a forge that calls it so, "merge request 12". */
export const requestName = (sync: ExternalSync): string =>
  `${sync.kind.replaceAll("_", " ") || "pull request"}${sync.number > 0n ? ` ${sync.number}` : ""}`;

/** An address that may stand in a link; what a repository or a forge said is not trusted further. */
export const webAddress = (url: string): string => (/^https?:\/\//.test(url) ? url : "");
