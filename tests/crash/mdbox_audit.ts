/**
 * Looks over an mdbox by its files alone: what the map says against what the mailboxes name and what the files hold.
 *
 * @module
 */
import * as E from "fp-ts/Either.js";
import { decodeFileHeader, walkRecords } from "../../lib/codec/mdbox_file.ts";
import { makeOs } from "../../lib/os/os.ts";
import { allIndexDirectories } from "../../lib/store/mdbox/hierarchy.ts";
import { fileIdOf, layoutOf, storageFile } from "../../lib/store/mdbox/layout.ts";
import { mapUidsOf, openMailboxIndex } from "../../lib/store/mdbox/mailbox_index.ts";
import { countReferences, StorageMap } from "../../lib/store/mdbox/map.ts";

/** What is wrong, in words. */
export interface Findings {
  /** Mail is lost or can be: never allowed. */
  readonly harm: readonly string[];
  /** Refcounts that are too high, bytes that nobody knows, files that nobody needs: what a recovery cleans up. */
  readonly litter: readonly string[];
}

/** Looks over the mdbox at a root. */
export const audit = (root: string): Findings => {
  const os = makeOs();
  const layout = layoutOf({ root, create: false });
  const harm: string[] = [];
  const litter: string[] = [];
  const map = StorageMap.open(os, layout);
  if (map === null) return { harm: ["there is no map"], litter };
  const named: number[] = [];
  for (const directory of allIndexDirectories(os, layout)) {
    const index = openMailboxIndex(os, directory);
    if (index === null) harm.push(`${directory}: no index`);
    else named.push(...mapUidsOf(index.view));
    index?.close();
  }
  const entries = countReferences(named, 1);
  const known = new Map<number, Map<number, number>>();
  for (const [mapUid, { record, refcount }] of map.records()) {
    const count = entries.get(mapUid) ?? 0;
    entries.delete(mapUid);
    const what = `map UID ${mapUid} has refcount ${refcount} and ${count} entries`;
    if (refcount < count) harm.push(what);
    if (refcount > count) litter.push(what);
    const file = known.get(record.fileId) ?? new Map();
    known.set(record.fileId, file.set(record.offset, record.size));
  }
  for (const mapUid of entries.keys()) harm.push(`map UID ${mapUid} is not in the map`);
  for (const [fileId, records] of known) {
    const bytes = os.files.readFile(storageFile(layout, fileId));
    const header = decodeFileHeader(bytes ?? new Uint8Array());
    if (bytes === null || E.isLeft(header)) {
      harm.push(`m.${fileId} is gone or has no header`);
      continue;
    }
    const { size } = header.right;
    const walked = walkRecords(header.right, bytes.subarray(size), size);
    if (walked.error !== null) litter.push(`m.${fileId}: ${walked.error.what}`);
    for (const { offset, size } of walked.records) {
      const inMap = records.get(offset);
      records.delete(offset);
      if (inMap === undefined) litter.push(`m.${fileId}: the map has no record at ${offset}`);
      else if (inMap !== size) harm.push(`m.${fileId}: record of ${size} bytes at ${offset}`);
    }
    for (const offset of records.keys()) harm.push(`m.${fileId}: no record at ${offset}`);
  }
  for (const { name } of os.files.list(layout.storage) ?? []) {
    const fileId = fileIdOf(name);
    const expected = fileId === null ? name.startsWith("dovecot.map.index") : known.has(fileId);
    if (!expected) litter.push(`storage/${name}`);
  }
  for (const { name } of os.files.list(layout.staging) ?? []) litter.push(`.dsync/${name}`);
  map.close();
  return { harm, litter };
};
