/**
 * Starting programs from wherever this one was started.
 *
 * @module
 */

/**
 * Starts a program. It starts where this one did; where that folder may not be entered, as behind sudo from somebody
 * else's home, at "/". Not where the program is named relative to that folder. Throws what Deno throws.
 */
export const spawn = (program: string, options: Deno.CommandOptions): Deno.ChildProcess => {
  try {
    return new Deno.Command(program, options).spawn();
  } catch (thrown) {
    const isRelative = program.includes("/") && !program.startsWith("/");
    if (isRelative || !(thrown instanceof Deno.errors.PermissionDenied)) throw thrown;
    return new Deno.Command(program, { ...options, cwd: "/" }).spawn();
  }
};
