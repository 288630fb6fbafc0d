/**
 * The contract that every store keeps, as tests for one's own, and small builders of mails for them.
 *
 * @module
 */
export { readingContract, storeContract } from "./lib/testing/store_contract.ts";
export type { Holds, Home, Register } from "./lib/testing/content.ts";
export { mailOf, type MailSpec, recordOf, saveOf } from "./lib/testing/mails.ts";
