/**
 * Stand-in for `jsr:@std/cli`: the part of it that dsync uses.
 *
 * @module
 */
export * from "./parse_args.ts";
