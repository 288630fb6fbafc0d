/**
 * Types of io-ts for what comes by the ten thousand. They tell whether a value is right, and not where it is wrong, which
 * is what most of the work of io-ts's own is for.
 *
 * @module
 */
import * as E from "fp-ts/Either.js";
import * as t from "io-ts";

/** A type out of what makes its value of anything; undefined: it is none. */
export const checked = <A>(
  name: string,
  from: (value: unknown) => A | undefined,
  to: (value: A) => unknown = (value) => value,
  is: (value: unknown) => boolean = (value) => from(value) !== undefined,
): t.Type<A, unknown> =>
  new t.Type<A, unknown>(
    name,
    (value): value is A => is(value),
    (value, context) => {
      const found = from(value);
      return found === undefined ? t.failure(value, context) : t.success(found);
    },
    to,
  );

type Fields = Readonly<Record<string, t.Mixed>>;

type ObjectOf<F extends Fields> = { readonly [K in keyof F]: t.TypeOf<F[K]> };

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** Objects with these fields; others that they have stay. */
export const object = <F extends Fields>(name: string, fields: F): t.Type<ObjectOf<F>, unknown> => {
  const names = Object.keys(fields);
  const types = Object.values(fields);
  return new t.Type<ObjectOf<F>, unknown>(
    name,
    (value): value is ObjectOf<F> =>
      isObject(value) && names.every((field, i) => types[i]!.is(value[field])),
    (value, context) => {
      if (!isObject(value)) return t.failure(value, context);
      let result: Record<string, unknown> | null = null;
      for (let i = 0; i < names.length; i++) {
        const field = names[i]!;
        const given = value[field];
        const decoded = types[i]!.validate(given, context);
        if (E.isLeft(decoded)) return decoded;
        if (decoded.right === given) continue;
        result ??= { ...value };
        result[field] = decoded.right;
      }
      return t.success((result ?? value) as ObjectOf<F>);
    },
    (object) => {
      const told: Record<string, unknown> = { ...object };
      names.forEach((field, i) => told[field] = types[i]!.encode(told[field]));
      return told;
    },
  );
};

/** Arrays of something. */
export const list = <A>(type: t.Type<A, unknown>): t.Type<readonly A[], unknown> =>
  new t.Type<readonly A[], unknown>(
    `list of ${type.name}`,
    (value): value is readonly A[] => Array.isArray(value) && value.every(type.is),
    (value, context) => {
      if (!Array.isArray(value)) return t.failure(value, context);
      let result: A[] | null = null;
      for (let i = 0; i < value.length; i++) {
        const decoded = type.validate(value[i], context);
        if (E.isLeft(decoded)) return decoded;
        if (decoded.right === value[i]) continue;
        result ??= value.slice();
        result[i] = decoded.right;
      }
      return t.success(result ?? value);
    },
    (items) => items.map(type.encode),
  );

/** Objects whose field `_tag` says of which type they are. */
export const tagged = <F extends Fields>(
  types: F,
): t.Type<t.TypeOf<F[keyof F]>, unknown> => {
  const byTag = new Map(Object.entries(types));
  const typeOf = (value: unknown) =>
    isObject(value) && typeof value["_tag"] === "string" ? byTag.get(value["_tag"]) : undefined;
  return new t.Type<t.TypeOf<F[keyof F]>, unknown>(
    [...byTag.keys()].join(" | "),
    (value): value is t.TypeOf<F[keyof F]> => typeOf(value)?.is(value) ?? false,
    (value, context) =>
      (typeOf(value)?.validate(value, context) ?? t.failure(value, context)) as t.Validation<
        t.TypeOf<F[keyof F]>
      >,
    (value) => typeOf(value)!.encode(value),
  );
};
