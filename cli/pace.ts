/**
 * --bwlimit and --iops: a run that leaves room for others.
 *
 * @module
 */
import type { Pace } from "../lib/run/supervised.ts";
import { type Clock, rate } from "../lib/stream/rate.ts";

const unlimited = (): Promise<void> => Promise.resolve();

/** A pace of so many bytes and operations a second; null: no limit. */
export const paceOf = (
  bytesPerSecond: number | null,
  operationsPerSecond: number | null,
  clock: Clock,
): Pace => ({
  bytes: bytesPerSecond === null ? unlimited : rate(bytesPerSecond, clock),
  operations: operationsPerSecond === null ? unlimited : rate(operationsPerSecond, clock),
});
