/**
 * Stand-in for `jsr:@std/fs`: the part of it that dsync uses.
 *
 * @module
 */
export * from "./walk.ts";
