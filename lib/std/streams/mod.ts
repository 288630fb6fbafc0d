/**
 * Stand-in for `jsr:@std/streams`: the part of it that dsync uses.
 *
 * @module
 */
export * from "./text_line_stream.ts";
