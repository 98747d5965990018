/** Revisions, counters and costs come as bigint; all are far below 2^53. */
export const num = (value: bigint | number | undefined): number => Number(value ?? 0);
