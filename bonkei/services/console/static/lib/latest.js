// A topic whose query is typed: until the answer to the newest one is there, the last one stays.
// `by`: the query that the data answers.
import { useRef } from "./ui.js";
import { useTopic } from "./live.js";

export function useLatest(name, query, when = true) {
  const found = useTopic(name, query, when);
  const last = useRef();
  if (found.data) last.current = { data: found.data, by: JSON.stringify(query) };
  if (found.error) last.current = undefined;
  return { ...found, ...last.current };
}
