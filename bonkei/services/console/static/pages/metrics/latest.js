// A topic whose query is typed: until the answer to the newest one is there, the last one stays.
import { useRef, useTopic } from "../../lib/index.js";

export function useLatest(name, query, when = true) {
  const found = useTopic(name, query, when);
  const last = useRef();
  if (found.data) last.current = found.data;
  if (found.error) last.current = undefined;
  return { ...found, data: found.data || last.current };
}
