import { useSyncExternalStore } from "react";

interface Common {
  name: string;
  label: string;
  initial?: string;
  hint?: string;
  required?: boolean;
}

/** A field of a form; every value is a text: "yes" or "" of a box, digits of a number. */
export type Field = Common &
  (
    | { kind: "line"; placeholder?: string; mono?: boolean; pattern?: string }
    | { kind: "text"; placeholder?: string; rows?: number; mono?: boolean }
    | { kind: "number"; min?: number; max?: number; step?: number; unit?: string }
    | { kind: "box" }
    | { kind: "choice"; options: readonly (readonly [value: string, text: string])[] }
  );

export type Values = Readonly<Record<string, string>>;

/** What a dialog asks for before something is done. */
export interface FormSpec {
  title: string;
  description?: string;
  verb: string;
  danger?: boolean;
  fields: readonly Field[];
  act: (values: Values) => Promise<unknown>;
  /** Said when it is done. */
  done?: string;
}

let current: FormSpec | null = null;
const listeners = new Set<() => void>();

/** Opens a dialog; one at a time. */
export function ask(form: FormSpec | null): void {
  current = form;
  listeners.forEach((listener) => listener());
}

/** A word of a person for the record. */
export const reason = (label = "Why (for the record)"): Field => ({ kind: "text", name: "reason", label, rows: 3 });

export const useForm = (): FormSpec | null =>
  useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    () => current,
  );
